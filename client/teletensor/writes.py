"""Writes into tensors: which are refused, how they are counted, and what becomes of the graph."""

from __future__ import annotations

from collections.abc import Sequence

from teletensor_core.errors import GradientError
from teletensor_core.registry import OPS

from teletensor.graph import GradFn
from teletensor.tensor_base import TensorBase


def refuse_leaf(target: TensorBase) -> None:
    """Raise GradientError for a leaf that requires grad, or a view of one."""
    root = target if target._base is None else target._base
    if any(x._requires and x._node is None for x in (target, root)):
        what = "a leaf Variable" if target._base is None else "a view of a leaf Variable"
        raise GradientError(f"{what} that requires grad is being used in an in-place operation.")


class Writing:
    """Counts a write into tensors before its command is written, and not when that fails.

    So whoever writes a command later, on whichever thread, knows of it.
    """

    __slots__ = ("_targets",)

    def __init__(self, targets: Sequence[TensorBase]) -> None:
        self._targets = targets

    def __enter__(self) -> None:
        for x in self._targets:
            x._wrote(1)

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        if kind is not None:
            for x in self._targets:
                x._wrote(-1)


def rebase(target: TensorBase, node: GradFn) -> None:
    """Make `node` the producer of `target`, and through it of the tensor it is a view of."""
    base = target._base
    target._node, target._index = node, 0
    if base is None:
        target._epoch += 1
        return
    joined = GradFn(OPS["view_scatter"], (base._edge(), (node, 0)))
    base._node, base._index = joined, 0
    base._epoch += 1
    target._seen = base._epoch
