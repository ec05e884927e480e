"""Random numbers: pure functions of a seed and an offset, which the client counts. Equal on every backend."""

import math

from teletensor_core import dtypes, rules
from teletensor_core.errors import ArgumentError, ShapeError, UnsupportedError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_f32 = dtypes.float32
_SHAPES = calls(*[Sample(7, 0, shape=shape, dtype=_f32) for shape in ((3, 4), (), (0, 2))])

_NO_PROBABILITIES = (
    "probability tensor contains either `inf`, `nan` or element < 0, or invalid multinomial distribution (sum of "
    "probabilities <= 0): a row's shares"
)


def _made(seed, offset, *, shape, dtype, **attrs):
    if dtype.category < dtypes.FLOAT:
        raise UnsupportedError(f"\"random\" not implemented for '{dtype.title}', only for floating point numbers")
    return spec(shape, dtype)


def _count(shape):
    count = 1
    for n in shape:
        count *= n
    return count


def _unit(xp, seed, offset, shape, double=False):
    """Uniform numbers in [0, 1): multiples of 2**-24 in float32, of 2**-53 in float64."""
    count = _count(shape)
    if not double:
        return ((xp.random_bits(count, seed, offset) >> 8).astype("f") * 2.0**-24).reshape(shape)
    words = xp.random_bits(2 * count, seed, offset).reshape((count, 2)).astype("d")
    return ((xp.floor(words[:, 0] / 32) * 2.0**26 + xp.floor(words[:, 1] / 64)) * 2.0**-53).reshape(shape)


def _open_unit(xp, seed, offset, shape):
    """Uniform float64 strictly between 0 and 1."""
    words = xp.random_bits(_count(shape), seed, offset).astype("d")
    return ((words + 0.5) * 2.0**-32).reshape(shape)


def _normal(xp, seed, offset, shape):
    return xp.ndtri(_open_unit(xp, seed, offset, shape).reshape(-1)).reshape(shape)


_random: Family = {"differentiable": False, "namespaces": (), "random": True, "opmath": False}


@op(infer=_made, **_random, samples=_SHAPES)
def rand(xp, seed, offset, *, shape, dtype):
    """Uniform numbers in [0, 1)."""
    return _unit(xp, seed, offset, shape, double=dtype is dtypes.float64)


@op(infer=_made, **_random, samples=_SHAPES)
def randn(xp, seed, offset, *, shape, dtype):
    """Standard normal numbers."""
    return _normal(xp, seed, offset, shape)


@op(
    infer=lambda seed, offset, *, low, high, shape, dtype: spec(shape, dtype),
    **_random,
    samples=calls(Sample(7, 0, low=-2, high=5, shape=(3, 4), dtype=dtypes.int64)),
)
def randint(xp, seed, offset, *, low, high, shape, dtype):
    """Integers from `low` up to, not including, `high`."""
    span = high - low
    if span <= 1 << 24:
        return low + xp.floor(_open_unit(xp, seed, offset, shape) * span).astype("q")
    return low + xp.floor(_unit(xp, seed, offset, shape, double=True) * span).astype("q")


def _permutation_spec(seed, offset, *, n, dtype):
    if n < 0:
        raise ArgumentError(f"n must be non-negative, got {n}")
    return spec((n,), dtype)


@op(
    infer=_permutation_spec,
    **_random,
    samples=calls(Sample(7, 0, n=5, dtype=dtypes.int64)),
)
def randperm(xp, seed, offset, *, n, dtype):
    """The integers below n in random order."""
    return xp.stable_argsort(xp.random_bits(2 * n, seed, offset).view("Q"), 0)


_filling: Family = {"inplace": True, "namespaces": (), "random": True, "opmath": False}


def _fill_spec(input, seed, offset, **attrs):
    domains.require(input.dtype, domains.FLOATS, domains.COMPLEX)
    return rules.same(input)


def _no_gradient(ops, g, out, input, *rest, **attrs):
    return ops.mul(g, 0)


@op(infer=_fill_spec, **_filling, samples=calls(Sample(T(3, 4), 7, 0, low=-1.0, high=2.0)))
def uniform(xp, input, seed, offset, *, low, high):
    """Uniform numbers between `low` and `high`, in the shape of `input`."""
    return _unit(xp, seed, offset, input.shape, double=input.dtype.itemsize == 8) * (high - low) + low


@op(infer=_fill_spec, **_filling, samples=calls(Sample(T(3, 4), 7, 0, mean=1.0, std=2.0)))
def normal(xp, input, seed, offset, *, mean, std):
    """Normal numbers, in the shape of `input`."""
    return _normal(xp, seed, offset, input.shape) * std + mean


@op(infer=_fill_spec, **_filling, samples=calls(Sample(T(3, 4), 7, 0, lambd=2.0)))
def exponential(xp, input, seed, offset, *, lambd):
    """Exponentially distributed numbers with rate `lambd`, in the shape of `input`."""
    return xp.log(_open_unit(xp, seed, offset, input.shape)) / -lambd


