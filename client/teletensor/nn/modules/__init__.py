"""The layers under the module names in which PyTorch keeps them.

`torch.nn.modules.batchnorm._BatchNorm` and its like are what other people's code names; here the
layers are defined one level up, in `teletensor.nn`.
"""

from typing import Any

from teletensor import nn
from teletensor.nn.modules import (
    activation,
    adaptive,
    batchnorm,
    channelshuffle,
    container,
    conv,
    distance,
    dropout,
    flatten,
    fold,
    instancenorm,
    linear,
    loss,
    module,
    normalization,
    padding,
    pixelshuffle,
    pooling,
    rnn,
    sparse,
    transformer,
    upsampling,
    utils,
)

__all__ = [
    "activation",
    "adaptive",
    "batchnorm",
    "channelshuffle",
    "container",
    "conv",
    "distance",
    "dropout",
    "flatten",
    "fold",
    "instancenorm",
    "linear",
    "loss",
    "module",
    "normalization",
    "padding",
    "pixelshuffle",
    "pooling",
    "rnn",
    "sparse",
    "transformer",
    "upsampling",
    "utils",
]


def __getattr__(name: str) -> Any:
    """The layers themselves, as in `torch.nn.modules.Linear`."""
    if name in nn.__all__:
        return getattr(nn, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
