"""The base of optimisers: parameter groups, state, and its layout on disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any

from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor.factories import zeros_like
from teletensor.grad_mode import enable_grad, no_grad
from teletensor.tensor import Tensor

Group = dict[str, Any]


class Optimizer:
    """Holds groups of parameters, each with its own options, and a state for each parameter.

    A subclass implements `_update(group, params, grads)`, which runs one in-place op over the lists.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise ArgumentTypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got torch.FloatTensor"
            )
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups = list(params)
        if not groups:
            raise ArgumentError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(dict(group))

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with options of their own. Raises for non-leaves and for parameters that are here already."""
        params = param_group["params"]
        listed = [params] if isinstance(params, Tensor) else list(params)
        listed = [p[1] if isinstance(p, tuple) else p for p in listed]
        seen = {id(p) for group in self.param_groups for p in group["params"]}
        for p in listed:
            if not isinstance(p, Tensor):
                raise ArgumentTypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
                )
            if not (p.is_leaf or p.retains_grad):
                raise ArgumentError("can't optimize a non-leaf Tensor")
            if id(p) in seen:
                raise ArgumentError("some parameters appear in more than one parameter group")
        group = {"params": listed, **{k: v for k, v in param_group.items() if k != "params"}}
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: no command at all, or one per parameter when they are to be zeros."""
        for p in self._parameters():
            if p.grad is not None:
                if set_to_none:
                    p.grad = None
                else:
                    p.grad.detach_().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; gives what the closure gave, if there is one."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for params in _by_session([p for p in group["params"] if p.grad is not None]):
                    self._update(group, params, [_grad(p) for p in params])
        return loss

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how to update parameters")

    def _buffers(self, params: list[Tensor], name: str) -> list[Tensor]:
        """A state tensor for each parameter, zeros when it is new."""
        for p in params:
            if self.state[p].get(name) is None:
                self.state[p][name] = zeros_like(p)
        return [self.state[p][name] for p in params]

    def _count(self, params: list[Tensor]) -> Iterator[tuple[int, list[Tensor]]]:
        """Count a step for each parameter; the parameters by their number of steps."""
        by_step: dict[int, list[Tensor]] = {}
        for p in params:
            step = self.state[p]["step"] = int(self.state[p].get("step", 0)) + 1
            by_step.setdefault(step, []).append(p)
        yield from by_step.items()

    def _parameters(self) -> Iterator[Tensor]:
        for group in self.param_groups:
            yield from group["params"]

    def state_dict(self) -> dict[str, Any]:
        """State and groups with parameters as numbers, in PyTorch's layout."""
        numbers = {id(p): i for i, p in enumerate(self._parameters())}
        groups = [
            {**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": {numbers[id(p)]: dict(s) for p, s in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises ArgumentError when the groups do not match."""
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ArgumentError("loaded state dict has a different number of parameter groups")
        for mine, theirs in zip(self.param_groups, saved, strict=True):
            if len(mine["params"]) != len(theirs["params"]):
                raise ArgumentError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
                )
        params = list(self._parameters())
        numbers = [n for group in saved for n in group["params"]]
        for mine, theirs in zip(self.param_groups, saved, strict=True):
            mine.update({k: deepcopy(v) for k, v in theirs.items() if k != "params"})
        self.state.clear()
        for number, p in zip(numbers, params, strict=True):
            entry = state_dict["state"].get(number, state_dict["state"].get(str(number)))
            if entry is not None:
                self.state[p] = {k: _placed(v, p) for k, v in entry.items()}

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
            lines.append("")
        return "\n".join([*lines[:-1], ")"])


def _grad(p: Tensor) -> Tensor:
    assert p.grad is not None
    return p.grad


def _placed(value: Any, p: Tensor) -> Any:
    """A loaded state entry where and as its parameter is; scalar tensors as numbers."""
    if not isinstance(value, Tensor):
        return deepcopy(value)
    if value.ndim == 0:
        return value.item()
    return value.to(device=p.device, dtype=p.dtype).clone()


def _by_session(params: list[Tensor]) -> list[list[Tensor]]:
    groups: dict[int, list[Tensor]] = {}
    for p in params:
        groups.setdefault(id(p._session), []).append(p)
    return list(groups.values())


def check(condition: bool, name: str, value: Any) -> None:
    """Raise PyTorch's error for an option out of range."""
    if not condition:
        raise ArgumentError(f"Invalid {name}: {value}")