@op(
    infer=lambda input, seed, offset, *, low, high: rules.same(input),
    **_filling,
    samples=calls(Sample(T(3, 4, dtype=dtypes.int64), 7, 0, low=0, high=9)),
)
def random(xp, input, seed, offset, *, low, high):
    """Integers from `low` up to, not including, `high`, in the shape and dtype of `input`."""
    return randint.kernel(xp, seed, offset, low=low, high=high, shape=input.shape, dtype=dtypes.int64)


for _op in (uniform, normal, exponential, random):
    _op.vjp("input")(_no_gradient)


@op(
    infer=lambda input, seed, offset: domains.real_continuous(rules.same)(input),
    namespaces=(),
    random=True,
    differentiable=False,
    samples=calls(Sample(T(3, 4, low=0, high=1), 7, 0)),
)
def bernoulli(xp, input, seed, offset):
    """Ones with the probabilities that `input` gives."""
    xp.check_unit(input, "Expected p_in >= 0 && p_in <= 1 to be true, but got false: all probabilities")
    return (_unit(xp, seed, offset, input.shape) < input).astype(input.dtype)


def _multinomial_spec(input, seed, offset, *, num_samples, replacement):
    domains.require(input.dtype, domains.FLOATS)
    if input.ndim not in (1, 2):
        raise ShapeError(f"prob_dist must be 1 or 2 dim, got {input.ndim}")
    if num_samples <= 0 or (not replacement and num_samples > input.shape[-1]):
        raise ArgumentError(f"cannot sample {num_samples} of {input.shape[-1]} categories without replacement")
    return spec((*input.shape[:-1], num_samples), dtypes.int64)


@op(
    infer=_multinomial_spec,
    namespaces=(),
    random=True,
    differentiable=False,
    samples=calls(
        Sample(T(4, low=0.1), 7, 0, num_samples=2, replacement=False),
        Sample(T(2, 3, low=0.1), 7, 0, num_samples=5, replacement=True),
    ),
)
def multinomial(xp, input, seed, offset, *, num_samples, replacement):
    """Indices drawn in proportion to each row: by exponential races, or with replacement by the inverse of the sums."""
    # NaN where a row has nothing to draw from, too.
    xp.check_unit(xp.asarray(input, "d") / xp.sum(input, axis=-1, keepdims=True, dtype="d"), _NO_PROBABILITIES)
    if not replacement:
        times = -xp.log(_open_unit(xp, seed, offset, input.shape)) / xp.asarray(input, "d")
        first = (slice(None),) * (input.ndim - 1) + (slice(0, num_samples),)
        return xp.array(xp.stable_argsort(times, -1)[first], order="C")
    sums = xp.cumsum(input.astype("d"), axis=-1)
    marks = _unit(xp, seed, offset, (*input.shape[:-1], num_samples), double=True) * sums[..., -1:]
    return xp.sum(sums[..., None, :] <= marks[..., :, None], axis=-1)


def _dropout_spec(input, seed, offset, *, p):
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")
    return rules.floating(input), spec(input.shape, dtypes.bool_)


_dropout: Family = {"infer": _dropout_spec, "saves": ("out[1]",), "namespaces": (), "random": True}


@op(**_dropout, samples=calls(Sample(T(3, 4), 7, 0, p=0.5), Sample(T(3), 7, 0, p=1.0), Sample(T(3), 7, 0, p=0.0)))
def dropout(xp, input, seed, offset, *, p):
    """Elements kept with probability 1 - p and scaled by its inverse, the others zero; and which were kept."""
    if p >= 1:
        keep = xp.zeros(input.shape, bool)
        return xp.drop_backward(input, keep, 0.0), keep
    return xp.dropout(input, seed, offset, _lowest(p), _scale(p))


@op(**_dropout, samples=calls(Sample(T(2, 3, 4), 7, 0, p=0.5)))
def feature_dropout(xp, input, seed, offset, *, p):
    """Whole channels (the first two dimensions) kept or dropped together; and which elements were kept."""
    lead = input.shape[:2]
    keep = xp.zeros(lead, bool) if p >= 1 else xp.dropout(xp.empty(lead, input.dtype), seed, offset, _lowest(p), 1.0)[1]
    keep = xp.array(xp.broadcast_to(keep.reshape(lead + (1,) * (input.ndim - len(lead))), input.shape), order="C")
    return xp.drop_backward(input, keep, _scale(p)), keep


def _lowest(p):
    """The least random word that is kept: of the words' upper 24 bits, as in `_unit`, a share p is below it."""
    return math.ceil(p * 2**24) << 8


def _scale(p):
    return 1 / (1 - p) if p < 1 else 0.0


def _dropped(ops, g, out, input, seed, offset, *, p):
    return ops.drop_backward(g[0], out[1], scale=_scale(p))


dropout.vjp("input")(_dropped)
feature_dropout.vjp("input")(_dropped)


@op(infer=lambda g, keep, *, scale: rules.same(g), saves=("keep",), namespaces=())
def drop_backward(xp, g, keep, *, scale):
    """`g` times `scale` where `keep` is true, zero elsewhere."""
    return xp.drop_backward(g, keep, scale)


@drop_backward.vjp("g")
def _(ops, gg, result, g, keep, *, scale):
    return ops.drop_backward(gg, keep, scale=scale)
