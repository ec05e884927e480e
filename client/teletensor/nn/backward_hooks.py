"""Hooks that see the gradients at the borders of a module.

The tensors that enter a module, and those that leave it, pass through one tensor with a hook: a
view if there is one of them, else all of them joined. So the hook sees all gradients of its border
at once, `grad_output` first and `grad_input` later, and may replace them.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import teletensor as tt
from teletensor.tensor import Tensor

Hook = Callable[..., Any]

_NO_INPUT_GRADIENTS = (
    "Full backward hook is firing when gradients are computed with respect to module outputs "
    "since no inputs require gradients. See "
    "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
    "#torch.nn.Module.register_full_backward_hook for more details."
)
Grads = tuple[Tensor | None, ...]


class BackwardHooks:
    """The backward hooks of one call of one module."""

    def __init__(self, module: Any, hooks: Mapping[int, Hook], pre_hooks: Mapping[int, Hook]) -> None:
        self._module = module
        self._hooks = list(hooks.values())
        self._pre_hooks = list(pre_hooks.values())
        self._inputs = 0
        self._positions: list[int] = []
        self._grad_output: Grads | None = None

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """`args` with those tensors that need a gradient led through the entry."""
        self._inputs = len(args)
        watched, self._positions = _lead(args, self._at_inputs)
        return watched

    def watch_outputs(self, result: Any) -> Any:
        """`result`, a tensor or a tuple, with its tensors led through the exit."""
        results = (result,) if isinstance(result, Tensor) else result
        if not isinstance(results, tuple):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}",
                stacklevel=4,
            )
            return result
        positions: list[int] = []

        def at_outputs(grads: Grads) -> Grads:
            return self._at_outputs(grads, positions, len(results))

        watched, found = _lead(results, at_outputs)
        positions.extend(found)
        return watched[0] if isinstance(result, Tensor) else watched

    def _at_outputs(self, grads: Grads, positions: list[int], outputs: int) -> Grads:
        grad_output = _spread(grads, positions, outputs)
        for hook in self._pre_hooks:
            replaced = hook(self._module, grad_output)
            if replaced is not None:
                grad_output = _checked(replaced, grad_output, "grad_output")
        self._grad_output = grad_output
        if not self._positions:
            # No input needs a gradient, so backward will not come to the entry.
            if self._hooks:
                warnings.warn(_NO_INPUT_GRADIENTS, stacklevel=2)
            self._run_hooks((None,) * self._inputs)
        return tuple(grad_output[position] for position in positions)

    def _at_inputs(self, grads: Grads) -> Grads:
        grad_input = self._run_hooks(_spread(grads, self._positions, self._inputs))
        return tuple(grad_input[position] for position in self._positions)

    def _run_hooks(self, grad_input: Grads) -> Grads:
        for hook in self._hooks:
            replaced = hook(self._module, grad_input, self._grad_output)
            if replaced is not None:
                grad_input = _checked(replaced, grad_input, "grad_input")
        self._grad_output = None
        return grad_input


def _lead(values: tuple[Any, ...], callback: Callable[[Grads], Grads]) -> tuple[tuple[Any, ...], list[int]]:
    """`values` with its differentiable tensors led past `callback`, and their positions."""
    positions = [position for position, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    if not positions or not tt.is_grad_enabled():
        return values, []
    tensors = [values[position] for position in positions]
    led = _lead_one(tensors[0], callback) if len(tensors) == 1 else _lead_all(tensors, callback)
    replaced = list(values)
    for position, tensor in zip(positions, led, strict=True):
        replaced[position] = tensor
    return tuple(replaced), positions


def _lead_one(tensor: Tensor, callback: Callable[[Grads], Grads]) -> list[Tensor]:
    view = tensor.view_as(tensor)
    view.register_hook(lambda grad: callback((grad,))[0])
    return [view]


def _lead_all(tensors: list[Tensor], callback: Callable[[Grads], Grads]) -> list[Tensor]:
    joined = _join(tensors)

    def hook(grad: Tensor) -> Tensor:
        before = _part(grad, tensors)
        after = callback(tuple(before))
        kept = (tt.zeros_like(b) if a is None else a for a, b in zip(after, before, strict=True))
        return _join(list(kept))

    joined.register_hook(hook)
    return _part(joined, tensors)


def _join(tensors: list[Tensor]) -> Tensor:
    return tt.cat([tensor.reshape(-1) for tensor in tensors])


def _part(joined: Tensor, like: list[Tensor]) -> list[Tensor]:
    """What `_join` joined, in the shapes and dtypes of `like`."""
    parts = joined.split([tensor.numel() for tensor in like])
    pairs = zip(parts, like, strict=True)
    return [part.reshape(tensor.shape).to(tensor.dtype) for part, tensor in pairs]


def _spread(grads: Grads, positions: list[int], count: int) -> Grads:
    spread: list[Tensor | None] = [None] * count
    for position, grad in zip(positions, grads, strict=True):
        spread[position] = grad
    return tuple(spread)


def _checked(replaced: Any, expected: Grads, name: str) -> Grads:
    """What a hook returned, as a tuple; RuntimeError if it has another length."""
    grads = replaced if isinstance(replaced, tuple) else (replaced,)
    if len(grads) != len(expected):
        raise RuntimeError(
            f"Backward hook returned an invalid number of {name}, got {len(grads)}, but expected {len(expected)}"
        )
    return grads
