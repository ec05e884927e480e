"""The categorical distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, check
from teletensor.distributions.probabilities import logarithms, one_of
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
        given = one_of(probs, logits)
        if given.dim() < 1:
            raise ArgumentError("`probs` and `logits` parameters must be at least one-dimensional.")
        if probs is not None:
            check("probs", (probs >= 0) & (probs.sum(-1, keepdim=True) > 0), probs, "Simplex()", validate_args)
            self.probs = probs / probs.sum(-1, keepdim=True)
            self.logits = logarithms(self.probs)
        else:
            self.logits = given - given.logsumexp(dim=-1, keepdim=True)
            self.probs = functions.softmax(self.logits, -1)
        self._num_events = given.size(-1)
        super().__init__(given.shape[:-1], validate_args=False)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Constraint:
        """The numbers below K."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def param_shape(self) -> Size:
        """The shape of the probabilities."""
        return self.logits.shape

    @property
    def mode(self) -> Tensor:
        """The most probable number."""
        return self.probs.argmax(dim=-1)

    @property
    def mean(self) -> Tensor:
        """NaN: the numbers are names."""
        return self.probs.new_full(self._extended_shape(), float("nan"))

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
        return self._counted(self._num_events, functions.argmax(self.probs), expand)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities of these numbers."""
        index, logits = functions.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """The entropy."""
        least = functions.finfo(self.logits.dtype).min
        return -(functions.clamp(self.logits, min=least) * self.probs).sum(-1)
