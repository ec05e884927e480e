"""Layers and optimisers made of ops: CTC, unpooling, random slopes, spectral normalisation, Rprop, ASGD."""


def _probs(t, *shape):
    count = 1
    for n in shape:
        count *= n
    return t.arange(count, dtype=t.float64).mul(7).remainder(11).div(4).reshape(shape).requires_grad_()


def _ctc(t, x, targets, inputs, lengths, **options):
    """Losses, and the gradient before log_softmax: of log_softmax itself PyTorch gives another, of equal effect."""
    loss = t.nn.functional.ctc_loss(x.log_softmax(-1), targets, inputs, lengths, **options)
    (gradient,) = t.autograd.grad(loss.sum(), x)
    return [loss, gradient]


def ctc_of_a_batch(t):
    targets = t.tensor([[1, 2, 2], [3, 1, 0]])
    found = []
    for reduction in ("mean", "sum", "none"):
        found += _ctc(t, _probs(t, 7, 2, 4), targets, (7, 5), (3, 2), reduction=reduction)
    return found


def ctc_of_a_row(t):
    return _ctc(t, _probs(t, 6, 2, 4), t.tensor([0, 2, 1]), t.tensor([6, 6]), t.tensor([1, 2]), blank=3)


def ctc_of_one(t):
    return _ctc(t, _probs(t, 6, 4), t.tensor([1, 2]), t.tensor(6), t.tensor(2), reduction="none")


def ctc_of_nothing(t):
    return _ctc(t, _probs(t, 4, 2, 3), t.tensor([[1], [2]]), (4, 4), (0, 1), reduction="none")


def ctc_that_is_impossible(t):
    x = _probs(t, 3, 1, 4)
    given = (t.tensor([[1, 1, 2]]), (3,), (3,))
    plain = t.nn.functional.ctc_loss(x.log_softmax(-1), *given, reduction="none")
    return [plain, *_ctc(t, x, *given, zero_infinity=True)]


def ctc_as_a_layer(t):
    layer = t.nn.CTCLoss(blank=0, zero_infinity=True)
    return [layer(_probs(t, 7, 2, 4).log_softmax(-1), t.tensor([[1, 2], [3, 1]]), (7, 5), (2, 2)), str(layer)]


def ctc_with_a_wrong_blank(t):
    return t.nn.functional.ctc_loss(t.zeros(3, 1, 4), t.tensor([[1]]), (3,), (1,), blank=4)


def unpooling(t):
    found = []
    for n, shape in ((1, (2, 3, 8)), (2, (2, 3, 6, 6)), (3, (1, 2, 4, 4, 4))):
        x = t.arange(float(_size(shape))).mul(37).remainder(101).reshape(shape).requires_grad_()
        pool = getattr(t.nn, f"MaxPool{n}d")(2, return_indices=True)
        unpool = getattr(t.nn, f"MaxUnpool{n}d")(2)
        y, where = pool(x)
        back = unpool(y, where)
        found += [back, *t.autograd.grad((back * back).sum(), x), str(unpool)]
    return found


def _size(shape):
    count = 1
    for n in shape:
        count *= n
    return count


def unpooling_to_a_size(t):
    x = t.arange(25.0).reshape(1, 1, 5, 5)
    y, where = t.nn.functional.max_pool2d(x, 2, return_indices=True)
    return t.nn.functional.max_unpool2d(y, where, 2, output_size=x.size())


def unpooling_to_a_wrong_size(t):
    y, where = t.nn.functional.max_pool2d(t.ones(1, 1, 4, 4), 2, return_indices=True)
    return t.nn.functional.max_unpool2d(y, where, 2, output_size=(9, 9))


def random_slopes(t):
    x = t.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    layer = t.nn.RReLU(0.1, 0.3)
    drawn = layer(t.full((100,), -1.0))
    y = layer.eval()(x)
    inside = bool(((drawn <= -0.1) & (drawn >= -0.3)).all()) and drawn.unique().numel() > 50
    return [
        y,
        *t.autograd.grad(y.sum(), x),
        inside,
        str(layer),
        t.nn.functional.rrelu(t.tensor([-1.0]), 0.2, 0.2, training=True),
    ]


