"""Hooks on tensors' gradients: Python functions of the client, run in the middle of a backward on the worker."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from teletensor_core.errors import ArgumentTypeError, GradientError
from teletensor_core.spec import Spec

from teletensor.graph import GradFn
from teletensor.python_node import PythonNode
from teletensor.session import Ref, Session
from teletensor.tensor_base import TensorBase, new

_numbers = itertools.count(1)
# Functions by number, with the node or leaf that carries each: held weakly, so that graphs go, and hooks with them.
_hooks: dict[int, tuple[Callable[..., Any], weakref.ref[Any]]] = {}
_AFTER = "_post_accumulate_grad_hooks"


class RemovableHandle:
    """What `register_hook` gives: `remove()` takes the hook away."""

    def __init__(self, undo: Callable[[], object], number: int) -> None:
        self._undo: Callable[[], object] | None = undo
        self.id = number

    def remove(self) -> None:
        """Take the hook away; once is enough."""
        if self._undo is not None:
            self._undo()
            self._undo = None

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register(tensor: TensorBase, hook: Callable[..., Any]) -> RemovableHandle:
    """Run `hook` on the tensor's gradient in every backward that reaches it."""
    node, index = tensor._edge()
    if node is None:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    number = next(_numbers)
    if isinstance(node, PythonNode):
        node.hooks = node.hooks or {}
        waiting = node.hooks.setdefault(index, {})
        waiting[number] = hook
        return RemovableHandle(lambda: waiting.pop(number, None), number)
    _hooks[number] = hook, weakref.ref(node, lambda _: _hooks.pop(number, None))
    tensor._session.set_hook(tensor._ref, number, True)
    held = weakref.ref(tensor)

    def undo() -> None:
        alive = held()
        _hooks.pop(number, None)
        if alive is not None:
            alive._session.set_hook(alive._ref, number, False)

    return RemovableHandle(undo, number)


def register_after(tensor: TensorBase, hook: Callable[..., Any]) -> RemovableHandle:
    """Run `hook(tensor)` after a leaf's gradient was added to `.grad`."""
    if not (tensor.requires_grad and not isinstance(tensor._edge()[0], GradFn)):
        raise GradientError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    number = next(_numbers)
    waiting = vars(tensor).setdefault(_AFTER, OrderedDict())
    waiting[number] = hook

    def undo() -> None:
        waiting.pop(number, None)

    return RemovableHandle(undo, number)


def after_accumulation(tensor: TensorBase) -> None:
    """Run the hooks that wait for this leaf's gradient."""
    for hook in list(vars(tensor).get(_AFTER, {}).values()):
        if hook(tensor) is not None:
            raise GradientError("Tensor post accumulate grad hooks should return None.")


def any_on(nodes: Iterable[GradFn], leaves: Iterable[TensorBase]) -> bool:
    """Whether a backward over these nodes and leaves meets a hook."""
    if not _hooks:
        return False
    # By identity: tensors compare element by element.
    hooked = {id(node()) for _, node in list(_hooks.values())}
    return any(id(node) in hooked for node in nodes) or any(id(leaf) in hooked for leaf in leaves)


def runner(
    session: Session, node: GradFn | None = None, *, on_leaves: bool = True
) -> Callable[[int, Ref, Spec], Ref | None]:
    """What a session calls when its engine meets a hook. Those on leaves are passed over without `on_leaves`.

    `node` is where gradients come from that can be differentiated themselves.
    """

    def run(number: int, ref: Ref, spec: Spec) -> Ref | None:
        grad = new(ref, spec, session, node)
        hook, place = _hooks.get(number, (None, None))
        if hook is None or place is None or not (on_leaves or isinstance(place(), GradFn)):
            return None
        answer = _answer(number, hook, grad)
        if answer is None:
            return None
        held[:] = [answer]
        return answer._ref

    # The newest answer stays alive until the next one: its handle must not be released before the engine used it.
    held: list[TensorBase] = []
    return run


def run_on_leaf(leaf: TensorBase, grad: Any) -> Any:
    """A leaf's gradient after its hooks, in the order in which they were registered."""
    for number, (hook, node) in sorted(_hooks.items()):
        if node() is leaf:
            answer = _answer(number, hook, grad)
            grad = grad if answer is None else answer
    return grad


def run_on_results(step: PythonNode, grads: list[Any]) -> list[Any]:
    """The gradients of a Python step's results, after their hooks."""
    grads = list(grads)
    for index, waiting in (step.hooks or {}).items():
        for number, hook in list(waiting.items()):
            answer = None if grads[index] is None else _answer(number, hook, grads[index])
            grads[index] = grads[index] if answer is None else answer
    return grads


def _answer(number: int, hook: Callable[..., Any], grad: TensorBase) -> TensorBase | None:
    """What a hook gives, which has to be of the gradient's shape and dtype."""
    answer = hook(grad)
    if answer is None:
        return None
    if not isinstance(answer, TensorBase):
        raise ArgumentTypeError(f"expected a hook to return a Tensor or None, got {type(answer).__name__}")
    if answer._spec.shape != grad._spec.shape or answer._spec.dtype is not grad._spec.dtype:
        raise GradientError(f"hook {number} has changed the gradient from {grad._spec!r} to {answer._spec!r}")
    return answer
