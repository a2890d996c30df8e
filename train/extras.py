"""The optional dependencies of training: PyTorch, transformers and others."""

from importlib import import_module

from bioqa.index.errors import BioqaError

_NEEDED = ("torch", "transformers", "safetensors", "onnx", "tensorboard")


def require() -> None:
    """Raises BioqaError with the install command if one of the packages is missing."""
    for name in _NEEDED:
        try:
            import_module(name)
        except ImportError:
            raise BioqaError(f"this needs the extra 'train' ({name} is missing): pip install 'bioqa[train]'") from None
