"""Backward passes as rows of a batch, laid out as `worker.proto` says."""

from __future__ import annotations

from collections.abc import Sequence

from teletensor_core.engine import Part
from teletensor_protos import codec

from teletensor.session import BackwardRequest, Ref


def backward_row(request: BackwardRequest, number: int, location: int, results: Sequence[Ref]) -> list[int]:
    """The words of a pass, or a part of one, whose gradients get these handles; `number` is that of who waits, or 0."""
    flags = (
        codec.CREATE_GRAPH * request.create_graph
        | codec.RETAIN_GRAPH * request.retain_graph
        | codec.ONLY_TARGETS * request.only_targets
        | codec.REPLY_WHEN_DONE * (number != 0)
        | codec.IN_PARTS * (request.part is not None)
    )
    lists: list[int] = []
    for handles in (request.roots, [g or 0 for g in request.grads], request.targets):
        lists.extend((len(handles), *handles))
    return [codec.BACKWARD, number, flags, location, *lists, *results, *_part(request.part)]


def abandon_row(number: int) -> list[int]:
    """The words that end a pass of which there will be no more parts."""
    return [codec.BACKWARD, 0, codec.IN_PARTS | codec.ABANDON, 0, 0, 0, 0, *_part(Part(number))]


def _part(part: Part | None) -> Sequence[int]:
    return () if part is None else (part.number, part.until or 0, len(part.goals), *part.goals)
