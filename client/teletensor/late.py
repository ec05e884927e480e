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
    "low_rank": ("pca_lowrank", "svd_lowrank"),
    "native": (
        "adaptive_max_pool1d", "affine_grid_generator", "alias_copy", "alpha_dropout", "alpha_dropout_",
        "as_strided_copy", "batch_norm", "binary_cross_entropy_with_logits", "constant_pad_nd", "conv_tbc",
        "convolution", "cosine_embedding_loss", "ctc_loss", "detach_copy", "diagonal_copy", "dropout", "dropout_",
        "embedding", "embedding_bag", "embedding_renorm_", "expand_copy", "feature_alpha_dropout",
        "feature_alpha_dropout_", "feature_dropout", "feature_dropout_", "grid_sampler", "grid_sampler_2d",
        "grid_sampler_3d", "group_norm", "gru", "gru_cell", "hinge_embedding_loss", "instance_norm", "kl_div",
        "layer_norm", "lstm", "lstm_cell", "margin_ranking_loss", "native_dropout", "permute_copy",
        "poisson_nll_loss", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "rrelu", "rrelu_", "select_copy",
        "slice_copy", "split_copy", "split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy",
        "triplet_margin_loss", "unbind_copy", "unfold_copy", "unsqueeze_copy", "view_as_complex_copy",
        "view_as_real_copy", "view_copy",
    ),
    "nn.functional": (
        "adaptive_avg_pool1d", "avg_pool1d", "bilinear", "celu", "celu_", "channel_shuffle", "conv1d", "conv2d",
        "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "cosine_similarity", "hardshrink",
        "max_pool1d", "max_pool2d", "max_pool3d", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "prelu",
        "rms_norm", "selu", "selu_", "threshold", "threshold_",
    ),
    "serialization": ("load", "save"),
    "streams": ("Event", "Stream"),
    "version": ("__version__",),
}  # fmt: skip
# Names of the package itself, and the module below it that each is taken from.
NAMES = {name: home for home, names in _HOMES.items() for name in names}
# Those that stand in the `__all__` of their module, and are not repeated in the package's own.
LISTED = list(_HOMES["native"])


def find(name: str) -> Any:
    """What `teletensor.name` is, imported now and found without this from then on. KeyError for any other name."""
    if name in MODULES:
        return import_module(f"teletensor.{name}")
    value = getattr(import_module(f"teletensor.{NAMES[name]}"), name)
    setattr(sys.modules["teletensor"], name, value)
    return value
