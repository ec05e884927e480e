"""Hooks round forward and backward, step by step as PyTorch runs them."""

import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import NAMES, SIDES, array, assert_close, assert_same_script, drawn, tensors


@pytest.mark.parametrize(("library", "side"), SIDES, ids=NAMES)
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


@pytest.mark.parametrize(("library", "side"), SIDES, ids=NAMES)
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


@pytest.mark.parametrize(("library", "side"), SIDES, ids=NAMES)
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


def _record_hooks(library, make, inputs, needs_grad=True):
    """What full backward hooks were given, and in which order they ran."""
    order, seen = [], []
    m = drawn(library, make)
    m.register_full_backward_hook(lambda module, *grads: order.append("hook") or seen.extend(grads))
    m.register_full_backward_pre_hook(lambda module, grads: order.append("pre"))
    out = m(*tensors(library, inputs, requires_grad=needs_grad))
    parts = out if isinstance(out, tuple) else (out,)
    sum((part * part).sum() for part in parts).backward()
    return [order, seen]


def test_backward_hooks_see_the_gradients_at_both_borders():
    assert_same_script(_record_hooks, lambda nn: nn.Linear(3, 2), [array(4, 3)])


def test_backward_hooks_of_the_first_layer_get_no_input_gradient():
    def run(library):
        with pytest.warns(UserWarning, match="no inputs require gradients") as caught:
            found = _record_hooks(library, lambda nn: nn.Linear(3, 2), [array(4, 3)], needs_grad=False)
        return [found, len(caught)]

    assert_same_script(run)


def _two_by_two(nn):
    class Both(nn.Module):
        def forward(self, x, y, factor):
            return x * y, (x - y) * factor

    return Both()


def test_backward_hooks_see_all_inputs_and_outputs_at_once():
    assert_same_script(_record_hooks, _two_by_two, [array(2, 3), array(2, 3, seed=1), 3.0])


@pytest.mark.parametrize("inputs", [1, 2])
def test_backward_hooks_replace_gradients(inputs):
    def run(library):
        m = _two_by_two(library.nn) if inputs == 2 else library.nn.Tanh()
        m.register_full_backward_pre_hook(lambda module, grad: tuple(2 * g for g in grad))
        m.register_full_backward_hook(lambda module, given, grad: tuple(None if g is None else 10 * g for g in given))
        given = tensors(library, [array(2, 3), array(2, 3, seed=1)][:inputs], requires_grad=True)
        out = m(*given, *([3.0] if inputs == 2 else []))
        sum(part.sum() for part in (out if isinstance(out, tuple) else (out,))).backward()
        return [x.grad for x in given]

    assert_same_script(run)


def test_backward_hooks_keep_the_forward_values():
    m = _two_by_two(nn)
    x, y = tt.tensor(array(2, 3), requires_grad=True), tt.ones(2, 3, requires_grad=True)
    without = m(x, y, 2.0)
    m.register_full_backward_hook(lambda *args: None)
    assert_close(m(x, y, 2.0), without, tolerance=0)


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
