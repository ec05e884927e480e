"""Processes that a program spawns import `torch` as the program does."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import spawn
from types import ModuleType
from typing import Any


def inherit_torch() -> None:
    """Let `torch` be teletensor in every process that multiprocessing spawns from now on.

    Such a process imports the program's main module anew. Before that it reads what multiprocessing gives it to prepare
    itself with: among that goes something whose reading is a call of `as_torch`. Forked processes have it anyway.
    """
    prepared: Callable[[str], dict[str, Any]] = spawn.get_preparation_data
    spawn.get_preparation_data = lambda name: {**prepared(name), "teletensor": _AsTorch()}


class _AsTorch:
    def __reduce__(self) -> tuple[Callable[[], ModuleType], tuple[()]]:
        from teletensor.alias import as_torch

        return as_torch, ()
