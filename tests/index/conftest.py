"""A server that is like NLM's and misbehaves; vectors and segments without an encoder; and property tests take as
long as a busy machine makes them take."""

import hashlib
import random
import socket
import ssl
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from bioqa.index.arrays import Array
from bioqa.index.download import client
from bioqa.index.download.client import RetryPolicy
from bioqa.index.records import Document
from bioqa.index.search.flat import VectorRows
from bioqa.index.store import storage
from bioqa.index.store.manifest import EncoderIdentity, Manifest

settings.register_profile("index", deadline=None)
settings.load_profile("index")

Fault = Callable[["Handler", bytes], None]
HASTE = RetryPolicy(silence=0.4, pauses=(0.01, 0.02, 0.03), longest=1.0)


class Handler(BaseHTTPRequestHandler):
    """Answers as Apache does, with ranges, unless a fault is set for the path."""

    server: "Nlm"

    def do_GET(self) -> None:
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        content = self.server.content(self.path)
        fault = self.server.fault(self.path)
        if fault:
            fault(self, content or b"")
        elif content is None:
            self.answer(404, b"<html>Not Found</html>")
        else:
            self.ranged(content)

    do_HEAD = do_GET  # noqa: N815 (http.server's name)

    def ranged(self, content: bytes) -> None:
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if start and start >= len(content):
            self.answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        elif start:
            told = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            self.answer(206, content[start:], told)
        else:
            self.answer(200, content, {"ETag": f'"{len(content)}"'})

    def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class Nlm(ThreadingHTTPServer):
    """Baseline and update files with their digests and listings, on this machine, with faults one asks for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        self.files: dict[str, bytes] = {}
        self.extra_links: list[str] = []
        self.sizes = True
        self.modified = "2026-01-09 14:14"
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.released = threading.Event()
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._lasting: dict[str, Fault] = {}

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}/pubmed/"

    def url(self, path: str) -> str:
        return self.address + path

    def add(self, folder: str, *numbers: int, year: int = 26, size: int = 200_000) -> list[str]:
        """Files of these numbers, and their digests, in one of NLM's two folders; their names."""
        names = [f"pubmed{year}n{number:04}.xml.gz" for number in numbers]
        for name in names:
            content = random.Random(name).randbytes(size)
            self.files[f"{folder}/{name}"] = content
            self.files[f"{folder}/{name}.md5"] = f"MD5({name})= {hashlib.md5(content).hexdigest()}\n".encode()
        return names

    def misbehave(self, path: str, *faults: Fault, lasting: bool = False) -> None:
        """Answer the next requests for `path` by these faults, one each, or all requests by the one."""
        if lasting:
            self._lasting[path] = faults[0]
        else:
            self._faults[path] += faults

    def asked(self, ending: str) -> list[str | None]:
        """The header Range of each GET for a path that ends so."""
        return [
            headers.get("Range") for method, path, headers in self.requests if method == "GET" and path.endswith(ending)
        ]

    def content(self, path: str) -> bytes | None:
        path = path.removeprefix("/pubmed/")
        if path in ("baseline/", "updatefiles/"):
            return self._listing(path).encode()
        return self.files.get(path)

    def fault(self, path: str) -> Fault | None:
        path = path.removeprefix("/pubmed/")
        return self._faults[path].pop(0) if self._faults[path] else self._lasting.get(path)

    def _listing(self, folder: str) -> str:
        lines = [f"<html><head><title>Index of /pubmed/{folder[:-1]}</title></head><body><pre><hr>"]
        lines.append('<a href="/pubmed/">Parent Directory</a>                             -   ')
        for name in self.extra_links:
            lines.append(f'<a href="{name}">{name}</a>  {self.modified}   19M  ')
        for path, content in self.files.items():
            if path.startswith(folder):
                name = path.removeprefix(folder)
                size = f"  {len(content) / 1024:.1f}K" if self.sizes else ""
                lines.append(f'<a href="{name}">{name}</a>  {self.modified}{size}  ')
        return "\n".join([*lines, "<hr></pre></body></html>"])


