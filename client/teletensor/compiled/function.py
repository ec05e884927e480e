"""`torch.compile`: functions that are recorded when they are called, and from then on run with one command a call."""

from __future__ import annotations

import copy
import functools
import itertools
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import CompileError

from teletensor import anomaly, grad_mode, recording, sessions
from teletensor.compiled import guards, trees
from teletensor.compiled.comparing import difference
from teletensor.compiled.guards import Guard
from teletensor.compiled.lowering import Lowering, Recording, UpdateStep
from teletensor.compiled.recorder import Recorder
from teletensor.compiled.replay import Outdated, Replay
from teletensor.tensor_base import TensorBase

# Programs that one function may have: for signatures, and for values of what it reaches.
MOST_PROGRAMS = 64
# Calls that may be recorded for one variant before two of them agree: the first ones make an optimiser's state.
_MOST_TRIES = 4
_EVERY = 10
_all: weakref.WeakSet[CompiledFunction] = weakref.WeakSet()


@dataclass(eq=False)
class Variant:
    """A signature with the values that it was recorded under: a recording that waits for another, or a program.

    `draft` is what will run the program once another recording agrees with `recorded`; then it is the `replay`.
    """

    guards: list[Guard]
    entry_grads: list[tuple[Any, bool]] = field(default_factory=list)
    recorded: Recording | None = None
    draft: Replay | None = None
    replay: Replay | None = None
    tries: int = 0
    runs: int = 0

    def fits(self) -> bool:
        """Whether what the function reaches is what it was."""
        for guard in self.guards:
            if not guard.holds():
                return False
        for owner, had in self.entry_grads:
            x = owner()
            if x is None or (x._grad is not None) is not had:
                return False
        return True


