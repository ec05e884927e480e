"""Doing in the place of PyTorch's functions: `__torch_function__` for classes and modes, with its helpers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from teletensor import intercepting, overridable, torch_function
from teletensor.tensor import Tensor

if TYPE_CHECKING:
    from typing import Self

__all__ = [
    "BaseTorchFunctionMode", "TorchFunctionMode", "get_default_nowrap_functions", "get_ignored_functions",
    "get_overridable_functions", "get_testing_overrides", "handle_torch_function", "has_torch_function",
    "has_torch_function_unary", "has_torch_function_variadic", "is_tensor_like", "is_tensor_method_or_property",
    "resolve_name", "wrap_torch_function",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
# Who names this module is about to define a class to ask.
intercepting.install()


class TorchFunctionMode:
    """A context manager that is asked about every function that is called inside it, with or without tensors.

    Inside its own `__torch_function__` it is off.
    """

    inner: TorchFunctionMode

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What the call of `func` gives; NotImplemented leaves it to the operands' classes."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        torch_function.state.modes = (*torch_function.state.modes, self)
        return self

    def __exit__(self, *exc: object) -> None:
        torch_function.state.modes = torch_function.state.modes[:-1]

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Self:
        """A mode of this class, to be entered."""
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """The mode that changes nothing."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What the function gives."""
        return func(*args, **(kwargs or {}))


# -- for functions of one's own ----------------------------------------------------------------------------------------


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether any of these operands, or a mode, is to be asked."""
    return bool(torch_function.state.modes) or bool(torch_function.asked(tuple(relevant_args)))


def has_torch_function_unary(arg: Any) -> bool:
    """Whether this operand, or a mode, is to be asked."""
    return has_torch_function((arg,))


def has_torch_function_variadic(*args: Any) -> bool:
    """Whether any of these operands, or a mode, is to be asked."""
    return has_torch_function(args)


def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """What is answered in the place of `public_api(*args, **kwargs)`. TypeError if nobody has an answer."""
    return torch_function.ask(public_api, torch_function.asked(tuple(relevant_args)), args, kwargs)


def wrap_torch_function(dispatcher: Callable[..., Iterable[Any]]) -> Callable[[F], F]:
    """Lets a function ask the operands that `dispatcher` picks of its arguments."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            relevant = tuple(dispatcher(*args, **kwargs))
            if has_torch_function(relevant):
                return handle_torch_function(call, relevant, *args, **kwargs)
            return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    return decorate


# -- questions ---------------------------------------------------------------------------------------------------------


def is_tensor_like(inp: Any) -> bool:
    """Whether something is a tensor, or of a class with a `__torch_function__`."""
    return isinstance(inp, Tensor) or hasattr(inp, "__torch_function__")


def resolve_name(f: Any) -> str | None:
    """The name of a function that is asked about, such as "torch.Tensor.add"; None for any other."""
    return overridable.title(f)


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether a function that is asked about is a method of `Tensor`, or reads a property of it."""
    return getattr(func, "__name__", None) == "__get__" or func in overridable.members().values()


def get_overridable_functions() -> dict[Any, list[Callable[..., Any]]]:
    """Every function that is asked about, by the module or class that has it."""
    found: dict[Any, list[Callable[..., Any]]] = {
        module: list(overridable.functions(title).values()) for title, module in overridable.namespaces().items()
    }
    members = overridable.members().values()
    found[Tensor] = [member.__get__ if isinstance(member, property) else member for member in members]
    return found


def get_testing_overrides() -> dict[Callable[..., Any], Callable[..., Any]]:
    """For every function that is asked about one with its signature, which gives -1."""
    return {f: _stub(f) for listed in get_overridable_functions().values() for f in listed}


def _stub(function: Callable[..., Any]) -> Callable[..., Any]:
    def stub(*args: Any, **kwargs: Any) -> int:
        return -1

    stub.__wrapped__ = function  # type: ignore[attr-defined]
    return stub


def get_ignored_functions() -> set[Callable[..., Any]]:
    """Functions that no operand is asked about."""
    return {*overridable.makers().values(), *overridable.ignored()}


def get_default_nowrap_functions() -> set[Callable[..., Any]]:
    """Functions whose results the default `__torch_function__` leaves as they are."""
    return set(overridable.unwrapped())
