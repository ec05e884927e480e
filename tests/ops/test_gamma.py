"""Gamma, Poisson and binomial numbers have the moments they should, and gamma numbers the derivative by their shape."""

import numpy as np
import pytest
import teletensor as tt
from teletensor.functions.sampling import standard_gamma
from teletensor_core import special

COUNT = 20000


@pytest.fixture(autouse=True)
def seeded():
    tt.manual_seed(0)
    # The special functions of NumPy's backend leave warnings to whoever calls them.
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("shape", [0.05, 0.7, 1.0, 2.5, 40.0, 3000.0])
def test_gamma_numbers_have_their_moments(shape):
    drawn = standard_gamma(tt.full((COUNT,), shape, dtype=tt.float64)).numpy()
    assert drawn.min() > 0
    assert drawn.mean() == pytest.approx(shape, abs=5 * np.sqrt(shape / COUNT))
    assert drawn.var() == pytest.approx(shape, rel=0.15 if shape < 0.1 else 0.08)


@pytest.mark.parametrize("shape", [0.3, 2.0, 15.0])
def test_gamma_numbers_have_their_distribution(shape):
    drawn = np.sort(standard_gamma(tt.full((COUNT,), shape, dtype=tt.float64)).numpy())
    expected = special.gammainc(np.full(COUNT, shape), drawn)
    gap = np.abs(expected - (np.arange(COUNT) + 0.5) / COUNT).max()
    assert gap < 1.63 / np.sqrt(COUNT)  # Kolmogorov and Smirnov, at one percent


@pytest.mark.parametrize("shape", [0.2, 1.0, 5.0, 30.0, 45.0, 500.0])
def test_the_derivative_by_the_shape_keeps_the_quantile(shape):
    parameter = tt.full((50,), shape, dtype=tt.float64, requires_grad=True)
    drawn = standard_gamma(parameter)
    (slope,) = tt.autograd.grad(drawn.sum(), parameter)
    x, step = drawn.detach().numpy(), 1e-5 * shape
    by_shape = (special.gammainc(shape + step, x) - special.gammainc(shape - step, x)) / (2 * step)
    density = np.exp((shape - 1) * np.log(x) - x - special.lgamma(np.asarray(shape)))
    assert slope.numpy() == pytest.approx(-by_shape / density, rel=2e-3)


@pytest.mark.parametrize("rate", [0.0, 0.3, 4.0, 11.9, 12.0, 35.0, 2000.0])
def test_poisson_numbers_have_their_moments(rate):
    drawn = tt.poisson(tt.full((COUNT,), rate, dtype=tt.float64)).numpy()
    assert (drawn >= 0).all()
    assert (drawn == np.floor(drawn)).all()
    assert drawn.mean() == pytest.approx(rate, abs=5 * np.sqrt(rate / COUNT))
    assert drawn.var() == pytest.approx(rate, rel=0.08)


@pytest.mark.parametrize("rate", [4.0, 14.0])
def test_poisson_numbers_have_their_probabilities(rate):
    drawn = tt.poisson(tt.full((COUNT,), rate, dtype=tt.float64))
    wanted = tt.distributions.Poisson(tt.tensor(rate, dtype=tt.float64)).log_prob(tt.arange(30.0).double()).exp()
    found = np.bincount(drawn.numpy().astype(int), minlength=30)[:30] / COUNT
    assert found == pytest.approx(wanted.numpy(), abs=5 * np.sqrt(0.25 / COUNT))


@pytest.mark.parametrize("odds", [0.0, 0.02, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("trials", [0.0, 1.0, 12.0, 25.0, 700.0, 1e6])
def test_binomial_numbers_are_as_many_as_they_should_be(trials, odds):
    drawn = tt.binomial(tt.full((COUNT,), trials, dtype=tt.float64), tt.full((COUNT,), odds, dtype=tt.float64)).numpy()
    spread = trials * odds * (1 - odds)
    assert ((drawn >= 0) & (drawn <= trials) & (drawn == np.floor(drawn))).all()
    assert drawn.mean() == pytest.approx(trials * odds, abs=5 * np.sqrt(spread / COUNT))
    assert drawn.var() == pytest.approx(spread, rel=0.15 if spread < 1 else 0.08)


@pytest.mark.parametrize(("trials", "odds"), [(15.0, 0.6), (60.0, 0.3), (24.0, 0.5)])
def test_binomial_numbers_have_their_probabilities(trials, odds):
    options = {"dtype": tt.float64}
    drawn = tt.binomial(tt.full((COUNT,), trials, **options), tt.full((COUNT,), odds, **options)).numpy()
    made = tt.distributions.Binomial(tt.tensor(trials, **options), tt.tensor(odds, **options))
    wanted = made.log_prob(made.enumerate_support()).exp().numpy()
    found = np.bincount(drawn.astype(int), minlength=len(wanted)) / COUNT
    assert found == pytest.approx(wanted, abs=5 * np.sqrt(0.25 / COUNT))


def test_binomial_numbers_have_their_moments():
    count, odds = tt.full((COUNT,), 9.0), tt.full((COUNT,), 0.3)
    drawn = tt.binomial(count, odds)
    assert drawn.mean().item() == pytest.approx(2.7, abs=0.05)
    assert drawn.var().item() == pytest.approx(1.89, rel=0.08)
    assert drawn.max().item() <= 9


@pytest.mark.parametrize(
    ("made", "mean", "variance"),
    [
        (lambda d, t: d.Beta(t(2.0), t(3.0)), 0.4, 0.04),
        (lambda d, t: d.StudentT(t(7.0), t(1.0), t(2.0)), 1.0, 5.6),
        (lambda d, t: d.FisherSnedecor(t(5.0), t(12.0)), 1.2, 1.08),
        (lambda d, t: d.Weibull(t(2.0), t(1.5)), 1.8054906, 1.5027626),
        (lambda d, t: d.Geometric(t(0.3)), 7 / 3, 7.7777778),
        (lambda d, t: d.NegativeBinomial(4, t(0.4)), 8 / 3, 4.4444444),
        (lambda d, t: d.HalfNormal(t(2.0)), 1.5957691, 1.4535209),
        (lambda d, t: d.RelaxedBernoulli(t(0.5), t(0.5)), 0.5, None),
        (lambda d, t: d.MixtureSameFamily(d.Categorical(tt.tensor([0.25, 0.75])), d.Normal(tt.tensor([-2, 2.0]), 1)),
         1.0, 4.0),
    ],
)  # fmt: skip
def test_samples_have_their_moments(made, mean, variance):
    drawn = made(tt.distributions, lambda x: tt.tensor(x)).sample((COUNT,))
    assert drawn.mean().item() == pytest.approx(mean, abs=0.06)
    if variance is not None:
        assert drawn.var().item() == pytest.approx(variance, rel=0.25)


def test_a_multivariate_normal_has_its_covariance():
    matrix = tt.tensor([[2.0, 0.6], [0.6, 0.5]])
    drawn = tt.distributions.MultivariateNormal(tt.tensor([1.0, -1.0]), matrix).sample((COUNT,))
    tt.testing.assert_close(tt.cov(drawn.T), matrix, rtol=0.1, atol=0.05)
