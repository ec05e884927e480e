"""Tensors filled with one number, of given sizes or of the sizes of another tensor."""

from __future__ import annotations

from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ShapeError
from teletensor_core.kernels.casting import fitted

from teletensor import ops, sessions
from teletensor.arguments import as_dtype, sizes
from teletensor.factories.shared import finished, floating, like, shape_of
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike, Scalar, Sizes


def zeros(
    *sizes: Sizes, size: Sizes | None = None, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Zeros of the given sizes (one by one, or as one sequence), in the default dtype unless told otherwise."""
    made = ops.zeros(shape=shape_of("zeros", sizes, size), dtype=floating(dtype), session=sessions.resolve(device))
    return finished(made, requires_grad, out)


def ones(
    *sizes: Sizes, size: Sizes | None = None, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Ones of the given sizes (one by one, or as one sequence), in the default dtype unless told otherwise."""
    made = ops.ones(shape=shape_of("ones", sizes, size), dtype=floating(dtype), session=sessions.resolve(device))
    return finished(made, requires_grad, out)


def empty(
    *sizes: Sizes, size: Sizes | None = None, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of the given sizes (one by one, or as one sequence) whose values are whatever is in memory."""
    made = ops.empty(shape=shape_of("empty", sizes, size), dtype=floating(dtype), session=sessions.resolve(device))
    return finished(made, requires_grad, out)


def empty_strided(
    size: Sizes, stride: Sizes, *, dtype: DType | None = None, layout: Any = None, device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of the given sizes and steps between elements, whose values are whatever is in memory."""
    shape, strides = sizes((size,)), sizes((stride,))
    if len(shape) != len(strides):
        raise ShapeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(strides)})"
        )
    last = sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    memory = empty(0 if 0 in shape else last + 1, dtype=dtype, device=device)
    return finished(ops.as_strided(memory, shape, strides, 0).detach(), requires_grad, None)


def empty_permuted(
    size: Sizes, physical_layout: Sizes, *, dtype: DType | None = None, layout: Any = None, device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A dense tensor of the given sizes whose dimensions lie in memory in the order of `physical_layout`."""
    shape, order = sizes((size,)), sizes((physical_layout,))
    if sorted(order) != list(range(len(shape))):
        raise ShapeError(f"Number of dimensions in size does not match the physical layout: {shape} and {order}")
    memory = empty([shape[d] for d in order], dtype=dtype, device=device)
    made = ops.permute(memory, tuple(order.index(d) for d in range(len(shape))))
    return finished(made.detach(), requires_grad, None)


def full(
    size: Sizes, fill_value: Scalar | Tensor, *, out: Tensor | None = None, dtype: DType | None = None,
    layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of the given sizes filled with one number, whose type gives the dtype unless told otherwise.

    Waits when the number is a tensor.
    """
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    wanted = as_dtype(dtype) or dtypes.dtype_of_number(value)
    made = ops.full(
        fitted(value, wanted.np), shape=shape_of("full", (size,)), dtype=wanted, session=sessions.resolve(device)
    )
    return finished(made, requires_grad, out)


def scalar_tensor(
    s: Scalar, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """One number without dimensions, in the default dtype unless told otherwise."""
    return full((), s, dtype=floating(dtype), device=device, requires_grad=requires_grad)


def eye(
    n: int, m: int | None = None, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Ones on the diagonal of an n by m matrix, zeros elsewhere."""
    made = ops.eye(n=n, m=n if m is None else m, dtype=floating(dtype), session=sessions.resolve(device))
    return finished(made, requires_grad, out)


# -- like another tensor -----------------------------------------------------------------------------------------------


def zeros_like(
    input: Tensor, *, dtype: DType | None = None, layout: Any = None, device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Zeros of another tensor's shape, dtype and place."""
    return zeros(**like(input, dtype, device), requires_grad=requires_grad)


def ones_like(
    input: Tensor, *, dtype: DType | None = None, layout: Any = None, device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Ones of another tensor's shape, dtype and place."""
    return ones(**like(input, dtype, device), requires_grad=requires_grad)


def empty_like(
    input: Tensor, *, dtype: DType | None = None, layout: Any = None, device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """An uninitialised tensor of another's shape, dtype and place."""
    return empty(**like(input, dtype, device), requires_grad=requires_grad)


def full_like(
    input: Tensor, fill_value: Scalar | Tensor, *, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """One number in another tensor's shape, dtype and place."""
    return full(fill_value=fill_value, **like(input, dtype, device), requires_grad=requires_grad)
