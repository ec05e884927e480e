"""Composites as CUDA kernels: what NumPy's steps give within rounding, whatever order threads run in."""

import math

import numpy as np
import pytest
from teletensor_core.backends.numpy import NumPyNamespace
from teletensor_core.kernels.pooling import Pool

from tests.devices import emulator

HOST = NumPyNamespace()
ORDERS = (0, 1, 7)
ROWS = [(1, 1), (3, 5), (17, 33), (9, 64), (2, 1500), (0, 4), (300, 31)]
TOLERANCE = {"float32": {"rtol": 2e-5, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 1e-13}}


@pytest.fixture
def xp(backend):
    return backend.xp


@pytest.fixture(params=ORDERS, autouse=True)
def thread_order(request):
    with emulator.order(request.param):
        yield


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


def drawn(dtype, *shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def agree(xp, cupy, name, *operands, times=1.0):
    """The kernel's answers, and NumPy's, which they are compared with."""
    ours = getattr(xp, name)(*(cupy.asarray(x) if isinstance(x, np.ndarray) else x for x in operands))
    theirs = getattr(HOST, name)(*(x.copy() if isinstance(x, np.ndarray) else x for x in operands))
    ours, theirs = (x if isinstance(x, tuple) else (x,) for x in (ours, theirs))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        tolerance = TOLERANCE.get(str(operands[0].dtype), {"rtol": 0, "atol": 0})
        np.testing.assert_allclose(a.get(), b, **{k: v * times for k, v in tolerance.items()})
    return ours


@pytest.mark.parametrize("shape", ROWS)
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "row_logsumexp"])
def test_softmax(xp, cupy, name, shape, dtype):
    agree(xp, cupy, name, drawn(dtype, *shape) * 5)


@pytest.mark.parametrize("shape", ROWS)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_gradients_of_softmax(xp, cupy, name, shape, dtype):
    out = getattr(HOST, name)(drawn(dtype, *shape))
    agree(xp, cupy, f"{name}_backward", drawn(dtype, *shape, seed=1), out, times=10)


def test_softmax_of_infinities_and_nan(xp, cupy, dtype):
    x = np.array([[-np.inf, 0, 1], [np.nan, 0, 1], [1000, 1001, -1000]], dtype)
    with np.errstate(all="ignore"):
        agree(xp, cupy, "softmax", x)


