"""LU factorisation with row exchanges, eigenvalues of any square matrix, and whether a matrix is positive definite."""

from teletensor_core import dtypes
from teletensor_core.errors import DTypeError, ShapeError
from teletensor_core.kernels import factorization
from teletensor_core.ops.linalg import _continuous, _square, _t
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _lu_spec(input):
    if input.ndim < 2:
        raise ShapeError(
            f"torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: {list(input.shape)} instead"
        )
    *batch, m, n = _continuous(input, "lu_factor").shape
    k = min(m, n)
    return (
        spec((*batch, m), dtypes.int64),
        spec((*batch, m, k), input.dtype),
        spec((*batch, k, n), input.dtype),
        spec((*batch, k), dtypes.int32),
        spec(tuple(batch), dtypes.int32),
    )


@op(
    infer=_lu_spec,
    saves=("out",),
    namespaces=(),
    grad_name="LinalgLuFactorEx",
    samples=calls(Sample(T(3, 3)), Sample(T(2, 4, 3)), Sample(T(3, 5)), Sample(T(1, 1))),
)
def lu(xp, input):
    """The order of rows for which input[rows] = L U, L, U, exchanges of rows, and where U's diagonal is first zero.

    The latter two count from 1, as LAPACK does.
    """
    packed, pivots, info = factorization.lu(xp, input)
    m, n = input.shape[-2:]
    k = min(m, n)
    lower = xp.tril(packed[..., :k], -1) + xp.eye(m, k, dtype=packed.dtype)
    return factorization.permutation(xp, pivots, m), lower, xp.triu(packed[..., :k, :]), pivots, info


@lu.vjp("input")
def _(ops, g, out, input):
    """From input[rows] = L U: the inverse of L times the change times that of U has both changes in its triangles."""
    rows, lower, upper = out[:3]
    m, n = lower.shape[-2], upper.shape[-1]
    k = min(m, n)
    top, left = (ops.slice(x, dim=d, start=0, end=k) for x, d in ((lower, -2), (upper, -1)))
    g_top, g_left = (ops.slice(x, dim=d, start=0, end=k) for x, d in ((g[1], -2), (g[2], -1)))
    bottom, g_bottom = (ops.slice(x, dim=-2, start=k, end=m) for x in (lower, g[1]))
    right, g_right = (ops.slice(x, dim=-1, start=k, end=n) for x in (upper, g[2]))
    below = ops.sub(ops.matmul(_t(ops, top), g_top), ops.matmul(g_right, _t(ops, right)))
    above = ops.sub(ops.matmul(g_left, _t(ops, left)), ops.matmul(_t(ops, bottom), g_bottom))
    middle = ops.add(ops.tril(below, diagonal=-1), ops.triu(above))
    grad = _over(ops, ops.solve(_t(ops, top), middle), left)
    if m > k:
        grad = ops.cat([grad, _over(ops, g_bottom, left)], dim=-2)
    if n > k:
        grad = ops.cat([grad, ops.solve(_t(ops, top), g_right)], dim=-1)
    places = ops.unsqueeze(ops.sort(rows, dim=-1)[1], dim=-1)
    return ops.gather(grad, ops.expand(places, size=grad.shape), dim=-2)


def _over(ops, x, upper):
    """`x` times the inverse of the adjoint of `upper`."""
    return _t(ops, ops.solve(upper, _t(ops, x)))


def _permutation_spec(pivots, *, size):
    if pivots.dtype is not dtypes.int32:
        raise DTypeError("torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.")
    return spec((*pivots.shape[:-1], size), dtypes.int64)


@op(
    infer=_permutation_spec,
    namespaces=(),
    differentiable=False,
    samples=calls(
        Sample(T(3, dtype=dtypes.int32, low=3, high=4), size=4),
        Sample(T(2, 2, dtype=dtypes.int32, low=2, high=4), size=3),
    ),
)
def lu_permutation(xp, pivots, *, size):
    """The order of rows after exchanges that count from 1."""
    return factorization.permutation(xp, pivots, size)


def _geqrf_spec(input):
    if input.ndim < 2:
        raise ShapeError("torch.geqrf: input must have at least 2 dimensions.")
    *batch, m, n = _continuous(input, "geqrf").shape
    return spec(input.shape, input.dtype), spec((*batch, min(m, n)), input.dtype)


@op(
    infer=_geqrf_spec,
    differentiable=False,
    samples=calls(Sample(T(3, 3)), Sample(T(2, 5, 3)), Sample(T(2, 4)), Sample(T(2, 0, 3))),
)
def geqrf(xp, input):
    """R, with what makes the reflections whose product is Q below its diagonal, and their factors tau."""
    return factorization.reflections(xp, input)


def _eig_spec(input):
    _square(input, "eig")
    return spec(input.shape[:-1], input.dtype.to_complex()), spec(input.shape, input.dtype.to_complex())


@op(
    infer=_eig_spec,
    saves=("input", "out"),
    namespaces=("linalg",),
    grad_name="LinalgEig",
    failure="torch.linalg.eig: input tensor should not contain infs or NaNs.",
    samples=calls(Sample(T(3, 3)), Sample(T(2, 4, 4)), Sample(T(0, 0))),
)
def eig(xp, input):
    """The eigenvalues and eigenvectors (columns of length 1) of square matrices: complex, in no order."""
    values, vectors = xp.linalg.eig(input)
    dtype = xp.result_type(input.dtype, xp.complex64)
    return values.astype(dtype), vectors.astype(dtype)


@eig.vjp("input")
def _(ops, g, out, input):
    """Of eigenvectors of length 1. Source: Boeddeker and others, "Computation of complex-valued gradients", 2019."""
    values, vectors = out
    turned = _t(ops, vectors)
    inner = ops.matmul(turned, g[1])
    lengths = ops.real(ops.diagonal(inner, offset=0, dim1=-2, dim2=-1))
    inner = ops.sub(inner, ops.mul(ops.matmul(turned, vectors), ops.unsqueeze(lengths, dim=-2)))
    gaps = ops.conj(ops.sub(ops.unsqueeze(values, dim=-2), ops.unsqueeze(values, dim=-1)))
    off = ops.triu(ops.add(ops.mul(ops.abs(gaps), 0), 1), diagonal=1)
    off = ops.ne(ops.add(off, ops.transpose(off, dim0=-2, dim1=-1)), 0)
    inner = ops.where(off, ops.div(inner, ops.where(off, gaps, 1)), ops.diag_embed(g[0]))
    grad = ops.solve(turned, ops.matmul(inner, turned))
    return grad if ops.dtype(input).is_complex else ops.real(grad)


@op(
    infer=lambda input: spec(_square(input, "cholesky_ex").shape[:-2], dtypes.int32),
    namespaces=(),
    differentiable=False,
    samples=calls(Sample(T(3, 3, transform="spd")), Sample(T(2, 3, 3))),
)
def cholesky_info(xp, input):
    """The order of the first leading minor that is not positive, or 0: then there is a Cholesky factor."""
    return factorization.first_minor(xp, input)
