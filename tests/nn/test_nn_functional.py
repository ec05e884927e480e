"""Functions that are not merely the call of a layer: arguments, randomness, masks."""

import inspect

import numpy as np
import pytest
import teletensor as tt
from teletensor.nn import functional as F

from tests.nn.nn_oracle import array, assert_same, assert_same_script, integers, tensors
from tests.replay import ask


@pytest.mark.parametrize("name", F.__all__)
def test_a_function_takes_the_arguments_that_pytorchs_takes(name):
    theirs = ask(lambda torch: _arguments(getattr(torch.nn.functional, name)))
    if theirs is not None:
        assert _arguments(getattr(F, name)) == theirs


def _arguments(function):
    """Names and defaults; None for PyTorch's functions that are written in C++ or dispatch on a flag."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return None
    if {"args", "kwargs"} <= set(parameters):
        return None
    return [[name, "" if callable(each.default) else repr(each.default)] for name, each in parameters.items()]


CALLS = {
    "one_hot": (lambda t, x: t.nn.functional.one_hot(x, 7), integers(2, 3, high=5)),
    "one_hot of unknown size": (lambda t, x: t.nn.functional.one_hot(x), integers(2, 3, high=5)),
    "normalize": (lambda t, x: t.nn.functional.normalize(x, dim=-1), array(3, 4)),
    "normalize p=1": (lambda t, x: t.nn.functional.normalize(x, p=1.0), array(3, 4)),
    "relu_": (lambda t, x: t.nn.functional.relu_(x * 1), array(3, 4)),
    "sigmoid": (lambda t, x: t.nn.functional.sigmoid(x), array(3, 4)),
    "tanh": (lambda t, x: t.nn.functional.tanh(x), array(3, 4)),
    "softmax of another dtype": (lambda t, x: t.nn.functional.softmax(x, 1, dtype=t.float64), array(3, 4)),
    "batch_norm in evaluation": (
        lambda t, x, m, v: t.nn.functional.batch_norm(x, m.detach(), v.detach(), eps=0.1) + m + v,
        array(3, 4), array(4), array(4, low=0.5),
    ),
    "pad by nothing": (lambda t, x: t.nn.functional.pad(x, (0, 0)), array(3, 4)),
    "pad of many dimensions": (lambda t, x: t.nn.functional.pad(x, (1, 2, 0, 1, 2, 0), value=3.0), array(2, 3, 4)),
    "antialias": (
        lambda t, x: t.nn.functional.interpolate(x, size=(3, 7), mode="bilinear", antialias=True), array(1, 2, 8, 5),
    ),
    "antialias bicubic": (
        lambda t, x: t.nn.functional.interpolate(x, size=(3, 4), mode="bicubic", antialias=True), array(1, 2, 8, 9),
    ),
    "recompute_scale_factor": (
        lambda t, x: t.nn.functional.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
        array(1, 2, 5, 6),
    ),
    "max_pool2d_with_indices": (lambda t, x: t.nn.functional.max_pool2d_with_indices(x, 2), array(1, 2, 5, 6)),
    "prelu of rows": (lambda t, x, w: t.nn.functional.prelu(x, w), array(3, 4), array(4)),
    "threshold_": (lambda t, x: t.nn.functional.threshold_(x * 1, 0.5, -7.0), array(3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_function_computes_what_pytorch_computes(name):
    run, *inputs = CALLS[name]
    assert_same(run, *inputs)


def test_softmax_without_a_dimension_warns_and_takes_pytorchs_choice():
    def run(library, shape):
        with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
            return library.nn.functional.softmax(library.tensor(array(*shape)))

    for shape in ((3,), (2, 3), (2, 3, 4), (1, 2, 3, 4)):
        assert_same_script(run, shape)


@pytest.mark.parametrize("run", [F.dropout, F.dropout1d, F.dropout2d, F.dropout3d], ids=lambda run: run.__name__)
def test_dropout_zeroes_its_share_and_scales_the_rest(run):
    shape = (100, 100, *{F.dropout: (), F.dropout1d: (2,), F.dropout2d: (2, 2), F.dropout3d: (2, 1, 2)}[run])
    x = tt.ones(*shape, requires_grad=True)
    y = run(x, 0.25)
    y.sum().backward()
    kept = y.detach().numpy()
    assert set(np.unique(kept)) == {np.float32(0), np.float32(4 / 3)}
    assert abs((kept == 0).mean() - 0.25) < 0.03
    assert (kept.reshape(100, 100, -1).std(-1) == 0).all()
    np.testing.assert_array_equal(x.grad.numpy(), kept)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_dropout_of_nothing_and_of_everything(p):
    x = tt.ones(4, 5)
    assert F.dropout(x, p).sum().item() == (1 - p) * 20
    assert (F.dropout(x, 0.5, training=False) is x) is True


def test_dropout_in_place_writes_into_its_input():
    x = tt.ones(50, 50)
    assert F.dropout(x, 0.5, inplace=True) is x
    assert 0.3 < (x == 0).float().mean().item() < 0.7


@pytest.mark.parametrize("run", [F.alpha_dropout, F.feature_alpha_dropout], ids=lambda run: run.__name__)
def test_alpha_dropout_keeps_mean_and_variance(run):
    x = tt.tensor(np.random.default_rng(0).standard_normal((300, 200, 1)).astype(np.float32))
    y = run(x, 0.3, training=True)
    assert abs(y.mean().item()) < 0.03
    assert abs(y.std().item() - 1) < 0.03


def test_gumbel_softmax_draws_from_its_distribution():
    logits = tt.tensor(np.log(np.array([0.1, 0.2, 0.7], np.float32))).expand(5000, 3)
    hard = F.gumbel_softmax(logits, hard=True)
    assert set(np.unique(hard.numpy())) <= {0.0, 1.0}
    np.testing.assert_allclose(hard.mean(0).numpy(), [0.1, 0.2, 0.7], atol=0.03)
    np.testing.assert_allclose(F.gumbel_softmax(logits).sum(-1).numpy(), 1, rtol=1e-5)


def test_local_statistics_are_left_alone_without_training():
    mean, var = tt.zeros(4), tt.ones(4)
    F.batch_norm(tt.tensor(array(3, 4)), mean, var, training=False)
    assert mean.tolist() == [0] * 4
    F.batch_norm(tt.tensor(array(3, 4)), mean, var, training=True)
    assert mean.tolist() != [0] * 4


def test_rms_norm_takes_the_smallest_step_of_its_dtype_as_eps():
    x = array(3, 4) * 1e-3

    def run(library, dtype):
        return library.nn.functional.rms_norm(tensors(library, [x])[0].to(getattr(library, dtype)), (4,))

    for dtype in ("float32", "float64"):
        assert_same_script(run, dtype, tolerance=1e-4)
