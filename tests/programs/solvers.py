"""Linear systems, least squares and matrix exponentials; averages of weights."""


def _matrix(t, *shape):
    count = 1
    for n in shape:
        count *= n
    return ((t.arange(count, dtype=t.float64) * 7 % 11 - 4.0).reshape(shape) / 3).requires_grad_()


def _spd(t):
    x = _matrix(t, 3, 3).detach()
    return (x @ x.T + t.eye(3, dtype=t.float64)).requires_grad_()


def _graded(function, *made):
    """The value, and the gradients of a weighted sum of it."""

    def program(t):
        given = [make(t) for make in made]
        y = function(t, *given)
        weight = t.arange(1.0, y.numel() + 1, dtype=t.float64).reshape(y.shape)
        return [y, *t.autograd.grad((y * weight).sum(), given)]

    return program


def _of(*shape):
    return lambda t: _matrix(t, *shape)


def _lower(t):
    return t.linalg.cholesky(_spd(t)).detach().requires_grad_()


def _batch(t):
    return t.stack([_spd(t).detach(), _spd(t).detach() * 2]).requires_grad_()


def _least(t, A, B, **options):
    made = t.linalg.lstsq(A, B, **options)
    return [made.solution, list(made.residuals.shape), made.residuals, made.rank, type(made).__name__]


def _averaged(t, **options):
    swa = t.optim.swa_utils
    model = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.BatchNorm1d(3))
    found = []
    with t.no_grad():
        for p in model.parameters():
            p.fill_(1.0)
    average = swa.AveragedModel(model, **options)
    for step in range(4):
        with t.no_grad():
            for i, p in enumerate(model.parameters()):
                p.add_(0.5 * (step + i))
            model[1].running_mean.add_(1.0)
        average.update_parameters(model)
    found += [*average.module.parameters(), *average.module.buffers(), average.n_averaged]
    found += [sorted(average.state_dict())]
    return found


def _update_bn(t):
    model = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.BatchNorm1d(3))
    with t.no_grad():
        for i, p in enumerate(model.parameters()):
            p.fill_(0.5 + i)
    model.eval()
    batches = [(t.arange(8.0).reshape(4, 2) * k, None) for k in (1, 2, 3)]
    t.optim.swa_utils.update_bn(batches, model)
    return [
        model[1].running_mean,
        model[1].running_var,
        model[1].num_batches_tracked,
        model.training,
        model[1].momentum,
    ]


def _swalr(t, **options):
    p = t.zeros(1, requires_grad=True)
    optimizer = t.optim.SGD([p], lr=1.0)
    scheduler = t.optim.swa_utils.SWALR(optimizer, swa_lr=0.1, **options)
    rates = []
    for _ in range(7):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


def _strided(t):
    x = t.arange(12.0).requires_grad_()
    y = (x * 1).as_strided((3, 4), (2, 1), 1)
    base = x.detach().clone()
    base.as_strided((2, 2), (4, 1)).mul_(10)
    view = base.reshape(3, 4)[1:]
    (g,) = t.autograd.grad((y * y).sum(), x)
    return [y, y.stride(), g, base, t.as_strided(view, (2,), (1,), 5), t.as_strided(view, (2, 2), (1, 1))]


