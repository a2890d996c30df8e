"""Weights of a model to train or export: safetensors, or what is turned into them once: PyTorch's pickled file, or an
exported network."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioqa.eval.datasets.files import read_json
from bioqa.index.errors import ModelError, StorageError
from bioqa.index.models.model import NETWORK
from bioqa.index.plain_files import is_plain_name
from bioqa.train.pretrained import onnx_weights

if TYPE_CHECKING:
    from torch import Tensor

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"
PARTS = "model-*-of-*.safetensors"  # of weights that are in several files
_SPLIT = "model.safetensors.index.json"
_HOLDING = (".safetensors", ".bin", ".onnx")
BESIDE = (".json", ".txt", ".model")  # configuration and tokenizer
_CURE = f"get {SAFE} of the same model"
_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}  # of TensorFlow's BERT


def as_safetensors(folder: Path) -> Path:
    """A folder with the model of `folder` in safetensors: itself, or one in the user's cache.

    Raises ModelError where it has no weights, a pickle that holds anything but weights, or a network that is not the
    one its card names; StorageError where the disk refuses.
    """
    if (folder / SAFE).is_file():
        return folder
    if (folder / _SPLIT).is_file():
        _check_parts(folder)
        return folder
    found = next((name for name in _READERS if (folder / name).is_file()), None)
    if found is None:
        raise ModelError(f"{folder}: cannot be loaded: no weights there, none of {SAFE}, {', '.join(_READERS)}")
    import platformdirs
    from safetensors import SafetensorError

    beside = [file for file in sorted(folder.iterdir()) if file.suffix in BESIDE and file.is_file()]
    try:
        files = [folder / found, *beside]
        states = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        identity = sha256(repr(states).encode()).hexdigest()[:16]
        target = Path(platformdirs.user_cache_dir("bioqa")) / "converted" / identity
        if not target.exists():
            _convert(_READERS[found](folder / found), beside, target)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{folder}: its weights could not be converted to {SAFE}: {error}") from None
    return target


def size(folder: Path) -> int:
    """The bytes of all files with weights in a folder."""
    return sum(file.stat().st_size for file in folder.iterdir() if file.suffix in _HOLDING and file.is_file())


def _check_parts(folder: Path) -> None:
    """Raises ModelError where what tells the parts of the weights names a file anywhere else than in the folder."""
    told = read_json(folder / _SPLIT, "what tells where weights are")
    parts = told.get("weight_map") if isinstance(told, dict) else None
    if not isinstance(parts, dict) or not parts:
        raise ModelError(f"{folder / _SPLIT}: cannot be loaded: damaged: expected 'weight_map' with files; {_CURE}")
    for part in sorted({str(name) for name in parts.values()}):
        if not is_plain_name(part) or not (folder / part).is_file():
            raise ModelError(f"{folder / _SPLIT}: cannot be loaded: {part!r:.100} is no file of that folder; {_CURE}")


def read(pickled: Path) -> dict[str, "Tensor"]:
    """The tensors in a file of PyTorch's, by name. No code in it is run: a pickle with any is refused.

    Raises ModelError for such a file, and for one that is damaged or holds something else.
    """
    import torch

    try:
        content: Any = torch.load(pickled, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        said = str(error).strip().splitlines()[:1]
        raise ModelError(
            f"{pickled}: refused, because it is damaged or holds code beside weights "
            f"({type(error).__name__}: {''.join(said)[:150]}); {_CURE}"
        ) from None
    if not isinstance(content, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in content.items()
    ):
        raise ModelError(f"{pickled}: refused: expected tensors by name and nothing else; {_CURE}")
    return {_renamed(name): tensor for name, tensor in content.items()}


def _of_exported(network: Path) -> dict[str, "Tensor"]:
    import torch

    return {name: torch.from_numpy(values) for name, values in onnx_weights.read(network.parent).items()}


_READERS: Mapping[str, Callable[[Path], Mapping[str, "Tensor"]]] = {PICKLED: read, NETWORK: _of_exported}
"""What is turned into safetensors, the first that a folder has, and how it is read."""


def _renamed(name: str) -> str:
    for old, new in _OLD_NAMES.items():
        name = name.replace(old, new)
    return name


def _convert(tensors: Mapping[str, "Tensor"], beside: list[Path], target: Path) -> None:
    from safetensors.torch import save_file

    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="converting-", dir=target.parent))
    try:
        for file in beside:
            shutil.copyfile(file, fresh / file.name)
        # Copies, because tied weights share memory, which safetensors does not store.
        save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, fresh / SAFE)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
