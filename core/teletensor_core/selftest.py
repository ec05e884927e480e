"""Does a backend compute what NumPy computes? The corpus of every op's samples, run on both and compared.

    for result in run(backend):
        print(result.op, result.failures)

Each op is asked for values and gradients (in float64 and complex128 of second order), in place where it can write in
place, and under every kind of dtype. `chosen` cuts what is seen twice; `everything` does not.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from teletensor_core import dtypes
from teletensor_core.backends import Backend, create_backend
from teletensor_core.corpus import Case, cases, flat
from teletensor_core.dtypes import BY_NP
from teletensor_core.engine import Backward, Engine, Value
from teletensor_core.errors import TeletensorError
from teletensor_core.plan import GRAD, INPLACE
from teletensor_core.registry import OPS, Op
from teletensor_core.samples import Sample, T
from teletensor_core.spec import spec

# Relative and absolute tolerance by dtype: a few roundings of the value, of a sum of some ten such values.
TOLERANCE = {
    "float16": (2e-3, 4e-3),
    "bfloat16": (1.6e-2, 1.6e-2),
    "float32": (2e-5, 4e-6),
    "float64": (1e-10, 1e-11),
    "complex64": (2e-5, 1e-5),
    "complex128": (1e-10, 1e-11),
}
# Results of which several are right, by op: the sign (the angle) of a singular vector.
UP_TO_SIGN = {"eigh": (1,), "svd": (0, 2), "qr": (0, 1)}
# Results that are whatever was in memory.
UNDEFINED = frozenset({"empty"})

# Which samples of an op are run in which dtype, by `chosen`: all of them, the first two, the first.
_ALL = (dtypes.float32, dtypes.float64, dtypes.int64)
_TWO = (dtypes.bfloat16, dtypes.complex64)

Arrays = list[np.ndarray[Any, Any] | None]


@dataclass
class Answer:
    """What an engine makes of a case: named lists of arrays, or the error that it raised."""

    parts: dict[str, Arrays] = field(default_factory=dict)
    error: str | None = None


@dataclass
class Result:
    """How an op fared: cases run, seconds taken by the backend, and a line for each case that differs."""

    op: str
    cases: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


def run(
    backend: Backend, ops: Iterable[str] | None = None, select: Callable[[Op], Iterable[Case]] | None = None
) -> Iterator[Result]:
    """Results of every op (or of those named), one after the other, against NumPy's."""
    ours, theirs = Engine(backend), Engine(create_backend("numpy"))
    for name in sorted(OPS) if ops is None else ops:
        every = [case for case in (select or chosen)(OPS[name]) if name not in UNDEFINED]
        if every or name in STEPS:
            yield check(name, every, ours, theirs)


def check(name: str, every: Sequence[Case], ours: Engine, theirs: Engine, wider: float = 1) -> Result:
    """How the cases of an op, and its steps if it writes into lists, compare on two engines."""
    result = Result(name)
    for case in every:
        compare_calls(result, str(case), functools.partial(answer, case=case), ours, theirs, wider)
        if case.op.inplace:
            call = functools.partial(answer_inplace, case=case)
            compare_calls(result, f"{case} in place", call, ours, theirs, wider)
    for number, sample in enumerate(STEPS.get(name, ())):
        case = Case(OPS[name], number, sample, None)
        compare_calls(result, str(case), functools.partial(answer_step, case=case), ours, theirs, wider)
    return result


def compare_calls(
    result: Result, key: str, call: Callable[[Engine], Answer], ours: Engine, theirs: Engine, wider: float
) -> None:
    """Count a call, and note how its answers differ if they do."""
    wanted = call(theirs)
    started = time.perf_counter()
    try:
        found = call(ours)
    except Exception as error:  # whatever a device's libraries may raise is a result of the test
        difference: str | None = f"raises {type(error).__name__}: {error}"
    else:
        difference = differs(found, wanted, wider)
    result.cases += 1
    result.seconds += time.perf_counter() - started
    if difference:
        result.failures.append(f"{key}: {difference}")


# -- which cases ------------------------------------------------------------------------------------------------------


def everything(op: Op) -> Iterator[Case]:
    """Every sample in every dtype."""
    return cases(op)


def chosen(op: Op) -> Iterator[Case]:
    """Every sample in the dtypes that take different ways through the engine, and the first of them in the others."""
    seen: dict[Any, int] = {}
    for case in cases(op):
        number = seen[case.dtype] = seen.get(case.dtype, 0) + 1
        if case.dtype is None or case.dtype in _ALL or number <= (2 if case.dtype in _TWO else 1):
            yield case


# -- one case on one engine -------------------------------------------------------------------------------------------


