import errno
import gzip
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download import fetch
from bioqa.index.download.client import HttpClient, RetryPolicy
from bioqa.index.errors import NetworkError, StorageError, TransientError

Server, Faults = Any, Any
Fetch = Callable[..., str]
SIZE = 200_000


@pytest.fixture
def path(nlm: Server, tmp_path: Path) -> Path:
    """Where the one file of the baseline is to be."""
    [name] = nlm.add("baseline", 1, size=SIZE)
    return tmp_path / name


@pytest.fixture
def content(nlm: Server, path: Path) -> bytes:
    return nlm.files[f"baseline/{path.name}"]


@pytest.fixture
def counted() -> list[int]:
    """How many bytes came with each piece."""
    return []


@pytest.fixture
def bring(nlm: Server, path: Path, content: bytes, counted: list[int]) -> Fetch:
    """Fetches the file, with little patience."""
    web = HttpClient(RetryPolicy(silence=0.3, pauses=(0.0, 0.0, 0.0), longest=1.0))
    md5 = hashlib.md5(content).hexdigest()
    return lambda *most: fetch.fetch_file(web, nlm.url(f"baseline/{path.name}"), path, md5, counted.append, *most)


@pytest.fixture
def misbehave(nlm: Server, path: Path) -> Callable[..., None]:
    return lambda *faults, **options: nlm.misbehave(f"baseline/{path.name}", *faults, **options)


def ranges(nlm: Server) -> list[str | None]:
    return nlm.asked(".gz")


def test_a_file_comes_whole_and_leaves_no_part(bring: Fetch, path: Path, content: bytes, counted: list[int]) -> None:
    assert bring() == f'"{SIZE}"'
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]
    assert sum(counted) == SIZE


def test_the_digest_is_md5(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"message digest")
    assert fetch.md5_of(tmp_path / "file") == "f96b697d7cb7938d525a2f31aaf161d0"  # RFC 1321, A.5


def test_a_part_is_gone_on_with(bring: Fetch, nlm: Server, path: Path, content: bytes, counted: list[int]) -> None:
    fetch.part_path(path).write_bytes(content[:150_000])
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == ["bytes=150000-"]
    assert sum(counted) == 50_000


def test_a_part_that_is_the_whole_file_is_not_fetched(bring: Fetch, nlm: Server, path: Path, content: bytes) -> None:
    fetch.part_path(path).write_bytes(content)
    bring()
    assert path.read_bytes() == content
    assert nlm.requests == []


@pytest.mark.parametrize("left", [b"", b"x" * 1000, b"x" * SIZE, b"x" * (SIZE + 1)])
def test_a_part_of_something_else_does_no_harm(left: bytes, bring: Fetch, path: Path, content: bytes) -> None:
    fetch.part_path(path).write_bytes(left)
    bring()
    assert path.read_bytes() == content


@pytest.mark.parametrize("after", [0, 1, 100_000, SIZE - 1])
def test_a_connection_that_breaks_is_taken_up_where_it_was(
    after: int, bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.cut(after))
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == [None, f"bytes={after}-" if after else None]


def test_a_connection_may_break_often_as_long_as_it_brings_something(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes, monkeypatch: Any
) -> None:
    monkeypatch.setattr(fetch, "_CHUNK", 10_000)
    misbehave(faults.cut(10_000), lasting=True)
    bring()
    assert path.read_bytes() == content
    assert len(ranges(nlm)) == SIZE / 10_000


