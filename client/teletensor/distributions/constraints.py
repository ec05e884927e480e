"""What values parameters and samples may have: `constraint.check(value)` says it for each of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, linalg
from teletensor.tensor import Tensor

__all__ = [
    "Constraint", "MixtureSameFamilyConstraint",
    "boolean", "cat", "corr_cholesky", "dependent", "dependent_property", "greater_than", "greater_than_eq",
    "half_open_interval", "independent", "integer_interval", "interval", "is_dependent", "less_than", "lower_cholesky",
    "lower_triangular", "multinomial", "nonnegative", "nonnegative_integer", "one_hot", "positive", "positive_definite",
    "positive_integer", "positive_semidefinite", "real", "real_vector", "simplex", "square", "stack", "symmetric",
    "unit_interval",
]  # fmt: skip
# By how much sums of float32 may miss what they should be, as in PyTorch.
_SLACK = 1e-6


class Constraint:
    """A region of values. `event_dim` is how many of the last dimensions one value has."""

    is_discrete = False
    event_dim = 0

    def check(self, value: Tensor) -> Any:
        """Whether each value lies in the region: bools of shape `value.shape` without the event's dimensions."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__.removeprefix('_')}()"


class _Dependent(Constraint):
    """A region that depends on other parameters, and so cannot be checked alone."""

    def __init__(self, *, is_discrete: bool = False, event_dim: int = 0) -> None:
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def __call__(self, *, is_discrete: bool = False, event_dim: int = 0) -> _Dependent:
        """The same, with what is known of it."""
        return _Dependent(is_discrete=is_discrete, event_dim=event_dim)

    def check(self, value: Tensor) -> Any:
        """Raises ValueError: nobody knows."""
        raise ValueError("Cannot determine validity of dependent constraint")


class dependent_property(property, _Dependent):
    """A property that gives a constraint of an instance; of the class it is a dependent one."""

    def __init__(
        self, fn: Callable[[Any], Constraint] | None = None, *, is_discrete: bool = False, event_dim: int = 0
    ) -> None:
        property.__init__(self, fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn: Callable[[Any], Constraint]) -> dependent_property:  # type: ignore[override]
        """Decorate a function with what is known of it."""
        return dependent_property(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


def is_dependent(constraint: object) -> bool:
    """Whether a constraint depends on other parameters."""
    return isinstance(constraint, _Dependent)


class _IndependentConstraint(Constraint):
    """A constraint of events of more dimensions: all their elements have to meet it."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Any:
        """Whether each event lies in the region. ValueError for a value of fewer dimensions than an event has."""
        made = self.base_constraint.check(value)
        if made.dim() < self.reinterpreted_batch_ndims:
            wanted = self.base_constraint.event_dim + self.reinterpreted_batch_ndims
            raise ArgumentError(f"Expected value.dim() >= {wanted} but got {value.dim()}")
        return made.reshape((*made.shape[: made.dim() - self.reinterpreted_batch_ndims], -1)).all(-1)

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class MixtureSameFamilyConstraint(Constraint):
    """What a mixture's components all have to allow: `base_constraint` for each of them."""

    def __init__(self, base_constraint: Constraint) -> None:
        if not isinstance(base_constraint, Constraint):
            raise AssertionError(f"base_constraint must be a Constraint, got {type(base_constraint).__name__}")
        self.base_constraint = base_constraint
        self.is_discrete, self.event_dim = base_constraint.is_discrete, base_constraint.event_dim

    def check(self, value: Tensor) -> Any:
        """Whether each event lies in every region. ArgumentError for a value of fewer dimensions than an event has."""
        if value.dim() < self.event_dim:
            raise ArgumentError(f"Expected value.dim() >= {self.event_dim} but got {value.dim()}")
        made = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        return made.reshape((*made.shape[: value.dim() - self.event_dim], -1)).all(-1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r})"


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Tensor) -> Any:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete, event_dim = True, 1

    def check(self, value: Tensor) -> Any:
        return ((value == 0) | (value == 1)).all(-1) & value.sum(-1).eq(1)


class _Bounded(Constraint):
    """Between bounds, which are numbers or tensors; the text names them as PyTorch does."""

    def __init__(self, *bounds: Any) -> None:
        for name, bound in zip(self._names, bounds, strict=True):
            setattr(self, name, bound)

    _names: tuple[str, ...] = ("lower_bound", "upper_bound")

    def __repr__(self) -> str:
        bounds = ", ".join(f"{name}={getattr(self, name)}" for name in self._names)
        return f"{type(self).__name__.removeprefix('_')}({bounds})"


