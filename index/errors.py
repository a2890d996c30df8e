"""The one tree of errors that bioqa raises on purpose; the command line turns them into a message."""


class BioqaError(Exception):
    """Something a user can act on. The message says what is wrong, where, and the cure."""

    exit_status = 1


class InputError(BioqaError):
    """What was handed in is wrong: a file, a question, an option."""

    exit_status = 2


class IndexFolderError(InputError):
    """The folder is no index, one of another format, or a damaged one."""


class ModelError(InputError):
    """A model folder is missing, damaged, or does not fit its use."""


class BudgetError(BioqaError):
    """The memory that may be used is too little for the work."""

    exit_status = 2


class StorageError(BioqaError):
    """The disk refused: full, read-only, or locked by another writer."""
