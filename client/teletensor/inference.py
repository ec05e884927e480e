"""Tensors that are made in `inference_mode`: what is refused of them outside of it.

Such a tensor has `MADE` for the number of the result that it is: it is none of a recorded op's, and never will be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.errors import GradientError
from teletensor_core.registry import Op

from teletensor import grad_mode
from teletensor.tensor_base import TensorBase

MADE = -1
_WRITTEN = (
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
    "tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
)
_SAVED = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
    "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in "
    "autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
)
_REQUIRED = "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."


def mark(op: Op, operands: Sequence[Any], made: Any) -> Any:
    """An op's results, as made in inference mode. A view of another tensor stays one of those."""
    if not (op.view and operands[0]._index >= 0):
        for x in made if isinstance(made, tuple) else (made,):
            x._index = MADE
    return made


def check_write(target: TensorBase) -> None:
    """Raise where a tensor of inference mode is written to outside of it."""
    if target._index < 0 and not grad_mode.state.inference:
        raise GradientError(_WRITTEN)


def check_saving(op: Op, operands: Sequence[Any]) -> None:
    """Raise where a recorded op keeps a tensor of inference mode for its backward.

    One that requires grad itself may pass: which gradients it is kept for, the table of ops does not say.
    """
    for name, x in zip(op.operands, operands, strict=False):
        if name in op.saves:
            check_saved(
                [t for t in (x if isinstance(x, (list, tuple)) else (x,)) if not getattr(t, "_requires", False)]
            )


def check_saved(tensors: Sequence[Any]) -> None:
    """Raise if a tensor of inference mode is among those that are kept for backward."""
    if any(isinstance(x, TensorBase) and x._index < 0 for x in tensors):
        raise GradientError(_SAVED)


def check_required(tensor: TensorBase) -> None:
    """Raise where a tensor of inference mode is to require grad outside of it."""
    if tensor._index < 0 and not grad_mode.state.inference:
        raise GradientError(_REQUIRED)
