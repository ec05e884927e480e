"""Distributions, beside what tests/programs compares: what waits, what a worker refuses, moments of samples."""

import math

import pytest
import teletensor as tt
from teletensor import distributions as d

from tests.programs.distributions import MADE, parameter
from tests.programs.divergences import PAIRS

COUNT = 40_000


def _made(name):
    make, parameters, _ = MADE[name]
    return make(d, *[parameter(tt, *p).detach() for p in parameters])


def test_parameters_are_one_wait_and_densities_none(worker):
    with tt.connect(worker.grpc, token=worker.token) as session:
        loc, scale = tt.zeros(3), tt.ones(3)
        value = tt.tensor([0.5, 1.0, 2.0])
        before = session.stats().round_trips
        made = d.Gamma(loc + 1, scale)
        assert session.stats().round_trips == before + 1
        made.log_prob(value).sum() + made.entropy().sum() + d.kl_divergence(made, made).sum()
        assert session.stats().round_trips == before + 1


def test_a_value_outside_the_support_is_an_error_where_it_is_used(worker):
    with tt.connect(worker.grpc, token=worker.token) as session:
        density = d.Exponential(tt.ones(2)).log_prob(tt.tensor([1.0, -1.0]))
        with pytest.raises(
            ValueError, match=r"within the support of the distribution Exponential.*found invalid values"
        ):
            density.sum().item()
        assert d.Exponential(tt.ones(2), validate_args=False).log_prob(tt.tensor([1.0, -1.0])).tolist() == [-1.0, 1.0]
        session.synchronize()


def test_compiled_functions_check_without_waiting():
    @tt.compile
    def density(scale, value):
        return d.Normal(tt.zeros(2), scale).log_prob(value).sum()

    value = tt.tensor([0.5, 1.0])
    wanted = d.Normal(tt.zeros(2), tt.ones(2)).log_prob(value).sum().item()
    for _ in range(4):
        assert density(tt.ones(2), value).item() == pytest.approx(wanted)
    with pytest.raises(
        ValueError, match=r"parameter scale .* of distribution Normal to satisfy the constraint Greater"
    ):
        density(tt.tensor([1.0, -1.0]), value)
    with pytest.raises(ValueError, match="within the support of the distribution Normal"):
        density(tt.ones(2), tt.tensor([math.nan, 1.0]))


def test_checks_can_be_turned_off_for_all():
    d.Distribution.set_default_validate_args(False)
    try:
        assert d.Exponential(tt.tensor(-1.0)).log_prob(tt.tensor(-1.0)).isnan()
        with pytest.raises(ValueError, match="GreaterThan"):
            d.Exponential(tt.tensor(-1.0), validate_args=True)
    finally:
        d.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="True or False"):
        d.Distribution.set_default_validate_args("no")


# Names have no mean, and tails without a fourth moment tell their deviation too badly.
_NAMES = ("Categorical", "Categorical of probabilities")
_HEAVY = ("StudentT", "FisherSnedecor", "Pareto", "InverseGamma", "GeneralizedPareto", "LogNormal")


@pytest.mark.parametrize("name", [n for n in MADE if n not in _NAMES])
def test_samples_have_the_mean_and_the_deviation(name):
    tt.manual_seed(3)
    made = _made(name)
    drawn = made.sample((COUNT,))
    if name == "VonMises":
        # The mean of directions, and the circular variance.
        lengths = tt.cos(drawn - made.loc).mean(0)
        assert (1 - lengths).tolist() == pytest.approx(made.variance.tolist(), abs=0.02)
        return
    try:
        mean, deviation = made.mean, made.stddev
    except NotImplementedError:
        assert name in ("LKJCholesky", "RelaxedBernoulli", "RelaxedOneHotCategorical", "LogisticNormal", "transformed",
                        "squashed", "turned round")  # fmt: skip
        return
    known = tt.isfinite(deviation) & tt.isfinite(mean)
    near = (drawn.mean(0) - mean).abs() <= 5 * deviation / math.sqrt(COUNT)
    assert bool((near | ~known).all()), f"{drawn.mean(0)} is not {mean}"
    if name not in _HEAVY:
        alike = (drawn.std(0) / deviation - 1).abs() < 0.08
        assert bool((alike | ~known).all()), f"{drawn.std(0)} is not {deviation}"


def test_samples_of_factors_are_of_correlations_with_their_spread():
    tt.manual_seed(3)
    made = d.LKJCholesky(3, tt.tensor(2.0, dtype=tt.float64))
    factors = made.sample((COUNT,))
    assert bool(made.support.check(factors).all())
    correlations = (factors @ factors.mT)[:, 1, 0]
    # Each is 2 b - 1 of a beta distributed b with both concentrations 2 + 0.5.
    assert correlations.mean().item() == pytest.approx(0.0, abs=0.02)
    assert correlations.var().item() == pytest.approx(1 / 6, rel=0.05)


def test_the_pairs_with_a_divergence_are_pytorchs():
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from teletensor.distributions.kl import _RULES
    from torch.distributions.kl import _KL_REGISTRY

    ours, theirs = ({(p.__name__, q.__name__) for p, q in rules} for rules in (_RULES, _KL_REGISTRY))
    general = {("ExponentialFamily", "ExponentialFamily"), ("TransformedDistribution", "TransformedDistribution")}
    assert {pair for pair in theirs - ours if "Mine" not in pair} == set()
    tested = {(p, q) for p, others in PAIRS.items() for q in others.split()}
    assert {pair for pair in theirs if "Mine" not in pair} - tested == general
    assert torch.__version__
