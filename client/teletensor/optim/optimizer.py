"""The base of optimisers: parameter groups, state, hooks, and the layout that is saved."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor import gradients
from teletensor.hooks import RemovableHandle
from teletensor.nn.handles import add_hook
from teletensor.nn.registry import typename
from teletensor.optim import saved
from teletensor.tensor import Tensor

Group: TypeAlias = dict[str, Any]
_HOOKS = ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post")


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


# The default of an option that has none, in optimisers that are written as PyTorch's once were.
required = _Required()


class Optimizer:
    """Groups of parameters, each with its own options, and a state for each parameter.

    A subclass calls `super().__init__(params, defaults)` and defines `step`.
    """

    _stepping = False

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise ArgumentTypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + typename(params)
            )
        self.defaults = defaults
        self.state: dict[Any, Any] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._hooks: dict[str, OrderedDict[int, Any]] = {name: OrderedDict() for name in _HOOKS}
        self._opt_called = self._stepping = False
        groups = list(params)
        if not groups:
            raise ArgumentError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; gives what the closure gave, if there is one."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to take a step")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: no command at all, or one when they are to be zeros."""
        gradients.clear(self._parameters(), set_to_none)

    def _parameters(self) -> Iterator[Any]:
        for group in self.param_groups:
            yield from group["params"]

    # -- groups ------------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with options of their own. Raises for non-leaves and for parameters that are here already."""
        if not isinstance(param_group, dict):
            raise ArgumentTypeError(f"param_group must be a dict, but got {type(param_group)}")
        group = dict(param_group)
        names, group["params"] = _listed(group["params"])
        if names is not None:
            group["param_names"] = names
        for p in group["params"]:
            _check_parameter(p)
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self._check_names(names is not None)
        self._check_new(group["params"])
        self.param_groups.append(group)

    def _check_names(self, named: bool) -> None:
        if any(("param_names" in group) != named for group in self.param_groups):
            raise ArgumentError(
                "all optimizer param groups should be with/without names. "
                f"cannot add param group {'with' if named else 'without'} names to the optimizer"
            )

    def _check_new(self, params: list[Tensor]) -> None:
        ids = {id(p) for p in params}
        if len(ids) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=4,
            )
        if not ids.isdisjoint(id(p) for p in self._parameters()):
            raise ArgumentError("some parameters appear in more than one parameter group")

    # -- saving ------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """State and groups with parameters as numbers, in PyTorch's layout. The tensors are the optimiser's own."""
        for hook in list(self._hooks["state_dict_pre"].values()):
            hook(self)
        state = saved.pack(self.state, self.param_groups)
        for hook in list(self._hooks["state_dict_post"].values()):
            replaced = hook(self, state)
            state = state if replaced is None else replaced
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave, here or in PyTorch, on the devices of the parameters.

        Raises ArgumentError when the groups do not match.
        """
        state_dict = dict(state_dict)
        for hook in list(self._hooks["load_state_dict_pre"].values()):
            replaced = hook(self, state_dict)
            state_dict = state_dict if replaced is None else replaced
        state, self.param_groups = saved.unpack(state_dict, self.param_groups, self.defaults)
        self.state.clear()
        self.state.update(state)
        for hook in list(self._hooks["load_state_dict_post"].values()):
            hook(self)

    # -- hooks -------------------------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return new `(args, kwargs)`."""
        return add_hook(self._hooks["step_pre"], hook)

    def register_step_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return add_hook(self._hooks["step_post"], hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., None], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict` collects anything."""
        return add_hook(self._hooks["state_dict_pre"], hook, prepend=prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after it was collected; what it returns, if anything, replaces it."""
        return add_hook(self._hooks["state_dict_post"], hook, prepend=prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; what it returns, if anything, is loaded instead."""
        return add_hook(self._hooks["load_state_dict_pre"], hook, prepend=prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None], prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after loading."""
        return add_hook(self._hooks["load_state_dict_post"], hook, prepend=prepend)

    def __repr__(self) -> str:
        parts = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            options = [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
            parts += [f"Parameter Group {i}", *options]
            parts.append("")
        return "\n".join(parts[:-1]) + "\n)"


def _with_hooks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A subclass's `step`, with the hooks round it; learning-rate schedules want to know that it was called."""

    @functools.wraps(function)
    def step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        # One that wraps another optimiser may not have called `__init__`: it has no hooks.
        if self._stepping or "_hooks" not in vars(self):
            return function(self, *args, **kwargs)
        # Hooks see the arguments as the function does, the optimiser first.
        args = (self, *args)
        for hook in list(self._hooks["step_pre"].values()):
            replaced = hook(self, args, kwargs)
            if replaced is not None:
                args, kwargs = _checked(function, replaced)
        self._opt_called = self._stepping = True
        try:
            result = function(*args, **kwargs)
        finally:
            self._stepping = False
        for hook in list(self._hooks["step_post"].values()):
            hook(self, args, kwargs)
        return result

    return step


def _checked(step: Any, replaced: Any) -> tuple[Any, Any]:
    if isinstance(replaced, tuple) and len(replaced) == 2:
        return replaced
    raise RuntimeError(f"{step} must return None or a tuple of (new_args, new_kwargs), but got {replaced}.")


def _listed(params: Any) -> tuple[list[str] | None, list[Any]]:
    """Names, if they are given, and parameters of a group."""
    if isinstance(params, Tensor):
        return None, [params]
    if isinstance(params, set):
        raise ArgumentTypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead."
        )
    listed = list(params)
    named = [isinstance(each, tuple) for each in listed]
    if not any(named):
        return None, listed
    if not all(named):
        raise ArgumentError("all optimizer params should be with/without names. Some param names are missing")
    return [name for name, _ in listed], [p for _, p in listed]


def _check_parameter(p: Any) -> None:
    if not isinstance(p, Tensor):
        raise ArgumentTypeError(f"optimizer can only optimize Tensors, but one of the params is {typename(p)}")
    if not (p.is_leaf or p.retains_grad):
        raise ArgumentError("can't optimize a non-leaf Tensor")
