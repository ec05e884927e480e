"""`torch.distributions`: random variables with densities. Those made of ops that exist here."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.distributions.continuous import Exponential, Gumbel, Laplace, Normal, Uniform
from teletensor.distributions.discrete import Bernoulli, Categorical
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.kl import kl_divergence

__all__ = [
    "Bernoulli",
    "Categorical",
    "Distribution",
    "Exponential",
    "Gumbel",
    "Laplace",
    "Normal",
    "Uniform",
    "kl_divergence",
]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
