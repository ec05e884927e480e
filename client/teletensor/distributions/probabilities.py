"""Parameters that are given as probabilities or as logits."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import functions
from teletensor.tensor import Tensor


def one_of(probs: Any, logits: Any) -> Any:
    """The one that is given. ArgumentError for both or none."""
    if (probs is None) == (logits is None):
        raise ArgumentError("Either `probs` or `logits` must be specified, but not both.")
    return logits if probs is None else probs


def clamped(probs: Tensor) -> Tensor:
    """The probabilities, away from 0 and 1 by the least that the dtype can tell."""
    eps = functions.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def logarithms(probs: Tensor) -> Tensor:
    """The logarithms of the probabilities, none of them infinite."""
    return clamped(probs).log()
