"""What a compiled function cannot do, and what it notices to have changed: each is named with the user's line."""

import re
import warnings

import numpy as np
import pytest
import teletensor as torch
from teletensor import nn
from teletensor_core.errors import CompileError

from tests.compiled.conftest import programs, repeat, warmed


def line_of(function, text):
    """`file:line` of the line of a function that holds a text."""
    import inspect

    lines, start = inspect.getsourcelines(function)
    (at,) = [i for i, line in enumerate(lines) if text in line]
    return f"{__file__}:{start + at}"


def reads_item(x):
    total = x.sum()
    return x if total.item() > 0 else -x  # item


def reads_bool(x):
    if x.sum() > 0:  # bool
        return x
    return -x


def prints(x):
    print(x)  # print
    return x


def moves(x):
    return x.cpu().numpy()  # numpy


def finds(x):
    return x.nonzero()  # nonzero


@pytest.mark.parametrize(
    ("function", "text"),
    [(reads_item, "# item"), (reads_bool, "# bool"), (prints, "# print"), (moves, "# numpy"), (finds, "# nonzero")],
)
def test_reading_inside(function, text, device):
    where = re.escape(line_of(function, text))
    with pytest.raises(CompileError, match=where + ".* inside a compiled function"):
        torch.compile(function)(torch.ones(3))


def test_after_a_refusal_everything_works_as_before(device):
    with pytest.raises(CompileError):
        torch.compile(reads_item)(torch.ones(3))
    assert torch.ones(3).sum().item() == 3
    assert reads_item(torch.ones(3)).tolist() == [1, 1, 1]


def test_gradient_hooks(device):
    w = torch.ones(3, requires_grad=True)

    def function():
        w.grad = None
        (w * 2).sum().backward()  # backward

    compiled = torch.compile(function)
    for _ in range(5):
        compiled()
    assert programs(compiled)
    handle = w.register_hook(lambda g: g * 10)
    with pytest.raises(CompileError, match="hook is Python"):
        compiled()
    handle.remove()
    compiled()
    assert w.grad.tolist() == [2, 2, 2]


def test_step_hooks_of_an_optimizer():
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_post_hook(lambda *args: None)

    def step(x):
        model(x).sum().backward()
        optimizer.step()

    with pytest.raises(CompileError, match="step hooks"):
        torch.compile(step)(torch.ones(2))


def test_a_tensor_kept_elsewhere(device):
    kept = []

    def function(x):
        y = x * 2
        kept.append(y + 1)  # kept
        return y

    compiled = torch.compile(function)
    with pytest.raises(CompileError, match=re.escape(line_of(function, "# kept")) + ".*kept somewhere"):
        repeat(compiled, torch.ones(2), times=5)


def test_a_tensor_that_shares_memory_with_numpy():
    array = np.ones(3, np.float32)

    def function(x):
        return x + torch.from_numpy(array)  # shared

    with pytest.raises(CompileError, match=re.escape(line_of(function, "# shared"))):
        torch.compile(function)(torch.ones(3))


def test_values_that_change_in_every_call(device):
    count = np.zeros(1)

    def function(x):
        count[0] += 1
        return x * float(count[0])  # times

    compiled = torch.compile(function)
    with pytest.raises(
        CompileError, match=re.escape(line_of(function, "# times")) + r".*other of mul is 4.0 and was 3.0"
    ):
        repeat(compiled, torch.ones(2), times=6)


def test_a_tensor_of_changing_values(device):
    count = np.zeros(2)

    def function(x):
        count[0] += 1
        return x + torch.tensor(count)  # made

    compiled = torch.compile(function)
    with pytest.raises(CompileError, match=re.escape(line_of(function, "# made")) + ".*other values than before"):
        repeat(compiled, torch.ones(2), times=6)