class CompiledFunction:
    """A function whose calls become programs; see `compile`. `variants` are what it was recorded for so far."""

    def __init__(self, function: Callable[..., Any], verify: bool | int = False, most: int = MOST_PROGRAMS) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._verify = _EVERY if verify is True else int(verify)
        self._most = most
        self.variants: dict[Any, list[Variant]] = {}
        self._gave_up = False
        _all.add(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledFunction:
        return CompiledFunction(copy.deepcopy(self._function, memo), self._verify, self._most)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function gives for these arguments."""
        if recording.state.listener is not None or self._gave_up or _has_to_run():
            return self._function(*args, **kwargs)
        leaves: list[Any] = []
        key = (trees.flatten(args, leaves), trees.flatten(kwargs, leaves) if kwargs else None, *_modes())
        key += tuple([_kind(x, leaves) for x in leaves])
        found = self.variants.get(key)
        variant = next((each for each in found if each.fits()), None) if found else None
        if variant is not None and variant.replay is not None:
            variant.runs += 1
            if not (self._verify and variant.runs % self._verify == 0):
                try:
                    return variant.replay.run(leaves)
                except Outdated:
                    self._forget(key, variant)
                    variant = None
        return self._record(key, variant, args, kwargs, leaves)

    def reset(self) -> None:
        """Forget every program."""
        for key, found in list(self.variants.items()):
            for variant in list(found):
                self._forget(key, variant)
        self._gave_up = False

    def _forget(self, key: Any, variant: Variant) -> None:
        self.variants[key].remove(variant)
        if variant.replay is not None:
            variant.replay.close()

    # -- recording ---------------------------------------------------------------------------------------------------

    def _record(
        self, key: Any, variant: Variant | None, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any]
    ) -> Any:
        """Run the function as it is, and note what it does."""
        reach = guards.reach(self._function, *_objects(args, kwargs))
        recorder = Recorder()
        with recorder.running():
            result = self._function(*args, **kwargs)
        if recorder.session is None:
            return result
        returned: list[Any] = []
        trees.flatten(result, returned)
        after = guards.reach(self._function, *_objects(args, kwargs))
        reach.places = {**reach.places, **after.places}
        recorded = Lowering(recorder, leaves, result, returned, reach).run()
        if variant is None:
            variant = self._new_variant(key, _guards_of(reach, recorded), recorded)
        if variant is not None:
            self._compare(variant, recorded)
        return result

    def _new_variant(self, key: Any, found: list[Guard], recorded: Recording) -> Variant | None:
        if sum(map(len, self.variants.values())) >= self._most:
            self._gave_up = True
            others = self.variants.get(key, ())
            changed = next((g.said() for v in others for g in v.guards if not g.holds()), None)
            warnings.warn(
                f"{self!r} runs uncompiled from now on: it was recorded for {self._most} kinds of calls. "
                + (
                    f"A value that is part of each program changes: {changed}"
                    if changed
                    else "Its arguments differ in shapes, dtypes or values from call to call"
                )
                + "; give what changes as a tensor",
                stacklevel=4,
            )
            return None
        entry = [(weakref.ref(owner), had) for owner, had in recorded.entry_grads]
        variant = Variant(found, entry)
        self.variants.setdefault(key, []).append(variant)
        return variant

    def _compare(self, variant: Variant, recorded: Recording) -> None:
        """Two recordings that agree make a program; one that differs from a program is an error."""
        if variant.replay is not None:
            assert variant.recorded is not None, "a program to verify keeps its recording"
            differs = recorded.problem or difference(variant.recorded, recorded)
            if differs:
                raise CompileError(f"{self!r} does something else than the program that was recorded of it: {differs}")
            return
        old, variant.recorded = variant.recorded, _slim(recorded)
        variant.draft = None if recorded.problem else Replay(recorded)
        variant.tries += 1
        differs = "" if old is None else recorded.problem or old.problem or difference(old, recorded)
        if old is not None and not differs:
            assert variant.draft is not None, "without a problem there is one"
            variant.draft.define()
            variant.replay, variant.draft = variant.draft, None
            variant.recorded = variant.recorded if self._verify else None
        elif variant.tries >= _MOST_TRIES:
            variant.tries = 0
            raise CompileError(f"{self!r} cannot be compiled: {differs}")

    def __repr__(self) -> str:
        return f"<compiled {getattr(self._function, '__qualname__', type(self._function).__name__)}>"


def _slim(recorded: Recording) -> Recording:
    """A recording to compare with, which keeps no tensors alive."""
    slim = Recording(None, None, recorded.code, recorded.locations)  # type: ignore[arg-type]
    slim.host, slim.written = recorded.host, recorded.written
    slim.problem = recorded.problem
    slim.grads = [(None, index) for _, index in recorded.grads]  # type: ignore[misc]
    return slim


def _guards_of(reach: guards.Reach, recorded: Recording) -> list[Guard]:
    """The values that the program bakes in. Rates of optimisers that are run with it are not among them."""
    updated = [step.update.optimizer for step in recorded.host if isinstance(step, UpdateStep)]
    known = {id(x): x for x in (*reach.optimizers, *updated)}
    found = list(reach.guards)
    for optimizer in known.values():
        but = frozenset(("lr", "initial_lr")) if any(optimizer is each for each in updated) else frozenset[str]()
        found += guards.optimizer_guards(optimizer, but)
    return found


def _objects(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """What is among the arguments that has values of its own: modules, optimisers, the user's objects."""
    values = itertools.chain(args, kwargs.values())
    return [x for x in values if type(x) not in trees.PLAIN and not isinstance(x, TensorBase)]


def _has_to_run() -> bool:
    """Whether every call is to be seen as it is."""
    return anomaly.state.enabled or bool(grad_mode.state.saved_hooks)


def _modes() -> tuple[Any, ...]:
    state = grad_mode.state
    autocast = tuple(state.autocast.items()) if state.autocast else ()
    return state.enabled, state.inference, autocast, dtypes.default_dtype(), str(sessions.default_device())


def _kind(x: TensorBase, leaves: list[Any]) -> tuple[Any, ...]:
    """What a program knows of a tensor among the arguments, and which other one it is, if it is given twice."""
    first = next(i for i, y in enumerate(leaves) if y is x)
    edge = x._edge()[0]
    return x._spec, id(x._session), x._requires, edge is None, x._node is None, x._base is None, first, x._grad is None


def reset() -> None:
    """Forget the programs of every compiled function."""
    for function in list(_all):
        function.reset()
