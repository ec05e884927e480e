"""Linear algebra: inverses, solutions, determinants and factorisations of (batches of) matrices."""

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, DTypeError, ShapeError
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_L = ("linalg",)
_DIVERGED = "The algorithm failed to converge because the input matrix"
_spd = calls(Sample(T(3, 3, transform="spd")), Sample(T(2, 3, 3, transform="spd")))


def _square(input, name):
    if input.ndim < 2:
        raise ShapeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if input.shape[-1] != input.shape[-2]:
        raise ShapeError(
            f"linalg.{name}: A must be batches of square matrices, "
            f"but they are {' by '.join(map(str, input.shape[-2:]))} matrices"
        )
    return _continuous(input, name)


def _continuous(input, name):
    if input.dtype.category < dtypes.FLOAT:
        raise DTypeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {input.dtype.title}"
        )
    if input.dtype.is_half:
        raise DTypeError(f"linalg.{name}: Low precision dtypes not supported. Got {input.dtype.title}")
    return input


def _t(ops, x):
    return ops.conj(ops.transpose(x, dim0=-2, dim1=-1))


@op(
    infer=lambda input: spec(_square(input, "inv").shape, input.dtype),
    saves=("out",),
    namespaces=("linalg", "torch", "Tensor"),
    aliases=("inverse",),
    samples=_spd,
    grad_name="LinalgInvEx",
    failure="linalg.inv: The inversion could not be completed because the input matrix is singular.",
)
def inv(xp, input):
    """The inverse. LinAlgError for a singular matrix."""
    return xp.linalg.inv(input)


@inv.vjp("input")
def _(ops, g, out, input):
    turned = _t(ops, out)
    return ops.neg(ops.matmul(ops.matmul(turned, g), turned))


@op(
    infer=lambda input: spec(_square(input, "det").shape[:-2], input.dtype),
    saves=("input", "out"),
    namespaces=("linalg", "torch", "Tensor"),
    samples=_spd,
    grad_name="LinalgDet",
)
def det(xp, input):
    """The determinant."""
    return xp.linalg.det(input)


@det.vjp("input")
def _(ops, g, out, input):
    scale = ops.unsqueeze(ops.unsqueeze(ops.mul(g, ops.conj(out)), dim=-1), dim=-1)
    return ops.mul(_t(ops, ops.inv(input)), scale)


def _slogdet_spec(input):
    shape = _square(input, "slogdet").shape[:-2]
    return spec(shape, input.dtype), spec(shape, input.dtype.to_real())


@op(
    infer=_slogdet_spec,
    saves=("input", "out[0]"),
    namespaces=("linalg", "torch", "Tensor"),
    samples=_spd,
    grad_name="LinalgSlogdet",
)
def slogdet(xp, input):
    """The determinant's sign and the logarithm of its absolute value."""
    return tuple(xp.linalg.slogdet(input))


@slogdet.vjp("input")
def _(ops, g, out, input):
    scale = g[1]
    if ops.dtype(input).is_complex:
        # With det = s exp(l) and s = exp(i t): dl + i dt = trace(inverse d), ds = i s dt.
        scale = ops.add(scale, ops.mul(ops.imag(ops.mul(g[0], ops.conj(out[0]))), 1j))
    return ops.mul(_t(ops, ops.inv(input)), ops.unsqueeze(ops.unsqueeze(scale, dim=-1), dim=-1))


def _solve_spec(A, B):
    _square(A, "solve")
    if A.dtype is not B.dtype:
        raise DTypeError(
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{A.dtype.title} and B of type {B.dtype.title} instead"
        )
    vector = B.ndim == A.ndim - 1 and B.shape == A.shape[:-1]
    rows = B.shape[-1] if vector else B.shape[-2] if B.ndim > 1 else -1
    if rows != A.shape[-1]:
        raise ShapeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B: {list(A.shape)} and {list(B.shape)}"
        )
    return spec(B.shape, A.dtype)


