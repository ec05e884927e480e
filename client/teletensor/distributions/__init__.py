"""`torch.distributions`: random variables with densities."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.distributions import constraints, kl, transforms
from teletensor.distributions import cross_divergences as _cross  # noqa: F401  (registers its rules)
from teletensor.distributions import divergences as _divergences  # noqa: F401
from teletensor.distributions import vector_divergences as _vectors  # noqa: F401
from teletensor.distributions.bernoulli import Bernoulli
from teletensor.distributions.beta import Beta
from teletensor.distributions.binomial import Binomial
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.cauchy import Cauchy
from teletensor.distributions.chi2 import Chi2
from teletensor.distributions.constraint_registry import biject_to, transform_to
from teletensor.distributions.continuous_bernoulli import ContinuousBernoulli
from teletensor.distributions.dirichlet import Dirichlet
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.fishersnedecor import FisherSnedecor
from teletensor.distributions.gamma import Gamma
from teletensor.distributions.generalized_pareto import GeneralizedPareto
from teletensor.distributions.geometric import Geometric
from teletensor.distributions.gumbel import Gumbel
from teletensor.distributions.half_cauchy import HalfCauchy
from teletensor.distributions.half_normal import HalfNormal
from teletensor.distributions.independent import Independent
from teletensor.distributions.inverse_gamma import InverseGamma
from teletensor.distributions.kl import kl_divergence, register_kl
from teletensor.distributions.kumaraswamy import Kumaraswamy
from teletensor.distributions.laplace import Laplace
from teletensor.distributions.lkj_cholesky import LKJCholesky
from teletensor.distributions.log_normal import LogNormal
from teletensor.distributions.logistic_normal import LogisticNormal
from teletensor.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from teletensor.distributions.mixture_same_family import MixtureSameFamily
from teletensor.distributions.multinomial import Multinomial
from teletensor.distributions.multivariate_normal import MultivariateNormal
from teletensor.distributions.negative_binomial import NegativeBinomial
from teletensor.distributions.normal import Normal
from teletensor.distributions.one_hot_categorical import OneHotCategorical, OneHotCategoricalStraightThrough
from teletensor.distributions.pareto import Pareto
from teletensor.distributions.poisson import Poisson
from teletensor.distributions.relaxed_bernoulli import RelaxedBernoulli
from teletensor.distributions.relaxed_categorical import RelaxedOneHotCategorical
from teletensor.distributions.studentT import StudentT
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    CatTransform,
    ComposeTransform,
    CorrCholeskyTransform,
    CumulativeDistributionTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    PowerTransform,
    ReshapeTransform,
    SigmoidTransform,
    SoftmaxTransform,
    SoftplusTransform,
    StackTransform,
    StickBreakingTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from teletensor.distributions.uniform import Uniform
from teletensor.distributions.von_mises import VonMises
from teletensor.distributions.weibull import Weibull
from teletensor.distributions.wishart import Wishart

__all__ = [
    "AbsTransform", "AffineTransform", "Bernoulli", "Beta", "Binomial", "CatTransform", "Categorical", "Cauchy", "Chi2",
    "ComposeTransform", "ContinuousBernoulli", "CorrCholeskyTransform", "CumulativeDistributionTransform", "Dirichlet",
    "Distribution", "ExpTransform", "Exponential", "ExponentialFamily", "FisherSnedecor", "Gamma", "GeneralizedPareto",
    "Geometric", "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "IndependentTransform", "InverseGamma",
    "Kumaraswamy", "LKJCholesky", "Laplace", "LogNormal", "LogisticNormal", "LowRankMultivariateNormal",
    "LowerCholeskyTransform", "MixtureSameFamily", "Multinomial", "MultivariateNormal", "NegativeBinomial", "Normal",
    "OneHotCategorical", "OneHotCategoricalStraightThrough", "Pareto", "Poisson", "PositiveDefiniteTransform",
    "PowerTransform", "RelaxedBernoulli", "RelaxedOneHotCategorical", "ReshapeTransform", "SigmoidTransform",
    "SoftmaxTransform", "SoftplusTransform", "StackTransform", "StickBreakingTransform", "StudentT", "TanhTransform",
    "Transform", "TransformedDistribution", "Uniform", "VonMises", "Weibull", "Wishart", "biject_to", "constraints",
    "identity_transform", "kl", "kl_divergence", "register_kl", "transform_to", "transforms",
]  # fmt: skip

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
