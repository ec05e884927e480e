"""What programs use now and then: windows, masked reductions, coordinates, differences, what was traced."""

from tests.programs.helpers import raises_in_order

_WINDOWS = (
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_hamming", "hamming", "hann", "kaiser",
    "nuttall",
)  # fmt: skip


def _windows(t):
    from importlib import import_module

    return import_module(f"{t.__name__}.signal.windows")


def windows(t):
    kinds = [getattr(_windows(t), name) for name in _WINDOWS]
    made = [kind(n, sym=sym) for kind in kinds for n in (0, 1, 2, 7, 8) for sym in (True, False)]
    return [*made, _windows(t).hann(5, dtype=t.float64, requires_grad=True)]


def windows_with_parameters(t):
    w = _windows(t)
    return [
        w.exponential(6, center=1.5, tau=2.0, sym=False), w.gaussian(6, std=0.7), w.kaiser(6, beta=3.0),
        w.general_hamming(6, alpha=0.7), w.general_cosine(6, a=[0.5, 0.3, 0.2]),
    ]  # fmt: skip


def windows_of_bad_values(t):
    w = _windows(t)
    return raises_in_order(
        lambda: w.hann(-1), lambda: w.kaiser(3, beta=-1), lambda: w.gaussian(3, std=0), lambda: w.exponential(3, tau=0),
        lambda: w.exponential(3, center=1), lambda: w.general_cosine(3, a=3), lambda: w.general_cosine(3, a=[]),
    )  # fmt: skip


def _masked(t):
    x = t.tensor([[1.0, -2.0, 3.0], [4.0, 5.5, -6.0]], requires_grad=True)
    return x, t.tensor([[True, False, True], [True, True, False]]), t.tensor([[True, True, False]])


def masked_reductions(t):
    x, mask, wide = _masked(t)
    found = []
    for name in ("sum", "prod", "amax", "amin", "mean", "var", "std"):
        for m in (mask, wide, None):
            for dim, keepdim in ((None, False), (0, True), (1, False), ((0, 1), False)):
                made = getattr(t.masked, name)(x, dim, keepdim=keepdim, mask=m)
                found += [made, *t.autograd.grad(made.sum(), x)]
    return found


def masked_softmax(t):
    x, mask, _ = _masked(t)
    found = []
    for name in ("softmax", "log_softmax", "softmin"):
        for dim in (0, -1):
            made = getattr(t.masked, name)(x, dim, mask=mask)
            found += [made, *t.autograd.grad((made * t.arange(6).view(2, 3))[mask].sum(), x)]
    return found


def masked_integers_and_nothing(t):
    x, mask = t.arange(6).view(2, 3), t.tensor([[False, False, False], [True, True, False]])
    m = t.masked
    return [
        m.sum(x, 1, mask=mask), m.prod(x, 1, mask=mask), m.amax(x, 1, mask=mask), m.amin(x, 1, mask=mask),
        m.var(x, 1, mask=mask), m.var(x, 1, correction=0, mask=mask), m.std(x, 1, False, mask=mask),
        m.mean(x, 1, dtype=t.float64, mask=mask), m.softmax(x.float(), 1, mask=mask), m.amax(x.float(), 1, mask=mask),
    ]  # fmt: skip


def masked_bad_calls(t):
    x = t.arange(3)
    return raises_in_order(
        lambda: t.masked.mean(x), lambda: t.masked.sum(x, mask=x[None] > 1),
        lambda: t.masked.var(x.float(), 0, True, correction=1),
    )  # fmt: skip


def coordinates(t):
    flat = t.tensor([[0, 5], [23, 13]])
    return [*t.unravel_index(flat, (2, 3, 4)), *t.unravel_index(flat, 24), *t.unravel_index(t.tensor(3), [2, 2])]


def coordinates_of_bad_values(t):
    return raises_in_order(
        lambda: t.unravel_index(t.tensor([1.0]), (2,)), lambda: t.unravel_index(t.tensor([1]), (2, -1))
    )


def gradients_of_samples(t):
    x = t.tensor([[1.0, 4.0, 9.0, 5.0], [2.0, 8.0, 0.5, 1.0], [3.0, 1.0, 2.0, 7.0]], requires_grad=True)
    at = t.tensor([0.0, 1.0, 3.0, 3.5])
    found = []
    for options in (
        {}, {"spacing": 2.0}, {"dim": 1}, {"edge_order": 2}, {"dim": (1,), "spacing": (at,)},
        {"dim": -1, "spacing": (at,), "edge_order": 2}, {"spacing": [2.0, 0.5]}, {"dim": (1, 0), "spacing": [0.5, 3.0]},
    ):  # fmt: skip
        made = t.gradient(x, **options)
        found += [*made, *t.autograd.grad(sum((g * g).sum() for g in made), x)]
    return [*found, *t.gradient(t.tensor([1.0, 3.0])), *t.gradient(t.tensor([1, 4, 9]))]


def gradients_of_bad_samples(t):
    return raises_in_order(
        lambda: t.gradient(t.ones(1)), lambda: t.gradient(t.ones(3, 3), spacing=[1.0]),
        lambda: t.gradient(t.ones(2), edge_order=2), lambda: t.gradient(t.ones(5), edge_order=3),
    )  # fmt: skip


def what_was_traced(t):
    m = t.nn.Linear(3, 2).eval()
    x = t.ones(4, 3)
    traced = t.jit.trace(m, x)
    frozen = t.jit.freeze(t.jit.script(m))
    both = t.jit.trace(lambda a, b: (a + b, a * b), (x, x))
    return [
        t.equal(traced(x), m(x)),
        t.equal(frozen(x), m(x)),
        *both(x, 2 * x),
        t.jit.trace_module(m, {"forward": x})(x).shape == (4, 2),
    ]


def causal_masks(t):
    from importlib import import_module

    b, f = import_module(f"{t.__name__}.nn.attention.bias"), t.nn.functional
    q, k = t.linspace(-1, 1, 24).view(1, 2, 3, 4), t.linspace(1, -2, 40).view(1, 2, 5, 4)
    upper, lower, square = b.causal_upper_left(3, 5), b.causal_lower_right(3, 5), b.causal_upper_left(5, 5)
    made = [f.scaled_dot_product_attention(q, k, k * 2, mask) for mask in (upper, lower)]
    made.append(f.scaled_dot_product_attention(k, k, k, square))
    return [
        *made, type(upper).__name__, upper.variant.name, lower.seq_len_q, lower.seq_len_kv,
        *raises_in_order(lambda: b.causal_upper_left(3)),
    ]  # fmt: skip
