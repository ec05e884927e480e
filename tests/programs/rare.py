"""What few programs use: other names of norms, in-place forms, memory laid out by hand, histograms of points."""

from importlib import import_module


def _x(t, *shape):
    count = 1
    for n in shape:
        count *= n
    return (t.arange(count, dtype=t.float64) * 7 % 11 - 4.0).reshape(shape) / 3


def norms(t):
    x = _x(t, 2, 3, 2)
    return [
        t.norm_except_dim(x), t.norm_except_dim(x, 1, 1), t.norm_except_dim(x, 2, -1), t.norm_except_dim(x[0, 0]),
        t.frobenius_norm(x, (0, 1)), t.frobenius_norm(x, [1], True), t.frobenius_norm(x, dim=2, keepdim=True),
        t.nuclear_norm(x[0]), t.nuclear_norm(x[0], True), t.nuclear_norm(x, (0, 1)),
        t.nuclear_norm(x, (1, 2), keepdim=True),
    ]  # fmt: skip


def ranges(t):
    return [
        t.range(0, 3), t.range(0, 1, 0.3), t.range(5, 1, -2), t.range(1, 4, dtype=t.int64), t.range(0, 0.9, 0.3),
        t.range(2, 2),
    ]  # fmt: skip


def range_without_step(t):
    return t.range(0, 3, 0)


def range_the_wrong_way(t):
    return t.range(3, 0)


def written_in_place(t):
    """Each gives itself."""
    found = []
    for name, *rest in (
        ("ldexp_", t.tensor([1, -2, 0])), ("heaviside_", t.tensor([0.5], dtype=t.float64)), ("float_power_", 2),
        ("hypot_", _x(t, 3) + 1), ("renorm_", 2, 0, 0.5), ("conj_physical_",), ("mvlgamma_", 1), ("i0_",),
    ):  # fmt: skip
        x = _x(t, 3).abs() + 1 if name in ("mvlgamma_", "float_power_") else _x(t, 3)
        x = x.reshape(3, 1) if name == "renorm_" else x
        found += [getattr(x, name)(*rest) is x, x]
    m = _x(t, 2, 2)
    found += [m.addr_(_x(t, 2), _x(t, 2) + 1, beta=2, alpha=3) is m, m, m.addbmm_(_x(t, 3, 2, 1), _x(t, 3, 1, 2)), m]
    c = t.complex(_x(t, 2), _x(t, 2))
    n, k = t.tensor([12, 18]), t.tensor([8, 12])
    return [*found, c.conj_physical_(), t.conj_physical_(c.clone()), t.gcd_(n.clone(), k), t.lcm_(n.clone(), k),
            t.i0_(_x(t, 3)), t.ldexp_(_x(t, 2), t.tensor([1, 2])), t.mvlgamma(_x(t, 3) + 9, 2)]  # fmt: skip


def gradients_of_in_place_forms(t):
    x = _x(t, 3).requires_grad_()
    y = x * 2
    y.hypot_(t.ones(3, dtype=t.float64))
    return [y, *t.autograd.grad(y.sum(), x)]


def an_integer_to_a_float_power_in_place(t):
    return t.tensor([1, 2]).float_power_(2)


def an_integer_scaled_in_place(t):
    return t.tensor([1, 2]).ldexp_(t.tensor([1, 2]))


def a_result_that_does_not_fit(t):
    return t.tensor([1.0, 2]).hypot_(t.ones(2, 2))


def methods_of_elements(t):
    x = _x(t, 2, 3).requires_grad_()
    w = t.tensor([0.25, 0.5, 1.0], dtype=t.float64, requires_grad=True)
    y = x.prelu(w) * 3 + x.hardshrink() + x.hardshrink(lambd=1.0)
    return [y, *t.autograd.grad(y.sum(), (x, w)), (x.detach() + 9).mvlgamma(2)]


def python_functions_of_elements(t):
    x, y = t.arange(6.0).view(2, 3), t.arange(3.0)
    return [
        x.clone().map_(y, lambda a, b: a * 2 + b), x.clone().map2_(y, x, lambda a, b, c: a + b * c),
        t.arange(3).map_(t.arange(3), lambda a, b: a - b),
    ]  # fmt: skip


def a_python_function_of_other_dtypes(t):
    return t.arange(3.0).map_(t.arange(3), lambda a, b: a + b)


def a_python_function_of_other_sizes(t):
    return t.arange(3.0).map_(t.arange(2.0), lambda a, b: a + b)


