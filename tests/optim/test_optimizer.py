"""Groups, hooks, saving and refusals of optimisers, against PyTorch."""

import copy
from collections import OrderedDict

import pytest
import teletensor as tt

from tests.optim.test_steps import OPTIMIZERS, Problem
from tests.replay import ask, assert_alike, attempt, plain


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_loading_goes_on_exactly_where_saving_stopped(name):
    whole, first = Problem(tt), Problem(tt)
    expected = whole.run(OPTIMIZERS[name](tt.optim, whole.parameters), 8)
    optimizer = OPTIMIZERS[name](tt.optim, first.parameters)
    assert first.run(optimizer, 5) == expected[:5]
    saved = copy.deepcopy(optimizer.state_dict())
    again = OPTIMIZERS[name](tt.optim, first.parameters)
    again.load_state_dict(saved)
    assert first.run(again, 3) == expected[5:]


def test_state_is_cast_to_the_parameters_and_counts_are_not():
    saved = {
        "state": {0: {"step": tt.tensor(3.0), "exp_avg": tt.ones(2), "exp_avg_sq": tt.ones(2)}},
        "param_groups": [{"lr": 0.5, "betas": [0.9, 0.99], "params": [0]}],
    }
    p = tt.ones(2, dtype=tt.float64, requires_grad=True)
    optimizer = tt.optim.Adam([p])
    optimizer.load_state_dict(saved)
    state = optimizer.state[p]
    assert state["exp_avg"].dtype == tt.float64
    assert state["step"].dtype == tt.float32
    assert state["step"].item() == 3
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.param_groups[0]["eps"] == 1e-8
    p.sum().backward()
    optimizer.step()
    assert state["step"].item() == 4
    assert saved["state"][0]["step"].item() == 3


def test_state_keys_may_be_text():
    p = tt.ones(2, requires_grad=True)
    optimizer = tt.optim.SGD([p], momentum=0.9)
    optimizer.load_state_dict(
        {"state": {"0": {"momentum_buffer": tt.full((2,), 3.0)}}, "param_groups": [{"params": [0], "lr": 0.1}]}
    )
    assert optimizer.state[p]["momentum_buffer"].tolist() == [3, 3]


def test_named_parameters_keep_their_names():
    def run(library):
        model = library.nn.Linear(2, 1)
        optimizer = library.optim.SGD(model.named_parameters(), lr=0.1)
        return [optimizer.state_dict(), [p.shape for p in optimizer.param_groups[0]["params"]]]

    assert_alike(plain(run(tt)), ask(run))


