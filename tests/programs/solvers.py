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
