"""Choice of a device and of mixed precision on it."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from bioqa.index.errors import InputError

_MIXED = {"auto": torch.bfloat16, "bf16": torch.bfloat16, "fp16": torch.float16}


def select_device(name: str) -> str:
    """The device called `name`; `auto` is a GPU if there is one, else the CPU.

    Raises InputError for a device that this machine does not have.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f"the device {name!r} cannot be used here: {str(error).splitlines()[0]}") from None
    return name


def autocast(model: nn.Module, precision: str) -> AbstractContextManager[Any]:
    """The context for a forward pass in this precision; it changes nothing for fp32."""
    device_type = next(model.parameters()).device.type
    if precision == "fp32" or (precision == "auto" and not _has_fast_bf16(device_type)):
        return nullcontext()
    context: AbstractContextManager[Any] = torch.autocast(device_type, _MIXED[precision])
    return context


def _has_fast_bf16(device_type: str) -> bool:
    """Whether bf16 is faster than fp32; a CPU without bf16 instructions takes twice as long with it."""
    supported = torch.cuda.is_bf16_supported if device_type == "cuda" else torch.cpu._is_avx512_bf16_supported
    return bool(supported())
