"""What tutorials, textbooks and research code write, and the reference manual hardly mentions."""

import importlib
from collections import defaultdict


def _leaf(torch, *shape):
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(float(count)) * 7 % 5).reshape(shape).requires_grad_(True)


def _written(x, changed):
    changed.mul_(2.0).sum().backward()
    return [changed, x.grad]


def writing_on_dropped_elements(torch):
    x = _leaf(torch, 4)
    torch.nn.functional.dropout(x, 1.0, training=True).add_(1).sum().backward()
    return x.grad


def writing_on_pooled_elements(torch):
    pools = torch.nn.functional
    x = _leaf(torch, 1, 1, 4, 4)
    made = [
        _written(x, pools.max_pool2d(x, 2)),
        _written(x, pools.max_pool2d(x, 2, return_indices=True)[0]),
        _written(x, pools.adaptive_max_pool2d(x, 2)),
        _written(x, pools.max_pool1d(x[0, 0], 2)),
    ]
    return made


def relu_in_place_after_pooling(torch):
    nn = torch.nn
    x = _leaf(torch, 1, 1, 4, 4)
    nn.Sequential(nn.MaxPool2d(2), nn.ReLU(True))(x - 2).sum().backward()
    return x.grad


def writing_on_picked_elements(torch):
    x = _leaf(torch, 2, 3)
    return [
        _written(x, x.max(1)[0]),
        _written(x, x.min(1).values),
        _written(x, x.sort(1)[0]),
        _written(x, x.topk(2, 1)[0]),
        _written(x, x.median(1)[0]),
        _written(x, x.nanmedian(1)[0]),
        _written(x, x.mode(1)[0]),
        _written(x, x.kthvalue(2, 1)[0]),
        _written(x, x.cummax(1)[0]),
        _written(x, x.cummin(1)[0]),
    ]


def writing_on_results_that_no_rule_reads(torch):
    x = _leaf(torch, 3)
    square = torch.tensor([[3.0, 1.0], [0.0, 2.0]], requires_grad=True)
    return [
        _written(x, torch.std_mean(x)[1]),
        _written(x, torch.frexp(x + 1)[0]),
        _written(x, torch.logaddexp(x, 2 * x)),
        _written(square, torch.linalg.slogdet(square)[1]),
    ]


def writing_on_results_that_rules_read(torch):
    raised = []
    for results, at in ((torch.std_mean, 0), (torch.aminmax, 0), (torch.linalg.eigh, 1), (torch.linalg.svd, 1)):
        x = torch.tensor([[3.0, 1.0], [1.0, 2.0]], requires_grad=True)
        out = results(x)
        out[at].mul_(2)
        try:
            sum(part.sum() for part in out).backward()
            raised.append(float(x.grad.sum()))
        except RuntimeError as error:
            raised.append("in place" if "inplace" in str(error) else str(error))
    return raised


def slopes_of_sampled_functions(torch):
    x = _leaf(torch, 4, 5)
    places = (torch.tensor([0.0, 1.0, 3.0, 4.0]), torch.tensor([0.0, 1.0, 2.0, 4.0, 8.0]))
    made = [
        torch.gradient(x),
        torch.gradient(x, spacing=0.5, dim=0),
        torch.gradient(x, spacing=[2.0, 3.0], edge_order=2),
        torch.gradient(x, spacing=places, edge_order=2),
        torch.gradient(torch.arange(5)),
        torch.gradient(x, dim=[-1]),
    ]
    made[3][0].mul(torch.arange(20.0).reshape(4, 5)).sum().backward()
    return [made, x.grad]


def slopes_at_too_few_points(torch):
    return torch.gradient(torch.ones(1))


def distances_of_all_pairs(torch):
    x = (_leaf(torch, 4, 3) * torch.arange(1.0, 13).reshape(4, 3)).detach().requires_grad_(True)
    torch.pdist(x).sum().backward()
    return [torch.pdist(x), torch.pdist(x, 1), torch.nn.functional.pdist(x[:1]), x.grad]


def histograms_with_edges(torch):
    x = torch.tensor([1.0, 2.0, 1.0, 4.0])
    return [
        torch.histogram(x, 3),
        torch.histogram(x).bin_edges,
        torch.histogram(x, 4, range=(-1.0, 1.0)),
        torch.histogram(x, torch.tensor([0.0, 1.0, 3.0])),
        torch.histogram(x, 3, density=True).hist,
        x.histogram(2, weight=torch.tensor([1.0, 2.0, 3.0, 4.0])),
        torch.histogram(torch.ones(3), 2),
        torch.histogram(torch.ones(0), 2),
    ]


def derivatives_of_digamma(torch):
    x = torch.tensor([0.5, 2.0])
    return [torch.polygamma(1, x), x.polygamma(2), torch.special.polygamma(0, x)]


def images_sampled_by_cubic_weights(torch):
    image = _leaf(torch, 1, 2, 5, 4)
    grid = torch.linspace(-1.4, 1.3, 12).sin().reshape(1, 3, 2, 2).mul(1.5).requires_grad_(True)
    made = []
    for padding in ("zeros", "border", "reflection"):
        for aligned in (True, False):
            sample = torch.nn.functional.grid_sample(image, grid, "bicubic", padding, aligned)
            sample.square().sum().backward()
            made.append(sample)
    return [made, image.grad, grid.grad]


