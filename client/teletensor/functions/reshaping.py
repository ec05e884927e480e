"""Shapes changed in place: the tensor itself becomes another view of its memory, or gets other memory."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import GradientError

from teletensor import factories, grad_mode, ops
from teletensor.arguments import ints, sizes
from teletensor.functions.shapes import as_strided, reshape
from teletensor.size import Size
from teletensor.tensor import Tensor
from teletensor.types import Dims, Sizes

__all__ = ["as_strided_", "resize_as_"]
METHODS = (
    "as_strided_", "resize_", "resize_as_", "set_", "squeeze_", "swapaxes_", "swapdims_", "t_", "transpose_",
    "unsqueeze_",
)  # fmt: skip


def unsqueeze_(input: Tensor, dim: int) -> Tensor:
    """The tensor, with a new dimension of size 1."""
    return _become(input, ops.unsqueeze(input, dim))


def squeeze_(input: Tensor, dim: Dims = None) -> Tensor:
    """The tensor, without its dimensions of size 1 (among `dim`)."""
    return _become(input, ops.squeeze(input, ints(dim)))


def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """The tensor, with two dimensions exchanged."""
    return _become(input, ops.transpose(input, dim0, dim1))


swapaxes_ = swapdims_ = transpose_


def t_(input: Tensor) -> Tensor:
    """The tensor, transposed; of at most two dimensions."""
    return _become(input, ops.transpose(input, 0, 1)) if input.ndim == 2 else input


def as_strided_(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """The tensor, as another view of its memory; see `as_strided`."""
    return _become(input, as_strided(input, size, stride, storage_offset))


def _become(input: Tensor, view: Tensor) -> Tensor:
    if grad_mode.is_grad_enabled() and input.requires_grad and input.is_leaf:
        raise GradientError("a leaf Variable that requires grad is being used in an in-place operation.")
    required = input._requires
    input._adopt(view)
    if required:
        input._requires = False
        input.requires_grad_(True)
    return input


def resize_(input: Tensor, *size: Sizes, memory_format: Any = None) -> Tensor:
    """The tensor with other sizes: the same elements in the same order, more of them uninitialised."""
    if input.requires_grad:
        raise GradientError("cannot resize variables that require grad")
    wanted = sizes(size)
    have, count = input.numel(), Size(wanted).numel()
    flat = reshape(input.detach(), (-1,))
    if count > have:
        grown = factories.empty(count, dtype=input.dtype, device=input.device)
        grown[:have] = flat
        flat = grown
    input.data = reshape(flat[:count], wanted)
    return input


def resize_as_(input: Tensor, the_template: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor with the sizes of another."""
    return resize_(input, the_template.shape)


def set_(input: Tensor, source: Tensor | None = None) -> Tensor:
    """The tensor, from now on sharing the memory of `source` (or empty)."""
    input.data = factories.empty(0, dtype=input.dtype, device=input.device) if source is None else source
    return input
