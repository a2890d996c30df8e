"""The built-in index, so that the first question needs no data: made at first use, found again after that.

Its vectors ship with the passages: encoding these would take ten seconds. `python -m bioqa.qa.starter` writes them
after a change of the passages, their division, or the encoder.
"""

import contextlib
import hashlib
import re
import shutil
import tempfile
import time
from pathlib import Path

from bioqa.index.errors import IndexFolderError, StorageError
from bioqa.index.models import model
from bioqa.index.progress import TerminalProgress
from bioqa.index.store.lock import LOCK, locked
from bioqa.index.store.manifest import FORMAT
from bioqa.index.store.storage import read_verified
from bioqa.index.text import analyzer

_MAKING = re.compile("starter-[a-z0-9_]{8}")  # the folder beside its place in which an index is made
_BEGINNING = 60  # seconds, within which who has made such a folder has surely locked it


def passages_file() -> Path:
    """The passages that ship with bioqa."""
    return _data() / "passages.jsonl"


def questions_file() -> Path:
    """The questions over them, in BioASQ format."""
    return _data() / "questions.json"


def vectors_file() -> Path:
    """Their vectors, by the digests of their texts."""
    return _data() / "vectors.npz"


def cached_index() -> Path:
    """Where the index over the passages is kept: a name of its own for every state of passages, encoder, analyzer and
    format."""
    import platformdirs

    identity = hashlib.sha256(passages_file().read_bytes())
    identity.update(model.open_model(model.shipped("encoder"), "encoder").card.digest.encode())
    identity.update(analyzer.NAME.encode())
    return Path(platformdirs.user_cache_dir("bioqa")) / f"starter-{FORMAT}-{identity.hexdigest()[:12]}"


def index_folder() -> Path:
    """The index over the starter passages, made now if it is not there or not whole.

    It is built beside its place and renamed into it, so that two first questions at once do no harm. Raises
    StorageError where the cache cannot be written.
    """
    target = cached_index()
    if _is_whole(target):
        return target
    _remove(target)

    from bioqa.index.ingest import builder
    from bioqa.index.models.known_vectors import RememberingEncoder

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(target.parent)
        fresh = Path(tempfile.mkdtemp(prefix="starter-", dir=target.parent))
    except OSError as error:
        raise StorageError(
            f"{target.parent}: cannot keep the starter index there ({error.strerror}); "
            "set XDG_CACHE_HOME to a folder that can be written, or pass --index DIR"
        ) from None
    try:
        with locked(fresh, "making the starter index"):
            with TerminalProgress("First use: indexing the starter passages", "passages") as progress:
                encoder = RememberingEncoder(model.shipped("encoder"), vectors_file())
                builder.build([passages_file()], fresh / "index", encoder, progress=progress)
            try:
                (fresh / "index").rename(target)
            except OSError:
                if not _is_whole(target):
                    raise
    except OSError as error:
        raise StorageError(f"{target}: {error.strerror}; the starter index could not be kept") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _is_whole(folder: Path) -> bool:
    try:
        read_verified(folder)
    except IndexFolderError:
        return False
    return True


def _remove(target: Path) -> None:
    """Make room for an index where a damaged one, or something else, is."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            target.unlink()


def _clear(cache: Path) -> None:
    """Delete what killed processes left of indexes that they were making; the lock of one at work is held."""
    for folder in cache.iterdir():
        if _MAKING.fullmatch(folder.name):
            with contextlib.suppress(StorageError, OSError):
                if _was_locked(folder) or time.time() - folder.stat().st_mtime > _BEGINNING:
                    with locked(folder, "making the starter index"):
                        shutil.rmtree(folder, ignore_errors=True)


def _was_locked(folder: Path) -> bool:
    """Whether a process got as far as to hold the lock, and to write so into it: until then, another could take it."""
    return (folder / LOCK).exists() and (folder / LOCK).stat().st_size > 0


def _data() -> Path:
    import bioqa.data

    return Path(str(bioqa.data.__file__)).parent / "starter"


def write_vectors(path: Path) -> None:
    """Write the vectors of the passages of the starter index, for `vectors_file`."""
    from bioqa.index.corpus.files import CorpusFile
    from bioqa.index.models import known_vectors
    from bioqa.index.models.encoder import Encoder
    from bioqa.index.records import Document, search_texts
    from bioqa.index.search.hybrid import Index

    ids = [record.id for record in CorpusFile(passages_file()).records() if isinstance(record, Document)]
    texts = list(search_texts(Index(index_folder()).passages_of(ids)))
    known_vectors.write(texts, Encoder(model.shipped("encoder")), path)


if __name__ == "__main__":
    write_vectors(vectors_file())
