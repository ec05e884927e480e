"""What `import teletensor` leaves out, to be imported when a program first names it: most programs use a part."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

# Modules of the package; to the reader of a program they are there from the start.
MODULES = frozenset((
    "_C", "accelerator", "amp", "autograd", "backends", "compiler", "cuda", "distributed", "distributions", "fft",
    "func", "jit", "linalg", "masked", "nn", "optim", "overrides", "profiler", "signal", "special", "testing",
    "utils", "viz",
))  # fmt: skip
_HOMES = {
    "alias": ("as_torch",),
    "amp.autocast": ("autocast", "get_autocast_dtype", "is_autocast_enabled", "set_autocast_dtype"),
    "amp.grad_scaler": ("GradScaler",),
    "batching": ("vmap",),
    "compiled": ("compile",),
    "factorizations": ("lu_unpack",),
    "nn.functional": (
        "adaptive_avg_pool1d", "avg_pool1d", "bilinear", "celu", "channel_shuffle", "conv1d", "conv2d", "conv3d",
        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "cosine_similarity", "group_norm", "hardshrink",
        "layer_norm", "max_pool1d", "max_pool2d", "max_pool3d", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle",
        "prelu", "rms_norm", "selu", "threshold",
    ),
    "serialization": ("load", "save"),
    "version": ("__version__",),
}  # fmt: skip
# Names of the package itself, and the module below it that each is taken from.
NAMES = {name: home for home, names in _HOMES.items() for name in names}


def find(name: str) -> Any:
    """What `teletensor.name` is, imported now and found without this from then on. KeyError for any other name."""
    if name in MODULES:
        return import_module(f"teletensor.{name}")
    value = getattr(import_module(f"teletensor.{NAMES[name]}"), name)
    setattr(sys.modules["teletensor"], name, value)
    return value
