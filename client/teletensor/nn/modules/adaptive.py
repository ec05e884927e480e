"""Softmax by the frequency of classes."""

from teletensor.nn.adaptive_softmax import AdaptiveLogSoftmaxWithLoss, _ASMoutput

__all__ = ["AdaptiveLogSoftmaxWithLoss", "_ASMoutput"]
