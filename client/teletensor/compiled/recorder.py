"""Records one call of a function, while it runs as it always would."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core.errors import CompileError
from teletensor_core.spec import Spec

from teletensor import recording
from teletensor.compiled import taps
from teletensor.compiled.events import BackwardRun, Detached, Drawn, Event, GradRequired, Host, OpRun, Update, Uploaded
from teletensor.session import BackwardRequest, Ref, Session
from teletensor.tensor_base import TensorBase, new

if TYPE_CHECKING:
    from teletensor.optim.optimizer import Group
    from teletensor.optim.stepwise import Stepwise
    from teletensor.random import Generator
    from teletensor.tensor import Tensor


class Before:
    """What tensors were like before the call: places in the graph, and which leaves had gradients."""

    def __init__(self) -> None:
        self.states = {
            id(x): (weakref.ref(x), x._ref, x._node, x._requires, x._grad)
            for x in tensors_alive()
            if getattr(x, "_ref", None) is not None
        }

    def state(self, x: TensorBase) -> tuple[Any, ...] | None:
        """A tensor's ref, node, whether it required gradients, and its gradient; None for one that was not there."""
        found = self.states.get(id(x))
        return found[1:] if found is not None and found[0]() is x else None


class Recorder(recording.Listener):
    """The events of one call. `session` is where its commands ran; None when there were none."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.session: Session | None = None
        self.before = Before()
        self._update: Update | None = None
        self._in_host = False

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Record what happens inside."""
        with taps.tapped((*taps.COMMANDS, *taps.QUESTIONS), self._handle):
            recording.state.listener = self
            try:
                yield
            finally:
                recording.state.listener = None

    def _handle(self, session: Session, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if name in taps.QUESTIONS:
            return self._question(name, method, *args, **kwargs)
        if self._in_host:
            raise CompileError(
                f"{taps.here()}: a schedule that computes on tensors cannot be part of a compiled function; call its "
                "step() outside"
            )
        if self._update is not None and session is not self._update.params[0]._session:
            # Counters of an optimiser, which are tensors of this process.
            return method(*args, **kwargs)
        if self.session is None:
            self.session = session
        elif session is not self.session:
            raise CompileError(
                f"{taps.here()}: a compiled function computes in one place, and this is on {session.device}, what came "
                f"before on {self.session.device}; move tensors before the call"
            )
        return getattr(self, "_" + name)(method, *args, **kwargs)

    def _question(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._update is not None or self._in_host:
            return method(*args, **kwargs)
        asked = (
            "the value of a tensor is read" if name.startswith("read") else "what only the worker knows is asked for"
        )
        raise CompileError(
            f"{taps.here()}: {asked} inside a compiled function, whose runs send one command and do not wait; read "
            "it outside, from what the function returns, or leave the function uncompiled"
        )

    # -- commands ----------------------------------------------------------------------------------------------------

    def _submit(self, method: Callable[..., Any], plan: Any, operands: Sequence[Any]) -> Any:
        outs = method(plan, operands)
        self.events.append(OpRun(plan, list(operands), tuple(outs), taps.here(), self._update))
        return outs

    def _backward(self, method: Callable[..., Any], request: BackwardRequest) -> Any:
        if request.run_hook is not None:
            raise CompileError(
                f"{taps.here()}: a gradient hook is Python that runs in the middle of a backward, and cannot be part "
                "of a compiled function; remove it, or leave the function uncompiled"
            )
        results = method(request)
        self.events.append(BackwardRun(request, results, taps.here()))
        return results

    def _upload(self, method: Callable[..., Any], array: Any, spec: Spec) -> Any:
        ref = method(array, spec)
        values = np.array(array, dtype=spec.dtype.np, order="C").reshape(spec.shape)
        self.events.append(Uploaded(ref, values, taps.here()))
        return ref

    def _share(self, method: Callable[..., Any], array: Any, spec: Spec) -> Any:
        if self._update is not None:
            return method(array, spec)
        raise CompileError(
            f"{taps.here()}: a tensor that shares memory with NumPy cannot be made inside a compiled function; give it "
            "as an argument, or use torch.tensor for values that are always the same"
        )

    def _require_grad(self, method: Callable[..., Any], ref: Ref, required: bool) -> None:
        method(ref, required)
        self.events.append(GradRequired(ref, required, taps.here()))

    def _detach_(self, method: Callable[..., Any], ref: Ref) -> None:
        method(ref)
        self.events.append(Detached(ref, taps.here()))

    def _set_hook(self, method: Callable[..., Any], ref: Ref, hook: int, add: bool) -> None:
        raise CompileError(f"{taps.here()}: a gradient hook cannot be registered inside a compiled function")

    # -- Python that numbers come from -------------------------------------------------------------------------------

    def drew(self, generator: Generator, count: int, seed: int, offset: int) -> None:
        """Note a draw."""
        self.events.append(Drawn(generator, count, seed, offset, taps.here()))

    def update(self, optimizer: Stepwise, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        """Note an update, and its commands as its own."""
        if optimizer._hooks["step_pre"] or optimizer._hooks["step_post"]:
            raise CompileError(
                f"{taps.here()}: an optimiser with step hooks cannot be part of a compiled function; its hooks are "
                "Python that would not run"
            )
        index = next(i for i, each in enumerate(optimizer.param_groups) if each is group)
        self._update = Update(optimizer, index, params, grads, [g._ref for g in grads], taps.here())
        self.events.append(self._update)
        try:
            optimizer._update(group, params, grads)
        finally:
            # The gradients themselves must be free to go: what stands for them has no value.
            self._update.grads = [new(None, g._spec, g._session) for g in grads]
            self._update = None

    def host(self, run: Callable[[], Any]) -> Any:
        """Note Python to run again; what it calls in turn is its own affair."""
        if self._in_host:
            return run()
        self._in_host = True
        try:
            result = run()
        finally:
            self._in_host = False
        self.events.append(Host(run, taps.here()))
        return result


def tensors_alive() -> list[Any]:
    """Every tensor of the process that something refers to."""
    return [x for x in gc.get_objects() if issubclass(type(x), TensorBase)]
