"""Lets functions ask the classes of their operands first, from the moment on that there is a class to ask.

Until then there is nothing to check for a call, and a call costs what it costs. Then the code of every public function
is exchanged for one that asks, while the function stays the object it is: whoever has it, as `torch.add`, as a method,
or as the key of a dictionary, has the one that asks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any

from teletensor import missing, torch_function
from teletensor.torch_function import DisableTorchFunctionSubclass, ask, asked, overrides

if TYPE_CHECKING:
    from teletensor.overridable import Entry

_state = torch_function.state
_NAME = "__torch_function__"
# A warning of the function's own code is for its caller. Python looks for that one past frames of files whose names
# have these two words, which are those of its import system.
_UNSEEN = f"{__file__} (as importlib._bootstrap)"


class _Installed:
    yet = False


def install() -> None:
    """Let every public function ask from now on. May be called again."""
    if _Installed.yet:
        return
    _Installed.yet = True
    from teletensor import overridable

    for entry in overridable.entries():
        _exchange(entry)


def look_at(code: CodeType) -> None:
    """Install if a module's code defines a `__torch_function__`.

    Nothing else tells of a class that does not come from `Tensor` before it is used.
    """
    if not _Installed.yet and _defines(code):
        install()


def look_at_importers() -> None:
    """Install if a module that is importing this package, directly or not, defines a `__torch_function__`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and not missing.is_inside(frame.f_code.co_filename):
            look_at(frame.f_code)
        frame = frame.f_back


def _defines(code: CodeType) -> bool:
    return _NAME in code.co_names or any(_defines(c) for c in code.co_consts if isinstance(c, CodeType))


def _stand_in(*args: Any, _asking: Callable[..., Any], **kwargs: Any) -> Any:
    return _asking(args, kwargs)


def copied(function: Any) -> Any:
    """The same function as an object of its own."""
    made = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    made.__kwdefaults__ = dict(function.__kwdefaults__ or {})
    made.__doc__, made.__annotations__ = function.__doc__, function.__annotations__
    made.__qualname__, made.__module__ = function.__qualname__, function.__module__
    return made


def _exchange(entry: Entry) -> None:
    """Give a function code that asks; it knows whom by a default of its own, so that the two change at once."""
    function: Any = entry.function
    own = copied(function)
    function.__kwdefaults__ = {**own.__kwdefaults__, "_asking": _asking(own, entry)}
    function.__dict__.setdefault("__wrapped__", own)
    function.__code__ = _stand_in.__code__.replace(
        co_freevars=function.__code__.co_freevars, co_name=own.__name__, co_filename=_UNSEEN
    )


def _asking(own: Callable[..., Any], entry: Entry) -> Callable[..., Any]:
    """What a call does: the function's own code, unless somebody answers in its place."""
    public, answer = entry.public, _ask_for_operator if entry.is_operator else ask

    def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not _state.modes:
            if not _state.subclasses:
                return own(*args, **kwargs)
            if entry.is_made:
                with DisableTorchFunctionSubclass():
                    return own(*args, **kwargs)
            for x in args:
                if type(x) in _LISTS or overrides(type(x)):
                    break
            else:
                if not kwargs:
                    return own(*args)
        operands = [] if entry.is_made else asked((*args, *kwargs.values()))
        if operands or _state.modes:
            return answer(public, operands, args, kwargs or None)
        return own(*args, **kwargs)

    call.__code__ = call.__code__.replace(co_filename=_UNSEEN)
    return call


_LISTS = frozenset((list, tuple))


def _ask_for_operator(public: Any, operands: list[Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    """`ask` for an operator, which gives Python's other side a chance where nobody has an answer."""
    try:
        return ask(public, operands, args, kwargs)
    except TypeError:
        return NotImplemented
