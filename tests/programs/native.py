"""Functions that PyTorch has at the top level beside those of `nn.functional`: other orders, and numbers for modes."""

from tests.programs.helpers import raises_in_order


def _x(t, *shape):
    count = 1
    for n in shape:
        count *= n
    return ((t.arange(count, dtype=t.float64) * 7 % 11 - 4.0).reshape(shape) / 3).requires_grad_()


def _graded(t, y, *leaves):
    """The values, and the gradients of weighted sums of them."""
    found = list(y) if isinstance(y, tuple) else [y]
    total = sum((part * t.arange(1.0, part.numel() + 1).reshape(part.shape)).sum() for part in found)
    return [*found, *t.autograd.grad(total, leaves)]


# -- dropout -----------------------------------------------------------------------------------------------------------


def dropouts_of_all_and_nothing(t):
    x = t.arange(1.0, 7).reshape(2, 3)
    kinds = (t.dropout, t.feature_dropout, t.alpha_dropout, t.feature_alpha_dropout)
    found = [kind(x, p, train) for kind in kinds for p, train in ((0.0, True), (0.7, False), (0.0, False))]
    found += [kind(x, 1.0, True) for kind in kinds]
    written = (t.dropout_, t.feature_dropout_, t.alpha_dropout_, t.feature_alpha_dropout_)
    for kind in written:
        y = x.clone()
        found += [kind(y, 1.0, True) is y, y, kind(y, 0.3, False) is y]
    return found


def dropouts_drop(t):
    """Elements are zero or scaled, channels are dropped as a whole."""
    x = t.ones(8, 16, 5)
    a = t.dropout(x, 0.5, True)
    b = t.feature_dropout(x, 0.5, train=True)
    c, kept = t.native_dropout(x, 0.5, True)
    d = t.native_dropout(x, 0.5, False)
    y = x.clone()
    t.dropout_(y, p=0.5, train=True)
    return [
        sorted(set(a.flatten().tolist())), sorted(set(y.flatten().tolist())),
        bool((b == b[..., :1]).all()), sorted(set(b.flatten().tolist())),
        bool(((c > 0) == kept).all()), kept.dtype == t.bool, d[0].sum(), d[1].all(),
    ]  # fmt: skip


def dropout_of_a_bad_probability(t):
    return t.dropout(t.ones(3), 1.5, True)


def dropout_of_a_negative_probability(t):
    return t.alpha_dropout(t.ones(3), -0.1, True)


def dropout_without_channels(t):
    return t.feature_dropout(t.ones(3), 0.5, True)


# -- normalisation -----------------------------------------------------------------------------------------------------


def batches(t):
    x, w, b = _x(t, 4, 3, 2), _x(t, 3), _x(t, 3)
    mean, var = t.zeros(3, dtype=t.float64), t.ones(3, dtype=t.float64)
    found = [*_graded(t, t.batch_norm(x, w, b, mean, var, True, 0.1, 1e-5, True), x, w, b), mean, var]
    return found + _graded(t, t.batch_norm(x, w, b, mean, var, False, 0.1, 1e-5, False), x, w, b)


def instances(t):
    x, w, b = _x(t, 4, 3, 5), _x(t, 3), _x(t, 3)
    mean, var = t.zeros(3, dtype=t.float64), t.ones(3, dtype=t.float64)
    found = [*_graded(t, t.instance_norm(x, w, b, mean, var, True, 0.1, 1e-5, True), x, w, b), mean, var]
    return found + _graded(t, t.instance_norm(x, w, b, mean, var, False, 0.1, 1e-5, True), x, w, b)


def layers_and_groups(t):
    x, w, b, g = _x(t, 4, 6), _x(t, 6), _x(t, 6), _x(t, 2, 6, 3)
    found = _graded(t, t.layer_norm(x, [6], w, b, 1e-3, False), x, w, b)
    found += _graded(t, t.group_norm(g, 3, w, b, eps=1e-3, cudnn_enabled=False), g, w, b)
    return [*found, t.layer_norm(x, (6,)), t.group_norm(t.ones(1, 3), 3)]


def batch_without_statistics(t):
    return t.batch_norm(t.ones(2, 3), None, None, None, None, False, 0.1, 1e-5, True)


def groups_that_do_not_divide(t):
    return t.group_norm(t.ones(2, 3), 2)


def a_layer_of_another_size(t):
    return t.layer_norm(t.ones(2, 3), [2])


# -- tables ------------------------------------------------------------------------------------------------------------


def tables(t):
    w, at = _x(t, 5, 3), t.tensor([[1, 4], [1, 0]])
    found = _graded(t, t.embedding(w, at), w)
    found += _graded(t, t.embedding(w, at, padding_idx=1, scale_grad_by_freq=False, sparse=False), w)
    found += _graded(t, t.embedding(w, at, -1, True), w)
    with t.no_grad():
        shrunk = w.clone()
        same = t.embedding_renorm_(shrunk, at, 0.5, 2.0)
    return [*found, shrunk, same is shrunk]


