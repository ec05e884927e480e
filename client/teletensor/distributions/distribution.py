"""The base of all distributions: batches of them, samples, densities."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, grad_mode
from teletensor.distributions.constraints import Constraint, is_dependent, unit_interval
from teletensor.size import Size
from teletensor.tensor import Tensor


class Distribution:
    """A batch of distributions of shape `batch_shape`, each over events of shape `event_shape`."""

    has_rsample = False
    has_enumerate_support = False
    # Parameters that its text shows, besides the attributes.
    _shown: tuple[str, ...] = ()

    # What the parameters have to be, by name; what `validate_args` is when it is not given.
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    _validate_args = True

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if self._validate_args if validate_args is None else validate_args:
            self._check_parameters()

    def _check_parameters(self) -> None:
        """Raise ArgumentError for parameters that do not meet their constraints: one wait for all of them."""
        known = {name: c for name, c in self.arg_constraints.items() if name in vars(self) and not is_dependent(c)}
        holds = {name: functions.all(constraint.check(getattr(self, name))) for name, constraint in known.items()}
        if holds and not bool(functions.all(functions.stack(list(holds.values())))):
            for name, each in holds.items():
                check(name, each, getattr(self, name), repr(known[name]), True, repr(self))

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check their parameters when they are not told. Each check waits for a worker."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

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
        warnings.warn("sample_n(n) will be deprecated. Use .sample((n,)) instead.", stacklevel=2)
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

    def __repr__(self) -> str:
        names = [name for name in vars(self) if not name.startswith("_") and isinstance(getattr(self, name), Tensor)]
        names += self._shown
        shown = [f"{name}: {x if x.numel() == 1 else x.size()}" for name, x in ((n, getattr(self, n)) for n in names)]
        return f"{type(self).__name__}({', '.join(shown)})"


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of their common shape. ArgumentError for anything else."""
    if not all(isinstance(v, (Tensor, int, float)) for v in values):
        raise ArgumentError("Input arguments must all be instances of Number or Tensor.")
    like = next((v for v in values if isinstance(v, Tensor)), None)
    options: dict[str, Any] = {} if like is None else {"dtype": like.dtype, "device": like.device}
    tensors = [v if isinstance(v, Tensor) else factories.scalar_tensor(float(v), **options) for v in values]
    return functions.broadcast_tensors(*tensors)


def check(name: str, holds: Tensor, value: Tensor, wanted: str, validate: bool | None, owner: str = "") -> None:
    """Raise ArgumentError for a parameter that makes no sense. Waits; `validate_args=False` leaves it out."""
    if validate is None:
        validate = Distribution._validate_args
    if validate and not bool(functions.all(holds)):
        raise ArgumentError(
            f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution {owner} "
            f"to satisfy the constraint {wanted}, but found invalid values:\n{value}"
        )


def check_probabilities(probs: Tensor, validate: bool | None) -> None:
    """Raise ArgumentError for probabilities outside [0, 1]."""
    check("probs", unit_interval.check(probs), probs, repr(unit_interval), validate)
