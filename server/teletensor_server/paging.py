"""Pages of a sorted list. The token that leads to the next page holds the last key, so that deletions shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import HTTPException, Query

Item = TypeVar("Item")
Key = tuple[float | str, ...]

PageSize = Annotated[int, Query(ge=1, le=100, description="The most entries to return.")]
PageToken = Annotated[str, Query(max_length=512, description="`next_page_token` of the page before.")]


def page(items: Sequence[Item], key: Callable[[Item], Key], size: int, token: str) -> tuple[list[Item], str]:
    """The page after `token` of `items` sorted by `key`, and the next page's token ("" after the last).

    Raises HTTPException 422 for a token that no page gave.
    """
    ordered = sorted(items, key=key)
    if token:
        after = _decode(token)
        try:
            ordered = [item for item in ordered if key(item) > after]
        except TypeError:
            raise _invalid() from None
    found = ordered[:size]
    return found, _encode(key(found[-1])) if len(ordered) > size else ""


def _encode(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _decode(token: str) -> Key:
    try:
        key = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise _invalid() from None
    if not isinstance(key, list) or not key:
        raise _invalid()
    return tuple(key)


def _invalid() -> HTTPException:
    return HTTPException(422, "page_token: takes the next_page_token of the page before, unchanged")