@pytest.mark.parametrize("given", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("shape", ROWS)
def test_layer_norm(xp, cupy, shape, given, dtype):
    vectors = [drawn(dtype, shape[1], seed=k) if there else None for k, there in enumerate(given)]
    agree(xp, cupy, "layer_norm", drawn(dtype, *shape), *vectors, 1e-5, times=10)
    agree(
        xp, cupy, "layer_norm_backward", drawn(dtype, *shape, seed=3), drawn(dtype, *shape), vectors[0], 1e-5, times=50
    )


@pytest.mark.parametrize("given", [(True, True), (False, False)])
@pytest.mark.parametrize("shape", [(4, 3, 5), (2, 1, 700), (1, 300, 2)])
def test_batch_norm(xp, cupy, shape, given, dtype):
    vectors = [drawn(dtype, shape[1], seed=k) if there else None for k, there in enumerate(given)]
    x, g = drawn(dtype, *shape) + 3, drawn(dtype, *shape, seed=3)
    agree(xp, cupy, "batch_norm", x, *vectors, 1e-5, times=10)
    agree(xp, cupy, "batch_norm_backward", g, x, vectors[0], 1e-5, times=200)


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("mask", [None, "bool", "numbers", "by matrix"])
def test_attention(xp, cupy, mask, is_causal, dtype):
    query, key = drawn(dtype, 2, 3, 7, 4), drawn(dtype, 2, 3, 9, 4, seed=1)
    masks = {
        "bool": np.arange(63).reshape(7, 9) % 5 != 1,
        "numbers": drawn(dtype, 7, 9, seed=2),
        "by matrix": drawn(dtype, 2, 1, 7, 9, seed=2),
    }
    added = masks.get(mask)
    theirs = HOST.attention_weights(query, key, HOST.attention_offset(query, key, added, is_causal), 0.5)
    query, key = cupy.asarray(query), cupy.asarray(key)
    added = None if added is None else cupy.asarray(added)
    ours = xp.attention_weights(query, key, xp.attention_offset(query, key, added, is_causal), 0.5)
    np.testing.assert_allclose(ours.get(), theirs, **TOLERANCE[dtype])


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(xp, cupy, approximate, dtype):
    x = np.linspace(-6, 6, 97).astype(dtype)
    agree(xp, cupy, "gelu", x, approximate, times=10)
    agree(xp, cupy, "gelu_backward", drawn(dtype, 97), x, approximate, times=10)


def test_silu(xp, cupy, dtype):
    x = np.linspace(-20, 20, 97).astype(dtype)
    agree(xp, cupy, "silu", x)
    agree(xp, cupy, "silu_backward", drawn(dtype, 97), x)


@pytest.mark.parametrize("count", [1, 8, 1003])
def test_dropout_draws_the_same_words(xp, cupy, count, dtype):
    x = drawn(dtype, count)
    _, keep = agree(xp, cupy, "dropout", x, (1 << 63) + 5, 1 << 40, 1 << 31, 2.0)
    agree(xp, cupy, "drop_backward", x, keep.get(), 2.0)


POOLS = [
    ((2, 3, 8, 8), Pool((2, 2), (2, 2), (0, 0), (1, 1)), (4, 4)),
    ((2, 9), Pool((3,), (1,), (0,), (2,)), (5,)),
    ((1, 2, 5, 6, 7), Pool((2, 3, 2), (1, 2, 3), (0, 0, 0), (1, 1, 1)), (4, 2, 2)),
    ((1, 20, 20), Pool((17, 17), (1, 2), (0, 0), (1, 1)), (4, 2)),
]


@pytest.mark.parametrize("kind", ["float32", "float64", "int32", "uint8"])
@pytest.mark.parametrize(("shape", "how", "sizes"), POOLS)
def test_max_pool(xp, cupy, shape, how, sizes, kind):
    x = (drawn("float64", *shape) * 3 + 9).astype(kind)
    if x.dtype.kind == "f":
        x.reshape(-1)[5] = np.nan
    _, place = agree(xp, cupy, "max_pool", x, how, sizes)
    if x.dtype.kind == "f":
        agree(xp, cupy, "max_pool_backward", drawn(kind, *place.shape), place.get(), shape, how)


def test_max_pool_backward_with_a_border(xp, cupy, dtype):
    how = Pool((3, 3), (2, 2), (1, 1), (1, 1))
    place = np.random.default_rng(0).integers(0, 9, (2, 3, 4, 4)).astype(np.uint8)
    place[..., 0, :] = place[..., :, 0] = 8
    place[..., 3, :] = place[..., :, 3] = 4
    agree(xp, cupy, "max_pool_backward", drawn(dtype, 2, 3, 4, 4), place, (2, 3, 7, 7), how)


MEANS = [
    ((2, 3, 8, 8), Pool((2, 2), (2, 2), (0, 0), (1, 1)), (4, 4)),
    ((2, 9), Pool((3,), (2,), (1,), (1,)), (5,)),
    # The last windows reach beyond the border.
    ((2, 3, 6), Pool((3,), (3,), (1,), (1,)), (3,)),
    ((1, 2, 5, 6, 7), Pool((2, 3, 2), (1, 2, 3), (1, 1, 0), (1, 1, 1)), (6, 3, 2)),
]


@pytest.mark.parametrize("override", [None, 3])
@pytest.mark.parametrize("include_pad", [False, True])
@pytest.mark.parametrize(("shape", "how", "sizes"), MEANS)
def test_avg_pool(xp, cupy, shape, how, sizes, include_pad, override, dtype):
    before = emulator.counts()["launches"]
    (out,) = agree(xp, cupy, "avg_pool", drawn(dtype, *shape), how, sizes, include_pad, override, times=10)
    agree(xp, cupy, "avg_pool_backward", drawn(dtype, *out.shape), shape, how, include_pad, override, times=10)
    assert emulator.counts()["launches"] == before + 2


@pytest.mark.parametrize("skipped", [None, 2, -1])
@pytest.mark.parametrize("index_type", ["int64", "int32"])
@pytest.mark.parametrize("shape", [(50, 3), (1, 1), (0, 4)])
def test_sum_of_rows(xp, cupy, shape, index_type, skipped, dtype):
    index = np.random.default_rng(0).integers(-7, 7, shape[0]).astype(index_type)
    agree(xp, cupy, "sum_of_rows", drawn(dtype, *shape), index, 7, skipped, times=10)


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("shrink", [None, 0.75])
def test_adam(xp, cupy, amsgrad, shrink, dtype):
    arrays = [drawn(dtype, 4, 7, seed=k) for k in range(3)]
    arrays += [np.abs(drawn(dtype, 4, 7, seed=5)), np.abs(drawn(dtype, 4, 7, seed=6)) if amsgrad else None]
    ours = [None if x is None else cupy.asarray(x) for x in arrays]
    numbers = (0.9, 0.999, 1e-8, 1e-3, math.sqrt(0.5), shrink)
    xp.adam(*ours, *numbers)
    HOST.adam(*arrays, *numbers)
    for a, b in zip(ours, arrays, strict=True):
        if b is not None:
            np.testing.assert_allclose(a.get(), b, **TOLERANCE[dtype])


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("weight_decay", [0, 0.1])
@pytest.mark.parametrize(
    ("first", "momentum", "dampening", "nesterov"),
    [
        (0, 0, 0, False),
        (1, 0.9, 0.5, False),
        (0, 0.9, 0, False),
        (0, 0.9, 0.5, False),
        (0, 0.9, 0, True),
        (1, 0.9, 0, True),
    ],
)
def test_sgd(xp, cupy, first, momentum, dampening, nesterov, weight_decay, maximize, dtype):
    """One launch, and what NumPy's steps give; a new momentum buffer holds nonsense."""
    p, g = drawn(dtype, 4, 7, seed=1), drawn(dtype, 4, 7, seed=2)
    buffer = (np.full((4, 7), np.nan, dtype) if first else drawn(dtype, 4, 7, seed=3)) if momentum else None
    arrays = [p, g, buffer]
    ours = [None if x is None else cupy.asarray(x) for x in arrays]
    numbers = (0.1, first, momentum, dampening, weight_decay, nesterov, maximize)
    before = emulator.counts()["launches"]
    xp.sgd(*ours, *numbers)
    assert emulator.counts()["launches"] == before + 1
    HOST.sgd(*arrays, *numbers)
    for a, b in zip(ours, arrays, strict=True):
        if b is not None:
            np.testing.assert_allclose(a.get(), b, **TOLERANCE[dtype])
