"""Distributions over a few values."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import functions, grad_mode
from teletensor.distributions.distribution import Distribution, broadcast_all, check
from teletensor.size import Size
from teletensor.tensor import Tensor


class Categorical(Distribution):
    """The numbers below K, with probabilities in proportion to `probs`, or given by `logits`, along the last
    dimension.
    """

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        given = _one_of(probs, logits)
        if given.dim() < 1:
            raise ArgumentError("`probs` and `logits` parameters must be at least one-dimensional.")
        if probs is not None:
            check("probs", (probs >= 0) & (probs.sum(-1, keepdim=True) > 0), probs, "Simplex()", validate_args)
            self.probs = probs / probs.sum(-1, keepdim=True)
            self.logits = _log_of_probs(self.probs)
        else:
            self.logits = given - given.logsumexp(dim=-1, keepdim=True)
            self.probs = functions.softmax(self.logits, -1)
        self._num_events = given.size(-1)
        super().__init__(given.shape[:-1])

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

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities of these numbers."""
        index, logits = functions.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """The entropy."""
        least = functions.finfo(self.logits.dtype).min
        return -(functions.clamp(self.logits, min=least) * self.probs).sum(-1)


class Bernoulli(Distribution):
    """1 with probability `probs`, or given by `logits`; else 0."""

    def __init__(
        self,
        probs: float | Tensor | None = None,
        logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        _one_of(probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
            check("probs", (self.probs >= 0) & (self.probs <= 1), self.probs, "Interval(0.0, 1.0)", validate_args)
            clamped = _clamped(self.probs)
            self.logits = clamped.log() - functions.log1p(-clamped)
        else:
            (self.logits,) = broadcast_all(logits)
            self.probs = functions.sigmoid(self.logits)
        super().__init__(self.probs.shape)

    @property
    def mean(self) -> Tensor:
        """`probs`."""
        return self.probs

    @property
    def variance(self) -> Tensor:
        """`probs * (1 - probs)`."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Zeros and ones, in the parameters' dtype."""
        with grad_mode.no_grad():
            return functions.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities of these zeros and ones."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """The entropy."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")


def _one_of(probs: Any, logits: Any) -> Any:
    if (probs is None) == (logits is None):
        raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")
    return logits if probs is None else probs


def _clamped(probs: Tensor) -> Tensor:
    eps = functions.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def _log_of_probs(probs: Tensor) -> Tensor:
    return _clamped(probs).log()
