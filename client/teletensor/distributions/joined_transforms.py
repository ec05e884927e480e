"""Transforms made of others, or of distributions: for parts of a tensor, other shapes, distribution functions."""

from __future__ import annotations

import functools as tools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from teletensor_core.errors import ArgumentError

from teletensor import functions
from teletensor.distributions import constraints
from teletensor.distributions.transform import Parametrized, Transform, enough
from teletensor.distributions.utils import sum_rightmost
from teletensor.size import Size
from teletensor.tensor import Tensor

if TYPE_CHECKING:
    from teletensor.distributions.distribution import Distribution


class ReshapeTransform(Parametrized):
    """The same elements in another shape. ArgumentError for shapes of different numbers of elements."""

    bijective = True

    def __init__(self, in_shape: Any, out_shape: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ArgumentError("in_shape, out_shape have different numbers of elements")

    @property
    def domain(self) -> Any:
        """Events of the one shape."""
        return constraints.independent(constraints.real, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        """Events of the other."""
        return constraints.independent(constraints.real, len(self.out_shape))

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[: x.dim() - len(self.in_shape)] + self.out_shape)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape(y.shape[: y.dim() - len(self.out_shape)] + self.in_shape)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """Zeros."""
        return x.new_zeros(x.shape[: x.dim() - len(self.in_shape)])

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        return _replaced(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of x for that of y."""
        return _replaced(shape, self.out_shape, self.in_shape)


def _replaced(shape: Any, old: Size, new: Size) -> Size:
    shape = enough(shape, len(old))
    cut = len(shape) - len(old)
    if shape[cut:] != old:
        raise ArgumentError(f"Shape mismatch: expected {shape[cut:]} but got {old}")
    made: Size = shape[:cut] + new
    return made


class _Parts(Parametrized):
    """A function for each part of a tensor along `dim`."""

    def __init__(self, tseq: Sequence[Transform], dim: int, cache_size: int) -> None:
        if not all(isinstance(t, Transform) for t in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size)
        self.transforms, self.dim = list(tseq), dim
        if cache_size:
            self._with_cached_parts(cache_size)

    def _with_cached_parts(self, cache_size: int) -> None:
        self.transforms = [t.with_cache(cache_size) for t in self.transforms]

    @property
    def bijective(self) -> Any:
        """Whether all are."""
        return all(t.bijective for t in self.transforms)

    def _checked_dim(self, x: Tensor, size: int, what: str) -> None:
        if not -x.dim() <= self.dim < x.dim():
            raise AssertionError(f"dim {self.dim} out of range for tensor with {x.dim()} dimensions")
        if x.size(self.dim) != size:
            raise AssertionError(f"x.size({self.dim}) = {x.size(self.dim)} must equal {what} {size}")


class CatTransform(_Parts):
    """Functions of parts of so many elements each along `dim`, as `cat` joins them.

    AssertionError for lengths that do not fit.
    """

    def __init__(
        self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0
    ) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})")

    @property
    def event_dim(self) -> int:
        """The most of the parts'."""
        return max(t.event_dim for t in self.transforms)

    @property
    def length(self) -> int:
        """The size of the dimension."""
        return sum(self.lengths)

    def _slices(self, x: Tensor) -> list[Tensor]:
        self._checked_dim(x, self.length, "length")
        return list(functions.split(x, self.lengths, self.dim))

    def _call(self, x: Tensor) -> Tensor:
        return functions.cat([t(part) for t, part in zip(self.transforms, self._slices(x), strict=True)], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        parts = [t._inv_call(part) for t, part in zip(self.transforms, self._slices(y), strict=True)]
        return functions.cat(parts, self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The parts', joined; or their sum, where the dimension is one of an event."""
        terms = [
            sum_rightmost(t.log_abs_det_jacobian(a, b), self.event_dim - t.event_dim)
            for t, a, b in zip(self.transforms, self._slices(x), self._slices(y), strict=True)
        ]
        dim = (self.dim - x.dim() if self.dim >= 0 else self.dim) + self.event_dim
        return functions.cat(terms, dim) if dim < 0 else tools.reduce(operator.add, terms)

    @property
    def domain(self) -> Any:
        """The parts', joined."""
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        """The parts', joined."""
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)


class StackTransform(_Parts):
    """Functions of the parts along `dim`, as `stack` joins them. AssertionError for another number of parts."""

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)

    def _slices(self, x: Tensor) -> list[Tensor]:
        self._checked_dim(x, len(self.transforms), "len(transforms)")
        return list(x.unbind(self.dim))

    def _call(self, x: Tensor) -> Tensor:
        return functions.stack([t(part) for t, part in zip(self.transforms, self._slices(x), strict=True)], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        parts = [t._inv_call(part) for t, part in zip(self.transforms, self._slices(y), strict=True)]
        return functions.stack(parts, self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The parts', stacked."""
        parts = zip(self.transforms, self._slices(x), self._slices(y), strict=True)
        return functions.stack([t.log_abs_det_jacobian(a, b) for t, a, b in parts], self.dim)

    @property
    def domain(self) -> Any:
        """The parts', stacked."""
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        """The parts', stacked."""
        return constraints.stack([t.codomain for t in self.transforms], self.dim)


class CumulativeDistributionTransform(Parametrized):
    """The distribution function of a distribution, to numbers from 0 to 1."""

    codomain = constraints.unit_interval
    bijective, sign = True, 1

    def __init__(self, distribution: Distribution, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:
        """The distribution's support."""
        return self.distribution.support

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The logarithm of the density."""
        return self.distribution.log_prob(x)