CALLS = {
    "as_strided": _strided,
    "as_strided beyond the memory": lambda t: t.as_strided(t.ones(4), (3, 2), (2, 1)),
    "as_strided with fewer strides": lambda t: t.as_strided(t.ones(4), (2, 2), (1,)),
    "kaiser_window": lambda t: [
        t.kaiser_window(5),
        t.kaiser_window(6, False, 4.0),
        t.kaiser_window(1),
        t.kaiser_window(0),
        t.kaiser_window(4, dtype=t.float64),
    ],
    "cholesky_solve": _graded(lambda t, b, L: t.cholesky_solve(b, L), _of(3, 2), _lower),
    "cholesky_solve upper": _graded(lambda t, b, L: b.cholesky_solve(L.mT, upper=True), _of(3, 2), _lower),
    "cholesky_solve of a vector": lambda t: t.cholesky_solve(t.ones(3), t.eye(3)),
    "cholesky_inverse": _graded(lambda t, L: t.cholesky_inverse(L), _lower),
    "cholesky_inverse upper": lambda t: t.cholesky_inverse(_lower(t).mT, upper=True),
    "triangular_solve": lambda t: list(t.triangular_solve(_matrix(t, 3, 2).detach(), _spd(t).detach())),
    "triangular_solve lower": lambda t: list(
        t.triangular_solve(_matrix(t, 3, 2).detach(), _spd(t).detach(), upper=False, transpose=True, unitriangular=True)
    ),
    "matrix_exp": _graded(lambda t, x: t.matrix_exp(x), _of(3, 3)),
    "matrix_exp of a large matrix": _graded(lambda t, x: t.linalg.matrix_exp(x * 8), _of(3, 3)),
    "matrix_exp of a batch": _graded(lambda t, x: x.matrix_exp(), _of(2, 2, 2)),
    "matrix_exp of zeros": lambda t: t.matrix_exp(t.zeros(2, 2)),
    "matrix_exp of complex numbers": lambda t: t.matrix_exp(
        t.complex(_matrix(t, 2, 2), _matrix(t, 2, 2).flip(0)).detach()
    ),
    "matrix_exp of nothing": lambda t: t.matrix_exp(t.zeros(0, 3, 3)),
    "matrix_exp of no square": lambda t: t.matrix_exp(t.zeros(2, 3)),
    "lstsq": lambda t: _least(t, _matrix(t, 5, 3).detach(), _matrix(t, 5, 2).detach()),
    "lstsq wide": lambda t: _least(t, _matrix(t, 3, 5).detach(), _matrix(t, 3, 2).detach()),
    "lstsq square": lambda t: _least(t, _spd(t).detach(), _matrix(t, 3, 2).detach()),
    "lstsq of a batch": lambda t: _least(t, _batch(t).detach(), _matrix(t, 2, 3, 2).detach()),
    "lstsq of low rank": lambda t: t.linalg.lstsq(
        t.ones(4, 2, dtype=t.float64), _matrix(t, 4, 1).detach(), driver="gelsd"
    )[0],
    "lstsq gradient": _graded(lambda t, A, B: t.linalg.lstsq(A, B).solution, _of(5, 3), _of(5, 2)),
    "lstsq with a wrong driver": lambda t: t.linalg.lstsq(t.ones(2, 2), t.ones(2, 1), driver="other"),
    "lstsq of different rows": lambda t: t.linalg.lstsq(t.ones(3, 2), t.ones(2, 1)),
    "tensorsolve": _graded(
        lambda t, A, B: t.linalg.tensorsolve(A + 3 * t.eye(6, dtype=t.float64).reshape(2, 3, 6), B),
        _of(2, 3, 6),
        _of(2, 3),
    ),
    "tensorsolve with dims": lambda t: t.linalg.tensorsolve(
        (_matrix(t, 6, 2, 3) + 3 * t.eye(6, dtype=t.float64).reshape(6, 2, 3)).detach(),
        _matrix(t, 2, 3).detach(),
        dims=(0,),
    ),
    "tensorinv": _graded(
        lambda t, A: t.linalg.tensorinv(A + 3 * t.eye(6, dtype=t.float64).reshape(2, 3, 6), ind=2), _of(2, 3, 6)
    ),
    "tensorinv of no square": lambda t: t.linalg.tensorinv(t.ones(2, 3, 4)),
    "mode": lambda t: [
        *t.mode(t.tensor([[3, 1, 3, 1], [2, 2, 5, 5]])),
        *t.tensor([1.0, 2.0, 2.0]).mode(0, keepdim=True),
        type(t.mode(t.ones(2))).__name__,
    ],
    "nanmedian": lambda t: [
        t.nanmedian(t.tensor([3.0, t.nan, 1.0, 2.0])),
        t.tensor([t.nan, t.nan]).nanmedian(),
        *t.nanmedian(t.tensor([[3.0, t.nan, 1.0], [t.nan, 2.0, 5.0]]), 1),
        t.nanmedian(t.arange(4)),
    ],
    "frexp": lambda t: [*t.frexp(t.tensor([0.0, 1.0, -3.5, 1e-40])), type(t.frexp(t.ones(1))).__name__],
    "gcd and lcm": lambda t: [
        t.gcd(t.tensor([4, -6, 0]), t.tensor([6, 4, 5])),
        t.lcm(t.tensor([4, -6, 0]), t.tensor([6, 4, 5])),
        t.tensor([4, 9]).gcd_(t.tensor(6)),
    ],
    "gcd of floats": lambda t: t.gcd(t.ones(2), t.ones(2)),
    "nextafter": lambda t: [t.nextafter(t.zeros(1), t.ones(1)), t.tensor([1.0]).nextafter(t.tensor([0.0]))],
    "incomplete gamma at the borders": lambda t: [
        f(t.tensor([0.0, 1.0, 1.0, -1.0, 2.0, t.inf, 0.0]), t.tensor([1.0, 0.0, t.inf, 1.0, -1.0, 3.0, 0.0]))
        for f in (t.igamma, t.igammac, t.special.gammainc)
    ],
    "derivative of igamma by its shape": lambda t: t.autograd.grad(
        t.igamma(t.ones(1, requires_grad=True), t.ones(1)).sum(), [t.ones(1, requires_grad=True)]
    ),
    "bessel": lambda t: [
        f(t.tensor([-40.0, -1.0, 0.0, 0.5, 20.0, 26.0, t.inf], dtype=t.float64))
        for f in (t.special.i0e, t.special.i1e, t.i0, t.special.i1)
    ],
    "averaged model": _averaged,
    "averaged exponentially": lambda t: _averaged(t, multi_avg_fn=t.optim.swa_utils.get_ema_multi_avg_fn(0.9)),
    "averaged by a function": lambda t: _averaged(t, avg_fn=t.optim.swa_utils.get_ema_avg_fn(0.8)),
    "averaged with buffers": lambda t: _averaged(t, use_buffers=True),
    "averaged by two": lambda t: _averaged(
        t, avg_fn=t.optim.swa_utils.get_swa_avg_fn(), multi_avg_fn=t.optim.swa_utils.get_swa_multi_avg_fn()
    ),
    "decay out of range": lambda t: t.optim.swa_utils.get_ema_avg_fn(1.5),
    "update_bn": _update_bn,
    "SWALR": _swalr,
    "SWALR linear": lambda t: _swalr(t, anneal_strategy="linear", anneal_epochs=4),
    "SWALR at once": lambda t: _swalr(t, anneal_epochs=0),
}