def a_python_function_of_what_needs_gradients(t):
    return t.arange(3.0).map2_(t.arange(3.0), t.arange(3.0, requires_grad=True), lambda a, b, c: a)


def memory_by_hand(t):
    a, b = t.empty_permuted((2, 3, 4), (2, 0, 1)), t.empty_strided((2, 3), (1, 2), dtype=t.float64)
    c, d = b.new_empty_strided((2, 2), (3, 1)), t.empty_strided((), ())
    facts = [[list(x.stride()), list(x.shape), str(x.dtype), x._is_view()] for x in (a, b, c, d)]
    e = _x(t, 3, 3)
    same = e.as_strided_((2, 2), (1, 3)) is e
    f = t.as_strided_scatter(_x(t, 3, 3), t.ones(2, 2, dtype=t.float64), (2, 2), (1, 2), 1)
    orders = [t.ones(2, 3).t().dim_order(), t.ones(2, 3, 4).permute(2, 0, 1).dim_order(), t.ones(()).dim_order()]
    return [str(facts), same, e, f, str(orders), t.resize_as_(t.ones(6), t.ones(2, 3)).shape == (2, 3)]


def strides_that_are_too_few(t):
    return t.empty_strided((2, 3), (1,))


def a_view_of_other_sizes_scattered(t):
    return t.as_strided_scatter(t.zeros(3, 3), t.ones(3, 2), (2, 2), (1, 2), 1)


def nonzero_of_known_size(t):
    x = t.tensor([[1, 0, 3], [0, 2, 0]])
    found = [t.nonzero_static(x, size=size) for size in (0, 2, 3, 5)]
    return [
        *found,
        x.nonzero_static(size=4, fill_value=7),
        t.nonzero_static(t.tensor(5), size=2),
        t.zeros(0).nonzero_static(size=2),
    ]


def slices_reduced(t):
    x, source, at = _x(t, 4, 2), _x(t, 3, 2) + 1, t.tensor([2, 0, 2])
    found = []
    for reduce in ("prod", "mean", "amax", "amin"):
        y = x.clone()
        found += [
            y.index_reduce_(0, at, source, reduce) is y,
            y,
            x.index_reduce(0, at, source, reduce, include_self=False),
        ]
    return found


def slices_reduced_by_their_sum(t):
    return t.ones(3).index_reduce(0, t.tensor([0]), t.ones(1), "sum")


def slices_reduced_out_of_bounds(t):
    return t.ones(3).index_reduce(0, t.tensor([4]), t.ones(1), "prod").sum().item()


def histograms_of_points(t):
    points = t.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.3, 1.9]])
    weight = t.tensor([1.0, 2.0, 4.0, 8.0, 16.0])
    edges = [t.tensor([0.0, 0.5, 2.0]), t.tensor([0.0, 1.0, 1.5])]
    found = []
    for made in (
        t.histogramdd(points, bins=[3, 3], weight=weight),
        t.histogramdd(points, bins=2, range=[0.0, 1.0, 0.0, 1.0], density=True), t.histogramdd(points, edges),
        t.histogramdd(points.view(5, 1, 2), bins=[2, 4], density=True, weight=weight.view(5, 1)),
    ):  # fmt: skip
        found += [made.hist, *made.bin_edges, type(made).__name__]
    return found


def a_histogram_with_other_weights(t):
    return t.histogramdd(t.ones(3, 1, 2), bins=2, weight=t.ones(3))


def a_histogram_with_too_few_bins(t):
    return t.histogramdd(t.ones(3, 2), bins=[2])


def a_histogram_of_numbers_as_points(t):
    return t.histogramdd(t.ones(3), bins=[2])


def a_histogram_with_too_small_a_range(t):
    return t.histogramdd(t.ones(3, 2), bins=2, range=[0.0, 1.0])


def what_dense_tensors_are_not(t):
    x = t.ones(2, 3)
    names = ("is_nested", "is_sparse_csr", "is_mkldnn", "is_mps", "is_xpu", "is_vulkan", "is_ipu", "is_xla", "is_mtia")
    return [str([getattr(x, name) for name in names]), x.sparse_dim(), x.dense_dim()]


# -- linear algebra ----------------------------------------------------------------------------------------------------


def _tall(t):
    x = _x(t, 2, 4, 3)
    return t.complex(x, x.flip(0) + 0.5)


