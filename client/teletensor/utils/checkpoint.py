"""`torch.utils.checkpoint`: parts of a model whose results in between are computed again in backward, not kept."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from teletensor_core.dtypes import FLOAT
from teletensor_core.errors import GradientError

from teletensor import grad_mode
from teletensor.graph import GradFn, leaves_under, walk
from teletensor.python_node import Continuation, PythonNode
from teletensor.random import default_generator, get_rng_state, set_rng_state
from teletensor.saved import Packed, place_of, suspended
from teletensor.tensor import Tensor

__all__ = ["checkpoint", "checkpoint_sequential", "get_device_states", "noop_context_fn", "set_device_states"]


def noop_context_fn() -> tuple[Any, Any]:
    """Contexts that do nothing: the default of `context_fn`."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The numbers of the devices that these tensors are on, other than this process, and their generators' states.

    There is one generator for all devices here.
    """
    tensors = [x for x in args if isinstance(x, Tensor) and x.device.type != "cpu"]
    devices = sorted({x.device.index or 0 for x in tensors})
    return devices, [get_rng_state() for _ in devices]


def set_device_states(devices: Sequence[int], states: Sequence[Tensor], *, device_type: str | None = None) -> None:
    """Put back what `get_device_states` gave."""
    for state in states[:1]:
        set_rng_state(state)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """`function(*args, **kwargs)`; what it computes on the way is freed, and computed again when backward comes to it.

    Gradients flow into the arguments and into whatever else the function uses, parameters of a module for instance.
    Hooks for saved tensors get the arguments only. With `preserve_rng_state` it draws the same random numbers again.
    `context_fn` gives two contexts, one for each run.
    Both of PyTorch's ways (`use_reentrant`) come to the same here.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, "
            "calling checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but "
            "if you need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for "
            "more details on the differences between the two variants.",
            stacklevel=2,
        )
    first, again = context_fn()
    if not grad_mode.is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    state = default_generator.get_state() if preserve_rng_state else None
    with first, suspended():
        outs = function(*args, **kwargs)
    results = outs if isinstance(outs, tuple) else (outs,)
    ends = [x._node for x in results if isinstance(x, Tensor) and x.requires_grad and x._node is not None]
    if not ends:
        return outs

    kept = args if not grad_mode.state.saved_hooks else tuple([_packed(x) for x in args])

    def rerun(grads: list[Tensor | None]) -> Continuation:
        with grad_mode.enable_grad(), again, _random_numbers_from(state):
            made = function(*[x.unpacked() if isinstance(x, Packed) else x for x in kept], **kwargs)
        remade = made if isinstance(made, tuple) else (made,)
        if len(remade) != len(results):
            raise GradientError(
                f"checkpoint: the function gave {len(results)} results, and {len(remade)} when it was run again"
            )
        return [(x, g) for x, g in zip(remade, grads, strict=True) if g is not None]

    step = PythonNode("CheckpointBackward", _sources(ends, args, kwargs), rerun)
    recorded = tuple(_recorded(step, x) for x in results)
    return recorded if isinstance(outs, tuple) else recorded[0]


def _packed(x: Any) -> Any:
    return Packed(x, place_of(x)) if isinstance(x, Tensor) else x


def _sources(ends: list[GradFn], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """The tensors that gradients will go to: leaves, and arguments that were themselves computed."""
    given = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor) and x.requires_grad]
    before = [x._node for x in given if x._node is not None]
    return [*given, *leaves_under(list(walk(ends, before)))]


def _recorded(step: PythonNode, x: Any) -> Any:
    if isinstance(x, Tensor) and x.requires_grad and x.dtype.category >= FLOAT:
        return step.result(x)
    step.skip()
    return x


@contextlib.contextmanager
def _random_numbers_from(state: Tensor | None) -> Iterator[None]:
    """Draw the numbers again that were drawn after `state`, and go on afterwards as if nothing had been drawn."""
    if state is None:
        yield
        return
    now = default_generator.get_state()
    default_generator.set_state(state)
    try:
        yield
    finally:
        default_generator.set_state(now)


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    *,
    preserve_rng_state: bool = True,
) -> Any:
    """A Sequential (or list of functions) in `segments` checkpoints, the last of which is run as it is."""
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. "
            "In version 2.9 we will raise an exception if use_reentrant is not passed. use_reentrant=False is "
            "recommended, but if you need to preserve the current default behavior, you can pass use_reentrant=True. "
            "Refer to docs for more details on the differences between the two variants.",
            stacklevel=2,
        )
        use_reentrant = True
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(steps) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        segment = _chain(steps[start:end])
        input = checkpoint(segment, input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state)
    return _chain(steps[end:])(input)


def _chain(steps: Sequence[Callable[..., Any]]) -> Callable[[Any], Any]:
    def run(input: Any) -> Any:
        for step in steps:
            input = step(input)
        return input

    return run
