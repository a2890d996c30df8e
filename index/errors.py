"""The one tree of errors that bioqa raises on purpose; the command line turns them into a message."""


class BioqaError(Exception):
    """Something a user can act on. The message says what is wrong, where, and the cure."""

    exit_status = 1


class InputError(BioqaError):
    """What was handed in is wrong: a file, a question, an option."""

    exit_status = 2


class IndexFolderError(InputError):
    """The folder is no index, one of another format, or a damaged one."""


class AlteredError(IndexFolderError):
    """A file of an index is not what was committed: a byte or more has changed."""


class ModelError(InputError):
    """A model folder is missing, damaged, or does not fit its use."""


class BudgetError(BioqaError):
    """The memory that may be used is too little for the work."""

    exit_status = 2


class StorageError(BioqaError):
    """The disk refused: full, read-only, or locked by another writer."""


class NetworkError(BioqaError):
    """A server, or the way to it, failed; `status` is what it answered, 0 where it did not."""

    def __init__(self, message: str, status: int = 0):
        super().__init__(message)
        self.status = status


class TransientError(NetworkError):
    """A failure that may soon be over: a broken connection, a busy server, which may ask for a pause in seconds."""

    def __init__(self, message: str, status: int = 0, retry_after: float = 0.0):
        super().__init__(message, status)
        self.retry_after = retry_after


class UnreachableError(TransientError):
    """No connection came about to a server that never answered before: there may be no network, or no such server."""
