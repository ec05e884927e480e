"""Drawings of the autograd graph: `teletensor.viz.graph(loss)`, shown by Jupyter as they are. Ours, not PyTorch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teletensor import missing as _missing
from teletensor.viz.drawing import Drawing
from teletensor.viz.picture import picture

__all__ = ["Drawing", "graph"]


def graph(tensor: Any, params: Any = None) -> Drawing:
    """The graph that led to a tensor, or to several: recorded ops, and the leaves that gradients go to.

    `params` names leaves: a module, a dictionary of tensors by name, or pairs like those of `named_parameters()`.
    Leaves show their shape and dtype. Nothing is asked of a worker: this process has its own picture of the graph.
    Raises GradientError for a tensor that does not require grad.
    """
    return Drawing(picture(tensor, params))


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
