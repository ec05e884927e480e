"""Exponential families, which are known by the logarithm of their normaliser."""

from __future__ import annotations

from typing import Any

from teletensor import autograd
from teletensor.distributions.distribution import Distribution
from teletensor.tensor import Tensor


class ExponentialFamily(Distribution):
    """Densities `h(x) exp(<t(x), θ> - F(θ))` of natural parameters θ, which subclasses give together with F."""

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        """θ."""
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Tensor:
        """F(θ)."""
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> float:
        """The mean of log h(x)."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy: `F(θ) - <θ, dF/dθ>`, less the carrier's part."""
        carrier = self._mean_carrier_measure
        parameters = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*parameters)
        slopes = autograd.grad(normalizer.sum(), parameters, create_graph=True)
        made = normalizer - carrier
        for parameter, slope in zip(parameters, slopes, strict=True):
            made = made - (parameter * slope).reshape((*self._batch_shape, -1)).sum(-1)
        return made
