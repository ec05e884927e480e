"""Replacing one object's methods, or a module's functions, for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def shadow(owner: Any, name: str, value: Any) -> Callable[[], None]:
    """Put a value in the place of an attribute; calling what comes back undoes that. Shadows may be nested."""
    own = vars(owner)
    before, had = own.get(name), name in own
    setattr(owner, name, value)

    def undo() -> None:
        if had:
            setattr(owner, name, before)
        else:
            delattr(owner, name)

    return undo