def bags(t):
    w, at, starts = _x(t, 5, 3), t.tensor([1, 3, 0, 2, 2, 4]), t.tensor([0, 2, 2])
    found = []
    for mode in (0, 1, 2):
        found += _graded(t, t.embedding_bag(w, at, starts, False, mode)[0], w)
        made = t.embedding_bag(w, at, t.tensor([0, 2, 6]), mode=mode, include_last_offset=True)
        found += _graded(t, made[0], w) + ([made[1]] if mode else [])
    weights = _x(t, 6)
    found += _graded(t, t.embedding_bag(w, at, starts, per_sample_weights=weights)[0], w, weights)
    return [*found, *t.embedding_bag(w.detach(), at, starts, False, 2)]


# -- losses ------------------------------------------------------------------------------------------------------------


def losses(t):
    x, y, z = _x(t, 4, 3), _x(t, 4, 3).detach() * 2, _x(t, 4, 3).detach() - 1
    sign = t.tensor([1.0, -1.0, 1.0, -1.0], dtype=t.float64)
    found = []
    for reduction in (0, 1, 2):
        found += _graded(t, t.hinge_embedding_loss(x[:, 0], sign, 1.5, reduction), x)
        found += _graded(t, t.margin_ranking_loss(x[:, 0], z[:, 1], sign, 0.5, reduction), x)
        found += _graded(t, t.cosine_embedding_loss(x, z, sign, 0.1, reduction), x)
        found += _graded(t, t.triplet_margin_loss(x, y, z, 1.0, 2.0, 1e-6, False, reduction), x)
        found += _graded(t, t.kl_div(x.log_softmax(1), y.softmax(1), reduction), x)
        found += _graded(t, t.poisson_nll_loss(x, y.abs(), True, True, 1e-8, reduction), x)
        positive = t.tensor([1.0, 2.0, 3.0], dtype=t.float64)
        found += _graded(t, t.binary_cross_entropy_with_logits(x, y.sigmoid(), None, positive, reduction), x)
    found += [t.kl_div(x, y, log_target=True), t.hinge_embedding_loss(x[:, 0], sign), t.kl_div(x, y.exp(), 5)]
    return found


def alignments(t):
    x = _x(t, 6, 2, 4).log_softmax(2)
    targets = t.tensor([[1, 2, 2], [3, 1, 0]])
    found = [t.ctc_loss(x, targets, (6, 5), (3, 2), 0, reduction) for reduction in (0, 1, 2)]
    lengths = t.tensor([6, 5]), t.tensor([3, 2])
    return [*found, t.ctc_loss(x, targets, *lengths), t.ctc_loss(x, targets, (2, 2), (3, 2), zero_infinity=True)]


# -- convolutions, pooling, sampling -----------------------------------------------------------------------------------


def convolutions(t):
    x, w, b = _x(t, 2, 4, 5, 5), _x(t, 6, 2, 3, 3), _x(t, 6)
    found = _graded(t, t.convolution(x, w, b, [2, 1], [1, 0], [1, 1], False, [0, 0], 2), x, w, b)
    v = _x(t, 4, 3, 3, 3)
    found += _graded(t, t.convolution(x, v, None, [2, 2], [1, 1], [1, 1], True, [1, 1], 1), x, v)
    s, u, c = _x(t, 5, 2, 3), _x(t, 2, 3, 4), _x(t, 4)
    found += _graded(t, t.conv_tbc(s, u, c, 1), s, u, c)
    return found + _graded(t, t.constant_pad_nd(s, [1, 2, 0, 1], 2.5), s)


def pooling(t):
    x = _x(t, 2, 3, 7)
    values, where = t.adaptive_max_pool1d(x, 3)
    return [where, *_graded(t, values, x), *_graded(t, t.rrelu(x), x), t.rrelu_(x.detach().clone(), 0.2, 0.4)]


def slopes_that_are_drawn(t):
    x = -t.ones(1000, dtype=t.float64)
    a = t.rrelu(x, 0.1, 0.3, True, t.Generator().manual_seed(1))
    b = t.rrelu(x, 0.1, 0.3, True, generator=t.Generator().manual_seed(1))
    return [t.equal(a, b), a.max() <= -0.1, a.min() >= -0.3, len(set(a.tolist())) > 100]


def written_in_place(t):
    found = []
    for name, *rest in (("celu_", 0.5), ("selu_",), ("threshold_", 0.1, 9.0)):
        x = _x(t, 5).detach()
        found += [getattr(t, name)(x, *rest) is x, x]
    return found


def grids(t):
    theta, x = _x(t, 2, 2, 3), _x(t, 2, 1, 4, 4)
    grid = t.affine_grid_generator(theta, [2, 1, 3, 3], False)
    found = _graded(t, grid, theta)
    for mode in (0, 1, 2):
        for padding in (0, 1, 2):
            found.append(t.grid_sampler(x, grid.detach() / 4, mode, padding, True))
    return [*found, t.grid_sampler_2d(x, grid.detach() / 4, 0, 0, False)]


