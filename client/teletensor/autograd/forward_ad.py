"""Forward-mode differentiation's interface: dual tensors, and the tangents that come with what is computed from them.

A tangent is made when it is asked for, by differentiating a gradient by its cotangent, in which it is linear. So what
is computed from dual tensors is recorded: it requires grad inside a level, and under `no_grad` it has no tangent.
"""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import TYPE_CHECKING, NamedTuple

from teletensor_core.errors import ArgumentError, GradientError, ShapeError

from teletensor import missing as _missing
from teletensor import ops
from teletensor.backward import grad
from teletensor.factories import zeros_like
from teletensor.grad_mode import enable_grad
from teletensor.tensor import Tensor

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class UnpackedDualTensor(NamedTuple):
    """A value, and its tangent: None where it depends on no dual tensor of the level."""

    primal: Tensor
    tangent: Tensor | None


class _Level:
    """What one level knows: its dual tensors, their tangents, and whether gradients flow into any."""

    def __init__(self) -> None:
        self.duals: list[Tensor] = []
        self.tangents: list[Tensor] = []
        self.tracked = False


_levels: list[_Level] = []


def enter_dual_level() -> int:
    """Begin a level, and give its number. RuntimeError inside of one: a level is not entered twice."""
    if _levels:
        raise GradientError("Nested forward mode AD is not supported at the moment")
    _levels.append(_Level())
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: tensors lose their tangents. RuntimeError for another one than the last."""
    if not _levels or level not in (None, len(_levels) - 1):
        raise GradientError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    _levels.pop()


class dual_level(ContextDecorator):
    """A level for as long as a `with` block lasts."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The tensor with a tangent of the same shape. Gradients flow on into both.

    RuntimeError outside of a level or for a tangent that does not fit, ValueError for integers.
    """
    if not _levels or (level is not None and level < 0):
        raise GradientError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for title, x in (("primal", tensor), ("tangent", tangent)):
        if not (x.is_floating_point() or x.is_complex()):
            raise ArgumentError(f"Expected {title} to be floating point or complex, but got: {x.dtype}")
    if tensor.shape != tangent.shape:
        raise ShapeError(
            f"Expected tangent to have the primal's shape {list(tensor.shape)}, but got {list(tangent.shape)}"
        )
    here = _levels[-1]
    with enable_grad():
        dual = ops.alias(tensor) if tensor.requires_grad else tensor.detach().requires_grad_(True)
    here.duals.append(dual)
    here.tangents.append(tangent)
    here.tracked = here.tracked or tensor.requires_grad or tangent.requires_grad
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The tensor's value and its tangent, which costs two backward passes."""
    if not _levels or (level is not None and level < 0):
        return UnpackedDualTensor(tensor, None)
    here = _levels[-1]
    primal = ops.alias(tensor) if here.tracked else tensor.detach()
    return UnpackedDualTensor(primal, _tangent(tensor, here))


def _tangent(tensor: Tensor, level: _Level) -> Tensor | None:
    if not tensor.requires_grad or not level.duals:
        return None
    for dual, tangent in zip(level.duals, level.tangents, strict=True):
        if dual is tensor:
            return tangent
    with enable_grad():
        cotangent = zeros_like(tensor).requires_grad_(True)
        found = grad(tensor, level.duals, cotangent, create_graph=True, allow_unused=True)
        pairs = [(g, t) for g, t in zip(found, level.tangents, strict=True) if g is not None]
        if not pairs:
            return None
        made: Tensor = grad(
            [g for g, _ in pairs], cotangent, [t for _, t in pairs], create_graph=level.tracked, retain_graph=True
        )[0]
    return made


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
