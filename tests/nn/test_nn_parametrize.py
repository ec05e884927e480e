"""Parametrized tensors against PyTorch's: values, gradients, state dicts, copies and refusals."""

import copy

import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import array, assert_close, assert_same_error, assert_same_script, drawn, tensors

NORMS = {
    "linear": (lambda u, nn: u.parametrizations.weight_norm(nn.Linear(4, 3)), array(5, 4)),
    "linear of all": (lambda u, nn: u.parametrizations.weight_norm(nn.Linear(4, 3), dim=None), array(5, 4)),
    "linear by columns": (lambda u, nn: u.parametrizations.weight_norm(nn.Linear(4, 3), dim=1), array(5, 4)),
    "convolution": (lambda u, nn: u.parametrizations.weight_norm(nn.Conv1d(4, 6, 3)), array(2, 4, 7)),
    "transposed": (lambda u, nn: u.parametrizations.weight_norm(nn.ConvTranspose1d(4, 6, 3), dim=1), array(2, 4, 7)),
    "bias": (lambda u, nn: u.parametrizations.weight_norm(nn.Linear(4, 3), "bias"), array(5, 4)),
    "hook": (lambda u, nn: u.weight_norm(nn.Linear(4, 3)), array(5, 4)),
    "hook of all": (lambda u, nn: u.weight_norm(nn.Conv1d(4, 6, 3), dim=None), array(2, 4, 7)),
}


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.parametrize("name", NORMS)
def test_weight_norm(name):
    make, values = NORMS[name]

    def run(library):
        layer = drawn(library, lambda nn: make(nn.utils, nn))
        (x,) = tensors(library, [values], requires_grad=True)
        out = layer(x)
        (out * out).sum().backward()
        grads = {key: p.grad for key, p in layer.named_parameters()}
        return [repr(layer), list(layer.state_dict()), out, x.grad, grads, type(layer).__name__]

    assert_same_script(run, tolerance=1e-4)


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
def test_weight_norm_comes_off_and_leaves_the_weight():
    def run(library):
        utils, found = library.nn.utils, []
        for make, remove in (
            (utils.weight_norm, utils.remove_weight_norm),
            (utils.parametrizations.weight_norm, lambda m: utils.parametrize.remove_parametrizations(m, "weight")),
        ):
            layer = drawn(library, lambda nn, make=make: make(nn.Linear(4, 3)))
            layer(library.ones(1, 4))
            before = layer.weight.detach().clone()
            remove(layer)
            found.append([before, layer.weight, list(layer.state_dict()), repr(layer), type(layer).__name__])
            found.append([p.requires_grad for p in layer.parameters()])
        return found

    assert_same_script(run)


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
def test_states_of_the_hook_load_into_the_parametrization():
    old = nn.utils.weight_norm(nn.Linear(4, 3))
    new = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    assert new.load_state_dict(old.state_dict()) == ([], [])
    assert_close(new.weight, old.weight)


def test_spectral_norm():
    def run(library):
        layer = library.nn.Linear(4, 3)
        with library.no_grad():
            layer.weight.copy_(library.tensor(array(3, 4)))
            layer.bias.zero_()
        library.nn.utils.parametrizations.spectral_norm(layer)
        # The start is random; after many steps it is the same singular vector, up to its sign.
        for _ in range(60):
            layer.weight  # noqa: B018
        layer.eval()
        (x,) = tensors(library, [array(5, 4)], requires_grad=True)
        out = layer(x)
        (out * out).sum().backward()
        return [repr(layer), list(layer.state_dict()), out, x.grad, [p.grad for p in layer.parameters()]]

    assert_same_script(run, tolerance=1e-3)


def test_spectral_norm_iterates_in_training_only():
    layer = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))
    u = layer.parametrizations.weight[0]._u
    for training, moves in ((True, True), (False, False)):
        layer.train(training)
        with tt.no_grad():
            layer.parametrizations.weight.original.normal_()
            before = u.clone()
        layer(tt.ones(1, 3, 4, 4)).sum().backward()
        assert tt.equal(before, u) is not moves


def symmetric(library):
    class Symmetric(library.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).transpose(-1, -2)

        def right_inverse(self, x):
            return x.triu()

    return Symmetric()