def test_python_values_that_it_reaches_are_noticed(device):
    class Settings:
        scale = 1.0

    settings, factor = Settings(), 2.0
    settings.power = 2

    def function(x):
        return x**settings.power * factor

    compiled = torch.compile(function)
    x = torch.full((2,), 3.0)
    assert warmed(compiled, x).tolist() == [18, 18]
    settings.power = 3
    assert warmed(compiled, x).tolist() == [54, 54]
    factor = 10.0
    assert compiled(x).tolist() == [270, 270]
    settings.power, factor = 2, 2.0
    assert compiled(x).tolist() == [18, 18]
    assert len(programs(compiled)) == 2


def test_attributes_of_modules_are_noticed(device):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = 2.0

        def forward(self, x):
            return x * self.scale

    model = Scaled()
    compiled = torch.compile(model)
    for _ in range(5):
        assert compiled(torch.ones(1)).item() == 2
    model.scale = 5.0
    assert compiled(torch.ones(1)).item() == 5


def test_a_parameter_that_is_frozen_or_replaced_is_noticed(device):
    model = nn.Linear(2, 2)
    x = torch.ones(2)

    def step(x):
        model(x).sum().backward()

    compiled = torch.compile(step)
    for _ in range(5):
        compiled(x)
    model.weight.requires_grad_(False)
    model.weight.grad = model.bias.grad = None
    for _ in range(5):
        compiled(x)
    assert model.weight.grad is None
    assert model.bias.grad.tolist() == [5, 5]
    model.weight = nn.Parameter(torch.zeros(2, 2))
    compiled(x)
    assert model.weight.grad.tolist() == [[1, 1], [1, 1]]


def test_values_that_never_stay_end_in_a_warning(device):
    compiled = torch.compile(lambda x, i: x * i, recompile_limit=3)
    for i in range(3):
        assert compiled(torch.ones(2), i).tolist() == [i, i]
    with pytest.warns(UserWarning, match="runs uncompiled from now on"):
        compiled(torch.ones(2), 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiled(torch.ones(2), 9).tolist() == [9, 9]


def test_verify_finds_what_guards_cannot_see(device):
    hidden = np.ones(1)

    def function(x):
        return x * float(hidden[0])  # hidden

    compiled = torch.compile(function, verify=3)
    x = torch.ones(2)
    for _ in range(8):
        assert compiled(x).tolist() == [1, 1]
    hidden[0] = 5.0
    message = re.escape(line_of(function, "# hidden")) + r".*other of mul is 5.0 and was 1.0"
    with pytest.raises(CompileError, match=message):
        repeat(compiled, x, times=3)


def test_verify_runs_what_it_verifies(device):
    model = nn.Linear(3, 3)
    optimizer = torch.optim.Adam(model.parameters())

    def step(x):
        optimizer.zero_grad()
        loss = nn.functional.dropout(model(x), 0.3).square().sum()
        loss.backward()
        optimizer.step()
        return loss

    def run(step):
        torch.manual_seed(3)
        nn.init.ones_(model.weight), nn.init.zeros_(model.bias)
        optimizer.state.clear()
        return [step(torch.ones(2, 3)).item() for _ in range(12)]

    assert run(torch.compile(step, verify=2)) == run(step)


def test_an_error_of_a_run_names_its_line(device):
    def function(x, i):
        return x[i] * 2  # index

    compiled = torch.compile(function)
    x, good, bad = torch.ones(3), torch.tensor([1, 2]), torch.tensor([1, 7])
    warmed(compiled, x, good)
    with pytest.raises(IndexError, match="out of bounds") as caught:
        compiled(x, bad).sum().item()
    assert caught.value.where == line_of(function, "# index")
    assert compiled(x, good).tolist() == [2, 2]


def test_places_are_not_mixed(session):
    def function(x, y):
        return x + 1, y + 1  # elsewhere

    with pytest.raises(CompileError, match=re.escape(line_of(function, "# elsewhere")) + ".*computes in one place"):
        torch.compile(function)(torch.ones(2, device="cpu"), torch.ones(2, device="remote"))


def test_reset_forgets(device):
    compiled = torch.compile(lambda x: x + 1)
    warmed(compiled, torch.ones(2))
    torch.compiler.reset()
    assert not programs(compiled)
    assert warmed(compiled, torch.ones(2)).tolist() == [2, 2]
    assert not torch.compiler.is_compiling()
