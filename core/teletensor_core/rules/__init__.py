"""Shape and dtype rules, named once and used by many ops. A rule raises what PyTorch raises."""

from teletensor_core.errors import ShapeError
from teletensor_core.rules.dims import broadcast_shapes, normalize_dim, normalize_dims, one_dim, require
from teletensor_core.rules.elementwise import (
    as_bool,
    broadcast,
    common,
    common_float,
    compare,
    division,
    first,
    floating,
    integral_or_bool,
    like_first,
    same,
    to_float,
    to_real,
)
from teletensor_core.rules.reduction import (
    arg_reduced,
    reduced,
    reduced_bool,
    reduced_dims,
    reduced_float,
    reduced_shape,
    reduced_sum,
    sum_dtype,
)

__all__ = [
    "ShapeError",
    "arg_reduced",
    "as_bool",
    "broadcast",
    "broadcast_shapes",
    "common",
    "common_float",
    "compare",
    "division",
    "first",
    "floating",
    "integral_or_bool",
    "like_first",
    "normalize_dim",
    "normalize_dims",
    "one_dim",
    "reduced",
    "reduced_bool",
    "reduced_dims",
    "reduced_float",
    "reduced_shape",
    "reduced_sum",
    "require",
    "same",
    "sum_dtype",
    "to_float",
    "to_real",
]
