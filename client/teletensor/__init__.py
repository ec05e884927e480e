"""PyTorch's API without PyTorch: tensors in this process, or on a worker somewhere else.

import teletensor as torch

torch.connect("gpu-host:50051", token="...")
x = torch.randn(3, 4, requires_grad=True)
(x * x).sum().backward()
print(x.grad)
"""

from __future__ import annotations

import math as _math
from typing import TYPE_CHECKING

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
from teletensor_core.errors import OutOfMemoryError

from teletensor import intercepting as _intercepting
from teletensor import late as _late
from teletensor import legacy as _legacy
from teletensor import methods as _methods  # noqa: F401  (gives Tensor its methods)
from teletensor import missing as _missing
from teletensor import random, return_types, types, version
from teletensor.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled
from teletensor.connection import connect, disconnect
from teletensor.device import Device as device
from teletensor.factories import *  # noqa: F403  (it has an __all__, repeated below)
from teletensor.factories import __all__ as _factories
from teletensor.functions import *  # noqa: F403
from teletensor.functions import __all__ as _functions
from teletensor.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from teletensor.layouts import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    legacy_contiguous_format,
    memory_format,
    preserve_format,
    strided,
)
from teletensor.legacy import set_default_tensor_type
from teletensor.printing import set_printoptions
from teletensor.random import (
    Generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from teletensor.random import (
    default_generator as default_generator,
)
from teletensor.sessions import set_default as set_default_device
from teletensor.settings import *  # noqa: F403
from teletensor.settings import __all__ as _settings
from teletensor.size import Size
from teletensor.tensor import Tensor
from teletensor.to_host import to_host as to_host
from teletensor.wire_dtype import wire_dtype as wire_dtype

if TYPE_CHECKING:
    # The names of late.py.
    __version__: str
    from teletensor import _C as _C
    from teletensor import (
        accelerator,
        amp,
        autograd,
        backends,
        compiler,
        cuda,
        distributed,
        distributions,
        fft,
        func,
        jit,
        linalg,
        masked,
        nn,
        optim,
        overrides,
        profiler,
        signal,
        special,
        testing,
        utils,
        viz,
    )
    from teletensor.alias import as_torch
    from teletensor.amp.autocast import autocast, get_autocast_dtype, is_autocast_enabled, set_autocast_dtype
    from teletensor.amp.grad_scaler import GradScaler
    from teletensor.batching import vmap
    from teletensor.compiled import compile
    from teletensor.factorizations import lu_unpack
    from teletensor.low_rank import pca_lowrank, svd_lowrank
    from teletensor.native import *  # noqa: F403
    from teletensor.nn.functional import (
        adaptive_avg_pool1d,
        avg_pool1d,
        bilinear,
        celu,
        celu_,
        channel_shuffle,
        conv1d,
        conv2d,
        conv3d,
        conv_transpose1d,
        conv_transpose2d,
        conv_transpose3d,
        cosine_similarity,
        hardshrink,
        max_pool1d,
        max_pool2d,
        max_pool3d,
        pairwise_distance,
        pixel_shuffle,
        pixel_unshuffle,
        prelu,
        rms_norm,
        selu,
        selu_,
        threshold,
        threshold_,
    )
    from teletensor.serialization import load, save
    from teletensor.streams import Event, Stream
else:
    __getattr__ = _missing.getter(__name__)

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128
pi, e, inf, nan = _math.pi, _math.e, _math.inf, _math.nan
newaxis = None

HalfTensor, BFloat16Tensor = _legacy.CPU["HalfTensor"], _legacy.CPU["BFloat16Tensor"]
FloatTensor, DoubleTensor = _legacy.CPU["FloatTensor"], _legacy.CPU["DoubleTensor"]
BoolTensor, ByteTensor, CharTensor = _legacy.CPU["BoolTensor"], _legacy.CPU["ByteTensor"], _legacy.CPU["CharTensor"]
ShortTensor, IntTensor, LongTensor = _legacy.CPU["ShortTensor"], _legacy.CPU["IntTensor"], _legacy.CPU["LongTensor"]

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "Event",
    "FloatTensor",
    "Generator",
    "GradScaler",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "OutOfMemoryError",
    "ShortTensor",
    "Size",
    "Stream",
    "Tensor",
    "accelerator",
    "adaptive_avg_pool1d",
    "amp",
    "as_torch",
    "autocast",
    "autograd",
    "avg_pool1d",
    "backends",
    "bfloat16",
    "bilinear",
    "bool",
    "cdouble",
    "celu",
    "celu_",
    "cfloat",
    "channel_shuffle",
    "channels_last",
    "channels_last_3d",
    "compile",
    "compiler",
    "complex64",
    "complex128",
    "connect",
    "contiguous_format",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_similarity",
    "cuda",
    "device",
    "disconnect",
    "distributed",
    "distributions",
    "double",
    "dtype",
    "e",
    "enable_grad",
    "fft",
    "float",
    "float16",
    "float32",
    "float64",
    "func",
    "get_autocast_dtype",
    "get_rng_state",
    "half",
    "hardshrink",
    "inf",
    "inference_mode",
    "initial_seed",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_autocast_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "jit",
    "layout",
    "legacy_contiguous_format",
    "linalg",
    "load",
    "long",
    "lu_unpack",
    "manual_seed",
    "masked",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "memory_format",
    "nan",
    "newaxis",
    "nn",
    "no_grad",
    "optim",
    "overrides",
    "pairwise_distance",
    "pca_lowrank",
    "pi",
    "pixel_shuffle",
    "pixel_unshuffle",
    "prelu",
    "preserve_format",
    "profiler",
    "random",
    "return_types",
    "rms_norm",
    "save",
    "seed",
    "selu",
    "selu_",
    "set_autocast_dtype",
    "set_default_device",
    "set_default_tensor_type",
    "set_grad_enabled",
    "set_printoptions",
    "set_rng_state",
    "short",
    "signal",
    "special",
    "strided",
    "svd_lowrank",
    "testing",
    "threshold",
    "threshold_",
    "to_host",
    "types",
    "uint8",
    "utils",
    "version",
    "viz",
    "vmap",
    "wire_dtype",
]  # fmt: skip
__all__ += _factories
__all__ += _functions
__all__ += _settings
__all__ += _late.LISTED


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "_C"})


_intercepting.look_at_importers()
