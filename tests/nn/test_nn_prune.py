"""Pruning, fusing and the older names against PyTorch's."""

import warnings

import pytest
import teletensor as tt

from tests.nn.nn_oracle import array, assert_same_error, assert_same_script, drawn
from tests.replay import LIVE

if LIVE:
    import torch.nn.utils.prune  # noqa: F401  (PyTorch leaves it out of torch.nn.utils)


def _conv(library):
    return drawn(library, lambda nn: nn.Conv2d(3, 4, 2))


def _state(m, name="weight"):
    """Everything that pruning changes, an output, and the gradient of what is trained."""
    x = m.weight.new_tensor(array(2, 3, 5, 5))
    m(x).square().sum().backward()
    grads = [p.grad for _, p in sorted(m.named_parameters())]
    return [sorted(m.state_dict()), [v for _, v in sorted(m.state_dict().items())], getattr(m, name), grads]


CALLS = {
    "identity": lambda p, m: p.identity(m, "weight"),
    "l1": lambda p, m: p.l1_unstructured(m, "weight", 0.4),
    "l1 of a number": lambda p, m: p.l1_unstructured(m, "weight", 7),
    "l1 of none": lambda p, m: p.l1_unstructured(m, "bias", 0),
    "l1 by scores": lambda p, m: p.l1_unstructured(m, "weight", 0.3, m.weight.detach() ** 2 - m.weight.detach()),
    "l2 channels": lambda p, m: p.ln_structured(m, "weight", 0.5, n=2, dim=0),
    "max channels": lambda p, m: p.ln_structured(m, "weight", 1, n=float("inf"), dim=1),
    "last dim": lambda p, m: p.ln_structured(m, "weight", 1, n=1, dim=-1),
    "mask": lambda p, m: p.custom_from_mask(m, "bias", m.bias.new_tensor([1.0, 0.0, 1.0, 0.0])),
    "twice": lambda p, m: [p.l1_unstructured(m, "weight", 0.3), p.l1_unstructured(m, "weight", 0.3)],
    "channels after elements": lambda p, m: [p.l1_unstructured(m, "weight", 9), p.ln_structured(m, "weight", 2, 2, 0)],
    "elements after channels": lambda p, m: [p.ln_structured(m, "weight", 2, 2, 0), p.l1_unstructured(m, "weight", 5)],
    "channels twice": lambda p, m: [p.ln_structured(m, "weight", 2, 2, 0), p.ln_structured(m, "weight", 1, 1, 0)],
    "three": lambda p, m: [p.l1_unstructured(m, "weight", 3) for _ in range(3)],
    "removed": lambda p, m: p.remove(p.l1_unstructured(m, "weight", 0.4), "weight"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("where", ["here", "remote"])
def test_pruning(name, where, request):
    if where == "remote":
        request.getfixturevalue("session")

    def run(library):
        m = _conv(library)
        CALLS[name](library.nn.utils.prune, m)
        return [library.nn.utils.prune.is_pruned(m), _state(m)]

    assert_same_script(run)


def test_pruning_everywhere_at_once():
    def run(library):
        m = drawn(library, lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)))
        prune = library.nn.utils.prune
        prune.l1_unstructured(m[0], "weight", 2)
        prune.global_unstructured(
            [(m[0], "weight"), (m[2], "weight"), (m[2], "bias")], prune.L1Unstructured, {(m[2], "bias"): m[2].bias * 3},
            amount=0.4,
        )  # fmt: skip
        return [v for _, v in sorted(m.state_dict().items())] + [m[0].weight, m[2].weight, m[2].bias]

    assert_same_script(run)


def test_a_method_prunes_a_lone_tensor():
    def run(library):
        prune = library.nn.utils.prune
        x = library.tensor(array(4, 3))
        mask = library.tensor([[1.0, 0, 1]] * 4)
        return [prune.L1Unstructured(5).prune(x, mask), prune.LnStructured(0.5, 2, 0).prune(x, importance_scores=-x)]

    assert_same_script(run)


def test_random_methods_choose_as_many_as_they_should():
    prune = tt.nn.utils.prune
    for call, zeros in (
        (lambda m: prune.random_unstructured(m, "weight", 0.25), 12),
        (lambda m: prune.random_structured(m, "weight", 2, 0), 24),
    ):
        m = call(_conv(tt))
        assert (m.weight_mask == 0).sum() == zeros
        assert (m.weight == 0).sum() == zeros
    assert (m.weight_mask.sum((1, 2, 3)) % 12 == 0).all()