def spectral_normalisation(t):
    found = []
    for layer in (t.nn.Linear(3, 2), t.nn.Conv2d(2, 3, 2), t.nn.ConvTranspose2d(2, 3, 2)):
        with t.no_grad():
            layer.weight.copy_(t.arange(float(layer.weight.numel())).sin().reshape(layer.weight.shape))
            layer.bias.zero_()
        made = t.nn.utils.spectral_norm(layer, n_power_iterations=3)
        with t.no_grad():
            made.weight_u.copy_(t.ones_like(made.weight_u) / made.weight_u.numel() ** 0.5)
            made.weight_v.copy_(t.ones_like(made.weight_v) / made.weight_v.numel() ** 0.5)
        x = t.ones(1, 3) if isinstance(layer, t.nn.Linear) else t.ones(1, 2, 3, 3)
        y = made(x)
        y.square().sum().backward()
        found += [y, made.weight_orig.grad, made.weight_u, made.weight_v, sorted(made.state_dict())]
        found += [made.eval()(x), t.nn.utils.remove_spectral_norm(made).weight, sorted(made.state_dict())]
    return found


def spectral_normalisation_twice(t):
    return t.nn.utils.spectral_norm(t.nn.utils.spectral_norm(t.nn.Linear(2, 2)))


def spectral_normalisation_that_is_not_there(t):
    return t.nn.utils.remove_spectral_norm(t.nn.Linear(2, 2))


def synchronised(t):
    model = t.nn.SyncBatchNorm.convert_sync_batchnorm(t.nn.Sequential(t.nn.Conv1d(1, 2, 1), t.nn.BatchNorm1d(2)))
    return [str(model), sorted(model.state_dict())]


def _steps(t, make):
    p = t.tensor([1.0, -2.0, 0.5], dtype=t.float64, requires_grad=True)
    optimizer = make(t.optim, [p])
    found = []
    for step in range(12):
        optimizer.zero_grad()
        ((p - 0.3).square() * t.tensor([1.0, 0.2, 3.0]) + (p * (step % 3)).sin()).sum().backward()
        optimizer.step()
        found.append(p.detach().clone())
    state = optimizer.state_dict()["state"][0]
    return [*found, sorted(state), *[state[name] for name in sorted(state)]]


def rprop(t):
    return _steps(t, lambda o, p: o.Rprop(p))


def rprop_with_options(t):
    return _steps(t, lambda o, p: o.Rprop(p, lr=0.1, etas=(0.6, 1.5), step_sizes=(0.01, 0.2), maximize=True))


def asgd(t):
    return _steps(t, lambda o, p: o.ASGD(p, lr=0.1))


def asgd_with_options(t):
    return _steps(t, lambda o, p: o.ASGD(p, lr=0.05, lambd=0.01, alpha=0.5, t0=4, weight_decay=0.1, maximize=True))


def asgd_with_a_wrong_rate(t):
    return t.optim.ASGD([t.ones(1, requires_grad=True)], lr=-1.0)


def _filled(t, module):
    with t.no_grad():
        for p in module.parameters():
            p.copy_(_probs(t, *p.shape) / 3 - 0.4)
    return module


def adaptive_softmax(t):
    layer = _filled(t, t.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 9, 15], div_value=2.0, head_bias=True).double())
    x = _probs(t, 8, 16)
    targets = t.tensor([0, 3, 4, 19, 9, 14, 15, 2])
    made = layer(x, targets)
    grads = t.autograd.grad(made.loss, [x, *layer.parameters()])
    one = layer(x[3], targets[3])
    names = str([name for name, _ in layer.named_parameters()])
    return [*made, *grads, *one, layer.log_prob(x), layer.predict(x), names, layer.head_size, layer.cutoffs, str(layer)]


