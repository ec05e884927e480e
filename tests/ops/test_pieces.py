"""Kernels that work piece by piece give what they give on whole arrays, wherever the cuts fall."""

import numpy as np
import pytest
from teletensor_core.backends.numpy import NumPyNamespace
from teletensor_core.kernels import attention, convolution, winograd
from teletensor_core.kernels.pooling import Pool
from teletensor_core.kernels.windows import Geometry


def drawn(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def attend(mask, causal=False):
    def run(xp):
        query, key, value = drawn(5, 2, 6, 4), drawn(5, 2, 7, 4, seed=1), drawn(5, 2, 7, 3, seed=2)
        added = xp.attention_offset(query, key, mask, causal)
        out = attention.forward(xp, query, key, value, added, 0.5)
        return out, *attention.backward(xp, drawn(*out.shape, seed=3), query, key, value, added, 0.5)

    return run


def convolve(shape, weight, how, places, way=convolution):
    def run(xp):
        x, w, g = drawn(*shape), drawn(*weight, seed=1), drawn(shape[0], weight[0], *places, seed=2)
        out = way.forward(xp, x, w, drawn(weight[0], seed=3), places, how)
        return out, way.input_gradient(xp, g, w, shape, how), way.weight_gradient(xp, g, x, weight, how)

    return run


POOL = Pool((2, 3), (2, 1), (0, 0), (1, 1))
KERNELS = {
    "softmax": lambda xp: xp.softmax(drawn(9, 4)),
    "softmax backward": lambda xp: xp.softmax_backward(drawn(9, 4), drawn(9, 4, seed=1)),
    "log softmax": lambda xp: xp.log_softmax(drawn(9, 4)),
    "log softmax backward": lambda xp: xp.log_softmax_backward(drawn(9, 4), drawn(9, 4, seed=1)),
    "logsumexp": lambda xp: xp.row_logsumexp(drawn(9, 4)),
    "layer norm": lambda xp: xp.layer_norm(drawn(9, 4), drawn(4), drawn(4, seed=1), 1e-5),
    "layer norm backward": lambda xp: xp.layer_norm_backward(drawn(9, 4), drawn(9, 4, seed=1), drawn(4), 1e-5),
    "batch norm": lambda xp: xp.batch_norm(drawn(7, 3, 5), drawn(3), drawn(3, seed=1), 1e-5),
    "batch norm backward": lambda xp: xp.batch_norm_backward(drawn(7, 3, 5), drawn(7, 3, 5, seed=1), drawn(3), 1e-5),
    "max pool": lambda xp: xp.max_pool(drawn(7, 4, 5), POOL, (2, 3)),
    "max pool backward": lambda xp: xp.max_pool_backward(
        drawn(7, 2, 3), np.arange(42).reshape(7, 2, 3) % 6, (7, 4, 5), POOL
    ),
    "gelu": lambda xp: xp.gelu(drawn(33), "none"),
    "gelu backward": lambda xp: xp.gelu_backward(drawn(33), drawn(33, seed=1), "tanh"),
    "silu backward": lambda xp: xp.silu_backward(drawn(33), drawn(33, seed=1)),
    "attention": attend(None),
    "attention that is causal": attend(None, causal=True),
    "attention with a mask": attend(np.arange(42).reshape(6, 7) % 7 % 4 < 3, causal=True),
    "attention with a mask for each sample": attend(drawn(5, 1, 6, 7)),
    "convolution by sample": convolve((5, 1, 6, 9), (8, 1, 3, 3), Geometry((1, 1), (1, 1), (1, 1), 1), (6, 9)),
    "convolution, batch last": convolve((5, 4, 6, 5), (4, 2, 3, 3), Geometry((2, 1), (1, 0), (1, 2), 2), (3, 1)),
    "convolution in tiles": convolve(
        (33, 9, 6, 5), (8, 9, 3, 3), Geometry((1, 1), (1, 0), (1, 1), 1), (6, 3), winograd
    ),
}


@pytest.mark.parametrize("name", KERNELS)
def test_pieces_make_the_whole(name):
    whole, pieces = NumPyNamespace(), NumPyNamespace()
    whole.elements_at_once, whole.workspace = 0, 1 << 30
    pieces.elements_at_once, pieces.workspace = 9, 200
    ours, theirs = KERNELS[name](pieces), KERNELS[name](whole)
    ours, theirs = (x if isinstance(x, tuple) else (x,) for x in (ours, theirs))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("size", [(3, 4), (4, 4), (5, 8), (7, 7), (9, 3)], ids=str)
@pytest.mark.parametrize("padding", [(0, 0), (1, 1), (2, 2), (0, 2), (1, 0)], ids=str)
def test_a_convolution_in_tiles_is_the_same_convolution(size, padding):
    places = tuple(n + 2 * p - 2 for n, p in zip(size, padding, strict=True))
    how, shape, weight = Geometry((1, 1), padding, (1, 1), 1), (3, 5, *size), (4, 5, 3, 3)
    tiles, windows = (convolve(shape, weight, how, places, way)(NumPyNamespace()) for way in (winograd, convolution))
    for a, b in zip(tiles, windows, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_tiles_are_taken_where_they_pay():
    x, how = np.zeros((64, 16, 8, 8), np.float32), Geometry((1, 1), (1, 1), (1, 1), 1)
    assert winograd.suits(x, (32, 16, 3, 3), (8, 8), how)
    assert not winograd.suits(x, (32, 16, 5, 5), (6, 6), how)
    assert not winograd.suits(x, (32, 16, 3, 3), (4, 4), how._replace(stride=(2, 2)))
    assert not winograd.suits(x, (32, 8, 3, 3), (8, 8), how._replace(groups=2))
    assert not winograd.suits(x.astype(np.complex64), (32, 16, 3, 3), (8, 8), how)
    assert not winograd.suits(x[:1], (32, 16, 3, 3), (8, 8), how)
    before = np.getbufsize()
    NumPyNamespace().conv(x, np.zeros((32, 16, 3, 3), np.float32), None, (8, 8), how)
    assert np.getbufsize() == before
