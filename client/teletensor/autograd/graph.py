"""`torch.autograd.graph`: the recorded graph itself, and what happens to the tensors that it saves."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from teletensor_core.errors import ArgumentError, ArgumentTypeError, GradientError

from teletensor import backward as _backward
from teletensor import grad_mode, ops
from teletensor import missing as _missing
from teletensor.graph import AccumulateGrad, GradientEdge, Node
from teletensor.hooks import RemovableHandle
from teletensor.tensor import Tensor

__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class saved_tensors_hooks:
    """Inside a `with` block of this, each tensor that an op saves for backward is given to `pack_hook`.

    What that returns is kept instead, and given to `unpack_hook` when backward needs the tensor, which has to return
    one. Of blocks inside each other, the innermost counts. Both functions run in this process; the tensors they get and
    give may be on a worker, and only reading their values waits.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        if not (callable(pack_hook) and callable(unpack_hook)):
            raise ArgumentTypeError(f"saved_tensors_hooks takes two functions, got {pack_hook!r} and {unpack_hook!r}")
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if grad_mode.state.no_saved_hooks is not None:
            raise GradientError(grad_mode.state.no_saved_hooks)
        grad_mode.state.saved_hooks += ((self.pack_hook, self.unpack_hook),)

    def __exit__(self, *exc: object) -> None:
        grad_mode.state.saved_hooks = grad_mode.state.saved_hooks[:-1]


class save_on_cpu(saved_tensors_hooks):
    """Inside a `with` block of this, what ops save for backward is kept in this process, and sent back for backward.

    It frees memory of a worker for the time and the link that the copies take. With `pin_memory` nothing waits for
    them on their way here.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Tensor) -> tuple[Any, Tensor]:
            return tensor.device, tensor.to("cpu", non_blocking=pin_memory)

        def unpack(packed: tuple[Any, Tensor]) -> Tensor:
            device, tensor = packed
            return tensor.to(device, non_blocking=pin_memory)

        super().__init__(pack, unpack)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside a `with` block of this, `saved_tensors_hooks` raises GradientError with this message."""
    state = grad_mode.state
    if state.saved_hooks:
        raise GradientError(error_message)
    before, state.no_saved_hooks = state.no_saved_hooks, error_message
    try:
        yield
    finally:
        state.no_saved_hooks = before


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place in the graph of a tensor that gradients flow into. It keeps the tensor alive."""
    if not tensor.requires_grad:
        raise GradientError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node = tensor.grad_fn
    if node is None:
        return GradientEdge(AccumulateGrad(tensor), 0, tensor)
    return GradientEdge(node, tensor.output_nr, tensor)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a write into a tensor, or into each of several, that autograd did not see."""
    tensors = (tensor,) if isinstance(tensor, Tensor) else tensor
    if not isinstance(tensors, Iterable):
        raise GradientError("increment_version expect a Iterable[Tensor] as input")
    for x in tensors:
        if not isinstance(x, Tensor):
            raise GradientError("increment_version expects each element of the iterable to be a tensor")
        _count_a_write(x)


def _count_a_write(x: Tensor) -> None:
    # Into no element: the engine's own count goes up too.
    with grad_mode.no_grad():
        ops.as_strided(x.detach(), (0,), (1,)).zero_()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: Literal["all", "any"] = "all"
) -> RemovableHandle:
    """Run `fn` once in every backward: on all the tensors' gradients, in the order of the tensors, when the last one is
    there; or, of mode "any", on the first that is there.

    A gradient is None for a tensor that the backward does not come to.
    """
    if mode not in ("all", "any"):
        raise ArgumentError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    collected = _Collected(tuple(tensors), fn, mode)
    handles = [x.register_hook(collected.hook(i)) for i, x in enumerate(tensors)]

    def undo() -> None:
        for handle in handles:
            handle.remove()

    return RemovableHandle(undo, handles[0].id if handles else 0)


class _Collected:
    """The gradients of several tensors in one backward, until those that it comes to are there."""

    def __init__(self, tensors: tuple[Tensor, ...], fn: Callable[..., None], mode: str) -> None:
        self._edges = [x._edge() for x in tensors]
        self._fn = fn
        self._is_any = mode == "any"
        self._lock = threading.Lock()
        self._pass: Callable[[], object] = lambda: None
        self._grads: list[Tensor | None] = []
        self._expected = 0

    def hook(self, index: int) -> Callable[[Tensor], None]:
        """What is to be run on one tensor's gradient."""

        def run(grad: Tensor) -> None:
            if self._is_last(index, grad):
                grads, self._grads = self._grads, []
                self._fn(grad if self._is_any else grads)

        return run

    def _is_last(self, index: int, grad: Tensor) -> bool:
        now = _backward.running.now
        assert now is not None, "hooks are run by a backward"
        with self._lock:
            if self._pass() is not now:
                self._pass, self._grads = weakref.ref(now), [None] * len(self._edges)
                self._expected = 1 if self._is_any else sum(now.reaches(self._edges))
            self._expected -= 1
            if self._expected >= 0:
                self._grads[index] = grad
            return self._expected == 0


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