# -- recurrent networks ------------------------------------------------------------------------------------------------


def _params(t, gates, sizes, hidden, biases=True):
    found = []
    for size in sizes:
        found += [_x(t, gates * hidden, size) / 4, _x(t, gates * hidden, hidden) / 4]
        found += [_x(t, gates * hidden) / 4, _x(t, gates * hidden) / 4 + 0.1] if biases else []
    return [p.detach().requires_grad_() for p in found]


def sequences(t):
    x = _x(t, 4, 2, 3)
    found = []
    for name, gates in (("rnn_tanh", 1), ("rnn_relu", 1), ("gru", 3)):
        for biases in (True, False):
            params = _params(t, gates, (3, 3, 10, 10), 5, biases)
            h = _x(t, 4, 2, 5)
            made = getattr(t, name)(x, h, params, biases, 2, 0.5, False, True, False)
            found += _graded(t, tuple(made), x, h, *params)
    params = _params(t, 4, (3,), 5)
    h, c = _x(t, 1, 4, 5), _x(t, 1, 4, 5) / 2
    return found + _graded(t, tuple(t.lstm(x, (h, c), params, True, 1, 0.0, True, False, True)), x, h, *params)


def packed_sequences(t):
    x, sizes = _x(t, 6, 3), t.tensor([3, 2, 1])
    params, h = _params(t, 3, (3,), 5), _x(t, 1, 3, 5)
    found = _graded(t, tuple(t.gru(x, sizes, h, params, True, 1, 0.0, False, False)), x, h, *params)
    params = _params(t, 4, (3, 3), 5)
    state = [_x(t, 2, 3, 5).detach(), _x(t, 2, 3, 5).detach() / 2]
    return found + _graded(t, tuple(t.lstm(x, sizes, state, params, True, 1, 0.0, False, True)), x, *params)


def projected(t):
    x, h, c = _x(t, 3, 2, 3), _x(t, 1, 2, 2).detach(), _x(t, 1, 2, 4).detach()
    params = [_x(t, 16, 3), _x(t, 16, 2), _x(t, 16), _x(t, 16), _x(t, 2, 4)]
    return _graded(t, tuple(t.lstm(x, (h, c), params, True, 1, 0.0, False, False, False)), x, *params)


def steps(t):
    x, h, c = _x(t, 2, 3), _x(t, 2, 4), _x(t, 2, 4) / 2
    found = []
    for name, gates in (("rnn_tanh_cell", 1), ("rnn_relu_cell", 1), ("gru_cell", 3)):
        params = _params(t, gates, (3,), 4)
        found += _graded(t, getattr(t, name)(x, h, *params), x, h, *params)
        found.append(getattr(t, name)(x, h, *params[:2]))
    params = _params(t, 4, (3,), 4)
    return found + _graded(t, tuple(t.lstm_cell(x, (h, c), *params)), x, h, *params)


def steps_of_bad_shapes(t):
    x, h = t.ones(2, 3), t.ones(2, 4)
    w, u = t.ones(4, 3), t.ones(4, 4)
    return raises_in_order(
        lambda: t.rnn_tanh_cell(x, h, t.ones(4, 2), u), lambda: t.rnn_tanh_cell(x, t.ones(3, 4), w, u),
        lambda: t.rnn_tanh_cell(x, h, w, t.ones(4, 3)), lambda: t.lstm_cell(x, (h,), w, u),
        lambda: t.gru(x, h),
    )  # fmt: skip


# -- views as copies ---------------------------------------------------------------------------------------------------


def views_as_copies(t):
    x = _x(t, 2, 3, 4)
    found = []
    for name, *rest in (
        ("alias",), ("detach",), ("t",), ("permute", (2, 0, 1)), ("transpose", 0, 1), ("select", 1, 2),
        ("slice", 2, 1, 3),
        ("narrow", 2, 1, 2), ("squeeze", 0), ("unsqueeze", 1), ("view", (6, 4)), ("expand", (2, 2, 3, 4)),
        ("diagonal", 1), ("unfold", 2, 2, 1), ("as_strided", (2, 2), (1, 3)),
    ):  # fmt: skip
        given = x if name != "t" else x[0]
        made = getattr(t, f"{name}_copy")(given, *rest)
        found += [made.detach(), made.is_contiguous(), made.requires_grad, made._is_view()]
    for name, *rest in (("split", 2, 2), ("split_with_sizes", [1, 3], 2), ("unbind", 1)):
        found += [part.detach() for part in getattr(t, f"{name}_copy")(x, *rest)]
    z = t.view_as_complex_copy(t.ones(3, 2))
    out = t.empty(0, dtype=t.float64)
    t.permute_copy(x.detach(), (1, 0, 2), out=out)
    return [*found, z, t.view_as_real_copy(z), out]
