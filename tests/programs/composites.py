"""Functions that are made of ops: values, and gradients where PyTorch has them."""

from typing import Any


def _x(t):
    return (t.arange(12, dtype=t.float64).reshape(3, 4) * 7 % 5 - 2.25).requires_grad_()


def _square(t):
    return (t.arange(9, dtype=t.float64).reshape(3, 3) * 7 % 5 + 4 * t.eye(3, dtype=t.float64)).requires_grad_()


def _v(t):
    return t.tensor([3.0, -1.0, 2.0, 2.0, 0.5], dtype=t.float64, requires_grad=True)


def _i(t):
    return t.tensor([[3, 1, 3], [0, 1, 2]])


def _both(function):
    """The value of a function of one tensor, and its gradient, of the sum of the floating point results."""

    def program(t):
        x = _MADE[function](t) if function in _MADE else _x(t)
        result = function(t, x)
        listed = list(result) if isinstance(result, (tuple, list)) else [result]
        total = sum(r.sum() * (i + 1) for i, r in enumerate(listed) if r.requires_grad)
        if not hasattr(total, "backward"):
            return listed
        return [*listed, *t.autograd.grad(total, x)]

    return program


_MADE: dict[Any, Any] = {}


def _of(make, function):
    _MADE[function] = make
    return _both(function)


