"""Sample calls, as data: each op names calls that show its shapes, dtypes and attributes, for tests to run.

`T(2, 3)` stands for a tensor operand; `Sample(T(2, 3), T(3), dim=1)` for a call. Values are drawn by whoever runs the
sample, from the domain that T names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from teletensor_core.dtypes import DType


class T:
    """A tensor operand of a sample call.

    `dtype` None: any of the dtypes the test runs with. `low`, `high`: the range of values (integers below `high`).
    `unique`: no two values equal, for ops that pick one of several. `grad`: whether gradients are asked for.
    `transform` names a host-side change of the drawn array: "spd" (symmetric positive definite) or "sorted".
    """

    __slots__ = ("dtype", "grad", "high", "low", "shape", "transform", "unique")

    def __init__(
        self,
        *shape: int,
        dtype: DType | None = None,
        low: float = -2.0,
        high: float = 2.0,
        unique: bool = False,
        grad: bool = True,
        transform: str | None = None,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.low = low
        self.high = high
        self.unique = unique
        self.grad = grad
        self.transform = transform

    def __repr__(self) -> str:
        return f"T{self.shape}" + (f":{self.dtype.name}" if self.dtype else "")


class Sample:
    """One call of an op: operands (T, number, None, or a list of T) and attributes."""

    __slots__ = ("args", "attrs")

    def __init__(self, *args: Any, **attrs: Any) -> None:
        self.args = args
        self.attrs = attrs

    def __repr__(self) -> str:
        parts = [repr(arg) for arg in self.args] + [f"{k}={v!r}" for k, v in self.attrs.items()]
        return f"({', '.join(parts)})"


Samples = Callable[[], Iterable[Sample]]


def unary(low: float = -2.0, high: float = 2.0, **attrs: Any) -> Samples:
    """One tensor of several shapes: matrix, vector, 0-d, empty, four dimensions."""

    def make() -> Iterable[Sample]:
        for shape in ((3, 4), (5,), (), (0, 3), (2, 1, 3, 2)):
            yield Sample(T(*shape, low=low, high=high), **attrs)

    return make


def binary(
    low: float = -2.0, high: float = 2.0, other_low: float | None = None, other_high: float | None = None
) -> Samples:
    """Two tensors, equal shapes and broadcast ones, and a tensor with a number on either side."""
    second: dict[str, Any] = {
        "low": low if other_low is None else other_low,
        "high": high if other_high is None else other_high,
    }

    def make() -> Iterable[Sample]:
        pairs = (((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), ()), ((0, 3), (3,)))
        for a, b in pairs:
            yield Sample(T(*a, low=low, high=high), T(*b, **second))
        yield Sample(T(2, 3, low=low, high=high), 1.5)
        yield Sample(T(2, 3, low=low, high=high), 2)
        yield Sample(1.5, T(2, 3, **second))

    return make


def reductions(low: float = -2.0, high: float = 2.0, unique: bool = False, **attrs: Any) -> Samples:
    """A tensor reduced over everything, one dimension, several, kept or not."""

    def make() -> Iterable[Sample]:
        x: dict[str, Any] = {"low": low, "high": high, "unique": unique}
        yield Sample(T(3, 4, **x), **attrs)
        yield Sample(T(3, 4, **x), dim=1, **attrs)
        yield Sample(T(2, 3, 4, **x), dim=-2, keepdim=True, **attrs)
        yield Sample(T(2, 3, 4, **x), dim=(0, 2), **attrs)
        yield Sample(T(**x), **attrs)

    return make


def along_dim(low: float = -2.0, high: float = 2.0, unique: bool = False, **attrs: Any) -> Samples:
    """A tensor and one dimension to work along."""

    def make() -> Iterable[Sample]:
        x: dict[str, Any] = {"low": low, "high": high, "unique": unique}
        yield Sample(T(3, 4, **x), dim=1, **attrs)
        yield Sample(T(2, 3, 4, **x), dim=-2, **attrs)
        yield Sample(T(5, **x), dim=0, **attrs)

    return make


def calls(*samples: Sample) -> Samples:
    """Exactly these calls."""
    return lambda: samples
