"""Compiled functions that are not whole training steps: results, graphs, views, writes, random numbers, signatures."""

import collections
import copy
import dataclasses

import numpy as np
import pytest
import teletensor as torch
from teletensor import nn
from teletensor_core.errors import GradientError

from tests.compiled.conftest import programs, warmed


def value(x):
    return np.array(x.detach().cpu().numpy())


def test_a_function_gives_the_same_bits(device):
    def function(x, y):
        z = torch.softmax(x @ y, -1)
        return torch.where(z > 0.1, z.exp(), z * 2 + 1).sum(0)

    compiled = torch.compile(function)
    torch.manual_seed(1)
    for _ in range(6):
        x, y = torch.randn(4, 5), torch.randn(5, 6)
        np.testing.assert_array_equal(value(compiled(x, y)), value(function(x, y)))
    assert programs(compiled)[0].runs == 4


def test_tensors_of_another_session_are_not_taken_for_its_own(worker):
    """The handles of two sessions are the same numbers."""
    with torch.connect(worker.grpc, token=worker.token):
        first = torch.zeros(1)
        theirs = [first, *[first - i for i in range(100)]]
        with torch.connect(worker.grpc, token=worker.token):
            x = torch.ones(1)
            kept = [x * i for i in range(10)]
            function = torch.compile(lambda x: (x + kept[5]) * 2)
            for _ in range(4):
                assert function(x).item() == 12
        assert programs(function)[0].runs == 2
        assert {x._ref for x in kept} < {x._ref for x in theirs}


def test_backward_outside(device):
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3))
    twin = copy.deepcopy(model)
    compiled = torch.compile(model)
    for _ in range(6):
        x = torch.randn(5, 4)
        for net, call in ((model, compiled), (twin, twin)):
            net.zero_grad()
            out = call(x)
            (out.square().sum() + out.mean()).backward()
        for a, b in zip(model.parameters(), twin.parameters(), strict=True):
            np.testing.assert_array_equal(value(a.grad), value(b.grad))
    assert programs(compiled.forward)
    assert out.requires_grad


def test_gradients_go_on_to_what_was_before(device):
    w = torch.randn(4, requires_grad=True)
    compiled = torch.compile(lambda x: (x * x).sum())
    for _ in range(5):
        w.grad = None
        loss = compiled(w * 3)
        loss.backward()
    assert programs(compiled)
    assert "CompiledFunction" in repr(loss.grad_fn)
    np.testing.assert_allclose(value(w.grad), 18 * value(w), rtol=1e-6)


def test_several_results_of_which_one_is_differentiated(device):
    w = torch.randn(4, requires_grad=True)

    @torch.compile
    def function(x):
        return {"loss": (x * x).sum(), "other": (x.exp(), x.detach())}

    for _ in range(5):
        w.grad = None
        out = function(w)
        out["loss"].backward()
    np.testing.assert_allclose(value(w.grad), 2 * value(w), rtol=1e-6)
    assert not out["other"][1].requires_grad
    with pytest.raises(GradientError, match="second time"):
        out["other"][0].sum().backward()


def test_a_second_backward_needs_retain_graph(device):
    w = torch.randn(4, requires_grad=True)
    compiled = torch.compile(lambda x: (x * x).sum())
    loss = warmed(compiled, w)
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_allclose(value(w.grad), 4 * value(w), rtol=1e-6)
    with pytest.raises(GradientError, match="second time"):
        loss.backward()


def test_a_graph_that_was_used_inside_is_gone(device):
    w = torch.randn(4, requires_grad=True)

    @torch.compile
    def function():
        loss = (w * w).sum()
        loss.backward()
        return loss

    warmed(function, calls=6)
    loss = function()
    assert loss.requires_grad
    with pytest.raises(GradientError, match="second time"):
        loss.backward()


