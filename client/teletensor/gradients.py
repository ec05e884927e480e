"""What is done to the gradients of many parameters at once: one command for each session they are on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from teletensor import ops
from teletensor.tensor_base import TensorBase

T = TypeVar("T", bound=TensorBase)


def by_session(tensors: Iterable[T]) -> list[list[T]]:
    """The tensors, those of one session together."""
    groups: dict[int, list[T]] = {}
    for x in tensors:
        groups.setdefault(id(x._session), []).append(x)
    return list(groups.values())


def clear(parameters: Iterable[TensorBase], set_to_none: bool) -> None:
    """Forget the gradients of the parameters, without a command; or fill them with zeros, cut off from any graph."""
    kept = []
    for p in parameters:
        if p._grad is None:
            continue
        if set_to_none:
            p._grad = None
        else:
            kept.append(p._grad.detach_() if p._grad.requires_grad else p._grad)
    for some in by_session(kept):
        ops.zero_all_(some)
