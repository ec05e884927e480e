"""The base of all distributions: batches of them, samples, densities."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, TypeVar

from teletensor_core.errors import ArgumentError, UnsupportedError

from teletensor import factories, functions, grad_mode, ops
from teletensor.compiler import is_compiling
from teletensor.distributions.constraints import Constraint, is_dependent
from teletensor.distributions.utils import lazy_property
from teletensor.size import Size
from teletensor.tensor import Tensor

# What the package's own classes say of their module, also in a program that takes it for PyTorch.
_HOMES = ("teletensor.distributions.", "torch.distributions.")
_Self = TypeVar("_Self", bound="Distribution")


class Distribution:
    """A batch of distributions of shape `batch_shape`, each over events of shape `event_shape`."""

    has_rsample = False
    has_enumerate_support = False
    # What the parameters have to be, by name; what `validate_args` is when it is not given.
    arg_constraints: ClassVar[dict[str, Constraint]]
    _validate_args = __debug__

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _check_parameters(self) -> None:
        """Raise ArgumentError for parameters that do not meet their constraints: one wait for all of them.

        Compiled functions do not wait: in them, what is computed of such parameters is the error.
        """
        if not hasattr(self, "arg_constraints"):
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize "
                "the distribution with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
            return
        known = {name: c for name, c in self.arg_constraints.items() if self._has_own(name) and not is_dependent(c)}
        holds = {name: functions.all(constraint.check(getattr(self, name))) for name, constraint in known.items()}
        if is_compiling():
            for name in [name for name in holds if name in vars(self)]:
                self._require(name, holds[name], known[name])
            return
        if not holds or bool(functions.all(functions.stack(list(holds.values())))):
            return
        name = next(name for name, each in holds.items() if not bool(each))
        value = getattr(self, name)
        raise ArgumentError(
            f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
            f"{self!r} to satisfy the constraint {known[name]!r}, but found invalid values:\n{value}"
        )

    def _require(self, name: str, holds: Tensor, constraint: Constraint) -> None:
        value, kind = getattr(self, name), type(constraint).__name__.removeprefix("_")
        message = (
            f"Expected parameter {name} (Tensor of shape {tuple(value.shape)}) of distribution {type(self).__name__} "
            f"to satisfy the constraint {kind}"
        )
        setattr(self, name, ops.required(value, holds, message=message))

    def _has_own(self, name: str) -> bool:
        """Whether a parameter is given, and not computed of others, nor that of a distribution inside, which checks."""
        if name in vars(self):
            return True
        is_inside = any(isinstance(value, Distribution) and value._validate_args for value in vars(self).values())
        return not is_inside and not isinstance(getattr(type(self), name), lazy_property)

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check parameters and samples when they are not told. For parameters a worker is waited
        for.
        """
        if value not in (True, False):
            raise ArgumentError(f"validate_args must be True or False, not {value!r}")
        Distribution._validate_args = value

    def expand(self: _Self, batch_shape: Any, _instance: Any = None) -> _Self:
        """The same distribution for each of a larger batch, which shares the parameters' memory.

        UnsupportedError for a class that has its own `__init__`, and no `expand`. `_instance` is one that such a class
        has begun; what it has is left as it is.
        """
        own = next(kind for kind in type(self).__mro__ if kind.__module__.startswith(_HOMES))
        new = self._get_checked_instance(own, _instance)
        shape = Size(batch_shape)
        for name, value in vars(self).items():
            if name not in vars(new) and self._is_kept(name):
                setattr(new, name, self._expanded(name, value, shape))
        new._batch_shape = shape
        result: _Self = new
        return result

    def _is_kept(self, name: str) -> bool:
        lazy = isinstance(getattr(type(self), name, None), lazy_property)
        return not lazy or self._parameter_dim(name) is not None

    def _parameter_dim(self, name: str) -> int | None:
        """How many of the last dimensions one of these parameters takes; None for what is no parameter."""
        constraint = self.arg_constraints.get(name)
        return None if constraint is None else constraint.event_dim

    def _expanded(self, name: str, value: Any, shape: Size) -> Any:
        """A parameter, or a distribution inside, for a batch of this shape."""
        if isinstance(value, Distribution):
            return value.expand(shape + value.batch_shape[len(self._batch_shape) :])
        dim = self._parameter_dim(name)
        if dim is None or not isinstance(value, Tensor):
            return value
        return value.expand(shape + value.shape[value.dim() - dim :])

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        if _instance is None and type(self).__init__ != cls.__init__:  # type: ignore[misc]
            raise UnsupportedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method "
                "must also define a custom .expand() method."
            )
        return type(self).__new__(type(self)) if _instance is None else _instance

    @property
    def support(self) -> Any:
        """The constraint that samples meet."""
        raise NotImplementedError

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample of one distribution."""
        return self._event_shape

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The most probable value."""
        raise UnsupportedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples of shape `sample_shape + batch_shape + event_shape`, without a gradient."""
        with grad_mode.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples that are differentiable by the parameters, where the distribution has such."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """`n` samples."""
        warnings.warn("sample_n(n) will be deprecated. Use .sample((n,)) instead.", FutureWarning, stacklevel=2)
        return self.sample((n,))

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values, one after another along the first dimension, for the whole batch or, unexpanded, for one of it.

        Raises NotImplementedError where there is no end of them.
        """
        raise NotImplementedError

    def _counted(self, count: int, like: Tensor, expand: bool) -> Tensor:
        """The numbers below `count`, in that form."""
        values = factories.arange(count, dtype=like.dtype, device=like.device)
        values = values.reshape((count, *[1] * len(self._batch_shape)))
        return values.expand((count, *self._batch_shape)) if expand else values

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at `value`."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return self.entropy().exp()

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function at `value`."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        raise NotImplementedError

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        shape = (sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)
        return Size((*shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Tensor) -> None:
        """Raise ArgumentError for what is no value of this distribution. Waits; `_checked` does not."""
        support = self._fitting(value)
        if support is not None and not bool(functions.all(support.check(value))):
            raise self._outside(support, value)

    def _checked(self, value: Tensor) -> Tensor:
        """The value, where values are checked as one whose use is an error if it lies outside the support.

        Nothing waits for a worker: what depends on the value is the error there.
        """
        support = self._fitting(value) if self._validate_args else None
        if support is None:
            return value
        what = f"{type(value).__name__} of shape {tuple(value.shape)}"
        message = f"Expected value argument ({what}) to be within the support of the distribution {type(self).__name__}"
        try:
            return ops.required(value, support.check(value), message=message)
        except ArgumentError:
            raise self._outside(support, value) from None

    def _fitting(self, value: Tensor) -> Constraint | None:
        """The support, once a value's shape is known to fit; None for a distribution that does not say."""
        if not isinstance(value, Tensor):
            raise ArgumentError("The value argument to log_prob must be a Tensor")
        cut = len(value.shape) - len(self._event_shape)
        if value.shape[cut:] != self._event_shape:
            raise ArgumentError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        wanted = self._batch_shape + self._event_shape
        if any(1 != i != j != 1 for i, j in zip(reversed(value.shape), reversed(wanted), strict=False)):
            raise ArgumentError(f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {wanted}.")
        try:
            support: Constraint = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please initialize the "
                "distribution with `validate_args=False` to turn off validation.",
                stacklevel=4,
            )
            return None
        return support

    def _outside(self, support: Constraint, value: Tensor) -> ArgumentError:
        return ArgumentError(
            f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the support "
            f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
        )

    def __repr__(self) -> str:
        given = {name: vars(self)[name] for name in self.arg_constraints if name in vars(self)}
        shown = [f"{name}: {x if x.numel() == 1 else x.size()}" for name, x in given.items()]
        return f"{type(self).__name__}({', '.join(shown)})"
