"""Programs on a device that refuses what CuPy refuses: traced, prepared and run there, with the same results."""

import contextlib

import numpy as np
import pytest
import teletensor as torch
from teletensor_core.backends import create_backend
from teletensor_core.engine import Engine, Value
from teletensor_core.engine.engine import describe
from teletensor_core.plan import plan_for
from teletensor_core.programs import Program

from tests.compiled.conftest import programs
from tests.compiled.test_training import Run
from tests.devices.strict import StrictBackend
from tests.training.models import TASKS


def recorded(name):
    """The program of a training step, with copies of what goes in."""
    run = Run(TASKS[name], True, clip=False)
    run.train(5)
    (variant,) = programs(run.step)
    replay, size = variant.replay, TASKS[name].batch_size
    leaves = [torch.tensor(x[:size]) for x in TASKS[name].samples]
    tensors = [leaves[place] if isinstance(place, int) else place() for place in replay._places]
    numbers = replay._numbers([x._ref for x in tensors])
    return replay.program.code, [(np.array(x._ref.array), x._ref) for x in tensors], numbers


def results(backend, code, inputs, numbers, runs):
    """What the last of some runs leaves, outputs and inputs."""
    engine = Engine(backend)

    def plan(call, operands):
        return plan_for(call.op, call.attrs, call.flags, [describe(x) for x in operands])

    program = Program(engine, code, plan)
    values = []
    for array, like in inputs:
        value = Value(backend.asarray(array.copy()), like.spec)
        value.requires_grad = like.requires_grad
        values.append(value)
    with np.errstate(all="ignore"):
        for _ in range(runs):
            outs = program.run(values, numbers)
    assert program.is_prepared
    with getattr(backend, "waiting_allowed", contextlib.nullcontext)():
        return [np.array(backend.to_host(value.array)) for value in (*outs, *values)]


@pytest.mark.parametrize("name", TASKS)
def test_training_steps_run_on_a_strict_device(name):
    code, inputs, numbers = recorded(name)
    for runs in (1, 3):
        here = results(create_backend("numpy"), code, inputs, numbers, runs)
        strict = StrictBackend()
        there = results(strict, code, inputs, numbers, runs)
        for a, b in zip(here, there, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
