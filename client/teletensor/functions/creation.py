"""Tensors like another: copies, and its dtype and place with sizes or data of their own."""

from __future__ import annotations

from typing import Any

from teletensor import factories, ops, transfer
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike, DType, Scalar, Sizes

__all__ = ["clone"]
METHODS = (
    "clone", "copy_", "new", "new_empty", "new_empty_strided", "new_full", "new_ones", "new_tensor", "new_zeros",
)  # fmt: skip


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy, differentiable in what it is a copy of."""
    return ops.clone(input)


def copy_(input: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """The tensor, with the elements of `src` (broadcast, cast, and brought from another device) written into it."""
    if isinstance(src, Tensor) and src._session is not input._session:
        src = transfer.move(src, input._session)
    return ops.copy_(input, src)


def new_tensor(
    self: Tensor, data: Any, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor with a copy of `data`, of this tensor's dtype and place unless told otherwise."""
    return factories.tensor(data, dtype=dtype or self.dtype, device=_place(self, device), requires_grad=requires_grad)


def new_zeros(
    self: Tensor, *sizes: Sizes, size: Sizes | None = None, dtype: DType | None = None, device: DeviceLike = None,
    requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Zeros of the given sizes, of this tensor's dtype and place unless told otherwise."""
    return factories.zeros(
        *sizes, size=size, dtype=dtype or self.dtype, device=_place(self, device), requires_grad=requires_grad
    )


def new_ones(
    self: Tensor, *sizes: Sizes, size: Sizes | None = None, dtype: DType | None = None, device: DeviceLike = None,
    requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Ones of the given sizes, of this tensor's dtype and place unless told otherwise."""
    return factories.ones(
        *sizes, size=size, dtype=dtype or self.dtype, device=_place(self, device), requires_grad=requires_grad
    )


def new_empty(
    self: Tensor, *sizes: Sizes, size: Sizes | None = None, dtype: DType | None = None, device: DeviceLike = None,
    requires_grad: bool = False,
    layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor of the given sizes, of this tensor's dtype and place unless told otherwise."""
    return factories.empty(
        *sizes, size=size, dtype=dtype or self.dtype, device=_place(self, device), requires_grad=requires_grad
    )


def new_empty_strided(
    self: Tensor, size: Sizes, stride: Sizes, *, dtype: DType | None = None, device: DeviceLike = None,
    requires_grad: bool = False, layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor of the given sizes and steps between elements, of this one's dtype and place."""
    return factories.empty_strided(
        size, stride, dtype=dtype or self.dtype, device=_place(self, device), requires_grad=requires_grad
    )


def new_full(
    self: Tensor, size: Sizes, fill_value: Scalar, *, dtype: DType | None = None, device: DeviceLike = None,
    requires_grad: bool = False, layout: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """One number everywhere, of this tensor's dtype and place unless told otherwise."""
    place = _place(self, device)
    return factories.full(size, fill_value, dtype=dtype or self.dtype, device=place, requires_grad=requires_grad)


def new(self: Tensor, *args: Any, device: DeviceLike = None) -> Tensor:
    """What this tensor's own legacy class makes of sizes or data: `new_empty` and `new_tensor` in one."""
    return factories.legacy_tensor(*args, dtype=self.dtype, device=_place(self, device))


def _place(self: Tensor, device: DeviceLike) -> DeviceLike:
    return self.device if device is None else device
