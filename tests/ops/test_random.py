"""Random numbers: Philox's published answers, the distributions, and that they depend on seed and offset alone."""

import math

import numpy as np
import pytest
import teletensor as tt
from teletensor_core.random import philox


def reference(counter, seed):
    """One block of Philox 4x64-10 in plain Python, after Salmon et al., "Parallel Random Numbers", 2011."""
    low = (1 << 64) - 1
    c, k = [counter, 0, 0, 0], [seed, 0]
    for _ in range(10):
        a, b = c[0] * 0xD2E7470EE14C6C93, c[2] * 0xCA5A826395121157
        c = [(b >> 64) ^ c[1] ^ k[0], b & low, (a >> 64) ^ c[3] ^ k[1], a & low]
        k = [(k[0] + 0x9E3779B97F4A7C15) & low, (k[1] + 0xBB67AE8584CAA73B) & low]
    return [word for number in c for word in (number & 0xFFFFFFFF, number >> 32)]


def test_the_published_answer():
    words = philox.bits(8, 0, 0)
    published = ["0x16554d9eca36314c", "0xdb20fe9d672d0fdc", "0xd7e772cee186176b", "0x7e68b68aec7ba23b"]
    assert [hex(n) for n in words.view("<u8")] == published


@pytest.mark.parametrize(("seed", "offset"), [(0, 5), (12345, 0), (1 << 40, 7), ((1 << 64) - 1, (1 << 40) + 3)])
def test_blocks_are_philox(seed, offset):
    assert philox.bits(16, seed, offset).tolist() == reference(offset, seed) + reference(offset + 1, seed)


def test_a_prefix_is_a_prefix():
    assert (philox.bits(50000, 3, 9)[:11] == philox.bits(11, 3, 9)).all()


def test_manual_seed_repeats():
    draws = []
    for _ in range(2):
        tt.manual_seed(4)
        draws.append([tt.rand(3), tt.randn(2, 2), tt.randint(0, 9, (4,)), tt.randperm(5)])
    for a, b in zip(*draws, strict=True):
        assert tt.equal(a, b)
    assert not tt.equal(tt.rand(3), draws[0][0])


def test_draws_do_not_overlap():
    """No block is used twice: ten thousand numbers of sixty-four bits, drawn in many calls, are all different."""
    tt.manual_seed(1)
    drawn = tt.cat([tt.rand(100, dtype=tt.float64) for _ in range(100)])
    assert np.unique(drawn.numpy()).size == 10_000


def moments(x):
    x = x.double().reshape(-1)
    return x.mean().item(), x.var().item()


@pytest.mark.parametrize(
    ("draw", "mean", "variance"),
    [
        (lambda n: tt.rand(n), 1 / 2, 1 / 12),
        (lambda n: tt.rand(n, dtype=tt.float64), 1 / 2, 1 / 12),
        (lambda n: tt.randn(n), 0, 1),
        (lambda n: tt.empty(n).uniform_(-1, 3), 1, 16 / 12),
        (lambda n: tt.empty(n).normal_(2, 3), 2, 9),
        (lambda n: tt.empty(n).exponential_(2), 1 / 2, 1 / 4),
        (lambda n: tt.bernoulli(tt.full((n,), 0.3)), 0.3, 0.21),
        (lambda n: tt.randint(-2, 5, (n,)), 1, 4),
        (lambda n: tt.nn.functional.dropout(tt.ones(n), 0.25), 1, 1 / 3),
    ],
    ids=["rand", "rand64", "randn", "uniform_", "normal_", "exponential_", "bernoulli", "randint", "dropout"],
)
def test_mean_and_variance(draw, mean, variance):
    """Within five standard errors, of the mean and (roughly) of the variance."""
    n = 100_000
    tt.manual_seed(0)
    found_mean, found_variance = moments(draw(n))
    assert abs(found_mean - mean) < 5 * math.sqrt(variance / n)
    assert abs(found_variance - variance) < 5 * variance * math.sqrt(8 / n)


def test_normal_has_the_right_shape():
    """Kolmogorov's distance from the normal distribution is below its one-in-a-million bound."""
    tt.manual_seed(2)
    n = 50_000
    x = np.sort(tt.randn(n).numpy().astype(np.float64))
    cdf = 0.5 * (1 + np.array([math.erf(v / math.sqrt(2)) for v in x]))
    assert np.abs(cdf - (np.arange(n) + 0.5) / n).max() < 2.7 / math.sqrt(n)


def test_randint_covers_every_value_evenly():
    tt.manual_seed(3)
    counts = np.bincount(tt.randint(0, 10, (100_000,)).numpy(), minlength=10)
    assert counts.size == 10
    assert (np.abs(counts - 10_000) < 500).all()


def test_randperm_is_a_permutation():
    tt.manual_seed(5)
    order = tt.randperm(1000)
    assert order.sort().values.tolist() == list(range(1000))
    assert order.tolist() != list(range(1000))


def test_multinomial_follows_the_weights():
    tt.manual_seed(6)
    drawn = tt.multinomial(tt.tensor([1.0, 0.0, 3.0]), 40_000, replacement=True).numpy()
    share = np.bincount(drawn, minlength=3) / drawn.size
    assert share[1] == 0
    assert abs(share[0] - 0.25) < 0.015


def test_multinomial_without_replacement_repeats_nothing():
    tt.manual_seed(7)
    drawn = tt.multinomial(tt.tensor([[1.0, 2.0, 3.0, 4.0]] * 100), 3)
    assert all(len(set(row)) == 3 for row in drawn.tolist())


def test_dropout_keeps_or_scales():
    tt.manual_seed(8)
    x = tt.nn.functional.dropout(tt.ones(1000), 0.5)
    assert set(x.tolist()) == {0.0, 2.0}
    assert tt.equal(tt.nn.functional.dropout(tt.ones(10), 0.5, training=False), tt.ones(10))


def test_dropout_gradient_has_the_same_mask():
    tt.manual_seed(9)
    x = tt.ones(100, requires_grad=True)
    y = tt.nn.functional.dropout(x, 0.3)
    y.sum().backward()
    assert tt.equal(x.grad, y.detach())
