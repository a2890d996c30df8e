"""The peak memory of this process. It imports next to nothing: processes whose start is timed use it."""

import sys

_STATUS = "/proc/self/status"


def peak_bytes() -> int | None:
    """The most bytes that this process has had resident at once; None where the system doesn't say (Windows)."""
    try:  # getrusage won't do on Linux: what it gives is at least the peak of the process that started this one
        with open(_STATUS) as status:  # noqa: PTH123 (pathlib would be one more import)
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return _used()


def _used() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def report() -> None:
    """Write the peak as the last line of standard error."""
    sys.stderr.write(f"peak_bytes {peak_bytes()}\n")
