"""`torch.distributions`: random variables with densities."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.distributions import constraints, kl, transforms
from teletensor.distributions import divergences as _divergences  # noqa: F401  (registers its rules)
from teletensor.distributions.bernoulli import Bernoulli
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.composed import (
    Independent,
    MixtureSameFamily,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
)
from teletensor.distributions.counts import Binomial, Geometric, Multinomial, NegativeBinomial, Poisson
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.gamma import Beta, Chi2, Dirichlet, FisherSnedecor, Gamma, StudentT
from teletensor.distributions.gumbel import Gumbel
from teletensor.distributions.heavy_tails import Cauchy, HalfCauchy, HalfNormal, Pareto, Weibull
from teletensor.distributions.kl import kl_divergence, register_kl
from teletensor.distributions.laplace import Laplace
from teletensor.distributions.multivariate_normal import MultivariateNormal
from teletensor.distributions.normal import Normal
from teletensor.distributions.transformed import InverseGamma, LogNormal, TransformedDistribution
from teletensor.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    PowerTransform,
    SigmoidTransform,
    SoftmaxTransform,
    SoftplusTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from teletensor.distributions.uniform import Uniform

__all__ = [
    "AbsTransform", "AffineTransform", "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2",
    "ComposeTransform", "Dirichlet", "Distribution", "ExpTransform", "Exponential", "FisherSnedecor", "Gamma",
    "Geometric", "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "InverseGamma", "Laplace", "LogNormal",
    "MixtureSameFamily", "Multinomial", "MultivariateNormal", "NegativeBinomial", "Normal", "OneHotCategorical",
    "OneHotCategoricalStraightThrough", "Pareto", "Poisson", "PowerTransform", "RelaxedBernoulli",
    "RelaxedOneHotCategorical", "SigmoidTransform", "SoftmaxTransform", "SoftplusTransform", "StudentT",
    "TanhTransform", "Transform", "TransformedDistribution", "Uniform", "Weibull", "constraints", "identity_transform",
    "kl", "kl_divergence", "register_kl", "transforms",
]  # fmt: skip

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