def test_one_that_never_gets_further_is_given_up_and_its_part_kept(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    fetch.part_path(path).write_bytes(content[:1000])
    misbehave(faults.cut(0), lasting=True)
    with pytest.raises(TransientError, match="broke off after 0 of 199,000 bytes"):
        bring()
    assert len(ranges(nlm)) == 4
    assert fetch.part_path(path).read_bytes() == content[:1000]


def test_silence_in_the_middle_ends_the_waiting(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.stall(2 * fetch._CHUNK))
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == [None, f"bytes={2 * fetch._CHUNK}-"]


def test_a_server_that_does_not_heed_ranges_is_taken_at_its_word(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    fetch.part_path(path).write_bytes(content[:1000])
    misbehave(faults.whole, lasting=True)
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == ["bytes=1000-"]


@pytest.mark.parametrize(
    "told",
    [{}, {"Content_Range": "bytes 0-199999/200000"}, {"Content_Range": "bytes 1001-199999/*"}, {"Content_Range": "x"}],
)
def test_a_range_that_was_not_asked_for_begins_the_file_anew(
    told: dict[str, str], bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    fetch.part_path(path).write_bytes(content[:1000])
    misbehave(faults.sends(content[1000:], 206, **told))
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == ["bytes=1000-", None]


@pytest.mark.parametrize("status", [206, 204, 416])
def test_a_part_for_an_answer_where_the_whole_was_asked_for_is_an_error(
    status: int, bring: Fetch, misbehave: Any, faults: Faults, path: Path
) -> None:
    misbehave(faults.sends(b"", status), lasting=True)
    with pytest.raises(TransientError, match="asked for the whole file, the server answers"):
        bring()
    assert not path.exists()


def test_a_wrong_digest_is_fetched_again(
    bring: Fetch, misbehave: Any, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.sends(b"x" * SIZE), faults.sends(b"<html>Login</html>"))
    bring()
    assert path.read_bytes() == content


def test_a_digest_wrong_three_times_is_reported_and_nothing_left(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path
) -> None:
    misbehave(faults.sends(b"x" * SIZE), lasting=True)
    with pytest.raises(
        NetworkError, match=r"pubmed26n0001.xml.gz: fetched 3 times, and its MD5 was never [0-9a-f]{32}"
    ):
        bring()
    assert len(ranges(nlm)) == 3
    assert list(path.parent.iterdir()) == []


def test_what_stands_there_stays_until_the_new_one_is_right(
    bring: Fetch, misbehave: Any, faults: Faults, path: Path, content: bytes
) -> None:
    path.write_bytes(b"old")
    misbehave(faults.sends(b"x"), faults.sends(b"x"), faults.sends(b"x"))
    with pytest.raises(NetworkError, match="MD5"):
        bring()
    assert path.read_bytes() == b"old"
    bring()
    assert path.read_bytes() == content


@pytest.mark.parametrize(("told", "said"), [("10", "MD5"), (str(SIZE * 2), "broke off"), (str(10**15), "broke off")])
def test_a_length_that_lies_is_found_out(
    told: str, said: str, bring: Fetch, misbehave: Any, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.sends(content, Content_Length=told), lasting=True)
    with pytest.raises(NetworkError, match=said):
        bring()
    assert not path.exists()


@pytest.mark.parametrize("told", ["many", "-1"])
def test_a_length_that_is_none_is_done_without(
    told: str, bring: Fetch, misbehave: Any, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.sends(content, Content_Length=told))
    bring()
    assert path.read_bytes() == content


def test_a_file_without_end_does_not_fill_the_disk(bring: Fetch, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_MOST_OF_FILE", 100_000)
    for _ in range(2):
        with pytest.raises(NetworkError, match="goes on after 100,000 bytes"):
            bring()
        assert not path.exists()
        assert fetch.part_path(path).stat().st_size == 0


def test_a_file_is_no_larger_than_the_listing_says(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    bring(SIZE)
    path.unlink()
    with pytest.raises(NetworkError, match="goes on after 199,999 bytes, which is more than it can have"):
        bring(SIZE - 1)
    assert not path.exists()
    assert fetch.file_size(fetch.part_path(path)) == 0


def test_a_part_larger_than_that_is_not_even_read(bring: Fetch, nlm: Server, path: Path, content: bytes) -> None:
    fetch.part_path(path).touch()
    os.truncate(fetch.part_path(path), 1 << 40)
    bring(SIZE)
    assert path.read_bytes() == content
    assert ranges(nlm) == [None]


def test_what_came_before_the_silence_is_kept_to_the_byte(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.stall(1234))
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == [None, "bytes=1234-"]


def test_a_server_that_sends_less_than_it_was_asked_for_is_asked_for_the_rest(
    bring: Fetch, misbehave: Any, nlm: Server, faults: Faults, path: Path, content: bytes
) -> None:
    fetch.part_path(path).write_bytes(content[:1000])
    told = {"Content_Range": f"bytes 1000-1999/{SIZE}"}
    misbehave(faults.sends(content[1000:2000], 206, **told))
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == ["bytes=1000-", "bytes=2000-"]


def test_an_etag_is_kept_only_so_far(bring: Fetch, misbehave: Any, faults: Faults, content: bytes) -> None:
    misbehave(faults.sends(content, ETag="e" * 60_000))
    assert bring() == "e" * 200


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file that is not the download's."""
    (tmp_path / "precious").write_bytes(b"kept")
    return tmp_path / "precious"


@pytest.mark.parametrize("kind", ["link", "link to nothing", "hard link", "folder", "pipe"])
def test_a_part_that_is_no_plain_file_is_refused(kind: str, bring: Fetch, path: Path, precious: Path) -> None:
    part = fetch.part_path(path)
    make: dict[str, Callable[[], object]] = {
        "link": lambda: part.symlink_to(precious),
        "link to nothing": lambda: part.symlink_to(precious.with_name("made")),
        "hard link": lambda: os.link(precious, part),
        "folder": part.mkdir,
        "pipe": lambda: os.mkfifo(part),
    }
    make[kind]()
    before = sorted(path.parent.iterdir())
    with pytest.raises(StorageError, match=r"\.part: is .*; remove it$"):
        bring()
    assert precious.read_bytes() == b"kept"
    assert sorted(path.parent.iterdir()) == before


def test_a_link_in_the_place_of_the_file_is_replaced_and_what_it_leads_to_kept(
    bring: Fetch, path: Path, content: bytes, precious: Path
) -> None:
    path.symlink_to(precious)
    bring()
    assert path.read_bytes() == content
    assert not path.is_symlink()
    assert precious.read_bytes() == b"kept"


def test_a_file_that_is_called_gzip_encoded_is_kept_as_it_comes(
    bring: Fetch, misbehave: Any, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.sends(content, Content_Encoding="gzip"))
    bring()
    assert path.read_bytes() == content


def test_one_that_was_compressed_once_more_is_not_taken(
    bring: Fetch, misbehave: Any, faults: Faults, path: Path, content: bytes
) -> None:
    misbehave(faults.sends(gzip.compress(content), Content_Encoding="gzip"), lasting=True)
    with pytest.raises(NetworkError, match="MD5"):
        bring()
    assert not path.exists()


def test_what_is_not_there_is_not_asked_for_again(bring: Fetch, misbehave: Any, nlm: Server, faults: Faults) -> None:
    misbehave(faults.status(404), lasting=True)
    with pytest.raises(NetworkError, match="answers 404 Not Found; the file is not there"):
        bring()
    assert len(ranges(nlm)) == 1


def test_a_full_disk_is_an_error_that_keeps_the_part(
    bring: Fetch, nlm: Server, path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, chunks = fetch._write, []

    def filling(file: Any, chunk: bytes) -> None:
        chunks.append(chunk)
        if len(chunks) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(file, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "_write", filling)
        with pytest.raises(StorageError, match=r"\.part: No space left on device; complete files are kept"):
            bring()
    assert fetch.part_path(path).read_bytes() == content[: fetch._CHUNK]
    bring()
    assert path.read_bytes() == content
    assert ranges(nlm) == [None, f"bytes={fetch._CHUNK}-"]


def test_a_disk_that_takes_less_than_it_is_given_is_given_the_rest() -> None:
    class Slow:
        def __init__(self) -> None:
            self.taken = b""

        def write(self, content: memoryview) -> int:
            self.taken += content[:3]
            return min(3, len(content))

    file = Slow()
    fetch._write(file, b"0123456789")  # type: ignore[arg-type]
    assert file.taken == b"0123456789"
