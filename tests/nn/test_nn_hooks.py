"""Hooks round forward and backward, step by step as PyTorch runs them."""

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import array, assert_close, tensors, torch, twins, values

SIDES = [(tt, nn), (torch, torch.nn)]


@pytest.mark.parametrize(("library", "side"), SIDES, ids=["ours", "theirs"])
def test_forward_hooks_see_and_replace(library, side):
    m, seen = side.ReLU(), []
    m.register_forward_pre_hook(lambda module, args: seen.append("pre") or args[0] + 1)
    m.register_forward_pre_hook(lambda module, args: seen.append("first"), prepend=True)
    m.register_forward_hook(lambda module, args, out: seen.append(args[0].tolist()) or out * 10)
    handle = m.register_forward_hook(lambda module, args, out: seen.append(out.tolist()))
    assert m(library.ones(1)).tolist() == [20]
    assert seen == ["first", "pre", [2], [20]]
    handle.remove()
    handle.remove()
    m(library.ones(1))
    assert len(seen) == 7


@pytest.mark.parametrize(("library", "side"), SIDES, ids=["ours", "theirs"])
def test_hooks_with_keywords_get_and_give_them(library, side):
    class Add(side.Module):
        def forward(self, x, *, y):
            return x + y

    m, seen = Add(), []
    m.register_forward_pre_hook(lambda module, args, kwargs: (args, {"y": kwargs["y"] * 5}), with_kwargs=True)
    m.register_forward_hook(lambda module, args, kwargs, out: seen.append(kwargs["y"]), with_kwargs=True)
    assert m(1, y=2) == 11
    assert seen == [10]
    m.register_forward_pre_hook(lambda module, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"):
        m(1, y=2)


@pytest.mark.parametrize(("library", "side"), SIDES, ids=["ours", "theirs"])
def test_an_always_called_hook_runs_after_an_error(library, side):
    class Fails(side.Module):
        def forward(self, x):
            raise ValueError("no")

    m, seen = Fails(), []
    m.register_forward_hook(lambda module, args, out: seen.append(out), always_call=True)
    m.register_forward_hook(lambda module, args, out: seen.append("never"))
    with pytest.raises(ValueError, match="no"):
        m(1)
    assert seen == [None]


def test_a_failing_always_called_hook_does_not_hide_the_error():
    class Fails(nn.Module):
        def forward(self, x):
            raise ValueError("first")

    def hook(module, args, out):
        raise KeyError("second")

    m = Fails()
    m.register_forward_hook(hook, always_call=True)
    with pytest.warns(UserWarning, match="raised an exception"), pytest.raises(ValueError, match="first"):
        m(1)


class _Recorder:
    """Full backward hooks that write down what they are given."""

    def __init__(self):
        self.inputs, self.outputs, self.order = [], [], []

    def hook(self, module, grad_input, grad_output):
        self.order.append("hook")
        self.inputs.append([None if g is None else g.detach().numpy().copy() for g in grad_input])
        self.outputs.append([None if g is None else g.detach().numpy().copy() for g in grad_output])

    def pre_hook(self, module, grad_output):
        self.order.append("pre")


def _same(a, b):
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert (x is None) == (y is None)
        if x is not None:
            np.testing.assert_allclose(x, y, rtol=1e-5)


def _run_recorded(make, inputs, needs_grad=True):
    records = []
    for m, (library, _) in zip(twins(make), SIDES, strict=True):
        record = _Recorder()
        m.register_full_backward_hook(record.hook)
        m.register_full_backward_pre_hook(record.pre_hook)
        out = m(*tensors(library, inputs, requires_grad=needs_grad))
        parts = out if isinstance(out, tuple) else (out,)
        sum((part * part).sum() for part in parts).backward()
        records.append(record)
    return records


def test_backward_hooks_see_the_gradients_at_both_borders():
    ours, theirs = _run_recorded(lambda nn: nn.Linear(3, 2), [array(4, 3)])
    assert ours.order == theirs.order == ["pre", "hook"]
    _same(ours.inputs[0], theirs.inputs[0])
    _same(ours.outputs[0], theirs.outputs[0])


def test_backward_hooks_of_the_first_layer_get_no_input_gradient():
    with pytest.warns(UserWarning, match="no inputs require gradients") as caught:
        ours, theirs = _run_recorded(lambda nn: nn.Linear(3, 2), [array(4, 3)], needs_grad=False)
    assert len(caught) == 2
    assert ours.inputs == theirs.inputs == [[None]]
    _same(ours.outputs[0], theirs.outputs[0])


def _two_by_two(nn):
    class Both(nn.Module):
        def forward(self, x, y, factor):
            return x * y, (x - y) * factor

    return Both()


def test_backward_hooks_see_all_inputs_and_outputs_at_once():
    ours, theirs = _run_recorded(_two_by_two, [array(2, 3), array(2, 3, seed=1), 3.0])
    assert ours.order == theirs.order == ["pre", "hook"]
    _same(ours.inputs[0], theirs.inputs[0])
    _same(ours.outputs[0], theirs.outputs[0])


@pytest.mark.parametrize("inputs", [1, 2])
def test_backward_hooks_replace_gradients(inputs):
    grads = []
    for library, side in SIDES:
        m = _two_by_two(side) if inputs == 2 else side.Tanh()
        m.register_full_backward_pre_hook(lambda module, grad: tuple(2 * g for g in grad))
        m.register_full_backward_hook(lambda module, given, grad: tuple(None if g is None else 10 * g for g in given))
        given = tensors(library, [array(2, 3), array(2, 3, seed=1)][:inputs], requires_grad=True)
        out = m(*given, *([3.0] if inputs == 2 else []))
        sum(part.sum() for part in (out if isinstance(out, tuple) else (out,))).backward()
        grads.append([x.grad for x in given])
    assert_close(*grads)


def test_backward_hooks_keep_the_forward_values():
    m = _two_by_two(nn)
    x, y = tt.tensor(array(2, 3), requires_grad=True), tt.ones(2, 3, requires_grad=True)
    plain = values(m(x, y, 2.0))
    m.register_full_backward_hook(lambda *args: None)
    for a, b in zip(values(m(x, y, 2.0)), plain, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_wrong_number_of_replacements_is_refused():
    m = nn.Tanh()
    m.register_full_backward_hook(lambda module, given, grad: (None, None))
    out = m(tt.ones(2, requires_grad=True)).sum()
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        out.backward()


def test_a_removed_backward_hook_is_not_called():
    m, seen = nn.Tanh(), []
    with m.register_full_backward_hook(lambda *args: seen.append(1)):
        pass
    m(tt.ones(2, requires_grad=True)).sum().backward()
    assert not seen
