"""Adding hooks to a module's dicts of hooks."""

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from teletensor.hooks import RemovableHandle

_numbers = itertools.count()


def add_hook(
    hooks: OrderedDict[int, Any],
    hook: Any,
    *,
    prepend: bool = False,
    flags: Sequence[OrderedDict[int, bool]] = (),
) -> RemovableHandle:
    """Register `hook`, at the front if `prepend`, and note it in each of `flags`."""
    number = next(_numbers)
    hooks[number] = hook
    for noted in flags:
        noted[number] = True
    if prepend:
        hooks.move_to_end(number, last=False)
    # Weak, so that a handle kept by the hook itself does not keep the module alive.
    holders = [weakref.ref(holder) for holder in (hooks, *flags)]

    def undo() -> None:
        for reference in holders:
            holder = reference()
            if holder is not None:
                holder.pop(number, None)

    return RemovableHandle(undo, number)
