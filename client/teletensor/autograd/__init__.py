"""Automatic differentiation: `backward`, `grad`, grad modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teletensor import backward as _backward
from teletensor import missing as _missing
from teletensor.anomaly import detect_anomaly, set_detect_anomaly
from teletensor.autograd import forward_ad as forward_ad
from teletensor.autograd import functional as functional
from teletensor.autograd import graph as graph
from teletensor.autograd import profiler as profiler
from teletensor.autograd.function import Function
from teletensor.autograd.gradcheck import gradcheck, gradgradcheck
from teletensor.backward import grad
from teletensor.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from teletensor.tensor import Tensor

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
]


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of several tensors to the `.grad` of the leaves they were made from."""
    _backward.backward(tensors, grad_tensors, retain_graph, create_graph, inputs)


class _AnyTensor(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """What old code calls a tensor: every tensor is one, and calling it gives the tensor itself, as a leaf."""

    def __new__(cls, data: Tensor, requires_grad: bool = False) -> Tensor:  # type: ignore[misc]
        """A leaf on the memory of `data`."""
        out = data.detach()
        return out.requires_grad_(True) if requires_grad else out


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