def test_gradients_of_gradients_are_refused_outside_and_fine_inside(device):
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    outside = torch.compile(lambda x: (x**3).sum())
    loss = warmed(outside, w)
    with pytest.raises(GradientError, match="compiled function cannot be differentiated again"):
        torch.autograd.grad(loss, w, create_graph=True)[0].sum().item()

    @torch.compile
    def inside(x):
        (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        return torch.autograd.grad(g.sum(), x)[0]

    np.testing.assert_allclose(value(warmed(inside, w)), 6 * value(w), rtol=1e-6)


def test_a_tensor_written_to_before_backward_is_noticed(device):
    w = torch.randn(4, requires_grad=True)
    x = torch.randn(4)
    compiled = torch.compile(lambda a, b: (a * b).sum())
    loss = warmed(compiled, w, x)
    x.add_(1)

    def differentiate():
        loss.backward()
        return w.grad.tolist()

    with pytest.raises(GradientError, match="modified by an inplace operation"):
        differentiate()


def test_writes_into_arguments(device):
    x = torch.zeros(3)

    @torch.compile
    def function(x):
        x.add_(1)
        x[0] = 7.0
        return x * 2

    for i in range(6):
        out = function(x)
        assert x._version == 2 * (i + 1)
    assert programs(function)
    assert x.tolist() == [7, 6, 6]
    assert out.tolist() == [14, 12, 12]


def test_views_of_arguments_stay_views(device):
    x = torch.arange(6.0)
    compiled = torch.compile(lambda x: x.view(2, 3)[1])
    row = warmed(compiled, x)
    row.fill_(0)
    assert x.tolist() == [0, 1, 2, 0, 0, 0]
    assert row._base is x
    assert row._version == x._version == 1


def test_an_argument_handed_back_is_the_argument(device):
    x, y = torch.ones(3), torch.ones(3)
    compiled = torch.compile(lambda x, y: (x, y.add_(1)))
    out = warmed(compiled, x, y)
    assert out[0] is x
    assert out[1] is y
    assert y.tolist() == [5, 5, 5]


def test_random_numbers_go_on(device):
    def run(compiled):
        torch.manual_seed(5)

        def function(x):
            return torch.nn.functional.dropout(x, 0.5) + torch.rand(3) * torch.randn(3)

        function = torch.compile(function) if compiled else function
        return [value(function(torch.ones(3))) for _ in range(7)] + [value(torch.rand(2))]

    np.testing.assert_equal(run(True), run(False))


def test_a_generator_of_ones_own(device):
    def run(compiled):
        generator = torch.Generator().manual_seed(9)
        function = lambda: torch.rand(3, generator=generator)  # noqa: E731
        function = torch.compile(function) if compiled else function
        return [value(function()) for _ in range(6)]

    np.testing.assert_equal(run(True), run(False))


def test_gradients_through_dropout(device):
    def run(compiled):
        torch.manual_seed(5)
        w = torch.ones(50, requires_grad=True)
        function = lambda x: torch.nn.functional.dropout(x * 2, 0.5).square().sum()  # noqa: E731
        function = torch.compile(function) if compiled else function
        grads = []
        for _ in range(6):
            w.grad = None
            function(w).backward()
            grads.append(value(w.grad))
        return grads

    np.testing.assert_equal(run(True), run(False))


def test_signatures_are_programs_of_their_own(device):
    compiled = torch.compile(lambda x, flag: x * 2 if flag else x + x.mean())
    for flag in (True, False):
        for shape in ((2,), (3, 4)):
            for dtype in (torch.float32, torch.float64):
                warmed(compiled, torch.ones(shape, dtype=dtype), flag)
    with torch.no_grad():
        warmed(compiled, torch.ones(2), True)
    assert len(programs(compiled)) == 9
    assert compiled(torch.ones(3, 4).t(), True).shape == (4, 3)


def test_the_same_tensor_twice_is_not_two(device):
    def function(x, y):
        x.add_(1)
        return x + y

    compiled = torch.compile(function)
    warmed(compiled, torch.zeros(2), torch.zeros(2))
    x = torch.zeros(2)
    assert compiled(x, x).tolist() == [2, 2]


def test_training_and_evaluation(device):
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))
    compiled = torch.compile(model)
    x = torch.randn(8, 3)
    for _ in range(5):
        compiled(x)
    compiled.eval()
    with torch.no_grad():
        for _ in range(5):
            np.testing.assert_array_equal(value(compiled(x)), value(model(x)))
    assert model.training is False
    assert int(model[2].num_batches_tracked) == 5
    assert len(programs(compiled.forward)) == 2


