"""A layer and the batch normalisation after it as one layer, for inference."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from teletensor import factories
from teletensor.nn.module import Module
from teletensor.nn.parameter import Parameter
from teletensor.tensor import Tensor

T = TypeVar("T", bound=Module)


def fuse_conv_bn_eval(conv: T, bn: Any, transpose: bool = False) -> T:
    """A copy of the convolution that normalises too; `transpose` for a transposed one.

    AssertionError unless both are in evaluation mode, and the normalisation has running statistics.
    """
    return _fused(conv, bn, transpose)


def fuse_linear_bn_eval(linear: T, bn: Any) -> T:
    """A copy of the linear layer that normalises too. AssertionError as for a convolution, and for other features."""
    features: Any = linear
    if bn.num_features not in (1, features.out_features):
        raise AssertionError("To fuse, linear.out_features == bn.num_features or bn.num_features == 1")
    return _fused(linear, bn, False)


def _fused(layer: T, bn: Any, transpose: bool) -> T:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
    made: Any = copy.deepcopy(layer)
    statistics = bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    made.weight, made.bias = fuse_conv_bn_weights(made.weight, made.bias, *statistics, transpose)
    fused: T = made
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor | None,
    bn_b: Tensor | None, transpose: bool = False,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """The weight and bias of a convolution that does both, in the convolution's dtypes."""
    bias = factories.zeros_like(bn_rm) if conv_b is None else conv_b
    scale = (bn_rv + bn_eps).rsqrt()
    shifted = (bias - bn_rm) * scale
    if bn_w is not None:
        scale, shifted = bn_w * scale, shifted * bn_w
    if bn_b is not None:
        shifted = shifted + bn_b
    channel = 1 if transpose else 0
    shape = [-1 if d == channel else 1 for d in range(conv_w.ndim)]
    weight = (conv_w * scale.reshape(shape)).to(conv_w.dtype)
    dtype = conv_w.dtype if conv_b is None else bias.dtype
    return Parameter(weight, conv_w.requires_grad), Parameter(shifted.to(dtype), bias.requires_grad)


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float, bn_w: Tensor,
    bn_b: Tensor,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """The weight and bias of a linear layer that does both, in the layer's dtypes."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
