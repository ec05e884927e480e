"""`out=`: a result written into a tensor that the caller already has."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TypeVar

from teletensor_core.errors import ArgumentTypeError, DTypeError, GradientError
from teletensor_core.registry import OPS

from teletensor import dispatch
from teletensor.tensor import Tensor

Several = TypeVar("Several", bound=tuple[Tensor, ...])


def store(made: Tensor, out: Tensor) -> Tensor:
    """`out`, holding `made`; it takes the result's shape, and keeps its own dtype.

    Raises DTypeError when PyTorch would not cast the result to the dtype of `out`, GradientError when autograd would
    have to record the writing.
    """
    if not isinstance(out, Tensor):
        raise ArgumentTypeError(f"argument 'out' must be Tensor, not {type(out).__name__}")
    if made.requires_grad or out.requires_grad:
        raise GradientError(
            "functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    if made.dtype.category > out.dtype.category:
        raise DTypeError(
            f"result type {made.dtype.title} can't be cast to the desired output type {out.dtype.title}, that of out="
        )
    if made.shape == out.shape:
        dispatch.apply_inplace(OPS["copy"], (out, made), ())
        return out
    if out.numel():
        warnings.warn(
            f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not "
            f"match the required output shape {list(made.shape)}. This behavior is deprecated, and in a future PyTorch "
            "release outputs will not be resized unless they have zero elements. You can explicitly reuse an out "
            "tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
            stacklevel=3,
        )
    out.data = made.to(out.dtype)
    return out


def store_all(made: Several, out: Sequence[Tensor]) -> Several:
    """The tensors of `out`, holding those of `made`, as what `made` is: a tuple, or a named one."""
    if len(made) != len(out):
        raise ArgumentTypeError(f"argument 'out' must be a tuple of {len(made)} tensors, got {len(out)}")
    stored = [store(m, o) for m, o in zip(made, out, strict=True)]
    cls = type(made)
    return cls(stored) if cls is tuple else cls(*stored)