def test_a_method_of_ones_own_and_a_failure_that_changes_nothing():
    def run(library):
        class Even(library.nn.utils.prune.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        m = _conv(library)
        with pytest.raises(ValueError, match="should be smaller"):
            library.nn.utils.prune.l1_unstructured(m, "weight", 1000)
        Even.apply(m, "weight")
        return _state(m)

    assert_same_script(run)


@pytest.mark.parametrize(
    "run",
    [
        lambda t, nn, F: nn.utils.prune.l1_unstructured(nn.Linear(2, 2), "weight", "a"),
        lambda t, nn, F: nn.utils.prune.l1_unstructured(nn.Linear(2, 2), "weight", 1.5),
        lambda t, nn, F: nn.utils.prune.l1_unstructured(nn.Linear(2, 2), "weight", -1),
        lambda t, nn, F: nn.utils.prune.l1_unstructured(nn.Linear(2, 2), "weight", 5),
        lambda t, nn, F: nn.utils.prune.ln_structured(nn.Linear(2, 2), "bias", 1, 2, 0),
        lambda t, nn, F: nn.utils.prune.ln_structured(nn.Linear(2, 2), "weight", 1, 2, 2),
        lambda t, nn, F: nn.utils.prune.custom_from_mask(nn.Linear(2, 2), "weight", t.ones(2)),
        lambda t, nn, F: nn.utils.prune.remove(nn.Linear(2, 2), "weight"),
        lambda t, nn, F: nn.utils.prune.global_unstructured(1, None),
        lambda t, nn, F: nn.utils.fusion.fuse_conv_bn_eval(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)),
        lambda t, nn, F: nn.utils.skip_init(nn.ReLU),
        lambda t, nn, F: nn.utils.skip_init(dict),
    ],
)
def test_bad_calls(run):
    assert_same_error(run)


def _normalised(library, make, features):
    bn = drawn(library, lambda nn: nn.BatchNorm2d(features) if make != "Linear" else nn.BatchNorm1d(features))
    bn.running_mean.copy_(library.tensor(array(features)))
    bn.running_var.copy_(library.tensor(array(features, low=0.5, high=2)))
    return bn.eval()


@pytest.mark.parametrize("make", ["Conv2d", "ConvTranspose2d", "Linear"])
@pytest.mark.parametrize("bias", [True, False])
def test_fusing_a_normalisation(make, bias):
    def run(library):
        size = () if make == "Linear" else (3,)
        layer = drawn(library, lambda nn: getattr(nn, make)(2, 4, *size, bias=bias)).eval()
        bn = _normalised(library, make, 4)
        x = library.tensor(array(3, 2) if make == "Linear" else array(3, 2, 5, 5))
        utils = library.nn.utils
        if make == "Linear":
            fused = utils.fuse_linear_bn_eval(layer, bn)
        else:
            fused = utils.fuse_conv_bn_eval(layer, bn, transpose=make == "ConvTranspose2d")
        assert (fused(x) - bn(layer(x))).abs().max() < 1e-5
        return [fused.weight, fused.bias, fused.bias.requires_grad]

    assert_same_script(run)


def test_skipping_initialisation_draws_nothing():
    tt.manual_seed(0)
    expected = tt.rand(3)
    tt.manual_seed(0)
    m = tt.nn.utils.skip_init(tt.nn.Linear, 5, 2)
    assert m.weight.shape == (2, 5)
    assert tt.equal(tt.rand(3), expected)


OLD = {"constant": (3,), "eye": (), "dirac": (), "normal": (), "uniform": (), "orthogonal": (), "sparse": (0.5,)}
OLD |= {f"{kind}_{law}": () for kind in ("xavier", "kaiming") for law in ("normal", "uniform")}


@pytest.mark.parametrize("name", OLD)
def test_older_names_of_initialisers_warn(name):
    def run(library):
        x = library.zeros((4, 3, 2) if name == "dirac" else (4, 3))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            made = getattr(library.nn.init, name)(x, *OLD[name])
        assert made is x
        assert caught[0].filename == __file__
        known = [x] if name in ("constant", "eye", "dirac") else []
        return [getattr(library.nn.init, name).__name__, caught[0].category.__name__, str(caught[0].message), *known]

    assert_same_script(run)


def test_older_names_of_calls_warn():
    def run(library):
        m = drawn(library, lambda nn: nn.Linear(3, 2))
        x = library.tensor(array(4, 3))
        with pytest.warns(FutureWarning, match="stateless"):
            other = library.nn.utils.stateless.functional_call(m, {"bias": library.zeros(2)}, x)
        m(x).sum().backward()
        with pytest.warns(FutureWarning, match="clip_grad_norm"):
            return [other, library.nn.utils.clip_grad_norm(m.parameters(), 0.5), m.weight.grad]

    assert_same_script(run)
