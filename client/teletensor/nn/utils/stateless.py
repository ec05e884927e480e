"""The older place of `torch.func.functional_call`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from teletensor import func
from teletensor import missing as _missing
from teletensor.nn.module import Module
from teletensor.tensor import Tensor

__all__ = ["functional_call"]


def functional_call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None, kwargs: dict[str, Any] | None = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """`torch.func.functional_call`, with a FutureWarning."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return func.functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
