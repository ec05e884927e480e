"""PyTorch's calling conventions, where they are not "operands, then attributes, all by position".

The registry knows what an op computes; these tables know how PyTorch spells a call of it. tools/op_functions.py writes
the client's functions by both.
"""

from __future__ import annotations

# The parameters of an op, when PyTorch has another order, other defaults or keyword-only ones.
SIGNATURES: dict[str, str] = {
    "addcdiv": "input, tensor1, tensor2, *, value=1",
    "addcmul": "input, tensor1, tensor2, *, value=1",
    "addmm": "input, mat1, mat2, *, beta=1, alpha=1",
    "aminmax": "input, *, dim=None, keepdim=False",
    "argsort": "input, dim=-1, descending=False, *, stable=False",
    "baddbmm": "input, batch1, batch2, *, beta=1, alpha=1",
    "cumprod": "input, dim, *, dtype=None",
    "cumsum": "input, dim, *, dtype=None",
    "div": "input, other, *, rounding_mode=None",
    "gather": "input, dim, index",
    "index_add": "input, dim, index, source, *, alpha=1",
    "index_copy": "input, dim, index, source",
    "index_fill": "input, dim, index, value",
    "index_reduce": "input, dim, index, source, reduce, *, include_self=True",
    "index_select": "input, dim, index",
    "nan_to_num": "input, nan=0.0, posinf=None, neginf=None",
    "round": "input, *, decimals=0",
    "scatter_add": "input, dim, index, src",
    "scatter_reduce": "input, dim, index, src, reduce, *, include_self=True",
    "sort": "input, dim=-1, descending=False, *, stable=False",
}

# Reductions also take NumPy's name for `keepdim`; these and all others that for `dim`, where no operand comes after it.
REDUCTIONS = (
    "all", "amax", "amin", "any", "argmax", "argmin", "logsumexp", "mean", "nanmean", "nansum", "prod", "sum",
)  # fmt: skip
for _name in ("mean", "nanmean", "nansum", "prod", "sum"):
    SIGNATURES[_name] = "input, dim=None, keepdim=False, *, dtype=None, keepdims=None"
for _name in ("all", "amax", "amin", "any", "argmax", "argmin", "logsumexp"):
    SIGNATURES[_name] = "input, dim=None, keepdim=False, *, keepdims=None"
# Ops that give several tensors as a named tuple of teletensor.return_types.
NAMED = {
    "aminmax": "aminmax", "cummax": "cummax", "cummin": "cummin", "eig": "linalg_eig", "eigh": "linalg_eigh",
    "geqrf": "geqrf", "kthvalue": "kthvalue",
    "max_dim": "max", "median_dim": "median", "min_dim": "min", "qr": "linalg_qr", "slogdet": "slogdet",
    "frexp": "frexp", "mode": "mode", "nanmedian_dim": "nanmedian", "sort": "sort", "svd": "linalg_svd", "topk": "topk",
}  # fmt: skip

# Functions of the module that cannot write into `out=`; views cannot either.
WITHOUT_OUT = frozenset((
    "bincount", "clamp_max", "clamp_min", "clone", "conj", "count_nonzero", "det", "diag_embed", "einsum", "fill",
    "flip",
    "index_fill", "isclose", "isfinite", "isin", "isinf", "isnan", "log_softmax", "masked_fill", "masked_scatter",
    "relu",
    "roll", "rot90", "scatter", "scatter_add", "scatter_reduce", "slogdet", "softmax", "std_mean", "var_mean", "where",
))  # fmt: skip

# In-place ops that PyTorch offers as functions too, and not only as methods.
INPLACE_FUNCTIONS = frozenset((
    "abs_", "acos_", "acosh_", "arccos_", "arccosh_", "arcsin_", "arcsinh_", "arctan_", "arctanh_", "asin_", "asinh_",
    "atan_", "atanh_", "ceil_", "clamp_", "clamp_max_", "clamp_min_", "clip_", "cos_", "cosh_", "deg2rad_", "erf_",
    "erfc_", "exp2_", "exp_", "expm1_", "fill_", "fix_", "floor_", "frac_", "gcd_", "i0_", "lcm_", "log10_", "log1p_",
    "log2_", "log_", "nan_to_num_", "neg_", "negative_", "rad2deg_", "reciprocal_", "relu_", "round_", "rsqrt_",
    "sigmoid_", "sin_", "sinh_", "sqrt_", "square_", "tan_", "tanh_", "trunc_", "xlogy_",
))  # fmt: skip

# Names of the registry that PyTorch does not have as functions of the module.
NOT_FUNCTIONS = frozenset(("expit", "inv"))

# Annotations by parameter. Operands not named here are tensors.
NUMBERS_TOO = frozenset(
    (
        "end",
        "exponent",
        "max",
        "min",
        "other",
        "value",
        "lr",
        "step",
        "first",
        "seed",
        "offset",
        "factor",
        "step_size",
        "gradient_size",
        "mean_size",
        "correction",
        "rectification",
    )
)
ANNOTATIONS: dict[str, str] = {
    "accumulate": "bool", "align_corners": "bool", "alpha": "Scalar", "approximate": "str", "axis": "Dims",
    "beta": "Scalar", "ceil_mode": "bool", "decimals": "int", "descending": "bool", "diagonal": "int", "dim": "int",
    "dim0": "int", "dim1": "int", "dim2": "int", "dimension": "int", "dims": "Sizes", "dtype": "DType | None",
    "eps": "float", "equal_nan": "bool", "ignore_index": "int", "include_self": "bool", "is_causal": "bool", "k": "int",
    "keepdim": "bool", "keepdims": "bool | None",
    "label_smoothing": "float", "largest": "bool", "m": "int", "minlength": "int", "n": "int",
    "normalized_shape": "Sequence[int]", "num_groups": "int", "num_samples": "int", "offset": "int", "p": "float",
    "reduce": "str | None", "reduction": "str", "replacement": "bool", "right": "bool", "rounding_mode": "str | None",
    "rtol": "float", "atol": "float", "shape": "Sequence[int]", "size": "Any", "sorted": "bool", "stable": "bool",
    "upper": "bool", "mode": "str", "UPLO": "str", "full_matrices": "bool", "equation": "str", "lambd": "float",
    "negative_slope": "float",
}  # fmt: skip

# Attributes that are hashed as a tuple of ints: any sequence is taken.
INTS = frozenset(("dim", "dims", "shifts"))