ERRORS = {
    "a tensor": lambda t, p: t.optim.SGD(p),
    "nothing": lambda t, p: t.optim.SGD([]),
    "a number": lambda t, p: t.optim.SGD([3]),
    "a set": lambda t, p: t.optim.SGD([{"params": {p}}]),
    "no leaf": lambda t, p: t.optim.SGD([p * 2]),
    "twice": lambda t, p: t.optim.SGD([{"params": [p]}, {"params": [p]}]),
    "no group": lambda t, p: t.optim.SGD([p]).add_param_group([p]),
    "names and none": lambda t, p: t.optim.SGD([("a", p)]).add_param_group({"params": [t.ones(1, requires_grad=True)]}),
    "some names": lambda t, p: t.optim.SGD([("a", p), t.ones(1, requires_grad=True)]),
    "more groups": lambda t, p: t.optim.SGD([p]).load_state_dict({"state": {}, "param_groups": []}),
    "other sizes": lambda t, p: t.optim.SGD([p]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
    "rate": lambda t, p: t.optim.SGD([p], lr=-1),
    "momentum": lambda t, p: t.optim.SGD([p], lr=1, momentum=-1),
    "decay": lambda t, p: t.optim.SGD([p], lr=1, weight_decay=-1),
    "nesterov": lambda t, p: t.optim.SGD([p], lr=1, nesterov=True),
    "first beta": lambda t, p: t.optim.Adam([p], betas=(1.0, 0.9)),
    "second beta": lambda t, p: t.optim.Adam([p], betas=(0.9, -1)),
    "epsilon": lambda t, p: t.optim.AdamW([p], eps=-1),
    "Adam rate": lambda t, p: t.optim.Adam([p], lr=-1.0),
    "alpha": lambda t, p: t.optim.RMSprop([p], alpha=-1),
    "rho": lambda t, p: t.optim.Adadelta([p], rho=2),
    "rate decay": lambda t, p: t.optim.Adagrad([p], lr_decay=-1),
    "accumulator": lambda t, p: t.optim.Adagrad([p], initial_accumulator_value=-1),
    "momentum decay": lambda t, p: t.optim.NAdam([p], momentum_decay=-1),
    "groups of LBFGS": lambda t, p: t.optim.LBFGS([{"params": [p]}, {"params": [t.ones(1, requires_grad=True)]}]),
    "search of LBFGS": lambda t, p: t.optim.LBFGS([p], line_search_fn="a").step(lambda: _loss(p)),
}


def _loss(p):
    loss = (p * p).sum()
    loss.backward()
    return loss


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    def run(library):
        return attempt(ERRORS[name], library, library.ones(2, requires_grad=True))

    theirs = ask(run)
    assert "error" in theirs
    assert_alike(plain(run(tt)), theirs)


def test_the_same_parameter_twice_in_a_group_is_warned_of():
    p = tt.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        tt.optim.SGD([p, p])


def test_differentiable_steps_are_refused():
    with pytest.raises(NotImplementedError, match="differentiable"):
        tt.optim.SGD([tt.ones(2, requires_grad=True)], differentiable=True)


def test_hooks_run_round_steps_saving_and_loading():
    def run(library):
        p, seen = library.ones(2, requires_grad=True), []
        o = library.optim.SGD([p], lr=0.5)
        handles = [
            o.register_step_pre_hook(lambda optimizer, args, kwargs: seen.append(f"before {args} {kwargs}")),
            o.register_step_post_hook(lambda optimizer, args, kwargs: seen.append("after")),
            o.register_state_dict_pre_hook(lambda optimizer: seen.append("before saving")),
            o.register_state_dict_post_hook(lambda optimizer, state: {**state, "more": 1}),
            o.register_load_state_dict_pre_hook(lambda optimizer, state: seen.append(f"load {state.pop('more')}")),
            o.register_load_state_dict_post_hook(lambda optimizer: seen.append("loaded")),
        ]
        p.sum().backward()
        o.step()
        saved = o.state_dict()
        o.load_state_dict(saved)
        for handle in handles:
            handle.remove()
        o.step(closure=None)
        return [seen, saved, o.state_dict(), p]

    assert_alike(plain(run(tt)), ask(run))


def test_a_hook_may_replace_the_arguments():
    p = tt.ones(2, requires_grad=True)
    o = tt.optim.SGD([p], lr=0.5)
    o.register_step_pre_hook(lambda optimizer, args, kwargs: ((optimizer,), {"closure": lambda: 7}))
    assert o.step() == 7
    o.register_step_pre_hook(lambda optimizer, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        o.step()


def test_zero_grad_drops_or_zeroes():
    p = tt.ones(2, requires_grad=True)
    o = tt.optim.SGD([p], lr=0.5)
    p.sum().backward()
    kept = p.grad
    o.zero_grad(set_to_none=False)
    assert p.grad is kept
    assert kept.tolist() == [0, 0]
    o.zero_grad()
    assert p.grad is None


def test_gradients_with_a_graph_are_cut_off_when_they_are_zeroed():
    p = tt.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="reference cycle"):
        (p**3).sum().backward(create_graph=True)
    tt.optim.SGD([p], lr=0.5).zero_grad(set_to_none=False)
    assert not p.grad.requires_grad
    assert p.grad.tolist() == [0, 0]


def test_a_step_marks_the_parameters_as_written():
    p = tt.ones(2, requires_grad=True)
    (p * 1).sum().backward()
    squares = p * p
    tt.optim.SGD([p], lr=0.5).step()
    assert p._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        squares.sum().backward()


def test_parameters_here_and_on_a_worker_in_one_optimiser(session):
    here, there = tt.ones(2, device="cpu", requires_grad=True), tt.ones(2, requires_grad=True)
    optimizer = tt.optim.Adam([here, there], lr=0.1)
    for _ in range(3):
        for p in (here, there):
            (p * p).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert here.tolist() == there.tolist()
    saved = optimizer.state_dict()
    assert saved["state"][1]["step"].device.type == "cpu"
    assert saved["state"][1]["exp_avg"].device.type == "remote"
    optimizer.load_state_dict(OrderedDict(saved))
    assert optimizer.state[here]["exp_avg"].device.type == "cpu"
