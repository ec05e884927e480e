"""Functions of the module that are neither ops nor factories: questions about tensors and dtypes, and small composites."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType, promote_types
from teletensor_core.errors import ArgumentTypeError, DTypeError
from teletensor_core.rules import broadcast_shapes as _broadcast_shapes

from teletensor import factories, ops
from teletensor.random import Generator, draw
from teletensor.tensor import Tensor

__all__ = [
    "allclose",
    "bernoulli",
    "broadcast_shapes",
    "can_cast",
    "einsum",
    "equal",
    "finfo",
    "iinfo",
    "is_complex",
    "is_floating_point",
    "is_nonzero",
    "is_storage",
    "is_tensor",
    "multinomial",
    "normal",
    "numel",
    "promote_types",
    "result_type",
    "scatter",
    "set_default_dtype",
]


def is_tensor(obj: Any) -> bool:
    """Whether something is a tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """Always False: tensors here have no storage objects."""
    return False


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating point one."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return input.is_complex()


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero. Waits."""
    return bool(input)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements. Waits once."""
    return input.shape == other.shape and bool(ops.all(ops.eq(input, other)))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether |input - other| <= atol + rtol * |other| everywhere. Waits once."""
    return bool(ops.all(ops.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)))


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype that an op on the two computes in."""
    return dtypes.result_type([x._spec if isinstance(x, Tensor) else x for x in (tensor1, tensor2)])


def can_cast(from_: DType, to: DType) -> bool:
    """Whether PyTorch lets one dtype be written into another: never to a lower category."""
    return from_.category <= to.category


def broadcast_shapes(*shapes: Any) -> Any:
    """The common shape of shapes that are broadcast together."""
    from teletensor.size import Size

    return Size(_broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes]))


def set_default_dtype(d: DType) -> None:
    """Make a floating point dtype the default for new tensors and for Python floats in promotion."""
    if not isinstance(d, DType) or not d.is_floating_point:
        raise ArgumentTypeError(f"only floating-point types are supported as the default type, got {d!r}")
    if d not in (dtypes.float32, dtypes.float64):
        raise DTypeError(f"the default dtype can be float32 or float64, not {d.name}")
    dtypes.set_default_dtype(d)


def einsum(equation: str, *operands: Any) -> Tensor:
    """Products of tensors summed over the subscripts that are not in the output, in Einstein's notation."""
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    return ops.einsum(list(tensors), equation)


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: DType | None = None,
           device: Any = None) -> Tensor:  # fmt: skip
    """Normal numbers with these means and standard deviations: numbers with a size, or tensors."""
    if size is not None:
        return ops.add(ops.mul(factories.randn(size, generator=generator, dtype=dtype, device=device), std), mean)
    like = mean if isinstance(mean, Tensor) else std
    shape = _broadcast_shapes(*[x._spec.shape for x in (mean, std) if isinstance(x, Tensor)])
    noise = factories.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
    return ops.add(ops.mul(noise, std), mean)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Ones with the probabilities that `input` gives, zeros elsewhere."""
    return ops.bernoulli(input, *draw(generator, input.numel()))


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices drawn with probabilities proportional to each row of `input`."""
    count = input.numel() * max(num_samples, 1)
    return ops.multinomial(input, *draw(generator, count), num_samples=num_samples, replacement=replacement)


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy of `input` with elements of `src` (or one value) written where `index` says along `dim`."""
    source = value if src is None else src
    if reduce is not None:
        return ops.scatter(input, index, source, dim=dim, reduce=reduce)
    return ops.scatter(input, index, source, dim=dim)


class finfo:
    """The limits of a floating point dtype, as `torch.finfo`."""

    def __init__(self, type: DType | None = None) -> None:
        dtype = type or dtypes.default_dtype()
        if dtype.category < dtypes.FLOAT:
            raise ArgumentTypeError(
                f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{dtype.name}'"
            )
        info = ml_dtypes.finfo(dtype.to_real().np)
        self.dtype = dtype.name
        self.bits = int(info.bits)
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """The limits of an integer dtype, as `torch.iinfo`."""

    def __init__(self, type: DType) -> None:
        if type.category != dtypes.INTEGER:
            raise ArgumentTypeError(f"torch.iinfo() requires an integer input type, got {type.name}")
        info = np.iinfo(type.np)
        self.dtype, self.bits, self.min, self.max = type.name, info.bits, info.min, info.max

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