@contextmanager
def serving(server: Nlm) -> Iterator[Nlm]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def nlm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nlm]:
    """NLM's server on this machine; whoever asks it has little patience."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(client, "RETRY_POLICY", HASTE)
    with serving(Nlm()) as server:
        yield server


Script = Callable[[socket.socket], None]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes | Script], str]]:
    """Starts a server on this machine that answers each request by these bytes, whatever they are, or by this script
    for a connection; its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    listeners = []

    def serve(listener: socket.socket, script: Script) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=talk, args=(connection, script), daemon=True).start()

    def talk(connection: socket.socket, script: Script) -> None:
        with connection, suppress(OSError):
            connection.settimeout(10)
            connection.recv(1 << 16)
            script(connection)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass

    def start(answer: bytes | Script) -> str:
        script = answer if callable(answer) else lambda connection: connection.sendall(answer)
        listeners.append(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=serve, args=(listeners[-1], script), daemon=True).start()
        return f"http://127.0.0.1:{listeners[-1].getsockname()[1]}/"

    yield start
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody trusts, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run([*command, *subject, "-out", made, "-keyout", key], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    return made, key


@pytest.fixture
def secure_nlm(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Nlm]:
    """The same over TLS."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = Nlm()
    server.scheme = "https"
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield server


class Faults:
    """Ways for a server to misbehave."""

    @staticmethod
    def status(code: int, **headers: str) -> Fault:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda handler, _: handler.answer(code, b"<html>Sorry</html>", named)

    @staticmethod
    def cut(after: int) -> Fault:
        """The connection ends after so many bytes of what is asked for."""

        def cut(handler: Handler, content: bytes) -> None:
            start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
            handler.send_response(206 if start else 200)
            if start:
                handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            handler.send_header("Content-Length", str(len(content) - start))
            handler.end_headers()
            handler.wfile.write(content[start : start + after])

        return cut

    @staticmethod
    def stall(after: int = 0) -> Fault:
        """Nothing comes any more after so many bytes."""

        def stall(handler: Handler, content: bytes) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[:after])
            handler.wfile.flush()
            handler.server.released.wait(10)

        return stall

    @staticmethod
    def sends(content: bytes, status: int = 200, **headers: str) -> Fault:
        """This in place of what is asked for."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda handler, _: handler.answer(status, content, named)

    @staticmethod
    def whole(handler: Handler, content: bytes) -> None:
        """Range is not heeded."""
        handler.answer(200, content)

    @staticmethod
    def hang_up(handler: Handler, content: bytes) -> None:
        """No answer at all."""


@pytest.fixture
def faults() -> type[Faults]:
    """Ways for a server to misbehave."""
    return Faults


DIMENSIONS = 16
MakeRows = Callable[[int, int], Array]


@pytest.fixture(scope="session")
def unit_rows() -> MakeRows:
    """Makes random unit vectors in fp16: how many, and the seed."""

    def make(count: int, seed: int) -> Array:
        rows = np.random.default_rng(seed).standard_normal((count, DIMENSIONS))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)

    return make


@pytest.fixture(scope="session")
def rows_of() -> Callable[[Sequence[Array]], VectorRows]:
    """Rows over segments that are in memory."""
    return lambda segments: VectorRows([len(part) for part in segments], segments.__getitem__, DIMENSIONS, 10**9)


@pytest.fixture
def add_segment() -> Callable[..., Manifest]:
    """Commits a segment of documents with one passage each, and what is removed, without a lexical index."""

    def add(folder: Path, manifest: Manifest | None, vectors: Array, removed: Sequence[int] = ()) -> Manifest:
        before = manifest or Manifest("none", 150, EncoderIdentity("toy", "0" * 64, vectors.shape[1]))
        name = f"{before.commit + 1:06}"
        first = sum(segment.passages for segment in before.segments)
        documents = [Document(str(first + place), "A title") for place in range(len(vectors))]
        with storage.locked_for_writing(folder):
            segment = storage.write_segment(folder, name, documents, [[(0, 7)]] * len(vectors), vectors)
            if len(removed):
                np.save(folder / f"removed-{name}.npy", np.array(removed, dtype=np.int64))
            total = first + len(vectors)
            return storage.commit(
                folder,
                before,
                replace(
                    before,
                    documents=total - len(removed),
                    passages=total - len(removed),
                    segments=(*before.segments, segment),
                    removed=f"removed-{name}.npy" if len(removed) else "",
                ),
            )

    return add


@pytest.fixture
def resident_bytes() -> Callable[[Path], int]:
    """What this process has of a mapped file in memory, as the system counts it."""
    counts = Path("/proc/self/smaps")
    if not counts.exists():
        pytest.skip("the system does not say what is resident")

    def resident(file: Path) -> int:
        entries = counts.read_text().split(f"{file}\n")[1:]
        return sum(int(entry.partition("Rss:")[2].split()[0]) * 1024 for entry in entries)

    return resident