@op(
    infer=_solve_spec,
    saves=("A", "out"),
    namespaces=_L,
    samples=calls(
        Sample(T(3, 3, transform="spd"), T(3, 2)),
        Sample(T(3, 3, transform="spd"), T(3)),
        Sample(T(2, 3, 3, transform="spd"), T(2, 3, 2)),
    ),
    grad_name="LinalgSolveEx",
    failure="torch.linalg.solve: The solver failed because the input matrix is singular.",
)
def solve(xp, A, B):
    """`X` with A X = B. LinAlgError for a singular A."""
    vector = B.ndim == A.ndim - 1
    out = xp.linalg.solve(A, B[..., None] if vector else B)
    return out[..., 0] if vector else out


@solve.vjp("A", "B")
def _(ops, g, out, A, B, needs):
    to_b = ops.solve(_t(ops, A), g)
    if "A" not in needs:
        return None, to_b
    column, x = (ops.unsqueeze(v, dim=-1) if len(v.shape) == len(A.shape) - 1 else v for v in (to_b, out))
    return ops.neg(ops.matmul(column, _t(ops, x))), to_b


@op(
    infer=lambda input, *, upper=False: spec(_square(input, "cholesky").shape, input.dtype),
    saves=("out",),
    namespaces=("linalg", "torch", "Tensor"),
    samples=_spd,
    grad_name="LinalgCholeskyEx",
    failure="linalg.cholesky: The factorization could not be completed because the input is not positive-definite",
)
def cholesky(xp, input, *, upper=False):
    """The lower (or upper) triangular factor of a positive definite matrix. LinAlgError when it is not."""
    lower = xp.linalg.cholesky(input)
    return xp.array(xp.conj(xp.swapaxes(lower, -1, -2)), order="C") if upper else lower


@cholesky.vjp("input")
def _(ops, g, out, input, *, upper=False):
    """Source: Murray, "Differentiation of the Cholesky decomposition", 2016."""
    lower = _t(ops, out) if upper else out
    g = _t(ops, g) if upper else g
    phi = ops.tril(ops.matmul(_t(ops, lower), g))
    phi = ops.mul(ops.add(phi, _t(ops, ops.tril(phi, diagonal=-1))), 0.5)
    inverse = ops.inv(lower)
    return ops.matmul(ops.matmul(_t(ops, inverse), phi), inverse)


def _eigh_spec(input, *, UPLO="L"):
    _square(input, "eigh")
    if UPLO not in ("L", "U"):
        raise ArgumentError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return spec(input.shape[:-1], input.dtype.to_real()), spec(input.shape, input.dtype)


@op(
    infer=_eigh_spec,
    saves=("out",),
    namespaces=_L,
    grad_name="LinalgEigh",
    failure=f"linalg.eigh: {_DIVERGED} is ill-conditioned or has too many repeated eigenvalues",
    samples=_spd,
)
def eigh(xp, input, *, UPLO="L"):
    """The eigenvalues, in rising order, and eigenvectors of symmetric matrices."""
    return tuple(xp.linalg.eigh(input, UPLO))


@eigh.vjp("input")
def _(ops, g, out, input, *, UPLO="L"):
    values, vectors = out
    n = values.shape[-1]
    gaps = ops.sub(ops.unsqueeze(values, dim=-2), ops.unsqueeze(values, dim=-1))
    diagonal = ops.eq(gaps, 0)
    inner = ops.div(ops.matmul(_t(ops, vectors), g[1]), ops.where(diagonal, 1, gaps))
    inner = ops.add(ops.where(diagonal, 0, inner), ops.diag_embed(g[0]))
    grad = ops.matmul(ops.matmul(vectors, inner), _t(ops, vectors))
    return ops.mul(ops.add(grad, _t(ops, grad)), 0.5) if n else grad


def _svd_spec(input, *, full_matrices=True):
    _continuous(input, "svd")
    if input.ndim < 2:
        raise ShapeError("linalg.svd: The input tensor A must have at least 2 dimensions.")
    *batch, m, n = input.shape
    k = min(m, n)
    rows, columns = (m, n) if full_matrices else (k, k)
    return (
        spec((*batch, m, rows), input.dtype),
        spec((*batch, k), input.dtype.to_real()),
        spec((*batch, columns, n), input.dtype),
    )


