"""Models at a hub: their files fetched once, over HTTPS, and kept in the user's cache."""

import os
import re
from pathlib import Path

from bioqa.index.download import fetch
from bioqa.index.download.client import HttpClient, RetryPolicy, check_address
from bioqa.index.errors import BioqaError, NetworkError
from bioqa.index.progress import TerminalProgress

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
PATIENCE = RetryPolicy(silence=15.0, pauses=(1.0, 4.0), longest=30.0)  # somebody waits at the terminal
_HUB = "https://huggingface.co"
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that is there
_OPTIONAL = (
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    *("vocab.txt", "vocab.json", "merges.txt"),
)
_CURE = "download the model's files elsewhere into a folder (config.json, weights, tokenizer), and name that folder"


def fetched(name: str) -> Path:
    """The folder with the files of the model `name`, which are fetched where they are not there yet.

    Raises BioqaError where the hub cannot be reached, refuses, or has no such model, StorageError where the disk
    refuses; what has arrived by then is gone on with at the next call.
    """
    import platformdirs

    hub = os.environ.get("HF_ENDPOINT", _HUB).rstrip("/")
    check_address(hub)
    folder = Path(platformdirs.user_cache_dir("bioqa")) / "hub" / name.replace("/", "--")
    if any((folder / weights).exists() for weights in _WEIGHTS):  # they come last
        return folder
    web, address = HttpClient(PATIENCE), f"{hub}/{name}/resolve/main"
    try:
        with fetch.storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        _bring(web, address, folder, "config.json")
        for file in _OPTIONAL:
            _bring(web, address, folder, file, optional=True)
        if not any(_bring(web, address, folder, file, optional=True) for file in _WEIGHTS):
            raise NetworkError(f"{address}: neither {' nor '.join(_WEIGHTS)} is there")
    except NetworkError as error:
        raise BioqaError(f"{name}: not available from the hub: {error}; {_CURE}") from None
    return folder


def _bring(web: HttpClient, address: str, folder: Path, file: str, *, optional: bool = False) -> bool:
    """Whether a file is in the folder now; `optional` ones may not be at the hub."""
    target, url = folder / file, f"{address}/{file}"
    if target.exists():
        return True
    part = fetch.part_path(target)
    size = (web.size(url) or 0) if file in _WEIGHTS else 0
    with TerminalProgress(f"Fetching {file}", "MB") as progress:

        def count(_: int) -> None:
            done = fetch.file_size(part)
            progress.update(min(1.0, done / size) if size else 0.0, done // 1_000_000)

        try:
            fetch.fetch_part(web, url, part, count)
        except NetworkError as error:
            if optional and error.status == 404:
                return False
            raise
    with fetch.storage_errors(target):
        part.replace(target)
    return True
