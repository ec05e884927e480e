"""What PyTorch warns of, in PyTorch's words and at the user's own line."""

import warnings

import pytest
import teletensor


def _leaf(t):
    return t.ones(2, requires_grad=True)


def _checkpoint(t):
    from importlib import import_module

    return import_module(f"{t.__name__}.utils.checkpoint")


CALLS = {
    "autocast": lambda t: t.cuda.amp.autocast(enabled=False),
    "GradScaler": lambda t: t.cuda.amp.GradScaler(enabled=False),
    "meshgrid": lambda t: t.meshgrid(t.ones(2), t.ones(2)),
    "cross": lambda t: t.cross(t.ones(2, 3), t.ones(2, 3)),
    "cross method": lambda t: t.ones(2, 3).cross(t.ones(2, 3)),
    "qr": lambda t: t.qr(t.eye(2)),
    "cholesky": lambda t: t.eye(2).cholesky(upper=True),
    "lu": lambda t: t.eye(2).lu(),
    "lu_solve": lambda t: t.lu_solve(t.ones(2, 1), *t.linalg.lu_factor(t.eye(2))),
    "triangular_solve": lambda t: t.triangular_solve(t.ones(2, 1), t.eye(2)),
    "chain_matmul": lambda t: t.chain_matmul(t.eye(2), t.eye(2)),
    "range": lambda t: t.range(0, 2),
    "frobenius_norm": lambda t: t.frobenius_norm(t.eye(2), (0, 1)),
    "nuclear_norm": lambda t: t.nuclear_norm(t.eye(2)),
    "set_default_tensor_type": lambda t: t.set_default_tensor_type(t.FloatTensor),
    "backward": lambda t: (_leaf(t) ** 2).sum().backward(create_graph=True),
    "autograd.backward": lambda t: t.autograd.backward((_leaf(t) ** 2).sum(), create_graph=True),
    "checkpoint": lambda t: _checkpoint(t).checkpoint(lambda x: x * 2, _leaf(t)),
    "gumbel_softmax": lambda t: t.nn.functional.gumbel_softmax(t.ones(2), eps=1e-3, dim=0),
    "an output that is resized": lambda t: t.add(t.ones(2), 1, out=t.ones(3)),
    "the gradient of what is no leaf": lambda t: (_leaf(t) * 2).grad,
    "softmax": lambda t: t.nn.functional.softmax(t.ones(2, 3)),
    "log_softmax": lambda t: t.nn.LogSoftmax()(t.ones(2, 3)),
    "sizes of a loss": lambda t: t.nn.functional.mse_loss(t.ones(2, 1), t.ones(2)),
    "kl_div": lambda t: t.nn.functional.kl_div(t.ones(2), t.ones(2)),
    "size_average": lambda t: t.nn.MSELoss(size_average=False),
    "scheduler": lambda t: t.optim.lr_scheduler.StepLR(t.optim.SGD([_leaf(t)], lr=0.1), 1).step(),
    "get_lr": lambda t: t.optim.lr_scheduler.StepLR(t.optim.SGD([_leaf(t)], lr=0.1), 1).get_lr(),
    "clip_grad_norm": lambda t: t.nn.utils.clip_grad_norm([_leaf(t)], 1.0),
    "init.uniform": lambda t: t.nn.init.uniform(t.ones(1)),
    "lstm": lambda t: t.nn.LSTM(2, 2, dropout=0.5),
    "grid_sample": lambda t: t.nn.functional.grid_sample(t.ones(1, 1, 2, 2), t.zeros(1, 2, 2, 2)),
    "upsample": lambda t: t.nn.functional.upsample(t.ones(1, 1, 2, 2), scale_factor=2),
    "copy of a tensor": lambda t: t.tensor(t.ones(1)),
}
# Whose warning is at a line of the library's own, in PyTorch as well: of modules, and of what they call.
INSIDE = {"log_softmax", "scheduler", "get_lr", "lstm", "size_average", "upsample", "an output that is resized"}


def told(call, library):
    """The warnings' categories and words, without where PyTorch's own source has them; and where each was."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        call(library)
    words = [(each.category.__name__, str(each.message).partition(" (Triggered internally")[0]) for each in found]
    return words, [each.filename for each in found]


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield torch
    torch.set_warn_always(before)


@pytest.mark.parametrize("name", CALLS)
def test_the_same_words(name, torch):
    ours, places = told(CALLS[name], teletensor)
    assert ours == told(CALLS[name], torch)[0]
    assert ours
    if name not in INSIDE:
        assert set(places) == {__file__}


def test_a_scaler_without_a_gpu_is_switched_off(torch):
    ours, _ = told(lambda t: t.amp.GradScaler(), teletensor)
    ((_, theirs),), _ = told(lambda t: t.amp.GradScaler(), torch)
    assert ours == [("UserWarning", f"{theirs} (No worker is connected.)")]


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.meshgrid(t.ones(2), t.ones(2), indexing="ij"), lambda t: t.cartesian_prod(t.ones(2), t.ones(2)),
        lambda t: t.amp.autocast("cpu"), lambda t: t.linalg.qr(t.eye(2)),
        lambda t: t.linalg.cross(t.ones(3), t.ones(3)),
        lambda t: t.autograd.grad((_leaf(t) ** 2).sum(), t.ones(0).new_tensor(1.0).requires_grad_(), allow_unused=True),
        lambda t: _checkpoint(t).checkpoint(lambda x: x * 2, _leaf(t), use_reentrant=False),
    ],
)  # fmt: skip
def test_what_is_not_deprecated_is_silent(call):
    assert told(call, teletensor)[0] == []