class _IntegerInterval(_Bounded):
    is_discrete = True
    lower_bound: Any
    upper_bound: Any

    def check(self, value: Tensor) -> Any:
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


class _IntegerLessThan(_Bounded):
    is_discrete, _names = True, ("upper_bound",)
    upper_bound: Any

    def check(self, value: Tensor) -> Any:
        return (value % 1 == 0) & (value <= self.upper_bound)


class _IntegerGreaterThan(_Bounded):
    is_discrete, _names = True, ("lower_bound",)
    lower_bound: Any

    def check(self, value: Tensor) -> Any:
        return (value % 1 == 0) & (value >= self.lower_bound)


class _Real(Constraint):
    def check(self, value: Tensor) -> Any:
        return value == value


class _GreaterThan(_Bounded):
    _names = ("lower_bound",)
    lower_bound: Any

    def check(self, value: Tensor) -> Any:
        return self.lower_bound < value


class _GreaterThanEq(_GreaterThan):
    def check(self, value: Tensor) -> Any:
        return self.lower_bound <= value


class _LessThan(_Bounded):
    _names = ("upper_bound",)
    upper_bound: Any

    def check(self, value: Tensor) -> Any:
        return value < self.upper_bound


class _Interval(_Bounded):
    lower_bound: Any
    upper_bound: Any

    def check(self, value: Tensor) -> Any:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _HalfOpenInterval(_Interval):
    def check(self, value: Tensor) -> Any:
        return (self.lower_bound <= value) & (value < self.upper_bound)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Tensor) -> Any:
        return functions.all(value >= 0, dim=-1) & ((value.sum(-1) - 1).abs() < _SLACK)


class _Multinomial(Constraint):
    is_discrete, event_dim = True, 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Any:
        return (value >= 0).all(dim=-1) & (value.sum(dim=-1) <= self.upper_bound)


class _LowerTriangular(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Any:
        return _flat(value.tril() == value).min(-1)[0]


class _LowerCholesky(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Any:
        return _flat(value.tril() == value).min(-1)[0] & (value.diagonal(dim1=-2, dim2=-1) > 0).min(-1)[0]


class _CorrCholesky(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Any:
        slack = functions.finfo(value.dtype).eps * value.size(-1) * 10
        unit = (linalg.norm(value.detach(), dim=-1) - 1).abs().le(slack).all(dim=-1)
        return _LowerCholesky().check(value) & unit


class _Square(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Any:
        holds = value.shape[-2] == value.shape[-1]
        return factories.full(value.shape[:-2], holds, dtype=functions.eq(value, value).dtype, device=value.device)


class _Symmetric(_Square):
    def check(self, value: Tensor) -> Any:
        if value.shape[-2] != value.shape[-1]:
            return super().check(value)
        return functions.isclose(value, value.mT, atol=_SLACK).all(-2).all(-1) & self._also(value)

    def _also(self, value: Tensor) -> Any:
        """What must hold besides: of matrices that may not be symmetric, so that nothing waits to know."""
        return True


class _PositiveSemidefinite(_Symmetric):
    def _also(self, value: Tensor) -> Any:
        return linalg.eigvalsh(value).ge(0).all(-1)


class _PositiveDefinite(_Symmetric):
    def _also(self, value: Tensor) -> Any:
        return linalg.cholesky_ex(value).info.eq(0)


class _Parts(Constraint):
    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        self.cseq, self.dim = list(cseq), dim
        self.is_discrete = any(c.is_discrete for c in self.cseq)


class _Cat(_Parts):
    """Constraints one after another along `dim`, of so many elements each."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        self.event_dim = max(c.event_dim for c in self.cseq)

    def check(self, value: Tensor) -> Any:
        parts, start = [], 0
        for constraint, length in zip(self.cseq, self.lengths, strict=True):
            parts.append(constraint.check(value.narrow(self.dim, start, length)))
            start += length
        return functions.cat(parts, self.dim)


class _Stack(_Parts):
    """Constraints of what is stacked along `dim`."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        super().__init__(cseq, dim)
        most = max(c.event_dim for c in self.cseq)
        self.event_dim = most + 1 if self.dim + most < 0 else most

    def check(self, value: Tensor) -> Any:
        parts = [value.select(self.dim, i) for i in range(value.size(self.dim))]
        return functions.stack([c.check(v) for c, v in zip(self.cseq, parts, strict=True)], self.dim)


def _flat(matrices: Tensor) -> Tensor:
    return matrices.reshape((*matrices.shape[:-2], -1))


dependent = _Dependent()
independent = _IndependentConstraint
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real = _Real()
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = _Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
cat = _Cat
stack = _Stack
