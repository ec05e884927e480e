"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.functions.sampling import standard_gamma
from teletensor.tensor import Tensor


class Dirichlet(ExponentialFamily):
    """The Dirichlet distribution: over probabilities along the last dimension."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration": constraints.independent(constraints.positive, 1)
    }
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ArgumentError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The shares of the concentrations."""
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Tensor:
        """The most probable probabilities: where all concentrations are below 1, all of the first."""
        from teletensor.nn.functional import one_hot

        above = (self.concentration - 1).clamp(min=0.0)
        made = above / above.sum(-1, keepdim=True)
        none = (self.concentration < 1).all(dim=-1, keepdim=True)
        corner = one_hot(made.nan_to_num(0.0).argmax(dim=-1), made.shape[-1]).to(made.dtype)
        return functions.where(none, corner, made)

    @property
    def variance(self) -> Tensor:
        """The variances."""
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the concentrations."""
        made = standard_gamma(self.concentration.expand(self._extended_shape(sample_shape)))
        return made / made.sum(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return (
            functions.xlogy(self.concentration - 1.0, self._checked(value)).sum(-1)
            + functions.lgamma(self.concentration.sum(-1))
            - functions.lgamma(self.concentration).sum(-1)
        )

    def entropy(self) -> Tensor:
        """The entropy."""
        count, total = self.concentration.size(-1), self.concentration.sum(-1)
        return (
            functions.lgamma(self.concentration).sum(-1)
            - functions.lgamma(total)
            - (count - total) * functions.digamma(total)
            - ((self.concentration - 1.0) * functions.digamma(self.concentration)).sum(-1)
        )

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return functions.lgamma(x).sum(-1) - functions.lgamma(x.sum(-1))