@op(
    infer=_svd_spec,
    saves=("out",),
    namespaces=_L,
    grad_name="LinalgSvd",
    failure=f"linalg.svd: {_DIVERGED} contained non-finite values, or is ill-conditioned",
    samples=calls(Sample(T(3, 4), full_matrices=False), Sample(T(2, 4, 3), full_matrices=False), Sample(T(3, 3))),
)
def svd(xp, input, *, full_matrices=True):
    """U, the singular values in falling order, and V transposed."""
    return tuple(xp.linalg.svd(input, full_matrices=full_matrices))


@svd.vjp("input")
def _(ops, g, out, input, *, full_matrices=True):
    """Of the reduced factors; the columns that only full matrices have are not determined by the input.

    Sources: Townsend, "Differentiating the Singular Value Decomposition", 2016; for complex matrices Wan and Zhang,
    "Automatic differentiation for complex valued SVD", 2019.
    """
    s, k = out[1], out[1].shape[-1]
    u, gu = (ops.slice(x, dim=-1, start=0, end=k) for x in (out[0], g[0]))
    vh, gvh = (ops.slice(x, dim=-2, start=0, end=k) for x in (out[2], g[2]))
    v, gv = _t(ops, vh), _t(ops, gvh)
    row, column = ops.unsqueeze(s, dim=-2), ops.unsqueeze(s, dim=-1)
    gaps = ops.sub(ops.mul(row, row), ops.mul(column, column))
    factor = ops.where(ops.eq(gaps, 0), 0, ops.reciprocal(ops.where(ops.eq(gaps, 0), 1, gaps)))
    turn = ops.matmul(_t(ops, u), gu)
    ju, jv = ops.mul(factor, turn), ops.mul(factor, ops.matmul(_t(ops, v), gv))
    middle = ops.add(ops.mul(ops.add(ju, _t(ops, ju)), row), ops.mul(column, ops.add(jv, _t(ops, jv))))
    middle = ops.add(middle, ops.diag_embed(g[1]))
    if ops.dtype(input).is_complex:
        phases = ops.diagonal(ops.sub(turn, _t(ops, turn)), offset=0, dim1=-2, dim2=-1)
        middle = ops.add(middle, ops.diag_embed(ops.div(phases, ops.mul(s, 2))))
    grad = ops.matmul(ops.matmul(u, middle), vh)
    outer_u = ops.sub(gu, ops.matmul(u, ops.matmul(_t(ops, u), gu)))
    outer_v = ops.sub(gv, ops.matmul(v, ops.matmul(_t(ops, v), gv)))
    grad = ops.add(grad, ops.matmul(ops.div(outer_u, row), vh))
    return ops.add(grad, ops.matmul(u, _t(ops, ops.div(outer_v, row))))


def _qr_spec(input, *, mode="reduced"):
    if input.ndim < 2:
        raise ShapeError("linalg.qr: The input tensor A must have at least 2 dimensions.")
    if mode not in ("reduced", "r", "complete"):
        raise ArgumentError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    _continuous(input, "qr")
    *batch, m, n = input.shape
    k = m if mode == "complete" else min(m, n)
    return spec((*batch, m, k), input.dtype), spec((*batch, k, n), input.dtype)


@op(
    infer=_qr_spec,
    saves=("out",),
    namespaces=("linalg", "torch", "Tensor"),
    grad_name="LinalgQr",
    samples=calls(Sample(T(4, 3)), Sample(T(3, 3))),
)
def qr(xp, input, *, mode="reduced"):
    """An orthogonal Q and an upper triangular R with Q R = input."""
    return tuple(xp.linalg.qr(input, mode=mode))


@qr.vjp("input")
def _(ops, g, out, input, *, mode="reduced"):
    """For matrices with at least as many rows as columns. Source: Walter and Lehmann, 2012."""
    q, r = out
    if r.shape[-2] != r.shape[-1]:
        raise ShapeError("the gradient of qr needs at least as many rows as columns")
    m = ops.sub(ops.matmul(r, _t(ops, g[1])), ops.matmul(_t(ops, g[0]), q))
    copied = ops.add(ops.tril(m, diagonal=-1), _t(ops, ops.tril(m, diagonal=-1)))
    copied = ops.add(copied, ops.diag_embed(ops.diagonal(m, offset=0, dim1=-2, dim2=-1)))
    return ops.matmul(ops.add(g[0], ops.matmul(q, copied)), _t(ops, ops.inv(r)))
