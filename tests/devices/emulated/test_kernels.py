"""The project's own kernels where NumPy's answer is exact, or where CuPy's own is not good enough."""

import itertools

import ml_dtypes
import numpy as np
import pytest
from teletensor_core import special
from teletensor_core.backends.numpy import NumPyNamespace
from teletensor_core.random import philox

HOST = NumPyNamespace()
EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.1, -0.1, 2.5, -7.25, 1e30, -1e30, np.inf, -np.inf, np.nan])


@pytest.fixture
def xp(backend):
    return backend.xp


def equal(ours, theirs):
    """The same bits, but for NaN: which of its bit patterns a processor makes is its own affair."""
    ours = ours.get()
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.signbit(ours) & ~np.isnan(ours), np.signbit(theirs) & ~np.isnan(theirs))


@pytest.mark.parametrize(
    ("count", "seed", "offset"),
    [(1, 0, 0), (7, 5, 3), (4096, (1 << 64) - 1, (1 << 40) + 1), (30_001, 123456789, 2**33)],
)
def test_random_bits(xp, count, seed, offset):
    np.testing.assert_array_equal(xp.random_bits(count, seed, offset).get(), philox.bits(count, seed, offset))


def test_normal_numbers_are_equal_to_the_last_bit(xp, cupy):
    """The compiler may not join a multiplication and an addition here, and does wherever it may."""
    words = philox.bits(60_000, 3, 0).astype(np.float64)
    uniform = np.concatenate([(words + 0.5) * 2.0**-32, [2.0**-33, 1 - 2.0**-33, 0.5, 0.075, 0.925, 1e-12, 1e-300]])
    np.testing.assert_array_equal(xp.ndtri(cupy.asarray(uniform)).get(), philox.normal_from_uniform(uniform))


def test_contraction_would_show(cupy):
    """The emulated device does what the test before this one guards against."""
    product_and_sum = cupy.ElementwiseKernel("float64 a, float64 b, float64 c", "float64 y", "y = a * b + c", "fused")
    a = cupy.asarray(np.array([1 + 2.0**-30]))
    assert product_and_sum(a, a, cupy.asarray(np.array([-1.0])) - 2.0**-29).get()[0] == 2.0**-60


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", ["floor_divide", "remainder"])
def test_division(xp, cupy, function, dtype):
    a, b = (np.array(x, dtype) for x in zip(*itertools.product(EDGES, EDGES), strict=True))
    with np.errstate(all="ignore"):
        theirs = getattr(np, function)(a, b)
    equal(getattr(xp, function)(cupy.asarray(a), cupy.asarray(b)), theirs)
    with np.errstate(all="ignore"):
        equal(getattr(xp, function)(cupy.asarray(a), 0.1), getattr(np, function)(a, 0.1))


@pytest.mark.parametrize("function", ["floor_divide", "remainder", "fmod"])
def test_integers_divided_by_zero_are_zero(xp, cupy, function):
    x = cupy.asarray(np.array([3, -3, 0]))
    assert getattr(xp, function)(x, cupy.zeros(3, "int64")).tolist() == [0, 0, 0]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 700), (2, 70, 3), (1000,), (5, 4), (0, 3), (4, 0), (70, 70)])
@pytest.mark.parametrize("function", ["running_max", "running_min"])
def test_scans(xp, cupy, function, shape, dtype):
    x = np.random.default_rng(0).normal(size=shape) * 50
    x = (x > 0 if dtype == "bool" else np.abs(x) if dtype == "uint8" else x).astype(dtype)
    if x.dtype.kind == "f" and x.size:
        x.reshape(-1)[x.size // 2] = np.nan
    for axis in range(x.ndim):
        equal(getattr(xp, function)(cupy.asarray(x), axis), getattr(HOST, function)(x, axis))


SCATTERS = [
    (function, dtype)
    for function in ("scatter_add", "scatter_mul", "scatter_max", "scatter_min")
    for dtype in ("uint8", "int16", "int64", "float32", "float64", "complex64")
    if dtype != "complex64" or function in ("scatter_add", "scatter_mul")
]


@pytest.mark.parametrize(("function", "dtype"), SCATTERS)
def test_scatters_count_duplicates(xp, cupy, function, dtype):
    random = np.random.default_rng(1)
    target, values = random.integers(1, 4, (40,)).astype(dtype), random.integers(1, 4, (200,)).astype(dtype)
    places = random.integers(-40, 40, (200,))
    ours = cupy.asarray(target)
    getattr(xp, function)(ours, (cupy.asarray(places),), cupy.asarray(values))
    getattr(HOST, function)(target, (places,), values)
    np.testing.assert_allclose(ours.get(), target, rtol=1e-5)


def test_scatter_extremes_keep_float64_and_nan(xp, cupy):
    """CuPy's own round to float32 on the way, and lose NaN."""
    target = cupy.zeros(2)
    xp.scatter_max(target, (cupy.asarray([0, 1, 1]),), cupy.asarray([1 / 3, np.nan, 5.0]))
    assert target[0] == 1 / 3
    assert bool(cupy.isnan(target[1]))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_every_nan_is_sorted_last(xp, cupy, dtype):
    x = np.array([2.0, np.nan, -1.0, -np.nan, np.inf, 2.0, -0.0, 0.0], dtype)
    assert np.signbit(x[3])
    assert xp.stable_argsort(cupy.asarray(x), 0).tolist() == np.argsort(x, kind="stable").tolist()
    np.testing.assert_array_equal(xp.sort(cupy.asarray(x)).get(), np.sort(x))


def test_choices_stay_bfloat16(xp, cupy):
    x = cupy.asarray(np.array([1.5, -2.0], ml_dtypes.bfloat16))
    for chosen in (xp.where(x > 0, x, x), xp.where(x > 0, x, 0.0), xp.where(x > 0, 1.0, x)):
        assert chosen.dtype == ml_dtypes.bfloat16
    assert xp.where(x > 0, x, cupy.asarray([1.0, 2.0])).dtype == np.float64


def test_logic_of_complex_numbers(xp, cupy):
    x = np.array([0, 1j, 1, 0], "complex64")
    y = np.array([0, 0, 1j, 1j], "complex64")
    for name in ("logical_and", "logical_or", "logical_xor"):
        assert getattr(xp, name)(cupy.asarray(x), cupy.asarray(y)).tolist() == getattr(np, name)(x, y).tolist()
    assert xp.logical_not(cupy.asarray(x)).tolist() == np.logical_not(x).tolist()


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv", "lgamma", "digamma", "sigmoid"])
def test_special_functions_at_the_edges(xp, cupy, name):
    x = np.array([0.0, -0.0, 1.0, -1.0, 0.999999, 1.5, -1.5, 5.0, -5.5, 20.0, np.inf, -np.inf, np.nan, 1e-20])
    with np.errstate(all="ignore"):
        theirs = getattr(HOST, name)(x)
    np.testing.assert_allclose(getattr(xp, name)(cupy.asarray(x)).get(), theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("s", [2, 3, 7])
def test_zeta(xp, cupy, s):
    q = np.array([0.3, 1.0, 2.5, 9.9, 10.0, 50.0, 1e6, -0.5, -3.25, 0.0, -2.0, -5000.5, np.inf, np.nan])
    with np.errstate(all="ignore"):
        theirs = special.zeta(s, q)
    np.testing.assert_allclose(xp.zeta(s, cupy.asarray(q)).get(), theirs, rtol=1e-13)
