"""Tensors of random numbers."""

from __future__ import annotations

from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentTypeError, ShapeError

from teletensor import ops, sessions
from teletensor.arguments import as_dtype
from teletensor.factories.shared import finished, floating, like, shape_of
from teletensor.random import Generator, draw
from teletensor.size import Size
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike, DType, Sizes


def rand(
    *sizes: Sizes, size: Sizes | None = None, generator: Generator | None = None, out: Tensor | None = None,
    dtype: DType | None = None, layout: Any = None, device: DeviceLike = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Uniform numbers in [0, 1)."""
    shape, place = shape_of("rand", sizes, size), sessions.resolve(device)
    made = ops.rand(*_draw(generator, shape), shape=shape, dtype=floating(dtype), session=place)
    return finished(made, requires_grad, out)


def randn(
    *sizes: Sizes, size: Sizes | None = None, generator: Generator | None = None, out: Tensor | None = None,
    dtype: DType | None = None, layout: Any = None, device: DeviceLike = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Standard normal numbers."""
    shape, place = shape_of("randn", sizes, size), sessions.resolve(device)
    made = ops.randn(*_draw(generator, shape), shape=shape, dtype=floating(dtype), session=place)
    return finished(made, requires_grad, out)


def randint(
    low: int | None = None, high: Any = None, size: Sizes | None = None, *, generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None, layout: Any = None, device: DeviceLike = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Integers from `low` (0) up to, not including, `high`; int64 unless told otherwise. Also called `randint(high,
    size)`.
    """
    # randint(high, size): the first two places hold one bound and the sizes.
    given: list[Any] = [x for x in (low, high, size) if x is not None]
    if len(given) == 2:
        given.insert(0, 0)
    if len(given) != 3:
        raise ArgumentTypeError(f"randint() takes high and size, or low, high and size; got {given!r}")
    least, most, sizes = given
    if most <= least:
        raise ShapeError(f"random_ expects 'from' to be less than 'to', but got from={least} >= to={most}")
    shape, wanted = shape_of("randint", (sizes,)), as_dtype(dtype) or dtypes.int64
    bounds: dict[str, Any] = {"low": int(least), "high": int(most)}
    made = ops.randint(*_draw(generator, shape), **bounds, shape=shape, dtype=wanted, session=sessions.resolve(device))
    return finished(made, requires_grad, out)


def randperm(
    n: int, *, generator: Generator | None = None, out: Tensor | None = None, dtype: DType | None = None,
    layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The integers below `n` in random order; int64 unless told otherwise."""
    wanted = as_dtype(dtype) or dtypes.int64
    made = ops.randperm(*_draw(generator, (n,)), n=n, dtype=wanted, session=sessions.resolve(device))
    return finished(made, requires_grad, out)


# -- like another tensor -----------------------------------------------------------------------------------------------


def rand_like(
    input: Tensor, *, generator: Generator | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Uniform numbers in [0, 1), in another tensor's shape, dtype and place."""
    return rand(**like(input, dtype, device), generator=generator, requires_grad=requires_grad)


def randn_like(
    input: Tensor, *, generator: Generator | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Standard normal numbers, in another tensor's shape, dtype and place."""
    return randn(**like(input, dtype, device), generator=generator, requires_grad=requires_grad)


def randint_like(
    input: Tensor, low: int = 0, high: int | None = None, *, generator: Generator | None = None,
    dtype: DType | None = None,
    layout: Any = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Integers from `low` (0) up to, not including, `high`, in another tensor's shape, dtype and place."""
    least, most = (0, low) if high is None else (low, high)
    options = like(input, dtype, device)
    return randint(least, most, **options, generator=generator, requires_grad=requires_grad)


def _draw(generator: Generator | None, shape: tuple[int, ...]) -> tuple[int, int]:
    return draw(generator, Size(shape).numel())