def scaled(library):
    class Scaled(library.nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = library.nn.Parameter(library.tensor(2.0))

        def forward(self, x):
            return x * self.factor

    return Scaled()


def test_parametrizations_of_ones_own_follow_each_other():
    def run(library):
        parametrize, layer = library.nn.utils.parametrize, library.nn.Linear(3, 3)
        with library.no_grad():
            layer.weight.copy_(library.tensor(array(3, 3)))
            layer.bias.zero_()
        found = [parametrize.is_parametrized(layer)]
        parametrize.register_parametrization(layer, "weight", symmetric(library))
        parametrize.register_parametrization(layer, "weight", scaled(library))
        found += [layer.weight, list(layer.state_dict()), repr(layer), parametrize.is_parametrized(layer, "weight")]
        found += [parametrize.is_parametrized(layer, "bias"), parametrize.type_before_parametrizations(layer).__name__]
        layer(library.ones(2, 3)).square().sum().backward()
        found.append([p.grad for p in layer.parameters()])
        with library.no_grad():
            twin = copy.deepcopy(layer)
            layer.parametrizations.weight.original.zero_()
        found += [layer.weight, twin.weight]
        parametrize.remove_parametrizations(twin, "weight", leave_parametrized=False)
        found += [twin.weight, type(twin).__name__, hasattr(twin, "parametrizations")]
        return found

    assert_same_script(run)


def test_assigning_goes_through_the_inverse():
    def run(library):
        layer = library.nn.Linear(3, 3)
        library.nn.utils.parametrize.register_parametrization(layer, "weight", symmetric(library))
        layer.weight = library.tensor(array(3, 3))
        return [layer.weight, layer.parametrizations.weight.original]

    assert_same_script(run)


def test_a_buffer_can_be_parametrized():
    def run(library):
        layer = library.nn.BatchNorm1d(3)
        library.nn.utils.parametrize.register_parametrization(layer, "running_mean", scaled(library))
        return [layer.running_mean, list(layer.state_dict()), [name for name, _ in layer.named_buffers()]]

    assert_same_script(run)


def test_cached_tensors_are_computed_once():
    layer, calls = nn.Linear(3, 3), []

    class Counts(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 1

    nn.utils.parametrize.register_parametrization(layer, "weight", Counts())
    calls.clear()
    with nn.utils.parametrize.cached():
        assert layer.weight is layer.weight
        with nn.utils.parametrize.cached():
            layer(tt.ones(1, 3))
    assert len(calls) == 1
    assert layer.weight is not layer.weight


def test_training_a_parametrized_layer_follows_pytorch():
    def run(library):
        model = drawn(
            library,
            lambda nn: nn.Sequential(
                nn.utils.parametrizations.weight_norm(nn.Linear(4, 5)), nn.Tanh(), nn.Linear(5, 1)
            ),
        )
        optimizer, losses = library.optim.SGD(model.parameters(), lr=0.1), []
        for _ in range(10):
            optimizer.zero_grad()
            loss = model(library.tensor(array(6, 4))).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return [losses, model.state_dict()]

    assert_same_script(run, tolerance=1e-4)


def _module(t, forward, inverse=None):
    body = {"forward": forward} | ({} if inverse is None else {"right_inverse": inverse})
    return type("Own", (t.nn.Module,), body)()


ERRORS = {
    "no such tensor": lambda t, nn, F: nn.utils.parametrize.register_parametrization(nn.ReLU(), "a", nn.ReLU()),
    "nothing to remove": lambda t, nn, F: nn.utils.parametrize.remove_parametrizations(nn.ReLU(), "a"),
    "no norm to remove": lambda t, nn, F: nn.utils.remove_weight_norm(nn.ReLU()),
    "several originals": lambda t, nn, F: nn.utils.parametrize.remove_parametrizations(
        nn.utils.parametrizations.weight_norm(nn.Linear(1, 1)), "weight", leave_parametrized=False
    ),
    "another shape": lambda t, nn, F: nn.utils.parametrize.register_parametrization(
        nn.Linear(2, 3), "weight", _module(t, lambda self, x: x[0])
    ),
    "another dtype": lambda t, nn, F: nn.utils.parametrize.register_parametrization(
        nn.Linear(2, 3), "weight", _module(t, lambda self, x: x.double())
    ),
    "no tensor": lambda t, nn, F: nn.utils.parametrize.register_parametrization(
        nn.Linear(2, 3), "weight", _module(t, lambda self, x: 3)
    ),
    "no inverse": lambda t, nn, F: setattr(
        nn.utils.parametrize.register_parametrization(nn.Linear(2, 3), "weight", _module(t, lambda self, x: x)),
        "weight",
        t.ones(3, 2),
    ),
    "inverse of another kind": lambda t, nn, F: nn.utils.parametrize.register_parametrization(
        nn.Linear(2, 3), "weight", _module(t, lambda self, x: x, lambda self, x: 3)
    ),
    "inverse of another dtype": lambda t, nn, F: nn.utils.parametrize.register_parametrization(
        nn.Linear(2, 3), "weight", _module(t, lambda self, x: x, lambda self, x: x.double())
    ),
    "spectral name": lambda t, nn, F: nn.utils.parametrizations.spectral_norm(nn.ReLU()),
    "spectral iterations": lambda t, nn, F: nn.utils.parametrizations.spectral_norm(
        nn.Linear(1, 1), n_power_iterations=0
    ),
    "spectral dimension": lambda t, nn, F: nn.utils.parametrizations.spectral_norm(nn.Linear(1, 1), dim=5),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    assert_same_error(ERRORS[name])


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
def test_two_norms_on_one_weight_are_refused():
    with pytest.raises(RuntimeError, match="Cannot register two weight_norm hooks"):
        nn.utils.weight_norm(nn.utils.weight_norm(nn.Linear(1, 1)))