def _general(t, *shape):
    """Not symmetric, and such that rows have to be exchanged."""
    count = 1
    for n in shape:
        count *= n
    return (t.sin(t.arange(count, dtype=t.float64) ** 1.5 * 1.7 + 0.4) * 2).reshape(shape).requires_grad_()


def _kinds(t, made):
    return [*made, type(made).__name__, str([x.grad_fn is not None for x in made])]


def _unpacked(t, *shape, **options):
    made = t.linalg.lu_factor(_general(t, *shape))
    return _kinds(t, t.lu_unpack(*made, **options))


def _lu_gradients(t, *shape):
    x = _general(t, *shape)
    P, L, U = t.linalg.lu(x)
    LU, pivots = t.linalg.lu_factor(x)
    y = (L * t.arange(1.0, L.numel() + 1).reshape(L.shape)).sum() + (U * U).sum() + (LU * LU * LU).sum()
    (g,) = t.autograd.grad(y, x, create_graph=True)
    return [P, L, U, LU, pivots, g, *t.autograd.grad((g * g).sum(), x)]


def _lu_solutions(t, *shape, **options):
    A = _general(t, *shape)
    B = _matrix(t, *shape)
    X = t.linalg.lu_solve(*t.linalg.lu_factor(A), B, **options)
    return [X, *t.autograd.grad((X * X).sum(), (A, B))]


def _singular(t, *extra):
    return t.stack(
        [t.zeros(2, 2, dtype=t.float64), t.eye(2, dtype=t.float64) * 2, t.ones(2, 2, dtype=t.float64), *extra]
    )


def _large_lu(t):
    """Larger than what is eliminated at once."""
    x = t.sin(t.arange(70.0 * 50, dtype=t.float64) ** 1.3).reshape(70, 50)
    found = []
    for A in (x, x.T, x[:50]):
        P, L, U = t.linalg.lu(A)
        found += [P @ L @ U - A, t.linalg.lu_factor(A).pivots, L.sum(), U.sum()]
    return found


def _eigen(t, *shape, dtype=None):
    x = _general(t, *shape)
    x = x if dtype is None else (x + 1j * x.flip(-1)).detach().requires_grad_()
    values, vectors = t.linalg.eig(x)
    order = values.detach().real * 3 + values.detach().imag
    again = (vectors * values.unsqueeze(-2)) @ t.linalg.inv(vectors)
    y = (values * values).real.sum() + values.abs().sum() + (vectors.abs() ** 3).sum()
    (g,) = t.autograd.grad(y, x, create_graph=True)
    return [
        order.sort(-1)[0],
        again.real,
        g,
        *t.autograd.grad((g * g.conj()).real.sum(), x),
        values.dtype is vectors.dtype,
    ]


