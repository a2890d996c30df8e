"""Loading of pretrained BERT-family models, and the settings that training and export change in them."""

from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.utils import logging

from bioqa.index.errors import ModelError
from bioqa.train.pretrained import weights
from bioqa.train.pretrained.source import PretrainedModel, loading

_SPAN_HEAD = "qa_outputs."


def load_pretrained(kind: Any, pretrained: PretrainedModel) -> Any:
    """A model loaded by a class of transformers; only the pooler's weights may be missing.

    Attention is "eager": export can trace it, and training on a CPU is half as fast again with it.

    Raises ModelError for weights that are missing, which transformers would initialise at random, or unreadable.
    """
    source = pretrained.source
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # its warnings about missing weights are errors below
    with loading(f"{source}: cannot be loaded as a BERT-family model"):
        model, report = kind.from_pretrained(
            pretrained.folder,
            dtype=torch.float32,
            attn_implementation="eager",
            use_safetensors=True,
            output_loading_info=True,
            trust_remote_code=False,
        )
    missing = sorted(name for name in report["missing_keys"] if "pooler." not in name)
    if any(name.startswith(_SPAN_HEAD) for name in missing):
        raise ModelError(
            f"{source}: an encoder without a span head, not a reader; train one on it with "
            f"'bioqa train reader RECIPE --to DIR --set base={source}'"
        )
    if missing:
        raise ModelError(
            f"{source}: cannot be loaded: its weights do not match its configuration or are incomplete; "
            f"{len(missing)} are missing, such as {missing[0]}"
        )
    return model


def load_encoder(pretrained: PretrainedModel) -> Any:
    """An encoder without its pooler. Raises ModelError."""
    encoder = load_pretrained(AutoModel, pretrained)
    encoder.pooler = None  # BERT's, which nothing here uses
    return encoder


def stored_tensors(pretrained: PretrainedModel, part_of_name: str) -> dict[str, Tensor]:
    """The stored tensors of a model whose names contain `part_of_name`, by name. Raises ModelError."""
    folder = pretrained.folder
    whole = folder / weights.SAFE
    tensors: dict[str, Tensor] = {}
    for path in [whole] if whole.is_file() else sorted(folder.glob(weights.PARTS)):
        try:
            with safe_open(path, framework="pt") as stored:
                names = [name for name in stored.keys() if part_of_name in name]  # noqa: SIM118 (not a mapping)
                tensors |= {name: stored.get_tensor(name) for name in names}
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path}: cannot be loaded: cut off or damaged ({error})") from None
    return tensors


def token_type_inputs(model: Any, token_type_ids: Tensor) -> dict[str, Tensor]:
    """The keyword argument with token types for a model that has embeddings for them; empty for others."""
    return {"token_type_ids": token_type_ids} if getattr(model.config, "type_vocab_size", 0) > 1 else {}


def set_dropout(network: nn.Module, share: float) -> None:
    """Set the dropout probability of all layers."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


def to_device(model: nn.Module, device: str) -> nn.Module:
    """The model on a device, with fused attention on a GPU."""
    if device != "cpu":
        use_fused_attention(model)
    return model.to(device)


def use_fused_attention(model: nn.Module) -> None:
    """Switch to PyTorch's fused attention ("sdpa"), which is fastest except for training on a CPU."""
    for module in model.modules():
        if isinstance(module, PreTrainedModel):
            module.set_attn_implementation("sdpa")
