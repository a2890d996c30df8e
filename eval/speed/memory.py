"""The peak memory of this process, with few imports because timed processes use it."""

import sys

_STATUS = "/proc/self/status"


def peak_bytes() -> int | None:
    """The peak resident memory of this process in bytes; None if the system does not report it (Windows)."""
    try:  # on Linux, getrusage gives at least the peak of the parent process
        with open(_STATUS) as status:  # noqa: PTH123 (pathlib would add an import)
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return _max_rss()


def _max_rss() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def report_peak() -> None:
    """Write the peak memory as the last line of standard error."""
    sys.stderr.write(f"peak_bytes {peak_bytes()}\n")
