"""First values: distributions as in PyTorch, and nothing recorded."""

import math

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn
from teletensor.nn import init

from tests.nn.nn_oracle import assert_same_script
from tests.replay import ask

SHAPE = (200, 300)
RANDOM = {
    "uniform_": lambda init, x: init.uniform_(x, -1.0, 3.0),
    "normal_": lambda init, x: init.normal_(x, 2.0, 0.5),
    "trunc_normal_": lambda init, x: init.trunc_normal_(x, 0.5, 1.0, -1.0, 1.5),
    "xavier_uniform_": lambda init, x: init.xavier_uniform_(x, gain=2.0),
    "xavier_normal_": lambda init, x: init.xavier_normal_(x),
    "kaiming_uniform_": lambda init, x: init.kaiming_uniform_(x, a=0.3),
    "kaiming_normal_": lambda init, x: init.kaiming_normal_(x, mode="fan_out", nonlinearity="relu"),
    "sparse_": lambda init, x: init.sparse_(x, 0.3, std=0.1),
    "orthogonal_": lambda init, x: init.orthogonal_(x, gain=3.0),
}


@pytest.mark.parametrize("name", RANDOM)
def test_random_values_are_distributed_as_pytorchs(name):
    ours, theirs = _statistics(tt, name), ask(_statistics, name)
    spread = theirs["std"]
    assert abs(ours["mean"] - theirs["mean"]) < 0.03 * spread
    np.testing.assert_allclose(ours["quantiles"], theirs["quantiles"], atol=0.05 * spread)
    assert ours["range"] < 1.3 * theirs["range"]


def _statistics(library, name):
    library.manual_seed(0)
    x = RANDOM[name](library.nn.init, library.empty(*SHAPE)).numpy().astype(np.float64)
    quantiles = np.quantile(x, np.linspace(0, 1, 11)[1:-1])
    return {"mean": float(x.mean()), "std": float(x.std()), "quantiles": quantiles, "range": float(np.ptp(x))}


FIXED = {
    "constant_": lambda t: t.nn.init.constant_(t.empty(2, 3), 0.5),
    "ones_": lambda t: t.nn.init.ones_(t.empty(2, 3)),
    "zeros_": lambda t: t.nn.init.zeros_(t.ones(2, 3)),
    "eye_": lambda t: t.nn.init.eye_(t.empty(2, 3)),
    "dirac_": lambda t: t.nn.init.dirac_(t.empty(4, 3, 3, 2)),
    "dirac_ of groups": lambda t: t.nn.init.dirac_(t.empty(4, 2, 3), 2),
}


@pytest.mark.parametrize("name", FIXED)
def test_fixed_values_are_pytorchs(name):
    assert_same_script(FIXED[name], tolerance=0)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape):
    matrix = init.orthogonal_(tt.empty(*shape)).numpy().reshape(shape[0], -1)
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)


def test_sparse_zeroes_the_same_share_of_every_column():
    zeros = (init.sparse_(tt.empty(10, 50), 0.35) == 0).numpy().sum(0)
    assert set(zeros) == {4}


def test_nothing_is_recorded():
    parameter = nn.Parameter(tt.empty(3, 3))
    for fill in (init.normal_, init.ones_, init.zeros_, init.eye_, init.orthogonal_, init.kaiming_uniform_):
        fill(parameter)
    assert parameter.is_leaf
    assert parameter.grad_fn is None


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_pytorchs(name):
    def run(library):
        gain = library.nn.init.calculate_gain
        return [gain(name), gain("leaky_relu", 0.2)]

    assert_same_script(run, tolerance=0)


def test_an_empty_tensor_is_left_alone_with_a_warning():
    with pytest.warns(UserWarning, match="no-op"):
        init.kaiming_uniform_(tt.empty(0, 3))
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(tt.empty(3), mean=9.0)


def test_a_generator_makes_values_repeatable():
    drawn = [init.normal_(tt.empty(5), generator=tt.Generator().manual_seed(3)).tolist() for _ in range(2)]
    assert drawn[0] == drawn[1]


LAYERS = {
    "Linear": (lambda nn: nn.Linear(400, 100), ["weight", "bias"]),
    "Bilinear": (lambda nn: nn.Bilinear(20, 30, 40), ["weight", "bias"]),
    "Conv2d": (lambda nn: nn.Conv2d(20, 64, 5, groups=2), ["weight", "bias"]),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(64, 60, 3), ["weight", "bias"]),
    "Embedding": (lambda nn: nn.Embedding(100, 50), ["weight"]),
    "MultiheadAttention": (lambda nn: nn.MultiheadAttention(64, 4, add_bias_kv=True), ["in_proj_weight", "bias_k"]),
    "MultiheadAttention apart": (lambda nn: nn.MultiheadAttention(64, 4, kdim=32), ["q_proj_weight", "k_proj_weight"]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_start_with_pytorchs_distribution(name):
    make, names = LAYERS[name]
    found = _spreads(tt, make, names), ask(_spreads, make, names)
    for (size, std, most), (_, their_std, their_most) in zip(*found, strict=True):
        assert abs(std / their_std - 1) < 5 / math.sqrt(size)
        if size > 1000:
            assert abs(most / their_most - 1) < 0.5


def _spreads(library, make, names):
    library.manual_seed(0)
    module = make(library.nn)
    arrays = [module.get_parameter(name).detach().numpy() for name in names]
    return [[x.size, float(x.std()), float(np.abs(x).max())] for x in arrays]
