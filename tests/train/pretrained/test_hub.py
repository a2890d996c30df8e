import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download.client import RetryPolicy
from bioqa.index.errors import BioqaError, InputError, StorageError
from bioqa.train.pretrained import hub

NAME = "lab/model-v1.2"
FILES = {"config.json": b"{}", "vocab.txt": b"[UNK]\n", "pytorch_model.bin": b"w" * 200_000}


class Hub(ThreadingHTTPServer):
    """A hub with one model; `statuses` are answered in place of files, `cuts` are bytes after which it hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.statuses: dict[str, int] = {}
        self.cuts: dict[str, list[int]] = {}
        self.requests: list[tuple[str, str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        name = self.path.removeprefix(f"/{NAME}/resolve/main/")
        self.server.requests.append((self.command, name, self.headers["Range"]))
        status = self.server.statuses.get(name, 200 if name in self.server.files else 404)
        content = self.server.files.get(name, b"") if status == 200 else b""
        start = int((self.headers["Range"] or "bytes=0-")[6:-1])
        self.send_response(206 if start else status)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "GET":
            cuts = self.server.cuts.get(name, [])
            self.wfile.write(content[start:][: cuts.pop(0) if cuts else None])

    do_HEAD = do_GET  # noqa: N815 (http.server's name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
        pass


@pytest.fixture(autouse=True)
def _hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(hub, "PATIENCE", RetryPolicy(silence=0.4, pauses=(0.01, 0.02), longest=1.0))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{running.server_port}/")
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


def test_what_a_model_needs_is_fetched(server: Hub) -> None:
    folder = hub.fetched(NAME)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == FILES


def test_safetensors_are_preferred(server: Hub) -> None:
    server.files["model.safetensors"] = b"safe"
    assert {file.name for file in hub.fetched(NAME).iterdir()} == {"config.json", "vocab.txt", "model.safetensors"}
    assert not any(name == "pytorch_model.bin" for _, name, _ in server.requests)


def test_what_is_there_is_not_asked_for_again(server: Hub) -> None:
    folder = hub.fetched(NAME)
    server.requests.clear()
    assert hub.fetched(NAME) == folder
    assert server.requests == []


def test_a_download_that_broke_off_goes_on(server: Hub) -> None:
    server.cuts["pytorch_model.bin"] = [150_000]
    folder = hub.fetched(NAME)
    assert (folder / "pytorch_model.bin").read_bytes() == FILES["pytorch_model.bin"]
    ranges = [bytes_from for command, name, bytes_from in server.requests if (command, name[:2]) == ("GET", "py")]
    assert ranges == [None, "bytes=150000-"]


def test_a_download_that_always_breaks_off_leaves_no_model(server: Hub) -> None:
    server.cuts["pytorch_model.bin"] = [0] * 20
    with pytest.raises(BioqaError, match="broke off"):
        hub.fetched(NAME)
    server.cuts.clear()
    assert (hub.fetched(NAME) / "pytorch_model.bin").exists()


@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        ("config.json", 404, "the file is not there"),
        ("config.json", 401, "401"),
        ("config.json", 403, "403"),
        ("config.json", 500, "500"),
        ("vocab.txt", 403, "403"),
        ("pytorch_model.bin", 404, "neither model.safetensors nor pytorch_model.bin is there"),
    ],
)
def test_what_the_hub_refuses_is_one_error_with_the_cure(server: Hub, file: str, status: int, said: str) -> None:
    server.statuses[file] = status
    with pytest.raises(BioqaError, match=said) as refused:
        hub.fetched(NAME)
    assert refused.value.exit_status == 1
    assert str(refused.value).startswith(f"{NAME}: not available from the hub: ")
    assert "download the model's files elsewhere into a folder" in str(refused.value)


def test_a_hub_that_is_not_reachable_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(BioqaError, match="Connection refused") as refused:
            hub.fetched(NAME)
    assert refused.value.exit_status == 1


def test_a_hub_that_says_nothing_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(BioqaError, match="timed out"):
            hub.fetched(NAME)


@pytest.mark.parametrize("address", ["http://hub.example", "file:///etc", "nowhere", ""])
def test_only_a_safe_address_is_a_hub(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(InputError):
        hub.fetched(NAME)


def test_a_cache_that_cannot_be_written_is_told(server: Hub, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(StorageError):
        hub.fetched(NAME)
