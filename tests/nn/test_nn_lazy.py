"""Layers that take their sizes from their first input, against PyTorch's."""

import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import array, assert_same_error, assert_same_script

pytestmark = pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")

LAYERS = {
    "LazyLinear": (lambda nn: nn.LazyLinear(3), (2, 4)),
    "LazyLinear without bias": (lambda nn: nn.LazyLinear(3, bias=False), (2, 4)),
    "LazyConv1d": (lambda nn: nn.LazyConv1d(6, 3, groups=2), (2, 4, 7)),
    "LazyConv2d": (lambda nn: nn.LazyConv2d(3, 3, padding=1), (2, 4, 6, 5)),
    "LazyConv2d unbatched": (lambda nn: nn.LazyConv2d(3, 3), (4, 6, 5)),
    "LazyConv3d": (lambda nn: nn.LazyConv3d(2, 2, bias=False), (1, 3, 3, 3, 3)),
    "LazyConvTranspose1d": (lambda nn: nn.LazyConvTranspose1d(3, 3, stride=2), (2, 4, 7)),
    "LazyConvTranspose2d": (lambda nn: nn.LazyConvTranspose2d(3, 2), (2, 4, 3, 3)),
    "LazyConvTranspose3d": (lambda nn: nn.LazyConvTranspose3d(3, 2), (1, 2, 2, 2, 2)),
    "LazyBatchNorm1d": (lambda nn: nn.LazyBatchNorm1d(), (3, 4)),
    "LazyBatchNorm2d": (lambda nn: nn.LazyBatchNorm2d(affine=False), (2, 4, 3, 3)),
    "LazyBatchNorm3d": (lambda nn: nn.LazyBatchNorm3d(momentum=0.3), (1, 4, 3, 3, 2)),
    "LazyInstanceNorm1d": (lambda nn: nn.LazyInstanceNorm1d(affine=True), (2, 4, 7)),
    "LazyInstanceNorm2d": (lambda nn: nn.LazyInstanceNorm2d(track_running_stats=True), (2, 4, 3, 3)),
    "LazyInstanceNorm3d": (lambda nn: nn.LazyInstanceNorm3d(), (1, 4, 3, 3, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_first_input_makes_it_the_ordinary_layer(name):
    make, shape = LAYERS[name]

    def run(library):
        layer = make(library.nn)
        waiting = [repr(layer), list(layer.state_dict()), layer.has_uninitialized_params(), type(layer).__name__]
        out = layer(library.tensor(array(*shape)))
        shapes = {key: tuple(value.shape) for key, value in layer.state_dict().items()}
        public = sorted(name for name in vars(layer) if not name.startswith("_"))
        return [waiting, repr(layer), type(layer).__name__, shapes, tuple(out.shape), public]

    assert_same_script(run)


def test_a_network_of_them_trains():
    tt.manual_seed(0)
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3))
    x = tt.tensor(array(8, 1, 5, 5))
    weight = model[4].weight
    model(x)
    assert model[4].weight is weight
    assert type(weight) is nn.Parameter
    assert 0 < weight.abs().max().item() <= 1 / 6
    optimizer, losses = tt.optim.SGD(model.parameters(), lr=0.1), []
    for _ in range(5):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), tt.arange(8) % 3)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_loading_gives_shapes_too():
    def run(library):
        layer, state = library.nn.LazyLinear(3), library.nn.Linear(2, 3).state_dict()
        layer.load_state_dict(state)
        same = bool((layer.weight == state["weight"]).all())
        out = layer(library.ones(1, 2))
        return [same, tuple(out.shape), type(layer).__name__, layer.in_features, repr(layer.weight.shape)]

    assert_same_script(run)


ERRORS = {
    "shape": lambda t, nn, F: nn.LazyLinear(3).weight.shape,
    "dimensions": lambda t, nn, F: nn.LazyConv2d(3, 3)(t.ones(2)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    assert_same_error(ERRORS[name])


def test_a_tensor_without_a_shape_says_so():
    assert repr(nn.LazyLinear(3).weight) == "<UninitializedParameter>"
    assert repr(nn.LazyBatchNorm1d().running_mean) == "<UninitializedBuffer>"
