"""Calling a module: `forward`, and the hooks before and after it."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from teletensor.hooks import RemovableHandle
from teletensor.nn.backward_hooks import BackwardHooks
from teletensor.nn.handles import add_hook
from teletensor.nn.registry import Registry

Hook = Callable[..., Any]

if TYPE_CHECKING:
    P = ParamSpec("P")
    R_co = TypeVar("R_co", covariant=True)

    class _HasForward(Protocol[P, R_co]):
        @property
        def forward(self) -> Callable[P, R_co]: ...

    class _Call:
        """The type of `module(...)` is that of the class's own `forward`."""

        def __get__(self, instance: _HasForward[P, R_co], owner: type[Any]) -> Callable[P, R_co]: ...


class Hooked(Registry):
    """`__call__`, and the registration of hooks."""

    forward: Hook
    # What `compile` has made of calls, if it was called.
    _compiled_call_impl: Any = None

    if TYPE_CHECKING:
        __call__: _Call
    else:

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """`forward` of the arguments, with the hooks around it if there are any."""
            if self._compiled_call_impl is not None:
                return self._compiled_call_impl(*args, **kwargs)
            return self._call_impl(*args, **kwargs)

        def _call_impl(self, *args: Any, **kwargs: Any) -> Any:
            if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks):
                return self.forward(*args, **kwargs)
            return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        done: set[int] = set()
        try:
            return self._run_hooks_and_forward(args, kwargs, done)
        except Exception:
            self._run_always_called(args, kwargs, done)
            raise

    def _run_hooks_and_forward(self, args: tuple[Any, ...], kwargs: dict[str, Any], done: set[int]) -> Any:
        args, kwargs = self._run_forward_pre_hooks(args, kwargs)
        backward = None
        if self._backward_hooks or self._backward_pre_hooks:
            backward = BackwardHooks(self, self._backward_hooks, self._backward_pre_hooks)
            args = backward.watch_inputs(args)
        result = self.forward(*args, **kwargs)
        for id, hook in list(self._forward_hooks.items()):
            done.add(id)
            replaced = self._run_forward_hook(id, hook, args, kwargs, result)
            result = result if replaced is None else replaced
        return result if backward is None else backward.watch_outputs(result)

    def _run_forward_pre_hooks(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for id, hook in list(self._forward_pre_hooks.items()):
            if id in self._forward_pre_hooks_with_kwargs:
                replaced = hook(self, args, kwargs)
                if replaced is None:
                    continue
                if not (isinstance(replaced, tuple) and len(replaced) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
                    )
                args, kwargs = replaced
            else:
                replaced = hook(self, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        return args, kwargs

    def _run_forward_hook(self, id: int, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
        if id in self._forward_hooks_with_kwargs:
            return hook(self, args, kwargs, result)
        return hook(self, args, result)

    def _run_always_called(self, args: tuple[Any, ...], kwargs: dict[str, Any], done: set[int]) -> None:
        """After an error, run the hooks that asked for it; the first error is the one to raise."""
        for id, hook in list(self._forward_hooks.items()):
            if id in self._forward_hooks_always_called and id not in done:
                try:
                    self._run_forward_hook(id, hook, args, kwargs, None)
                except Exception as error:
                    warnings.warn(
                        "module forward hook with ``always_call=True`` raised an exception "
                        f"that was silenced as another error was raised in forward: {error}",
                        stacklevel=2,
                    )

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments.

        With `with_kwargs`, `hook(module, args, kwargs)`, which returns both or None.
        """
        flags = [self._forward_pre_hooks_with_kwargs] if with_kwargs else []
        return add_hook(self._forward_pre_hooks, hook, prepend=prepend, flags=flags)

    def register_forward_hook(
        self,
        hook: Hook,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output.

        With `with_kwargs`, `hook(module, args, kwargs, output)`; with `always_call`, also when
        `forward` raised, with None as output.
        """
        flags = [self._forward_hooks_with_kwargs] if with_kwargs else []
        if always_call:
            flags.append(self._forward_hooks_always_called)
        return add_hook(self._forward_hooks, hook, prepend=prepend, flags=flags)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the inputs' gradients are known.

        Both are tuples with one entry per positional input or output, None for what does not
        require a gradient. A tuple that the hook returns replaces `grad_input`.
        """
        return add_hook(self._backward_hooks, hook, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before backward goes through this module.

        A tuple that the hook returns replaces `grad_output`.
        """
        return add_hook(self._backward_pre_hooks, hook, prepend=prepend)
