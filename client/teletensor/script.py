"""Running a program as `python train.py` or `python -m package` would: its own `__main__`, arguments, path and end."""

from __future__ import annotations

import builtins
import io
import os
import runpy
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from types import CodeType, ModuleType, TracebackType

from teletensor import intercepting, missing
from teletensor.command_error import CommandError


def run_file(path: str, arguments: list[str], at_end: Callable[[], None]) -> None:
    """Run a file as `__main__`. Calls `at_end` when it ends well; what the program raises is raised, SystemExit too.

    Raises CommandError when there is no such file, or it is no Python source.
    """
    code = _compiled(path)
    intercepting.look_at(code)
    main = ModuleType("__main__")
    absolute = os.path.abspath(path)
    main.__file__, main.__loader__ = absolute, SourceFileLoader("__main__", absolute)
    main.__dict__.update(__builtins__=builtins, __cached__=None, __annotations__={})
    sys.argv = [path, *arguments]
    _begin_path_with(os.path.dirname(os.path.realpath(path)))
    sys.modules["__main__"] = main
    _run(lambda: exec(code, main.__dict__), at_end)


def run_module(name: str, arguments: list[str], at_end: Callable[[], None]) -> None:
    """Run a module as `python -m name` would; see `run_file`. CommandError when there is no module of that name."""
    sys.argv = [name, *arguments]
    _begin_path_with(os.getcwd())
    try:
        found = find_spec(name)
    except ModuleNotFoundError as error:
        if not name.startswith(error.name or "-"):
            raise
        found = None
    if found is None:
        raise CommandError(f"there is no module named {name}")
    _run(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True), at_end)


def _compiled(path: str) -> CodeType:
    if os.path.isdir(path):
        raise CommandError(f"{path} is a folder; name a Python file, or a module with -m")
    try:
        with io.open_code(os.path.abspath(path)) as file:
            source = file.read()
    except OSError as error:
        raise CommandError(f"cannot open {path}: {error.strerror}") from None
    try:
        return compile(source, os.path.abspath(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        # As Python shows it: without a traceback, for there is none.
        _show(error.with_traceback(None))
        raise SystemExit(1) from None
    except ValueError as error:
        raise CommandError(f"{path} is not Python source: {error}") from None


def _begin_path_with(folder: str) -> None:
    """Put the program's folder where Python has put that of the `teletensor` command."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _run(program: Callable[[], object], at_end: Callable[[], None]) -> None:
    stop: SystemExit | None = None
    try:
        try:
            program()
        except SystemExit as ended:
            if ended.code not in (None, 0):
                raise
            stop = ended
        at_end()
        if stop is not None:
            raise stop
    except SystemExit:
        raise
    except BaseException as error:
        _without_our_frames(error)
        _show(error)
        # Raised on for the sake of the exit code, which depends on the error; it has been shown.
        sys.excepthook = _silent
        raise


def _show(error: BaseException) -> None:
    sys.excepthook(type(error), error, error.__traceback__)


def _silent(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    pass


def _without_our_frames(error: BaseException) -> None:
    """Let the traceback begin where the program does."""
    traceback = error.__traceback__
    while traceback is not None and _is_ours(traceback.tb_frame.f_code.co_filename):
        traceback = traceback.tb_next
    error.__traceback__ = traceback


def _is_ours(filename: str) -> bool:
    return missing.is_inside(filename) or filename in (runpy.__file__, "<frozen runpy>")
