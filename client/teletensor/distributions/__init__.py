"""`torch.distributions`: random variables with densities. Those made of ops that exist here."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.distributions.bernoulli import Bernoulli
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.gumbel import Gumbel
from teletensor.distributions.kl import kl_divergence
from teletensor.distributions.laplace import Laplace
from teletensor.distributions.normal import Normal
from teletensor.distributions.uniform import Uniform

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
