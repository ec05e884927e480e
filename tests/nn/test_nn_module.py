"""How a module holds, names, finds and converts its tensors."""

import copy
import gc
import weakref

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import SIDES, array, assert_close, assert_same_error, assert_same_script, drawn


def model(nn):
    """A module with every kind of member."""

    class Inner(nn.Module):
        def __init__(self, library_nn):
            super().__init__()
            self.layer = library_nn.Linear(2, 2)
            self.shared = self.layer

        def forward(self, x):
            return self.layer(x)

    class Outer(nn.Module):
        def __init__(self, library_nn):
            super().__init__()
            self.inner = Inner(library_nn)
            self.scale = library_nn.Parameter(self.inner.layer.bias.detach().clone())
            self.register_parameter("nothing", None)
            self.register_buffer("count", self.scale.detach().clone())
            self.register_buffer("scratch", self.scale.detach().clone(), persistent=False)
            self.steps = library_nn.Sequential(library_nn.Linear(2, 3, bias=False), library_nn.ReLU())
            self.empty = None

        def forward(self, x):
            return self.steps(self.inner(x) * self.scale)

    return Outer(nn)


LISTINGS = {
    "parameters": lambda m: [name for name, _ in m.named_parameters()],
    "parameters with duplicates": lambda m: [name for name, _ in m.named_parameters(remove_duplicate=False)],
    "own parameters": lambda m: [name for name, _ in m.named_parameters(prefix="p", recurse=False)],
    "buffers": lambda m: [name for name, _ in m.named_buffers()],
    "modules": lambda m: [(name, type(each).__name__) for name, each in m.named_modules()],
    "modules with duplicates": lambda m: [name for name, _ in m.named_modules(remove_duplicate=False)],
    "children": lambda m: [name for name, _ in m.named_children()],
    "counts": lambda m: [len(list(each())) for each in (m.parameters, m.buffers, m.modules, m.children)],
    "state dict": lambda m: list(m.state_dict()),
    "prefixed state dict": lambda m: list(m.state_dict(prefix="x.")),
    "repr": repr,
    "submodule": lambda m: repr(m.get_submodule("steps.0")),
    "no submodule": lambda m: m.get_submodule("") is m,
    "parameter": lambda m: tuple(m.get_parameter("inner.layer.weight").shape),
    "buffer": lambda m: tuple(m.get_buffer("count").shape),
    "dir": lambda m: {"inner", "scale", "count", "steps", "forward", "training"} <= set(dir(m)),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_module_lists_its_members_as_pytorch_does(name):
    assert_same_script(lambda library: LISTINGS[name](model(library.nn)))


ERRORS = {
    "unknown attribute": lambda t, nn, F: nn.Linear(2, 3).nope,
    "tensor as parameter": lambda t, nn, F: setattr(nn.Linear(2, 3), "weight", t.ones(2)),
    "number as parameter": lambda t, nn, F: setattr(nn.Linear(2, 3), "weight", 3),
    "number as child": lambda t, nn, F: setattr(nn.Sequential(nn.ReLU()), "0", 3),
    "number as buffer": lambda t, nn, F: setattr(nn.BatchNorm1d(2), "running_mean", 3),
    "dotted parameter": lambda t, nn, F: nn.Module().register_parameter("a.b", None),
    "nameless parameter": lambda t, nn, F: nn.Module().register_parameter("", None),
    "parameter named as a method": lambda t, nn, F: nn.Module().register_parameter("forward", None),
    "parameter named by a number": lambda t, nn, F: nn.Module().register_parameter(3, None),
    "parameter that is a tensor": lambda t, nn, F: nn.Module().register_parameter("x", t.ones(1)),
    "dotted buffer": lambda t, nn, F: nn.Module().register_buffer("a.b", None),
    "nameless buffer": lambda t, nn, F: nn.Module().register_buffer("", None),
    "buffer named as a parameter": lambda t, nn, F: nn.Linear(2, 3).register_buffer("weight", None),
    "buffer that is a number": lambda t, nn, F: nn.Module().register_buffer("x", 3),
    "dotted module": lambda t, nn, F: nn.Module().register_module("a.b", None),
    "nameless module": lambda t, nn, F: nn.Module().add_module("", None),
    "module that is a number": lambda t, nn, F: nn.Module().add_module("x", 3),
    "module named by a number": lambda t, nn, F: nn.Module().add_module(3, None),
    "integer dtype": lambda t, nn, F: nn.Linear(2, 3).to(t.int32),
    "mode": lambda t, nn, F: nn.Linear(2, 3).train(3),
    "no forward": lambda t, nn, F: nn.Module()(3),
    "argument": lambda t, nn, F: nn.Module(3),
    "keyword": lambda t, nn, F: nn.Module(a=3),
    "missing submodule": lambda t, nn, F: nn.Linear(2, 3).get_submodule("a"),
    "parameter as submodule": lambda t, nn, F: nn.Linear(2, 3).get_submodule("weight"),
    "missing parameter": lambda t, nn, F: nn.Linear(2, 3).get_parameter("nope.a"),
    "attribute as parameter": lambda t, nn, F: nn.Linear(2, 3).get_parameter("in_features"),
    "parameter as buffer": lambda t, nn, F: nn.Linear(2, 3).get_buffer("weight"),
    "deleted twice": lambda t, nn, F: delattr(nn.Module(), "zz"),
    "submodule at nothing": lambda t, nn, F: nn.Linear(2, 3).set_submodule("", nn.ReLU()),
    "integer parameter": lambda t, nn, F: nn.Parameter(t.tensor([1])),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_misuse_fails_as_in_pytorch(name):
    if name in ("integer parameter",):
        with pytest.raises((RuntimeError, TypeError), match="can require gradients"):
            ERRORS[name](tt, nn, nn.functional)
        return
    assert_same_error(ERRORS[name])


@pytest.mark.parametrize("member", ["Parameter", "ReLU", "Buffer"])
def test_members_cannot_come_before_the_constructor(member):
    def run(library, nn, F):
        class Early(nn.Module):
            def __init__(self):
                self.a = nn.ReLU() if member == "ReLU" else getattr(nn, member)(library.ones(1))

        Early()

    assert_same_error(run)


def test_assigning_moves_a_name_between_kinds():
    for _, side in SIDES:
        m = side.Module()
        m.x = 3
        m.x = side.ReLU()
        assert list(m._modules) == ["x"]
        assert "x" not in m.__dict__
        m.x = side.Linear(1, 1).weight
        assert list(m._parameters) == ["x"]
        assert not m._modules
        m.x = None
        assert m._parameters == {"x": None}
        del m.x
        assert not m._parameters


def test_a_buffer_takes_any_tensor_and_none():
    m = nn.BatchNorm1d(2)
    m.running_mean = tt.ones(2)
    assert m.state_dict()["running_mean"].tolist() == [1, 1]
    m.running_mean = None
    assert "running_mean" not in m.state_dict()
    m.kept = nn.Buffer(tt.ones(1))
    m.passing = nn.Buffer(tt.ones(1), persistent=False)
    assert [name for name, _ in m.named_buffers()][-2:] == ["kept", "passing"]
    assert "kept" in m.state_dict()
    assert "passing" not in m.state_dict()


def test_set_submodule_replaces_deep_inside():
    m = model(nn)
    m.set_submodule("steps.1", nn.Tanh())
    assert type(m.steps[1]) is nn.Tanh
    with pytest.raises(AttributeError, match="has no attribute `9`"):
        m.set_submodule("steps.9", nn.Tanh(), strict=True)


def test_a_parameter_shares_the_memory_of_its_data():
    data = tt.zeros(2)
    parameter = nn.Parameter(data)
    with tt.no_grad():
        parameter.add_(1)
    assert data.tolist() == [1, 1]
    assert parameter.requires_grad
    assert parameter.is_leaf
    assert_same_script(lambda library: repr(library.nn.Parameter(library.ones(2))))
    assert not isinstance(parameter * 2, nn.Parameter)
    assert nn.Parameter().shape == (0,)
    assert not nn.Parameter(data, requires_grad=False).requires_grad


@pytest.mark.parametrize("convert", ["double", "half", "bfloat16", "to"])
def test_converting_keeps_the_parameters_themselves(convert):
    m = nn.BatchNorm1d(2)
    before = list(m.parameters())
    m(tt.ones(2, 2)).sum().backward()
    assert m.to(tt.float64) is m if convert == "to" else getattr(m, convert)() is m
    wanted = {"double": tt.float64, "half": tt.float16, "bfloat16": tt.bfloat16, "to": tt.float64}[convert]
    assert all(a is b for a, b in zip(before, m.parameters(), strict=True))
    assert {p.dtype for p in m.parameters()} == {p.grad.dtype for p in m.parameters()} == {wanted}
    assert m.running_mean.dtype == wanted
    assert m.num_batches_tracked.dtype == tt.int64
    assert all(p.requires_grad and p.is_leaf for p in m.parameters())


@pytest.mark.parametrize(
    "move",
    [
        lambda m: m.to("cpu", tt.float64),
        lambda m: m.to(device="cpu", dtype=tt.float64),
        lambda m: m.to(tt.ones(1, dtype=tt.float64)),
        lambda m: m.to(dtype=tt.float64).to("cpu").cpu(),
        lambda m: m.to(tt.device("cpu"), tt.float64, True),
    ],
)
def test_to_takes_everything_that_pytorch_lets_it_take(move):
    assert {p.dtype for p in move(nn.Linear(2, 2)).parameters()} == {tt.float64}


def test_moving_to_where_it_is_changes_nothing():
    m = nn.Linear(2, 2)
    expected = m.weight.detach().numpy().copy()
    m.to("cpu").float()
    np.testing.assert_array_equal(m.weight.detach().numpy(), expected)


def test_to_refuses_what_it_does_not_know():
    with pytest.raises(TypeError, match="to"):
        nn.Linear(2, 2).to(1, 2, 3, 4, 5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'speed'"):
        nn.Linear(2, 2).to(speed=3)


def test_gradients_are_dropped_or_zeroed():
    m = nn.Linear(2, 2)
    m(tt.ones(1, 2)).sum().backward()
    m.zero_grad(set_to_none=False)
    assert m.weight.grad.tolist() == [[0, 0], [0, 0]]
    m.zero_grad()
    assert m.weight.grad is None


def test_requires_grad_freezes_and_thaws():
    m = model(nn).requires_grad_(False)
    assert not any(p.requires_grad for p in m.parameters())
    assert all(p.requires_grad for p in m.requires_grad_().parameters())


def test_train_and_eval_reach_every_module():
    m = model(nn)
    assert m.eval() is m
    assert not any(each.training for each in m.modules())
    assert all(each.training for each in m.train().modules())


def test_apply_visits_children_before_parents():
    def run(library):
        order = []
        model(library.nn).apply(lambda m: order.append(type(m).__name__))
        return order

    assert_same_script(run)


def test_a_deep_copy_is_another_model_of_the_same_values():
    m = model(nn)
    twin = copy.deepcopy(m)
    assert twin.inner.layer is twin.inner.shared
    assert isinstance(twin.scale, nn.Parameter)
    with tt.no_grad():
        twin.scale.fill_(7)
    assert m.scale.tolist() != twin.scale.tolist()
    x = tt.tensor(array(3, 2))
    m.scale.data.fill_(7)
    assert_close(m(x), twin(x))


def test_to_empty_keeps_shapes():
    m = nn.Linear(2, 3).to_empty(device="cpu")
    assert m.weight.shape == (3, 2)


def test_a_module_can_be_collected():
    m = model(nn)
    m.register_forward_hook(lambda *args: None)
    m(tt.ones(1, 2)).sum().backward()
    gone = weakref.ref(m)
    del m
    gc.collect()
    assert gone() is None


def test_a_step_of_training_agrees_with_pytorch():
    def run(library):
        def make(nn):
            return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.GELU(), nn.Linear(5, 1))

        m = drawn(library, make)
        for _ in range(3):
            loss = m(library.tensor(array(6, 4))).square().mean()
            m.zero_grad()
            loss.backward()
            with library.no_grad():
                for p in m.parameters():
                    p.sub_(0.1 * p.grad)
        return m.state_dict()

    assert_same_script(run, tolerance=1e-4)