def reflections(t):
    """What geqrf packs, taken apart again."""
    found = []
    for x in (_x(t, 4, 3), _x(t, 2, 3, 5), _tall(t), t.eye(3, dtype=t.float64)):
        a, tau = t.geqrf(x)
        found += [a, tau, type(t.geqrf(x)).__name__]
        if x.shape[-2] >= x.shape[-1]:
            found += [t.orgqr(a, tau) @ a[..., : x.shape[-1], :].triu(), a.orgqr(tau)]
        size = x.shape[-2]
        y = t.ones(size, 2, dtype=x.dtype).expand(*x.shape[:-2], size, 2)
        for transpose in (False, True):
            found += [t.ormqr(a, tau, y, True, transpose), a.ormqr(tau, y.mT, left=False, transpose=transpose)]
    return found


def gradients_of_reflections(t):
    a, tau = t.geqrf(_x(t, 4, 3))
    a, tau, y = a.requires_grad_(), tau.requires_grad_(), _x(t, 4, 2).requires_grad_()
    made = t.ormqr(a, tau, y)
    return t.autograd.grad((made * t.arange(8.0).view(4, 2)).sum(), (a, tau, y))


def reflections_that_do_not_fit(t):
    return t.ormqr(t.ones(4, 3), t.ones(3), t.ones(3, 3))


def triangles(t):
    x = _x(t, 2, 3, 3)
    found = [*t.lu(x), *x.lu(get_infos=True)]
    packed, pivots = x.lu()
    return [*found, t.lu_solve(_x(t, 2, 3, 1), packed, pivots), _x(t, 2, 3, 2).lu_solve(packed, pivots)]


def a_few_columns(t):
    """Of a matrix with no more of them there is nothing random in the result but signs."""
    t.manual_seed(0)
    found = []
    for m, n in ((6, 4), (4, 6)):
        x = _x(t, m, 2) @ _x(t, 2, n)
        for U, S, V in (
            t.svd_lowrank(x, q=2),
            t.svd_lowrank(x, 3, niter=1, M=x / 2),
            t.pca_lowrank(x, 2),
            t.pca_lowrank(x, center=False),
        ):
            found += [(U * S[..., None, :]) @ V.mT, S[:2], list(U.shape), list(V.shape)]
    return found


def too_few_columns(t):
    return t.pca_lowrank(t.ones(3, 2), 3)


def steps_back(t):
    return t.pca_lowrank(t.ones(3, 2), 1, niter=-1)


def solve_of_before(t):
    return t.solve(t.ones(2, 2), t.ones(2, 2))


def eig_of_before(t):
    return t.ones(2, 2).eig()


def symeig_of_before(t):
    return t.symeig(t.ones(2, 2))


def rank_of_before(t):
    return t.matrix_rank(t.ones(2, 2))


def lstsq_of_before(t):
    return t.lstsq(t.ones(2, 2), t.ones(2, 2))


def variables_are_tensors(t):
    autograd = import_module(f"{t.__name__}.autograd")
    made = autograd.Variable(t.ones(2), requires_grad=True)
    asked = [isinstance(x, autograd.Variable) for x in (made, t.ones(1), t.nn.Parameter(t.ones(1)), 3.0)]
    return [type(made).__name__, made.is_leaf, made, *asked]


def a_factor_into_tensors_that_are_there(t):
    a = t.tensor([[4.0, 2.0], [2.0, 3.0]])
    factor, info = t.empty(2, 2), t.empty((), dtype=t.int32)
    given = t.linalg.cholesky_ex(a, out=(factor, info))
    return [factor, info, given.L is factor]


def nothing_is_scripted(t):
    return [isinstance(x, (t.jit.ScriptModule, t.jit.ScriptFunction)) for x in (t.nn.Linear(1, 1), t.add)]


def states_of_no_device(t):
    checkpoint = import_module(f"{t.__name__}.utils.checkpoint")
    devices, states = checkpoint.get_device_states(t.ones(2), 3, "text")
    checkpoint.set_device_states(devices, states)
    return [devices, states]


def optimisers_are_at_home_where_they_are_in_pytorch(t):
    names = {
        "adamw": "AdamW",
        "adam": "Adam",
        "sgd": "SGD",
        "rmsprop": "RMSprop",
        "adagrad": "Adagrad",
        "nadam": "NAdam",
    }
    return [getattr(import_module(f"{t.__name__}.optim.{m}"), n) is getattr(t.optim, n) for m, n in names.items()]
