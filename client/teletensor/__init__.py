"""PyTorch's API without PyTorch: tensors in this process, or on a worker somewhere else.

import teletensor as torch

torch.connect("gpu-host:50051", token="...")
x = torch.randn(3, 4, requires_grad=True)
(x * x).sum().backward()
print(x.grad)
"""

from __future__ import annotations

import math as _math
from importlib.metadata import version as _version
from typing import Any

from teletensor_core.dtypes import DType as dtype
from teletensor_core.dtypes import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from teletensor_core.dtypes import bool_ as bool
from teletensor_core.dtypes import default_dtype as get_default_dtype
from teletensor_core.errors import OutOfMemoryError as OutOfMemoryError

from teletensor import autograd as autograd
from teletensor import cuda as cuda
from teletensor import linalg as linalg
from teletensor import nn as nn
from teletensor import ops, surface
from teletensor import optim as optim
from teletensor import random as random
from teletensor import utils as utils
from teletensor.connection import connect, disconnect
from teletensor.device import Device as device
from teletensor.factories import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    logspace,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from teletensor.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from teletensor.module_functions import *
from teletensor.module_functions import __all__ as _function_names
from teletensor.printing import set_printoptions
from teletensor.random import Generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from teletensor.serialization import load, save
from teletensor.sessions import set_default as set_default_device
from teletensor.size import Size
from teletensor.tensor import Tensor

__version__ = _version("teletensor")

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128
pi, e, inf, nan = _math.pi, _math.e, _math.inf, _math.nan
newaxis = None

globals().update({name: function for name, function in surface.functions().items() if name not in globals()})
