"""Optimisers whose step is one op over all parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from teletensor_core.errors import ArgumentError, UnsupportedError

from teletensor import gradients, recording
from teletensor.factories import zeros_like
from teletensor.grad_mode import enable_grad, no_grad
from teletensor.optim import counters
from teletensor.optim.optimizer import Group, Optimizer
from teletensor.tensor import Tensor


class Stepwise(Optimizer):
    """A subclass gives `_update(group, params, grads)`, which runs one in-place op over the lists.

    `foreach`, `fused` and `capturable` choose between PyTorch's implementations: here there is one. A step is not
    recorded by autograd, so `differentiable=True` is refused.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if defaults.get("differentiable"):
            raise UnsupportedError(
                f"{type(self).__name__}(differentiable=True): optimiser steps are not differentiable"
            )
        if isinstance(defaults["lr"], Tensor) and defaults["lr"].numel() != 1:
            raise ArgumentError("Tensor lr must be 1-element")
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, with one command for each group; what the closure gave."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for params in gradients.by_session(p for p in group["params"] if p._grad is not None):
                    recording.update(self, group, params, [p._grad for p in params])
        return loss

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how to update parameters")

    def _buffers(self, params: list[Tensor], name: str) -> list[Tensor]:
        """A state tensor for each parameter, zeros when it is new."""
        found = []
        for p in params:
            state = self.state[p]
            buffer = state.get(name)
            if buffer is None:
                buffer = state[name] = zeros_like(p)
            found.append(buffer)
        return found

    def _counted(self, params: list[Tensor], grads: list[Tensor]) -> Iterator[tuple[int, list[Tensor], list[Tensor]]]:
        """Count a step for each parameter; its number, with the parameters and gradients that are at that number."""
        by_step: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        for p, grad in zip(params, grads, strict=True):
            some = by_step.setdefault(self._count(p), ([], []))
            some[0].append(p)
            some[1].append(grad)
        for step, (chosen, their_grads) in by_step.items():
            yield step, chosen, their_grads

    def _count(self, p: Tensor) -> int:
        state = self.state[p]
        if "step" not in state:
            state["step"] = counters.new(0.0)
        return int(counters.add(state["step"], 1.0))


def rate(group: Group) -> float:
    """The group's learning rate as a number. A tensor that is elsewhere is waited for."""
    lr = group["lr"]
    return float(lr.item()) if isinstance(lr, Tensor) else lr


def check(condition: bool, name: str, value: Any) -> None:
    """Raise PyTorch's error for an option out of range."""
    if not condition:
        raise ArgumentError(f"Invalid {name}: {value}")


def check_adam(lr: Any, betas: tuple[float, float], eps: float, weight_decay: float) -> None:
    """Raise PyTorch's error for options of Adam and its kin that are out of range."""
    check(lr >= 0.0, "learning rate", lr)
    check(eps >= 0.0, "epsilon value", eps)
    for i, beta in enumerate(betas):
        check(0.0 <= beta < 1.0, f"beta parameter at index {i}", beta)
    check(weight_decay >= 0.0, "weight_decay value", weight_decay)
