"""New tensors from sizes and numbers, and the triangles of matrices."""

import math

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, ArgumentTypeError, DimensionError, ShapeError
from teletensor_core.kernels.casting import fitted
from teletensor_core.registry import Family, op
from teletensor_core.rules import normalize_dim, require, same
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _sized(shape, dtype):
    for n in shape:
        if n < 0:
            raise ShapeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    return spec(tuple(shape), dtype)


_filled: Family = {
    "infer": lambda *value, shape, dtype: _sized(shape, dtype),
    "opmath": False,
    "namespaces": (),
    "differentiable": False,
}


_SHAPES = calls(
    Sample(shape=(2, 3), dtype=dtypes.float32),
    Sample(shape=(), dtype=dtypes.int64),
    Sample(shape=(0, 2), dtype=dtypes.bool_),
    Sample(shape=(2,), dtype=dtypes.bfloat16),
    Sample(shape=(2,), dtype=dtypes.complex64),
)


@op(
    **_filled,
    samples=calls(
        Sample(1.5, shape=(2, 3), dtype=dtypes.float32),
        Sample(7, shape=(), dtype=dtypes.int64),
        Sample(True, shape=(2,), dtype=dtypes.bool_),
        Sample(-1, shape=(0,), dtype=dtypes.float16),
        Sample(2, shape=(3,), dtype=dtypes.complex64),
    ),
)
def full(xp, value, *, shape, dtype):
    """One number everywhere."""
    out = xp.empty(shape, dtype.np)
    out[...] = fitted(value, dtype.np)
    return out


@op(**_filled, samples=_SHAPES)
def zeros(xp, *, shape, dtype):
    """Zeros."""
    return xp.zeros(shape, dtype.np)


@op(**_filled, samples=_SHAPES)
def ones(xp, *, shape, dtype):
    """Ones."""
    return xp.ones(shape, dtype.np)


@op(**_filled, samples=_SHAPES)
def empty(xp, *, shape, dtype):
    """Anything: zeros here, because what is in a worker's memory may be somebody else's."""
    return xp.zeros(shape, dtype.np)


# -- ranges -----------------------------------------------------------------------------------------------------------