def spatial_transformer_at_the_identity(torch):
    """The sampled places lie on the elements, but for rounding: PyTorch's decides which neighbours count."""
    names = torch.nn.functional
    image = torch.arange(28.0 * 28).mul(0.37).sin().reshape(1, 1, 28, 28)
    theta = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], requires_grad=True)
    grid = names.affine_grid(theta, image.size(), align_corners=False)
    names.grid_sample(image, grid, align_corners=False).mul(image.cos()).sum().backward()
    return theta.grad


def evenly_spread_numbers_are_rounded_once(torch):
    return [(torch.linspace(-1, 1, n) * 2**30).to(torch.int64) for n in (7, 28, 100)]


def one_complex_number_as_two(torch):
    return torch.view_as_real(torch.tensor(1 + 2j))


def jacobians_of_dictionaries(torch):
    func = torch.func
    parameters = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.ones(2)}
    x = torch.tensor([1.0, 2.0, 3.0])

    def values(p, x):
        return {"out": (p["weight"] @ x + p["bias"]).tanh(), "norm": x.norm()}

    def loss(p, x):
        return values(p, x)["out"].sum()

    jacobian, second = func.jacrev(values)(parameters, x), func.hessian(loss)(parameters, x)
    both = func.jacrev(values, (0, 1))(parameters, x)
    kernel = func.vmap(func.jacrev(loss), (None, 0))(parameters, torch.stack([x, -x]))
    return [
        [sorted(jacobian), jacobian["out"]["weight"], jacobian["norm"]["bias"], both["out"][1], both["norm"][1]],
        [second["weight"]["bias"], second["bias"]["bias"], kernel["weight"]],
        func.jacfwd(lambda a: (a * 2, a.sum()))(x),
        func.jacrev(lambda a, b: a * b, (0, 1))(x, x + 1),
        func.hessian(lambda a, b: (a * b).sum(), (0, 1))(x, x),
    ]


def all_values_of_distributions(torch):
    names = torch.distributions
    probs = torch.tensor([[0.2, 0.3, 0.5], [1.0, 1.0, 2.0]])
    categorical, coins = names.Categorical(probs), names.Bernoulli(torch.tensor([0.2, 0.5]))
    return [
        categorical.enumerate_support(),
        categorical.enumerate_support(expand=False),
        coins.enumerate_support(),
        categorical.has_enumerate_support,
        names.Normal(0.0, 1.0).has_enumerate_support,
    ]


def multivariate_normals_show_what_they_were_given(torch):
    names, eye = torch.distributions, torch.eye(2)
    return [
        repr(names.MultivariateNormal(torch.zeros(2), **{kind: eye}))
        for kind in ("covariance_matrix", "precision_matrix", "scale_tril")
    ]


def optimizer_around_an_optimizer(torch):
    class Slow(torch.optim.Optimizer):
        def __init__(self, optimizer):
            self.optimizer, self.state = optimizer, defaultdict(dict)
            self.param_groups = optimizer.param_groups

        def step(self, closure=None):
            return self.optimizer.step(closure)

        def zero_grad(self):
            self.optimizer.zero_grad()

    x = _leaf(torch, 3)
    slow = Slow(torch.optim.SGD([x], lr=0.5))
    for _ in range(2):
        slow.zero_grad()
        x.square().sum().backward()
        slow.step()
    return [x, repr(importlib.import_module(f"{torch.__name__}.optim.optimizer").required)]


def losses_of_images_by_their_old_name(torch):
    nn = torch.nn
    scores = _leaf(torch, 1, 3, 2, 2).log_softmax(1)
    loss = nn.NLLLoss2d()(scores, torch.tensor([[[0, 1], [2, 0]]]))
    return [loss, repr(nn.NLLLoss2d()), isinstance(nn.NLLLoss2d(), nn.NLLLoss)]


def named_tuples_of_determinants(torch):
    eye = torch.eye(2)
    return [type(x).__name__ for x in (torch.slogdet(eye), eye.slogdet(), torch.linalg.slogdet(eye))]


def distances_by_matrix_product(torch):
    x = (torch.arange(30.0 * 3).mul(0.7).sin() * 3).reshape(30, 3).requires_grad_(True)
    y = torch.arange(2.0 * 4 * 3).cos().reshape(2, 4, 3).requires_grad_(True)
    distances = torch.cdist(x, y)
    distances.square().sum().backward()
    forced = torch.cdist(x[:3], y, compute_mode="use_mm_for_euclid_dist")
    unknown = torch.cdist(torch.full((30, 1), float("nan")), torch.ones(1, 1))
    return [distances, forced, unknown, x.grad, y.grad]


def distances_of_equal_rows_have_a_gradient(torch):
    x = torch.zeros(30, 2, requires_grad=True)
    torch.cdist(x, x).sum().backward()
    return x.grad


def distances_in_an_unknown_mode(torch):
    return torch.cdist(torch.ones(1, 2), torch.ones(1, 2), compute_mode="by hand")