def adaptive_softmax_without_rare_classes(t):
    layer = _filled(t, t.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5]).double())
    return [*layer(_probs(t, 3, 8), t.tensor([0, 1, 4]))]


def adaptive_softmax_of_no_class(t):
    return [*t.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5])(t.ones(2, 8), t.tensor([0, 10]))]


def adaptive_softmax_of_matrices(t):
    return [*t.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5])(t.ones(2, 8), t.tensor([[0], [1]]))]


def adaptive_softmax_of_other_sizes(t):
    return [*t.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5])(t.ones(2, 8), t.tensor([0]))]


def adaptive_softmax_with_bad_cutoffs(t):
    return t.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5, 5])


def adaptive_softmax_with_no_cutoffs(t):
    return t.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [])


def multilabel_margin(t):
    x = _probs(t, 3, 4)
    targets = t.tensor([[3, 0, -1, 1], [-1, 0, 1, 2], [1, 2, 0, 3]])
    found = []
    for reduction in ("mean", "sum", "none"):
        loss = t.nn.functional.multilabel_margin_loss(x, targets, reduction=reduction)
        found += [loss, *t.autograd.grad(loss.sum(), x)]
    layer = t.nn.MultiLabelMarginLoss()
    return [*found, layer(x[0], targets[0]), str(layer)]


def multilabel_margin_of_other_sizes(t):
    return t.nn.functional.multilabel_margin_loss(t.ones(2, 3), t.zeros(2, 2, dtype=t.int64))


def fractional_pooling(t):
    found = []
    for n, shape, kernel, out in ((2, (2, 2, 9, 11), 2, (4, 5)), (3, (1, 2, 7, 6, 8), (2, 3, 2), (3, 2, 4))):
        x = t.arange(float(_size(shape)), dtype=t.float64).mul(37).remainder(101).reshape(shape).requires_grad_()
        samples = t.tensor([0.1, 0.55, 0.9, 0.3, 0.75, 0.2], dtype=t.float64).repeat(4)[: shape[0] * shape[1] * n]
        samples = samples.reshape(shape[0], shape[1], n)
        pool = getattr(t.nn.functional, f"fractional_max_pool{n}d")
        y, where = pool(x, kernel, out, return_indices=True, _random_samples=samples)
        layer = getattr(t.nn, f"FractionalMaxPool{n}d")(kernel, output_ratio=0.5, _random_samples=samples)
        found += [y, where, *t.autograd.grad((y * y).sum(), x), layer(x), str(layer), list(pool(x[0], 2, out).shape)]
    return found


def fractional_pooling_to_one(t):
    x = t.arange(25.0).reshape(1, 1, 5, 5)
    return t.nn.FractionalMaxPool2d(2, output_size=1)(x)


def fractional_pooling_to_too_much(t):
    return t.nn.functional.fractional_max_pool2d(t.ones(1, 1, 5, 5), 3, output_size=4)


def fractional_pooling_to_nothing(t):
    return t.nn.FractionalMaxPool2d(2)


def fractional_pooling_to_both(t):
    return t.nn.FractionalMaxPool2d(2, output_size=2, output_ratio=0.5)


def fractional_pooling_by_a_bad_ratio(t):
    return t.nn.FractionalMaxPool3d(2, output_ratio=1.5)


def _trained(t, name, *shapes, steps=4, **options):
    """The parameters after some steps, and what the optimiser keeps."""
    params = [(_probs(t, *shape).detach() / 2 - 0.6).requires_grad_() for shape in shapes]
    optimizer = getattr(t.optim, name)(params, **options)
    for step in range(steps):
        optimizer.zero_grad()
        sum(((p - 0.1 * step) ** 2 * (1 + p)).sum() for p in params).backward()
        optimizer.step()
    kept = optimizer.state_dict()["state"]
    state = [kept[i][key] for i in sorted(kept) for key in sorted(kept[i])]
    return [*params, *state, str([sorted(kept[i]) for i in sorted(kept)]), str(sorted(optimizer.defaults))]