CALLS = {
    # shapes
    "flatten": _both(lambda t, x: x.reshape(1, 3, 4).flatten(1)),
    "unflatten": _both(lambda t, x: x.unflatten(1, (2, -1))),
    "ravel": _both(lambda t, x: x.T.ravel()),
    "movedim": _both(lambda t, x: t.movedim(x.reshape(3, 2, 2), (0, 1), (2, 0))),
    "adjoint": _both(lambda t, x: t.adjoint(t.complex(x, x * 2)).abs()),
    "narrow": _both(lambda t, x: x.narrow(1, -3, 2)),
    "atleast": lambda t: [t.atleast_1d(t.tensor(1)), t.atleast_2d(t.ones(2)), t.atleast_3d(t.ones(2, 3))],
    "atleast of several": lambda t: t.atleast_2d(t.tensor(1), t.ones(2)),
    "fliplr": _both(lambda t, x: t.fliplr(x)),
    "flipud": _both(lambda t, x: t.flipud(x)),
    "broadcast_tensors": lambda t: t.broadcast_tensors(t.ones(2, 1), t.zeros(3)),
    "broadcast_shapes": lambda t: list(t.broadcast_shapes((2, 1), (3,), 1)),
    "broadcast_to": _both(lambda t, x: t.broadcast_to(x, (2, 3, 4))),
    "tile": _both(lambda t, x: x.tile(2)),
    "expand_as": _both(lambda t, x: x[:, :1].expand_as(x)),
    # joining
    "hstack": _both(lambda t, x: t.hstack((x, x))),
    "hstack of vectors": lambda t: t.hstack((t.ones(2), t.zeros(1))),
    "vstack": lambda t: t.vstack((t.ones(2), t.zeros(1, 2))),
    "dstack": _both(lambda t, x: t.dstack((x, x * 2))),
    "column_stack": lambda t: t.column_stack((t.ones(2), t.zeros(2, 2))),
    "tensor_split": _both(lambda t, x: x.tensor_split(3, dim=1)),
    "tensor_split at": _both(lambda t, x: t.tensor_split(x, (1, 3), 1)),
    "tensor_split by a tensor": lambda t: t.tensor_split(t.arange(6), t.tensor([2, 4])),
    "hsplit": _both(lambda t, x: t.hsplit(x, 2)),
    "vsplit": _both(lambda t, x: t.vsplit(x, 3)),
    "dsplit": lambda t: t.dsplit(t.arange(8).reshape(2, 2, 2), 2),
    "hsplit that does not fit": lambda t: t.hsplit(t.ones(2, 3), 2),
    "chunk": _both(lambda t, x: x.chunk(3, 1)),
    "chunk of more": lambda t: [len(t.arange(5).chunk(4)), *t.arange(5).chunk(4)],
    "chunk of nothing": lambda t: [len(t.zeros(0, 2).chunk(3)), *t.zeros(0, 2).chunk(3)],
    "split by sizes": _both(lambda t, x: x.split([1, 3], dim=1)),
    "split by wrong sizes": lambda t: t.ones(4).split([1, 2]),
    "meshgrid": lambda t: t.meshgrid(t.arange(2), t.arange(3), indexing="ij"),
    "meshgrid xy": lambda t: t.meshgrid(t.arange(2), t.arange(3), t.arange(2), indexing="xy"),
    "meshgrid of a number": lambda t: t.meshgrid(t.tensor(1), t.arange(3), indexing="ij"),
    "cartesian_prod": lambda t: [
        t.cartesian_prod(t.tensor([1, 2]), t.tensor([3, 4, 5])),
        t.cartesian_prod(t.arange(2)),
    ],
    "combinations": lambda t: [t.combinations(t.tensor([1, 2, 3])), t.combinations(t.arange(3), 3)],
    "combinations with replacement": lambda t: t.combinations(t.tensor([1, 2]), with_replacement=True),
    "block_diag": lambda t: t.block_diag(t.ones(2, 2), t.tensor([3.0, 4.0]), t.tensor(5.0)),
    # arithmetic
    "add with alpha": _both(lambda t, x: t.add(x, x * x, alpha=0.5)),
    "rsub": _both(lambda t, x: t.rsub(x, 3, alpha=2)),
    "polar": _both(lambda t, x: t.view_as_real(t.polar(x.abs(), x))),
    "float_power": lambda t: [t.float_power(t.tensor([1, 2, 3]), 2), t.float_power(2, t.tensor([1.5]))],
    "sinc": _of(lambda t: t.tensor([0.0, 0.5, -1.5], dtype=t.float64, requires_grad=True), lambda t, x: t.sinc(x)),
    "logit": _of(lambda t: t.tensor([0.1, 0.5, 0.9], dtype=t.float64, requires_grad=True), lambda t, x: t.logit(x)),
    "logit with eps": lambda t: t.logit(t.tensor([0.0, 0.5, 1.0]), eps=0.1),
    "logaddexp2": _both(lambda t, x: t.logaddexp2(x, x * 2)),
    "hypot": _both(lambda t, x: t.hypot(x, x * 2 + 1)),
    "ldexp": lambda t: t.ldexp(t.tensor([1.5, -2.0]), t.tensor([3, -1])),
    "signbit": lambda t: [t.signbit(t.tensor([-0.0, 0.0, -1.0, 2.0, float("-inf")])), t.signbit(t.tensor([-1, 0, 1]))],
    "copysign": lambda t: [
        t.copysign(t.tensor([1.0, -2.0]), t.tensor([-0.0, 3.0])),
        t.copysign(t.tensor([1, 2]), -1.0),
    ],
    "heaviside": lambda t: t.heaviside(t.tensor([-1.5, 0.0, 2.0]), t.tensor([0.5])),
    "positive of bool": lambda t: +t.tensor([True]),
    # reductions
    "max of two": _both(lambda t, x: t.max(x, x.flip(1))),
    "max along": _both(lambda t, x: x.max(1)),
    "median along": _both(lambda t, x: x.median(1)),
    "var_mean": _both(lambda t, x: t.var_mean(x, 1)),
    "std_mean": _both(lambda t, x: t.std_mean(x, dim=0, correction=0)),
    "trace": _both(lambda t, x: t.trace(x)),
    "dist": _both(lambda t, x: t.dist(x, x * x, 3)),
    "norm": _both(lambda t, x: x.norm()),
    "norm of order one": _both(lambda t, x: x.norm(1, dim=1)),
    "norm of order inf": _both(lambda t, x: t.norm(x, float("inf"), dim=0, keepdim=True)),
    "norm nuc": _of(_square, lambda t, x: t.norm(x, "nuc")),
    "renorm": _both(lambda t, x: t.renorm(x, 2, 0, 1.5)),
    "quantile": _both(lambda t, x: t.quantile(x, 0.3)),
    "quantiles along": _both(
        lambda t, x: t.quantile(x, t.tensor([0.0, 0.25, 0.9], dtype=t.float64), dim=1, keepdim=True)
    ),
    "quantile lower": _both(lambda t, x: t.quantile(x, 0.4, dim=0, interpolation="lower")),
    "quantile midpoint": lambda t: t.quantile(t.tensor([1.0, 2.0, 4.0]), 0.3, interpolation="midpoint"),
    "quantile nearest": lambda t: t.quantile(t.tensor([1.0, 2.0, 4.0]), 0.3, interpolation="nearest"),
    "quantile with nan": lambda t: t.quantile(t.tensor([[1.0, float("nan")], [1.0, 2.0]]), 0.5, dim=1),
    "nanquantile": lambda t: t.nanquantile(t.tensor([1.0, float("nan"), 3.0]), 0.5),
    # indices
    "where alone": lambda t: t.where(t.tensor([[True, False], [True, True]])),
    "nonzero as a tuple": lambda t: t.nonzero(t.tensor([[0, 1], [2, 0]]), as_tuple=True),
    "nonzero of a number": lambda t: [t.tensor(3).nonzero(), *t.tensor(3).nonzero(as_tuple=True)],
    "argwhere": lambda t: t.argwhere(t.tensor([[0, 1], [2, 0]])),
    "scatter of a number": _both(lambda t, x: x.scatter(1, t.tensor([[0], [1], [2]]), 9.0)),
    "scatter with reduce": lambda t: t.ones(3).scatter(0, t.tensor([0, 0]), 3.0, reduce="multiply"),
    "scatter without a source": lambda t: t.ones(3).scatter(0, t.tensor([0])),
    "index_put": _both(lambda t, x: x.index_put((t.tensor([0, 2]), t.tensor([1, 1])), x.new_tensor([9.0, 8.0]))),
    "index_put accumulates": _both(lambda t, x: x.index_put((t.tensor([0, 0]),), x.new_ones(4), accumulate=True)),
    "isin": lambda t: [t.isin(_i(t), t.tensor([1, 3])), t.isin(_i(t), 3), t.isin(_i(t), t.tensor([0]), invert=True)],
    "repeat_interleave": _both(lambda t, x: x.repeat_interleave(2, dim=1)),
    "repeat_interleave by counts": _both(lambda t, x: t.repeat_interleave(x, t.tensor([1, 0, 2]), dim=0)),
    "repeat_interleave of counts": lambda t: t.repeat_interleave(t.tensor([1, 0, 2])),
    "repeat_interleave flat": lambda t: t.tensor([[1, 2], [3, 4]]).repeat_interleave(2),
    "diag of a matrix": _both(lambda t, x: t.diag(x, 1)),
    "diag of a vector": _of(_v, lambda t, x: x.diag(-1)),
    "diagflat": _both(lambda t, x: t.diagflat(x[:2, :2])),
    "select_scatter": _both(lambda t, x: x.select_scatter(x[0, :3] * 2, 1, 2)),
    "slice_scatter": _both(lambda t, x: t.slice_scatter(x, x[:, :2] * 3, 1, 1, 3)),
    "diagonal_scatter": _both(lambda t, x: t.diagonal_scatter(x, x[0, :3] * 3)),
    # counting and searching
    "unique": lambda t: t.unique(_i(t)),
    "unique with all": lambda t: t.unique(_i(t), return_inverse=True, return_counts=True),
    "unique along": lambda t: t.unique(t.tensor([[1, 2], [1, 2], [0, 5]]), dim=0, return_counts=True),
    "unique_consecutive": lambda t: t.unique_consecutive(t.tensor([1, 1, 2, 2, 3, 1]), True, True),
    "unique_consecutive along": lambda t: t.unique_consecutive(t.tensor([[1, 1], [1, 1], [2, 1]]), dim=0),
    "unique_consecutive of nothing": lambda t: t.unique_consecutive(t.zeros(0)),
    "msort": _both(lambda t, x: t.msort(x)),
    "searchsorted": lambda t: [
        t.searchsorted(t.tensor([1, 3, 5]), t.tensor([3, 6, 0])),
        t.searchsorted(t.tensor([1, 3, 5]), t.tensor([3, 6, 0]), right=True),
        t.searchsorted(t.tensor([1, 3, 5]), 3, side="right", out_int32=True),
        t.searchsorted(t.tensor([5, 1, 3]), 4, sorter=t.tensor([1, 2, 0])),
    ],
    "bucketize": lambda t: [
        t.bucketize(t.tensor([0.5, 1.0, 7.0]), t.tensor([1.0, 2.0])),
        t.bucketize(3, t.tensor([1, 3])),
    ],
    "histc": lambda t: [t.histc(t.tensor([1.0, 2.0, 1.0, 4.0]), 4), t.histc(t.tensor([1.0, 2.0, 9.0]), 3, 0, 3)],
    "histc of one value": lambda t: t.histc(t.full((3,), 2.0), 4),
    "diff": _both(lambda t, x: t.diff(x)),
    "diff twice": _both(lambda t, x: x.diff(2, dim=1)),
    "diff with ends": lambda t: t.diff(t.tensor([1, 3]), prepend=t.tensor([0]), append=t.tensor([9])),
    "diff of bool": lambda t: t.diff(t.tensor([True, False, False])),
    "trapezoid": _both(lambda t, x: [t.trapezoid(x), t.trapezoid(x, dx=0.5, dim=0), t.trapezoid(x, t.arange(4) ** 2)]),
    "cumulative_trapezoid": _both(lambda t, x: t.cumulative_trapezoid(x)),
    "vander": lambda t: [t.vander(t.tensor([3.0, 0.5]), 3), t.vander(t.tensor([3, 2]), increasing=True)],
    "cov": _both(lambda t, x: t.cov(x)),
    "cov of a vector": _of(_v, lambda t, x: t.cov(x, correction=0)),
    "cov with weights": lambda t: t.cov(
        t.arange(6.0).reshape(2, 3) ** 2, fweights=t.tensor([1, 2, 3]), aweights=t.tensor([0.5, 1.0, 2.0])
    ),
    "corrcoef": _both(lambda t, x: t.corrcoef(x)),
    # products
    "einsum": _both(lambda t, x: t.einsum("ij,kj->ik", x, x * 2)),
    "einsum by lists": _both(lambda t, x: t.einsum(x, [0, 1], x, [0, 1], [0])),
    "inner": _both(lambda t, x: t.inner(x, x * 2)),
    "inner with a number": lambda t: t.inner(t.ones(2), t.tensor(3.0)),
    "vdot": lambda t: t.vdot(t.tensor([1 + 2j, 3j]), t.tensor([2j, 1 + 1j])),
    "tensordot": _both(lambda t, x: t.tensordot(x.reshape(3, 2, 2), x.reshape(2, 2, 3), 2)),
    "tensordot over lists": _both(lambda t, x: t.tensordot(x, x, ([0], [0]))),
    "tensordot over nothing": _of(_v, lambda t, x: t.tensordot(x, x, 0)),
    "kron": _both(lambda t, x: t.kron(x[:2, :2], x[1:, 2:])),
    "kron of unequal ranks": lambda t: t.kron(t.arange(2.0), t.arange(4.0).reshape(2, 2)),
    "cross": _both(lambda t, x: t.cross(x, x.flip(1), 0)),
    "cdist": _both(lambda t, x: t.cdist(x, x * 2 + 1)),
    "cdist of order one": _both(lambda t, x: t.cdist(x, x * 2 + 1, p=1.0)),
    "addmv": _both(lambda t, x: t.addmv(x[:, 0], x, x[0], beta=2, alpha=0.5)),
    "addr": _both(lambda t, x: t.addr(x, x[:, 0], x[0], alpha=3)),
    "addbmm": _both(lambda t, x: t.addbmm(x[:, :3], x.reshape(2, 3, 2), x.reshape(2, 2, 3))),
    "beta of zero hides nan": lambda t: t.addmv(t.full((1,), float("nan")), t.ones(1, 2), t.ones(2), beta=0),
    "inverse": _of(_square, lambda t, x: t.inverse(x)),
    "matrix_power": _of(_square, lambda t, x: [t.matrix_power(x, 3), t.matrix_power(x, 0), x.matrix_power(-2)]),
    "chain_matmul": _both(lambda t, x: t.chain_matmul(x, x.T, x)),
    "matmul of vectors": _of(_v, lambda t, x: x @ x),
    "matmul by a vector": _both(lambda t, x: x @ x[0]),
    "matmul of batches": _both(lambda t, x: x.reshape(3, 2, 2) @ x.reshape(3, 2, 2)),
    "cosine_similarity": _both(lambda t, x: t.cosine_similarity(x, x.flip(0), dim=1)),
    # linear algebra
    "linalg.inv": _of(_square, lambda t, x: t.linalg.inv(x)),
    "linalg.det": _of(_square, lambda t, x: t.linalg.det(x)),
    "linalg.slogdet": _of(_square, lambda t, x: t.linalg.slogdet(x)),
    "linalg.solve": _of(
        _square, lambda t, x: [t.linalg.solve(x, x[0]), t.linalg.solve(x, x.T), t.linalg.solve(x, x, left=False)]
    ),
    "linalg.solve_triangular": _of(
        _square,
        lambda t, x: [
            t.linalg.solve_triangular(x, x.T, upper=True),
            t.linalg.solve_triangular(x, x, upper=False, unitriangular=True),
            t.linalg.solve_triangular(x, x, upper=True, left=False),
        ],
    ),
    "linalg.pinv": _both(lambda t, x: t.linalg.pinv(x)),
    "linalg.svdvals": _both(lambda t, x: t.linalg.svdvals(x)),
    "linalg.eigvalsh": _of(_square, lambda t, x: t.linalg.eigvalsh(x + x.T)),
    "linalg.cholesky": _of(_square, lambda t, x: t.linalg.cholesky(x @ x.T)),
    "linalg.matrix_rank": lambda t: t.linalg.matrix_rank(t.tensor([[1.0, 2.0], [2.0, 4.0]])),
    "linalg.cond": lambda t: [t.linalg.cond(_square(t).detach(), p) for p in (None, 1, -2, "fro")],
    "linalg.vector_norm": _both(lambda t, x: [t.linalg.vector_norm(x, 3, dim=1), t.linalg.vector_norm(x)]),
    "linalg.matrix_norm": _both(
        lambda t, x: [t.linalg.matrix_norm(x, o) for o in ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf"))]
    ),
    "linalg.matrix_norm along": _both(
        lambda t, x: t.linalg.matrix_norm(x.reshape(2, 3, 2), 1, dim=(0, 2), keepdim=True)
    ),
    "linalg.norm": _both(
        lambda t, x: [t.linalg.norm(x), t.linalg.norm(x, 1), t.linalg.norm(x, 1, dim=0), t.linalg.norm(x, "nuc")]
    ),
    "linalg.multi_dot": _both(lambda t, x: t.linalg.multi_dot((x[0], x.T, x, x[1]))),
    "linalg.vecdot": _both(lambda t, x: t.linalg.vecdot(x, x * 2, dim=0)),
    "linalg.cross": _both(lambda t, x: t.linalg.cross(x[:, :3], x[:, 1:])),
    "linalg.diagonal": _both(lambda t, x: t.linalg.diagonal(x, offset=1)),
    "linalg.vander": _of(_v, lambda t, x: t.linalg.vander(x)),
    "svd": lambda t: t.svd(t.tensor([[3.0, 0.0], [0.0, 2.0]])).S,
    # special functions
    "special.entr": _of(
        lambda t: t.tensor([0.5, 2.0], dtype=t.float64, requires_grad=True), lambda t, x: t.special.entr(x)
    ),
    "special.entr outside": lambda t: t.special.entr(t.tensor([0.0, -1.0])),
    "special.xlog1py": lambda t: [
        t.special.xlog1py(t.tensor([0.0, 2.0]), t.tensor([3.0, 1.0])),
        t.special.xlog1py(2, t.ones(1)),
    ],
    "special.ndtr": _both(lambda t, x: t.special.ndtr(x)),
    "special.ndtri": lambda t: t.special.ndtri(t.tensor([0.1, 0.5, 0.9], dtype=t.float64)),
    "special.log_ndtr": lambda t: t.special.log_ndtr(t.tensor([-30.0, -12.0, -5.0, 0.0, 3.0], dtype=t.float64)),
    "special.multigammaln": lambda t: t.special.multigammaln(t.tensor([2.5, 4.0], dtype=t.float64), 3),
    "special.polygamma": _of(
        lambda t: t.tensor([0.5, 2.0], dtype=t.float64, requires_grad=True), lambda t, x: t.special.polygamma(1, x)
    ),
    "special.expit": _both(lambda t, x: t.special.expit(x)),
    # windows
    "windows": lambda t: [
        f(n, periodic=p)
        for f in (t.hann_window, t.hamming_window, t.blackman_window, t.bartlett_window)
        for n in (0, 1, 2, 7)
        for p in (True, False)
    ],
    "a window of float64": lambda t: t.hann_window(5, dtype=t.float64),
    "a window of int": lambda t: t.hann_window(5, dtype=t.int64),
    # parts
    "real and imag": lambda t: [t.real(t.tensor([1 + 2j])), t.imag(t.tensor([1 + 2j])), t.real(t.ones(1))],
    "sum_to_size": _both(lambda t, x: [x.sum_to_size(1, 4), x.sum_to_size((3, 1)), x.sum_to_size(4)]),
    "sum_to_size that does not fit": lambda t: t.ones(2, 3).sum_to_size(2),
    "fill_diagonal_": lambda t: [
        t.zeros(3, 3).fill_diagonal_(5),
        t.zeros(7, 3).fill_diagonal_(5),
        t.zeros(7, 3).fill_diagonal_(5, wrap=True),
        t.zeros(2, 2, 2).fill_diagonal_(1.5),
    ],
    "apply_": lambda t: t.tensor([1.0, 2.0]).apply_(lambda v: v * 10 + 1),
    "logdet": _of(_square, lambda t, x: t.logdet(x)),
    "logdet of less than nothing": lambda t: t.logdet(-t.eye(3)),
    "pinverse": lambda t: t.pinverse(t.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])),
    "addmv_": lambda t: t.ones(2).addmv_(t.ones(2, 3), t.arange(3.0), alpha=2),
    "put": lambda t: [t.put(t.zeros(3), t.tensor([1]), t.ones(1)), t.get_device(t.ones(1)), t.resolve_conj(t.ones(1))],
    "layers as functions": _both(
        lambda t, x: [t.celu(x), t.selu(x), t.conv1d(x[None], x[:2, None, :3].expand(2, 3, 3))]
    ),
    # questions
    "result_type": lambda t: [
        str(t.result_type(t.ones(1, dtype=t.int32), 1.5)),
        str(t.result_type(t.tensor(1), t.ones(1).half())),
    ],
    "promote_types": lambda t: str(t.promote_types(t.uint8, t.int8)),
    "can_cast": lambda t: [t.can_cast(t.float32, t.int64), t.can_cast(t.int8, t.uint8), t.can_cast(t.int8, t.bool)],
    "equal": lambda t: [t.equal(t.ones(2), t.ones(2)), t.equal(t.ones(2), t.ones(3)), t.ones(2).equal(t.zeros(2))],
    "allclose": lambda t: [t.allclose(t.ones(2), t.ones(2) + 1e-9), t.allclose(t.ones(1), t.zeros(1))],
    "allclose of two dtypes": lambda t: t.allclose(t.ones(1), t.ones(1).double()),
    "isreal": lambda t: [t.isreal(t.tensor([1 + 1j, 2 + 0j])), t.isreal(t.ones(2))],
    "is_nonzero": lambda t: [t.is_nonzero(t.tensor([1.5])), t.is_nonzero(t.tensor(0))],
    "is_nonzero of many": lambda t: t.is_nonzero(t.ones(2)),
    "is_same_size": lambda t: [t.ones(2).is_same_size(t.zeros(2)), t.ones(2).is_same_size(t.zeros(1))],
}
