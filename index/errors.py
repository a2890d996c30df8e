"""The exceptions that bioqa raises; the command line prints each as a one-line message."""


class BioqaError(Exception):
    """An error that a user can act on. The message states the problem, its place and the remedy."""

    exit_status = 1


class InputError(BioqaError):
    """Invalid input: a file, a question or an option."""

    exit_status = 2


class IndexFolderError(InputError):
    """The folder is not an index, has another format version, or is damaged."""


class AlteredError(IndexFolderError):
    """A file of an index differs from what was committed."""


class ModelError(InputError):
    """A model folder is missing, damaged or unsuitable for the task."""


class BudgetError(BioqaError):
    """The memory limit is too low for the task."""

    exit_status = 2


class StorageError(BioqaError):
    """Writing failed: the disk is full or read-only, or another writer holds the lock."""


class NetworkError(BioqaError):
    """A server or the connection to it failed. `status` is the HTTP status, 0 if there was no response."""

    def __init__(self, message: str, status: int = 0):
        super().__init__(message)
        self.status = status


class TransientError(NetworkError):
    """A failure that a retry may resolve, such as a broken connection or a busy server.

    `retry_after` is the pause in seconds that the server requests.
    """

    def __init__(self, message: str, status: int = 0, retry_after: float = 0.0):
        super().__init__(message, status)
        self.retry_after = retry_after


class UnreachableError(TransientError):
    """No connection to a server that has never responded: the network may be down or the host may not exist."""
