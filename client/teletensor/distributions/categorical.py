"""The categorical distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.probabilities import one_of
from teletensor.distributions.utils import lazy_property, logits_to_probs, probs_to_logits
from teletensor.size import Size
from teletensor.tensor import Tensor


class Categorical(Distribution):
    """The numbers below K, with probabilities in proportion to `probs`, or given by `logits`, along the last
    dimension.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        name, given = one_of(probs, logits), probs if logits is None else logits
        assert given is not None
        if given.dim() < 1:
            raise ArgumentError(f"`{name}` parameter must be at least one-dimensional.")
        if name == "probs":
            self.probs = given / given.sum(-1, keepdim=True)
        else:
            self.logits = given - given.logsumexp(dim=-1, keepdim=True)
        self._num_events = given.size(-1)
        super().__init__(given.shape[:-1], validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def _param(self) -> Tensor:
        given: Tensor = vars(self)["probs" if "probs" in vars(self) else "logits"]
        return given

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Constraint:
        """The numbers below K."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def param_shape(self) -> Size:
        """The shape of the probabilities."""
        return self._param.shape

    @property
    def mode(self) -> Tensor:
        """The most probable number."""
        return self.probs.argmax(dim=-1)

    @property
    def mean(self) -> Tensor:
        """NaN: the numbers are names."""
        return self._param.new_full(self._extended_shape(), float("nan"))

    variance = mean

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers, int64."""
        shape = self._extended_shape(sample_shape)
        with grad_mode.no_grad():
            rows = self.probs.reshape(-1, self._num_events)
            count = Size(shape).numel() // max(rows.shape[0], 1)
            return functions.multinomial(rows, count, True).T.reshape(shape)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """The numbers below K, int64: shape (K, *batch_shape), or (K, 1, ...) unexpanded."""
        return self._counted(self._num_events, functions.argmax(self._param), expand)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities of these numbers."""
        index, logits = functions.broadcast_tensors(self._checked(value).long().unsqueeze(-1), self.logits)
        return logits.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """The entropy."""
        least = functions.finfo(self.logits.dtype).min
        return -(functions.clamp(self.logits, min=least) * self.probs).sum(-1)