def answer(engine: Engine, case: Case) -> Answer:
    """Values, and first and second order gradients; or the error that was raised."""
    operands, inputs = _prepared(engine, case)
    try:
        outs = list(_apply(engine, case, operands))
    except TeletensorError as error:
        return Answer(error=type(error).__name__)
    for place in UP_TO_SIGN.get(case.op.name, ()):
        outs[place] = engine.apply(OPS["abs"], [outs[place]], (), GRAD)[0]
    found = Answer({"out": _fetched(engine, outs)})
    if case.op.differentiable and case.op.vjps and inputs:
        _differentiate(engine, case, inputs, outs, found)
    return found


def answer_inplace(engine: Engine, case: Case) -> Answer:
    """What `name_` leaves in its first operand, and the gradients through it; or the error that was raised."""
    operands, inputs = _prepared(engine, case)
    if not isinstance(operands[0], Value):
        return Answer(error="not written in place: the first operand is a number")
    operands[0] = engine.apply(OPS["clone"], [operands[0]], (), GRAD)[0]
    try:
        (out,) = _apply(engine, case, operands, GRAD | INPLACE)
    except TeletensorError as error:
        return Answer(error=type(error).__name__)
    found = Answer({"out": _fetched(engine, [out])})
    if out.node is not None and inputs:
        cotangent = _value(engine, case.cotangent(out.shape, out.dtype, "g"))
        found.parts["grads"] = _fetched(engine, _gradients(engine, [out], [cotangent], inputs))
    return found


def answer_step(engine: Engine, case: Case) -> Answer:
    """What an op that returns nothing leaves in its operands."""
    operands, _ = _prepared(engine, case)
    _apply(engine, case, operands)
    return Answer({"written": _fetched(engine, [x for x in flat(operands) if isinstance(x, Value)])})


def _prepared(engine: Engine, case: Case) -> tuple[list[Any], list[Value]]:
    """The operands on the engine's device, and those among them whose gradients are asked for."""
    operands = [_placed(engine, x) for x in case.operands]
    inputs = [x for x, wanted in zip(flat(operands), case.wants_grad, strict=True) if wanted]
    for x in inputs:
        x.requires_grad = case.op.differentiable
    return operands, inputs


def _placed(engine: Engine, x: Any) -> Any:
    if isinstance(x, list):
        return [_placed(engine, each) for each in x]
    return _value(engine, x) if isinstance(x, np.ndarray) else x


def _value(engine: Engine, host: np.ndarray[Any, Any]) -> Value:
    return Value(engine.backend.asarray(host.copy()), spec(host.shape, BY_NP[host.dtype]))


def _apply(engine: Engine, case: Case, operands: Sequence[Any], flags: int = GRAD) -> tuple[Value, ...]:
    op = case.op
    full = [*operands, *[None] * (len(op.operands) - len(operands))]
    with np.errstate(all="ignore"):
        return engine.apply(op, full, tuple({**op.attrs, **case.sample.attrs}.values()), flags)


def _fetched(engine: Engine, values: Iterable[Value | None]) -> Arrays:
    return [None if v is None else np.array(engine.backend.to_host(v.array)) for v in values]


def _differentiate(engine: Engine, case: Case, inputs: list[Value], outs: list[Value], found: Answer) -> None:
    outs = [x for x in outs if x.node is not None or x.requires_grad]
    if not outs:
        return
    cotangents = [_value(engine, case.cotangent(x.shape, x.dtype, f"g{i}")) for i, x in enumerate(outs)]
    twice = case.dtype in (dtypes.float64, dtypes.complex128)
    for g in cotangents:
        g.requires_grad = twice
    try:
        grads = _gradients(engine, outs, cotangents, inputs, create_graph=twice)
        found.parts["grads"] = _fetched(engine, grads)
        flows = [(i, g) for i, g in enumerate(grads) if g is not None and g.node is not None]
        if twice and flows:
            seconds = [_value(engine, case.cotangent(g.shape, g.dtype, f"gg{i}")) for i, g in flows]
            second = _gradients(engine, [g for _, g in flows], seconds, [*inputs, *cotangents])
            found.parts["second"] = _fetched(engine, second)
    except TeletensorError as error:
        found.error = type(error).__name__


def _gradients(
    engine: Engine, roots: list[Value], grads: list[Value], targets: list[Value], create_graph: bool = False
) -> list[Value | None]:
    walk = Backward(
        engine, roots, grads, targets, create_graph=create_graph, retain_graph=create_graph, only_targets=True
    ).walk()
    with np.errstate(all="ignore"):
        try:
            call = next(walk)
        except StopIteration as stop:
            gradients: list[Value | None] = stop.value
            return gradients
    raise AssertionError(f"a hook without a client: {call}")


# -- comparing --------------------------------------------------------------------------------------------------------