CALLS |= {
    "lu": lambda t: _kinds(t, t.linalg.lu(_general(t, 3, 3))),
    "lu of a batch": lambda t: _kinds(t, t.linalg.lu(_general(t, 2, 3, 4))),
    "lu of no rows": lambda t: [*t.linalg.lu(t.ones(0, 3))],
    "lu of no matrices": lambda t: [*t.linalg.lu_factor(t.ones(0, 3, 3))],
    "lu of a vector": lambda t: t.linalg.lu_factor(t.ones(2)),
    "lu without exchanges": lambda t: t.linalg.lu(t.eye(2), pivot=False),
    "lu of large matrices": _large_lu,
    "lu_factor": lambda t: _kinds(t, t.linalg.lu_factor(_general(t, 2, 3, 3))),
    "lu_factor tall": lambda t: _kinds(t, t.linalg.lu_factor_ex(_general(t, 5, 3))),
    "lu_factor wide": lambda t: _kinds(t, t.linalg.lu_factor_ex(_general(t, 2, 3, 5))),
    "lu_factor of complex numbers": lambda t: [*t.linalg.lu_factor(_general(t, 3, 3) + 1j * _matrix(t, 3, 3))],
    "lu_factor of a singular matrix": lambda t: t.linalg.lu_factor(t.zeros(2, 2)),
    "lu_factor_ex of singular matrices": lambda t: [*t.linalg.lu_factor_ex(_singular(t))],
    "lu gradients": lambda t: _lu_gradients(t, 3, 3),
    "lu gradients tall": lambda t: _lu_gradients(t, 5, 3),
    "lu gradients wide": lambda t: _lu_gradients(t, 2, 3, 5),
    "lu_unpack": lambda t: _unpacked(t, 2, 3, 3),
    "lu_unpack of wide ones": lambda t: _unpacked(t, 3, 5),
    "lu_unpack of tall ones": lambda t: _unpacked(t, 5, 3),
    "lu_unpack of exchanges": lambda t: [*t.lu_unpack(*t.linalg.lu_factor(_general(t, 3, 3)), unpack_data=False)],
    "lu_unpack of factors": lambda t: _unpacked(t, 3, 3, unpack_pivots=False),
    "lu_unpack of other exchanges": lambda t: t.lu_unpack(t.eye(2), t.ones(2, dtype=t.int64)),
    "lu_solve": lambda t: _lu_solutions(t, 2, 3, 3),
    "lu_solve right": lambda t: _lu_solutions(t, 3, 3, left=False),
    "lu_solve adjoint": lambda t: _lu_solutions(t, 3, 3, adjoint=True),
    "lu_solve adjoint right": lambda t: _lu_solutions(t, 3, 3, adjoint=True, left=False),
    "eig": lambda t: _eigen(t, 4, 4),
    "eig of a batch": lambda t: _eigen(t, 2, 3, 3),
    "eig of complex numbers": lambda t: _eigen(t, 3, 3, dtype="complex"),
    "eig of single precision": lambda t: str([x.dtype for x in t.linalg.eig(t.eye(2))]),
    "eigvals": lambda t: t.linalg.eigvals(t.tensor([[0.0, 1.0], [-1.0, 0.0]])).imag.abs(),
    "eig of no square": lambda t: t.linalg.eig(t.ones(2, 3)),
    "inv_ex": lambda t: _kinds(t, t.linalg.inv_ex(_general(t, 2, 3, 3))),
    "inv_ex of singular matrices": lambda t: [t.linalg.inv_ex(_singular(t)).info, t.linalg.inv_ex(_singular(t))[0][1]],
    "inv_ex of a singular matrix": lambda t: t.linalg.inv_ex(t.zeros(2, 2), check_errors=True),
    "solve_ex": lambda t: _kinds(t, t.linalg.solve_ex(_general(t, 3, 3), _matrix(t, 3, 2))),
    "solve_ex right": lambda t: _kinds(t, t.linalg.solve_ex(_general(t, 3, 3), _matrix(t, 2, 3), left=False)),
    "solve_ex of a vector": lambda t: [*t.linalg.solve_ex(_general(t, 3, 3), _matrix(t, 3))],
    "solve_ex of singular matrices": lambda t: [t.linalg.solve_ex(_singular(t), t.ones(3, 2, 1).double()).info],
    "solve_ex of a singular matrix": lambda t: t.linalg.solve_ex(t.zeros(2, 2), t.ones(2), check_errors=True),
    "cholesky_ex": lambda t: _kinds(t, t.linalg.cholesky_ex(_spd(t))),
    "cholesky_ex upper": lambda t: _kinds(t, t.linalg.cholesky_ex(_spd(t), upper=True)),
    "cholesky_ex gradients": _graded(lambda t, A: t.linalg.cholesky_ex(A).L, _spd),
    "cholesky_ex of others": lambda t: [
        t.linalg.cholesky_ex(_singular(t, -t.eye(2).double(), t.eye(2).double() - t.eye(2).double().flip(0) * 2)).info
    ],
    "cholesky_ex of no positive matrix": lambda t: t.linalg.cholesky_ex(t.zeros(2, 2), check_errors=True),
}
