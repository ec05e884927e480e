"""Steps of the graph whose gradients are made here, by Python: custom functions, checkpoints, moves between devices.

The worker's engine sees the results of such a step as leaves. staged.py goes on from those leaves' gradients.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from teletensor_core.errors import GradientError
from teletensor_core.registry import OPS

from teletensor import grad_mode
from teletensor.graph import GradFn

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

# Tensors to go on from, each with its gradient.
Continuation: TypeAlias = "list[tuple[Tensor, Tensor]]"

_sequence = itertools.count()


class PythonNode(GradFn):
    """A step from some tensors to others. `run` takes the results' gradients and says where to go on, and with what.

    A gradient is None where nothing flowed. Nodes are numbered as they are made, so that a falling order is
    topological.
    """

    __slots__ = ("leaves", "run", "sequence")
    # Functions to run on the gradients of results, by the result and their own numbers.
    hooks: dict[int, dict[int, Callable[..., Any]]] | None = None
    saves = True

    def __init__(self, title: str, inputs: Sequence[Any], run: Callable[[list[Tensor | None]], Continuation]) -> None:
        super().__init__(OPS["alias"], tuple(x._edge() for x in inputs))
        self.run = run
        self.leaves: list[Tensor | None] = []
        self.sequence = next(_sequence)

    def result(self, value: Tensor) -> Tensor:
        """A result of this step with this value: its own copy, so that it may be written into."""
        leaf = value.detach()
        leaf._requires = True
        leaf._session.require_grad(leaf._ref, True)
        with grad_mode.enable_grad():
            out = leaf.clone()
        out._node, out._index = self, len(self.leaves)
        self.leaves.append(leaf)
        return out

    def skip(self) -> None:
        """Count a result that no gradient flows into."""
        self.leaves.append(None)

    def release(self) -> None:
        """Forget what the gradients were to be made from."""
        self.run = _released


def _released(grads: list[Tensor | None]) -> Continuation:
    raise GradientError("this step's saved tensors have already been freed; see retain_graph")


def check_gradient(node: PythonNode, index: int, grad: Tensor, like: Tensor) -> Tensor:
    """A gradient in the shape and dtype of what it is the gradient of, as PyTorch fits it."""
    from teletensor import ops

    wanted = like._spec
    if grad._session is not like._session:
        raise GradientError(
            f"Function {node.name()} returned a gradient on {grad.device} for a tensor on {like.device}"
        )
    if grad._spec.shape != wanted.shape:
        if not _stretches(wanted.shape, grad._spec.shape):
            raise GradientError(
                f"Function {node.name()} returned an invalid gradient at index {index} - got {list(grad.shape)} but "
                f"expected shape compatible with {list(wanted.shape)}"
            )
        grad = ops.sum_to(grad, wanted.shape)
    return grad if grad.dtype is wanted.dtype else grad.to(wanted.dtype)


def _stretches(small: tuple[int, ...], big: tuple[int, ...]) -> bool:
    """Whether broadcasting takes one shape to the other."""
    if len(small) > len(big):
        return False
    return all(a in (1, b) for a, b in zip(reversed(small), reversed(big), strict=False))