def differs(ours: Answer, theirs: Answer, wider: float = 1) -> str | None:
    """How an answer differs from the one that is right, in a few words; None when it does not."""
    if ours.error != theirs.error:
        return f"{ours.error or 'an answer'} instead of {theirs.error or 'an answer'}"
    if ours.parts.keys() != theirs.parts.keys():
        return f"has {list(ours.parts)}, NumPy has {list(theirs.parts)}"
    for part, wanted in theirs.parts.items():
        scale = wider if part in ("out", "written") else 10 * wider
        for number, (a, b) in enumerate(zip(ours.parts[part], wanted, strict=True)):
            difference = _array_differs(a, b, scale)
            if difference:
                return f"{part} {number}: {difference}"
    return None


def _array_differs(ours: np.ndarray[Any, Any] | None, theirs: np.ndarray[Any, Any] | None, wider: float) -> str | None:
    if ours is None or theirs is None:
        return None if ours is theirs else f"{ours} instead of {theirs}"
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        return f"{ours.dtype}{list(ours.shape)} instead of {theirs.dtype}{list(theirs.shape)}"
    rtol, atol = (wider * t for t in TOLERANCE.get(BY_NP[ours.dtype].name, (0.0, 0.0)))
    if ours.dtype.kind not in "biufc":
        ours, theirs = ours.astype(np.float32), theirs.astype(np.float32)
    with np.errstate(all="ignore"):
        close = np.isclose(ours, theirs, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return None
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    return (
        f"{(~close).sum()} of {close.size} elements differ, {ours[first]} instead of {theirs[first]} at {list(first)}"
    )


# -- ops that write into lists ----------------------------------------------------------------------------------------


def _lists(count: int, **domain: Any) -> list[list[T]]:
    """Lists of tensors of two shapes, and of one in half precision."""
    shapes = ((3, 4), (5,))
    return [[*(T(*shape, dtype=dtypes.float32, **domain) for shape in shapes)] for _ in range(count)]


def _halves(lists: list[list[T]]) -> list[list[T]]:
    return [[T(*x.shape, dtype=dtypes.bfloat16, low=x.low, high=x.high) for x in each] for each in lists]


def _steps() -> Iterator[tuple[str, Sample]]:
    """Samples of the optimisers' steps, and of the update of running statistics."""
    sgd = {"dampening": 0.0, "weight_decay": 0.0, "nesterov": False, "maximize": False}
    p, g, b = _lists(3)
    yield "sgd_step_", Sample(p, g, [], 0.1, 1, momentum=0.0, **sgd)
    yield "sgd_step_", Sample(p, g, b, 0.1, 1, momentum=0.9, **{**sgd, "weight_decay": 0.01})
    yield "sgd_step_", Sample(p, g, b, 0.1, 0, momentum=0.9, **{**sgd, "dampening": 0.1, "maximize": True})
    yield "sgd_step_", Sample(p, g, b, 0.1, 0, momentum=0.9, **{**sgd, "nesterov": True})
    yield "sgd_step_", Sample(*_halves([p, g, b]), 0.1, 0, momentum=0.9, **sgd)
    adam = {"beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "decoupled": False, "amsgrad": False, "maximize": False}
    v, most = _lists(2, low=0.1)
    yield "adam_step_", Sample(p, g, b, v, [], 0.01, 3, weight_decay=0.0, **adam)
    yield "adam_step_", Sample(p, g, b, v, [], 0.01, 1, weight_decay=0.1, **{**adam, "decoupled": True})
    yield "adam_step_", Sample(p, g, b, v, most, 0.01, 2, weight_decay=0.1, **{**adam, "amsgrad": True})
    yield "adam_step_", Sample(p, g, b, v, [], 0.01, 2, weight_decay=0.1, **{**adam, "maximize": True})
    yield "adam_step_", Sample(*_halves([p, g, b, v]), [], 0.01, 3, weight_decay=0.0, **adam)
    rms = {"alpha": 0.9, "eps": 1e-8, "weight_decay": 0.01, "maximize": False}
    yield "rmsprop_step_", Sample(p, g, v, [], [], 0.01, momentum=0.0, centered=False, **rms)
    yield "rmsprop_step_", Sample(p, g, _lists(1, low=5)[0], b, b, 0.01, momentum=0.9, centered=True, **rms)
    yield "adagrad_step_", Sample(p, g, v, 0.01, eps=1e-10, weight_decay=0.01, maximize=False)
    x = T(3, dtype=dtypes.float32)
    yield "batch_norm_update_", Sample(x, x, x, x, momentum=0.1)


STEPS: dict[str, list[Sample]] = {}
for _name, _sample in _steps():
    STEPS.setdefault(_name, []).append(_sample)