def _arange_length(start, end, step):
    """How many numbers fit, rounding up: exactly for integers."""
    if all(isinstance(x, int) for x in (start, end, step)):
        return max(-((start - end) // step), 0)
    return max(math.ceil((end - start) / step), 0)


def _arange_spec(*, start, end, step, dtype):
    require(step != 0, ShapeError, "step must be nonzero")
    if abs(start) == float("inf") or abs(end) == float("inf") or start != start or end != end:
        raise ShapeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise ShapeError("upper bound and lower bound inconsistent with step sign")
    return spec((_arange_length(start, end, step),), dtype)


@op(
    infer=_arange_spec,
    opmath=False,
    namespaces=(),
    differentiable=False,
    samples=calls(
        Sample(start=0, end=5, step=1, dtype=dtypes.int64),
        Sample(start=5, end=-4, step=-2, dtype=dtypes.int32),
        Sample(start=0.5, end=2.0, step=0.3, dtype=dtypes.float32),
        Sample(start=0, end=1, step=0.1, dtype=dtypes.float64),
        Sample(start=3, end=3, step=1, dtype=dtypes.int64),
        Sample(start=0, end=4, step=1, dtype=dtypes.bfloat16),
        Sample(start=2**53, end=2**53 + 3, step=1, dtype=dtypes.int64),
    ),
)
def arange(xp, *, start, end, step, dtype):
    """Numbers from `start` up to, not including, `end`, `step` apart."""
    count = _arange_length(start, end, step)
    if dtype.category == dtypes.INTEGER:
        start, step = int(start), int(step)
        return (xp.arange(count, dtype="int64") * step + start).astype(dtype.np)
    return (xp.arange(count, dtype="float64") * float(step) + float(start)).astype(dtype.np)


def _steps_spec(*, start, end, steps, dtype, **base):
    require(steps >= 0, ShapeError, f"number of steps must be non-negative, got {steps}")
    for x in (start, end):
        require(isinstance(x, (int, float, complex)), ArgumentTypeError, f"expected a number, got {x!r}")
    return spec((steps,), dtype)


def _even(xp, start, end, steps, dtype):
    """`steps` numbers from start to end, counted from the nearer end so that both are exact."""
    work = "float64" if dtype.category < dtypes.FLOAT or dtype.itemsize == 8 else "float32"
    if dtype.is_complex:
        work = "complex128" if dtype is dtypes.complex128 else "complex64"
    at = xp.arange(steps, dtype=work)
    if steps == 1:
        return at + start
    first, last = xp.asarray(start, dtype=work), xp.asarray(end, dtype=work)
    step = (last - first) / (steps - 1)
    # Multiplied and added with one rounding, as PyTorch does: in double precision both are exact for the single one.
    wide = "complex128" if dtype.is_complex else "float64"
    first, last, step, at = (x.astype(wide) for x in (first, last, step, at))
    made = xp.where(xp.arange(steps) < steps // 2, first + step * at, last - step * (steps - 1 - at))
    return made.astype(work)


@op(
    infer=_steps_spec,
    opmath=False,
    namespaces=(),
    differentiable=False,
    samples=calls(
        Sample(start=0, end=1, steps=5, dtype=dtypes.float32),
        Sample(start=-3.5, end=10.0, steps=7, dtype=dtypes.float64),
        Sample(start=2, end=9, steps=1, dtype=dtypes.float32),
        Sample(start=0, end=10, steps=4, dtype=dtypes.int64),
        Sample(start=0, end=1, steps=0, dtype=dtypes.float32),
    ),
)
def linspace(xp, *, start, end, steps, dtype):
    """`steps` numbers evenly spread from `start` to `end`, both included."""
    out = _even(xp, start, end, steps, dtype)
    return xp.trunc(out).astype(dtype.np) if dtype.category < dtypes.FLOAT else out.astype(dtype.np)


@op(
    infer=_steps_spec,
    opmath=False,
    namespaces=(),
    differentiable=False,
    samples=calls(
        Sample(start=0, end=2, steps=5, base=10.0, dtype=dtypes.float64),
        Sample(start=-1, end=3, steps=4, base=2.0, dtype=dtypes.float32),
    ),
)
def logspace(xp, *, start, end, steps, base, dtype):
    """`base` to the power of `steps` numbers evenly spread from `start` to `end`."""
    return xp.power(base, _even(xp, start, end, steps, dtype)).astype(dtype.np)


# -- matrices ---------------------------------------------------------------------------------------------------------


def _eye_spec(*, n, m, dtype):
    require(n >= 0 and m >= 0, ShapeError, f"n and m must be greater or equal to 0, got {n} and {m}")
    return spec((n, m), dtype)


@op(
    infer=_eye_spec,
    opmath=False,
    namespaces=(),
    differentiable=False,
    samples=calls(
        Sample(n=3, m=3, dtype=dtypes.float32),
        Sample(n=2, m=4, dtype=dtypes.bool_),
        Sample(n=0, m=2, dtype=dtypes.float64),
    ),
)
def eye(xp, *, n, m, dtype):
    """Ones on the diagonal of an n by m matrix, zeros elsewhere."""
    return (xp.arange(n)[:, None] == xp.arange(m)).astype(dtype.np)


def _matrix(input, *, diagonal=0):
    require(input.ndim >= 2, ShapeError, f"input tensor must have at least 2 dimensions, got {input.ndim}")
    return same(input)


_TRIANGLES = calls(
    Sample(T(3, 4)),
    Sample(T(2, 3, 3), diagonal=1),
    Sample(T(4, 2), diagonal=-1),
    Sample(T(0, 3)),
    Sample(T(2, 2), diagonal=9),
)


def _at_or_below(xp, input, diagonal):
    rows, columns = input.shape[-2:]
    return xp.arange(columns) <= xp.arange(rows)[:, None] + diagonal


@op(infer=_matrix, opmath=False, inplace=True, samples=_TRIANGLES)
def tril(xp, input, *, diagonal=0):
    """The elements on and below a diagonal of each matrix, zeros above."""
    return xp.where(_at_or_below(xp, input, diagonal), input, xp.zeros((), input.dtype))


@tril.vjp("input")
def _(ops, g, out, input, *, diagonal=0):
    return ops.tril(g, diagonal=diagonal)


@op(infer=_matrix, opmath=False, inplace=True, samples=_TRIANGLES)
def triu(xp, input, *, diagonal=0):
    """The elements on and above a diagonal of each matrix, zeros below."""
    return xp.where(_at_or_below(xp, input, diagonal - 1), xp.zeros((), input.dtype), input)


@triu.vjp("input")
def _(ops, g, out, input, *, diagonal=0):
    return ops.triu(g, diagonal=diagonal)


def _diagonal_dims(ndim, dim1, dim2):
    a, b = normalize_dim(dim1, ndim + 1), normalize_dim(dim2, ndim + 1)
    if a == b:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return a, b


def _diag_embed_spec(input, *, offset=0, dim1=-2, dim2=-1):
    require(input.ndim >= 1, DimensionError, "diag_embed() needs at least one dimension")
    side = input.shape[-1] + abs(offset)
    shape = list(input.shape[:-1])
    for d in sorted(_diagonal_dims(input.ndim, dim1, dim2)):
        shape.insert(d, side)
    return spec(tuple(shape), input.dtype)


@op(
    infer=_diag_embed_spec,
    opmath=False,
    samples=calls(
        Sample(T(3)),
        Sample(T(2, 3)),
        Sample(T(2, 3), offset=1),
        Sample(T(2, 3), offset=-2, dim1=0, dim2=2),
        Sample(T(2, 3), dim1=-1, dim2=0),
        Sample(T(0)),
    ),
)
def diag_embed(xp, input, *, offset=0, dim1=-2, dim2=-1):
    """Matrices with the last dimension on their diagonal, zeros elsewhere."""
    length = input.shape[-1]
    side = length + abs(offset)
    out = xp.zeros((*input.shape[:-1], side, side), input.dtype)
    at = xp.arange(length)
    out[..., at + max(-offset, 0), at + max(offset, 0)] = input
    return xp.moveaxis(out, (-2, -1), _diagonal_dims(input.ndim, dim1, dim2))


@diag_embed.vjp("input")
def _(ops, g, out, input, *, offset=0, dim1=-2, dim2=-1):
    return ops.diagonal(g, offset=offset, dim1=dim1, dim2=dim2)


def _lower(row, col, offset):
    """Of a row by col matrix: the first row that reaches a diagonal, the first that is full below it, and the count.

    Row i has min(max(i + offset + 1, 0), col) of them.
    """
    first = min(max(0, -offset), row)
    full = max(first, min(col - offset - 1, row))
    return first, full, (full - first) * (first + full + 2 * offset + 1) // 2 + (row - full) * col


def _lower_spec(*, row, col, offset=0, dtype=dtypes.int64):
    _check_sizes(row, col)
    return spec((2, _lower(row, col, offset)[2]), dtype)


def _upper_spec(*, row, col, offset=0, dtype=dtypes.int64):
    _check_sizes(row, col)
    return spec((2, row * col - _lower(row, col, offset - 1)[2]), dtype)


def _check_sizes(row, col):
    require(row >= 0 and col >= 0, ArgumentError, f"row and col must be non-negative, got {row} and {col}")


def _listed(xp, rows, first, past, count, dtype):
    """Row and column of the `count` elements of `rows`, a range, in the columns `first(i)` to before `past(i)`."""
    i = xp.arange(rows.start, rows.stop, dtype="int64")
    ends = xp.cumsum(past(i) - first(i))
    at = xp.arange(count, dtype="int64")
    where = xp.searchsorted(ends, at, side="right")
    return xp.stack([i[where], at - (ends - past(i))[where]]).astype(dtype.np) if len(rows) else xp.stack([at, at])


_CORNERS = calls(
    Sample(row=3, col=3),
    Sample(row=3, col=4, offset=1),
    Sample(row=4, col=3, offset=-1),
    Sample(row=3, col=3, offset=-5),
    Sample(row=0, col=3),
)


@op(
    infer=_lower_spec,
    namespaces=(),
    differentiable=False,
    samples=_CORNERS,
)
def tril_indices(xp, *, row, col, offset=0, dtype=dtypes.int64):
    """Rows and columns of the elements on and below a diagonal: shape (2, count)."""
    begin, _, count = _lower(row, col, offset)
    rows = range(begin, row if count else begin)
    return _listed(xp, rows, lambda i: 0 * i, lambda i: xp.minimum(i + (offset + 1), col), count, dtype)


@op(
    infer=_upper_spec,
    namespaces=(),
    differentiable=False,
    samples=_CORNERS,
)
def triu_indices(xp, *, row, col, offset=0, dtype=dtypes.int64):
    """Rows and columns of the elements on and above a diagonal: shape (2, count)."""
    _, full, below = _lower(row, col, offset - 1)
    rows = range(full if col else 0)
    return _listed(xp, rows, lambda i: xp.maximum(i + offset, 0), lambda i: 0 * i + col, row * col - below, dtype)
