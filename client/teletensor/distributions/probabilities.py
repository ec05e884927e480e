"""Distributions that are given by probabilities or by logits."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits
from teletensor.size import Size
from teletensor.tensor import Tensor


def one_of(probs: Any, logits: Any) -> str:
    """Which of the two is given. ArgumentError for both or none."""
    if (probs is None) == (logits is None):
        raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")
    return "logits" if probs is None else "probs"


class OfOdds(Distribution):
    """Of trials that succeed with probability `probs`, or given by `logits`; the other is computed when asked for."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.unit_interval, "logits": constraints.real}

    def _take(self, probs: Any, logits: Any, *others: Any) -> tuple[Tensor, ...]:
        """Keep what is given; the others, in its shape."""
        name = one_of(probs, logits)
        *rest, given = broadcast_all(*others, logits if probs is None else probs)
        setattr(self, name, given)
        return tuple(rest)

    @lazy_property
    def logits(self) -> Tensor:
        """The logits."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def _param(self) -> Tensor:
        given: Tensor = vars(self)["probs" if "probs" in vars(self) else "logits"]
        return given

    @property
    def param_shape(self) -> Size:
        """The shape of the probabilities."""
        return self._param.shape


class OfCategorical(Distribution):
    """Distributions with a categorical one inside, which has the parameters."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    _categorical: Any

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        made: Tensor = self._categorical.probs
        return made

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        made: Tensor = self._categorical.logits
        return made

    @property
    def param_shape(self) -> Size:
        """The shape of the probabilities."""
        made: Size = self._categorical.param_shape
        return made
