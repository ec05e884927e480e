"""The base of transforms, their inverses and compositions."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from copy import copy
from typing import Any, TypeVar

from teletensor_core.errors import ArgumentError, UnsupportedError

from teletensor import factories
from teletensor.distributions import constraints
from teletensor.distributions.utils import lazy_property, sum_rightmost
from teletensor.size import Size
from teletensor.tensor import Tensor

_Self = TypeVar("_Self", bound="Transform")


class Transform:
    """A function `y = f(x)` from `domain` to `codomain`. Subclasses give `_call`, `_inverse` and the Jacobian.

    With a `cache_size` of 1 the last x and y are kept, and each is given for the other: ArgumentError for another size.
    """

    bijective: Any = False

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ArgumentError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._inv: Transform | None = None
        self._kept: tuple[Any, Any] = None, None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_inv": None}

    @property
    def domain(self) -> Any:
        """The constraint that x meets."""
        raise NotImplementedError

    @property
    def codomain(self) -> Any:
        """The constraint that y meets."""
        raise NotImplementedError

    @property
    def event_dim(self) -> int:
        """How many of the last dimensions one value takes. ArgumentError where that of x is not that of y."""
        if self.domain.event_dim != self.codomain.event_dim:
            raise ArgumentError("Please use either .domain.event_dim or .codomain.event_dim")
        dims: int = self.domain.event_dim
        return dims

    @property
    def inv(self) -> Transform:
        """The inverse function, whose inverse is this one."""
        if self._inv is None:
            self._inv = _InverseTransform(self)
        return self._inv

    @property
    def sign(self) -> Any:
        """1 for an increasing function, -1 for a decreasing one."""
        raise NotImplementedError

    def with_cache(self: _Self, cache_size: int = 1) -> _Self:
        """This function with such a cache. UnsupportedError for a class with an `__init__`, and no `with_cache`."""
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise UnsupportedError(f"{type(self)}.with_cache is not implemented")

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __call__(self, x: Tensor) -> Any:
        """The function's value."""
        if not self._cache_size:
            return self._call(x)
        if x is not self._kept[0]:
            self._kept = x, self._call(x)
        return self._kept[1]

    def _inv_call(self, y: Tensor) -> Any:
        if not self._cache_size:
            return self._inverse(y)
        if y is not self._kept[1]:
            self._kept = self._inverse(y), y
        return self._kept[0]

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The logarithm of `|dy / dx|`, of the shape of x without an event's dimensions."""
        raise NotImplementedError

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of x for that of y."""
        return shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Parametrized(Transform):
    """A function with parameters, which a copy with another cache shares."""

    def with_cache(self: Any, cache_size: int = 1) -> Any:
        """This function with such a cache."""
        if self._cache_size == cache_size:
            return self
        made = copy(self)
        Transform.__init__(made, cache_size)
        made._with_cached_parts(cache_size)
        return made

    def _with_cached_parts(self, cache_size: int) -> None:
        """Have the functions that this one calls keep as much."""


class _InverseTransform(Transform):
    """The inverse of another function, which does the caching."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(transform._cache_size)
        self._forward = transform

    @property
    def domain(self) -> Any:
        return self._forward.codomain

    @property
    def codomain(self) -> Any:
        return self._forward.domain

    @property
    def bijective(self) -> Any:
        return self._forward.bijective

    @property
    def inv(self) -> Transform:
        return self._forward

    @property
    def sign(self) -> Any:
        return self._forward.sign

    def with_cache(self: Any, cache_size: int = 1) -> Any:
        return self._forward.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and self._forward == other._forward

    __hash__ = object.__hash__

    def __call__(self, x: Tensor) -> Any:
        return self._forward._inv_call(x)

    def _inv_call(self, y: Tensor) -> Any:
        return self._forward(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self._forward.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self._forward.inverse_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self._forward.forward_shape(shape)

    def __repr__(self) -> str:
        return f"_InverseTransform({self._forward!r})"


def widened(region: Any, event_dim: int) -> Any:
    """A constraint of events of so many dimensions, where its own have fewer."""
    more = event_dim - region.event_dim
    return constraints.independent(region, more) if more > 0 else region


class ComposeTransform(Parametrized):
    """One function after the other; they do the caching."""

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)
        if cache_size:
            self._with_cached_parts(cache_size)

    def _with_cached_parts(self, cache_size: int) -> None:
        self.parts = [part.with_cache(cache_size) for part in self.parts]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = object.__hash__

    @property
    def domain(self) -> Any:
        """That of the first, for events as large as any part's."""
        if not self.parts:
            return constraints.real
        dims = self.parts[-1].codomain.event_dim
        for part in reversed(self.parts):
            dims = max(dims + part.domain.event_dim - part.codomain.event_dim, part.domain.event_dim)
        return widened(self.parts[0].domain, dims)

    @property
    def codomain(self) -> Any:
        """That of the last, for events as large as any part's."""
        if not self.parts:
            return constraints.real
        dims = self.parts[0].domain.event_dim
        for part in self.parts:
            dims = max(dims + part.codomain.event_dim - part.domain.event_dim, part.codomain.event_dim)
        return widened(self.parts[-1].codomain, dims)

    @lazy_property
    def bijective(self) -> bool:
        """Whether all parts are."""
        return all(part.bijective for part in self.parts)

    @lazy_property
    def sign(self) -> Any:
        """The product of the parts'."""
        return functools.reduce(operator.mul, [part.sign for part in self.parts], 1)

    @property
    def inv(self) -> Transform:
        """The parts' inverses, the last one's first."""
        if self._inv is None:
            self._inv = ComposeTransform([part.inv for part in reversed(self.parts)])
            self._inv._inv = self
        return self._inv

    def __call__(self, x: Tensor) -> Any:
        """The value of all."""
        for part in self.parts:
            x = part(x)
        return x

    def _inv_call(self, y: Tensor) -> Any:
        return self.inv(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The sum of the parts'."""
        if not self.parts:
            return factories.zeros_like(x)
        between = [x]
        for part in self.parts[:-1]:
            between.append(part(between[-1]))
        dims, terms = self.domain.event_dim, []
        for part, before, after in zip(self.parts, between, [*between[1:], y], strict=True):
            term = part.log_abs_det_jacobian(before, after)
            terms.append(sum_rightmost(term, dims - part.domain.event_dim))
            dims += part.codomain.event_dim - part.domain.event_dim
        return functools.reduce(operator.add, terms)

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        return functools.reduce(lambda made, part: part.forward_shape(made), self.parts, shape)

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of x for that of y."""
        return functools.reduce(lambda made, part: part.inverse_shape(made), reversed(self.parts), shape)

    def __repr__(self) -> str:
        return "ComposeTransform(\n    " + ",\n    ".join(map(repr, self.parts)) + "\n)"


identity_transform = ComposeTransform([])


class IndependentTransform(Parametrized):
    """Another function, of events with more dimensions: its Jacobian is summed over them."""

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    def _with_cached_parts(self, cache_size: int) -> None:
        self.base_transform = self.base_transform.with_cache(cache_size)

    @property
    def domain(self) -> Any:
        """The base's, of larger events."""
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @property
    def codomain(self) -> Any:
        """The base's, of larger events."""
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self) -> Any:
        """Whether the base is."""
        return self.base_transform.bijective

    @property
    def sign(self) -> Any:
        """The base's."""
        return self.base_transform.sign

    def _call(self, x: Tensor) -> Tensor:
        if x.dim() < self.domain.event_dim:
            raise ArgumentError("Too few dimensions on input")
        made: Tensor = self.base_transform(x)
        return made

    def _inverse(self, y: Tensor) -> Tensor:
        if y.dim() < self.codomain.event_dim:
            raise ArgumentError("Too few dimensions on input")
        made: Tensor = self.base_transform._inv_call(y)
        return made

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The base's, summed."""
        return sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape: Any) -> Any:
        """The base's."""
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        """The base's."""
        return self.base_transform.inverse_shape(shape)

    def __repr__(self) -> str:
        return f"IndependentTransform({self.base_transform!r}, {self.reinterpreted_batch_ndims})"


def enough(shape: Any, dims: int) -> Size:
    """The shape. ArgumentError for one of fewer dimensions."""
    if len(shape) < dims:
        raise ArgumentError("Too few dimensions on input")
    return Size(shape)