def adafactor(t):
    shapes = ((3, 4), (5,), (2, 3, 2), ())
    found = _trained(t, "Adafactor", *shapes) + _trained(t, "Adafactor", *shapes, maximize=True, lr=0.1)
    return found + _trained(t, "Adafactor", *shapes, weight_decay=0.1, beta2_decay=-0.5, eps=(1e-8, 1e-2), d=1.5)


def adafactor_with_a_bad_threshold(t):
    return t.optim.Adafactor([t.ones(2)], d=0.5)


def adafactor_with_a_bad_decay(t):
    return t.optim.Adafactor([t.ones(2)], beta2_decay=0.5)


def adafactor_of_complex_numbers(t):
    p = t.ones(2, dtype=t.complex64, requires_grad=True)
    p.grad = t.ones(2, dtype=t.complex64)
    return t.optim.Adafactor([p]).step()


def _rounded(found):
    """As far as bfloat16 is the same everywhere."""
    return [x if isinstance(x, str) else (x.detach() * 64).round() / 64 for x in found]


def muon(t):
    found = _rounded(_trained(t, "Muon", (3, 5), (6, 2), lr=0.02))
    found += _rounded(_trained(t, "Muon", (4, 4), nesterov=False, adjust_lr_fn="match_rms_adamw", weight_decay=0.0))
    return found


def muon_of_a_vector(t):
    return t.optim.Muon([t.ones(3)])


def muon_with_an_unknown_adjustment(t):
    return t.optim.Muon([t.ones(3, 3)], adjust_lr_fn="other")


def _attended(t, mask, **options):
    made = [t.sin(t.arange(24.0, dtype=t.float64) * k).reshape(2, 3, 4).requires_grad_() for k in (1.1, 0.7, 1.9)]
    y = t.nn.functional.scaled_dot_product_attention(*made, attn_mask=mask, **options)
    grads = t.autograd.grad((y * y).sum(), made, create_graph=True)
    return [y, *grads, *t.autograd.grad(sum((g * g).sum() for g in grads), made)]


def attention_that_sees_nothing(t):
    shown = t.tensor([[False, False, False], [True, False, True], [False, False, True]])
    scores = t.zeros(3, 3, dtype=t.float64).masked_fill(~shown, -t.inf)
    one = t.stack([shown, ~shown])
    return [*_attended(t, shown), *_attended(t, scores), *_attended(t, one), *_attended(t, one.any(0))]


def attention_that_sees_nothing_before(t):
    scores = t.zeros(2, 3, 3, dtype=t.float64)
    scores[0, :, 0] = -t.inf
    later = t.ones(3, 3, dtype=t.bool).triu(1)
    return _attended(t, scores.masked_fill(later, -t.inf))


def signs_of_remainders(t):
    found = []
    for divisor in (3.0, -3.0):
        x = t.tensor([-0.0, 0.0, -3.0, 3.0, -6.0, 6.0, -4.0, 4.0])
        found += [1 / (x % divisor), 1 / t.remainder(x, t.tensor([divisor])), 1 / t.fmod(x, divisor)]
    return [*found, t.tensor([-3, 3, 4]) % 3]


def absolute_bools(t):
    return t.tensor([True]).abs()


def relu_of_bools(t):
    return t.relu(t.tensor([True]))


def products_of_bools(t):
    return t.ones(2, 2, dtype=t.bool) @ t.ones(2, 2, dtype=t.bool)


def sums_of_products_of_bools(t):
    return t.einsum("ij,jk->ik", t.ones(2, 2, dtype=t.bool), t.ones(2, 2, dtype=t.bool))


def rounded_bools(t):
    return t.tensor([True]).ceil()


def outer_products_of_bools(t):
    return [t.outer(*[t.ones(2, dtype=t.bool)] * 2), t.kron(*[t.ones(1, 2, dtype=t.bool)] * 2)]