def test_module_compile(device):
    model = nn.Linear(3, 2)
    x = torch.randn(4, 3)
    expected = value(model(x))
    assert model.compile() is None
    for _ in range(5):
        np.testing.assert_array_equal(value(model(x)), expected)
    assert programs(model._compiled_call_impl)
    assert set(model.state_dict()) == {"weight", "bias"}


def test_a_compiled_module_is_the_module():
    model = nn.Linear(3, 2)
    compiled = torch.compile(model, mode="max-autotune", fullgraph=True, dynamic=False, backend="inductor")
    assert isinstance(compiled, nn.Module)
    assert compiled._orig_mod is model
    assert compiled.in_features == 3
    assert compiled.weight is model.weight
    assert list(compiled.state_dict()) == ["_orig_mod.weight", "_orig_mod.bias"]
    other = copy.deepcopy(compiled)
    assert other._orig_mod is not model
    assert other(torch.ones(3)).shape == (2,)


def test_ways_to_say_compile():
    @torch.compile(mode="reduce-overhead")
    def one(x):
        """What it says."""
        return x + 1

    assert one.__doc__ == "What it says."
    assert one(torch.ones(1)).item() == 2
    assert torch.compile(len, disable=True) is len
    with pytest.raises(ValueError, match="takes a function or a module"):
        torch.compile(3)

    class Thing:
        scale = 3

        @torch.compile
        def times(self, x):
            return x * self.scale

    for _ in range(5):
        assert Thing().times(torch.ones(1)).item() == 3


@dataclasses.dataclass
class Pair:
    first: object
    second: object


Named = collections.namedtuple("Named", "a b")


def test_containers_come_and_go(device):
    @torch.compile
    def function(pair, named, *rest, **more):
        total = pair.first + pair.second + named.a + named.b[0] + more["z"]["deep"] + sum(rest)
        return Pair(total, 1), Named(total * 2, ["text", None, total]), {"n": 2.5}

    one = torch.ones(2)
    for _ in range(5):
        pair, named, rest = function(Pair(one, 2 * one), Named(3 * one, [4 * one]), one, z={"deep": one})
    assert programs(function)
    assert isinstance(pair, Pair)
    assert pair.first.tolist() == [12, 12]
    assert pair.second == 1
    assert named.a.tolist() == [24, 24]
    assert named.b[:2] == ["text", None]
    assert rest == {"n": 2.5}


def test_half_precision_and_integers(device):
    def function(x, i):
        w = x.bfloat16().requires_grad_()
        (torch.nn.functional.gelu(w) * 3).sum().backward()
        return w.grad.float() + i // 2

    compiled = torch.compile(function)
    x, i = torch.randn(7), torch.arange(7)
    np.testing.assert_array_equal(value(warmed(compiled, x, i)), value(function(x, i)))


def test_autocast(device):
    model = nn.Linear(4, 4)
    x = torch.randn(3, 4)

    def function(x):
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            return model(x)

    compiled = torch.compile(function)
    np.testing.assert_array_equal(value(warmed(compiled, x).float()), value(function(x).float()))


def test_custom_functions_and_checkpoints_inside(device):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    w = torch.randn(3, requires_grad=True)

    def function():
        w.grad = None
        Double.apply(w).square().sum().backward()

    compiled = torch.compile(function)
    for _ in range(6):
        compiled()
    assert programs(compiled)
    np.testing.assert_allclose(value(w.grad), 8 * value(w), rtol=1e-6)
