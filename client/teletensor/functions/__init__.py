"""The module's functions: the registry's ops, and the files of this folder. By tools/generate.py.

A function of a file takes the place of the op of that name.
"""

# ruff: noqa: I001, RUF022
# fmt: off
from teletensor.functions.arithmetic import (
    add, copysign, float_power, heaviside, hypot, is_same_size, ldexp, logaddexp2, logit, logit_, polar, polygamma,
    positive, rsub, signbit, sinc, sinc_, sub, subtract,
)
from teletensor.functions.creation import (
    clone,
)
from teletensor.functions.differences import (
    cumulative_trapezoid, diff, gradient, trapezoid, trapz, vander,
)
from teletensor.functions.former import (
    cholesky, eig, lstsq, lu, lu_solve, matrix_rank, orgqr, ormqr, qr, solve, symeig,
)
from teletensor.functions.histograms import (
    histc, histogram, histogramdd,
)
from teletensor.functions.in_place import (
    conj_physical_, ldexp_,
)
from teletensor.functions.indexed import (
    argwhere, as_strided_scatter, diag, diagflat, diagonal_scatter, index_put, index_put_, isin, nonzero,
    nonzero_static, repeat_interleave, scatter, select_scatter, slice_scatter, unravel_index, where,
)
from teletensor.functions.joining import (
    block_diag, cartesian_prod, chunk, column_stack, combinations, dsplit, dstack, hsplit, hstack, meshgrid, row_stack,
    split, split_with_sizes, tensor_split, unsafe_chunk, unsafe_split, unsafe_split_with_sizes, vsplit, vstack,
)
from teletensor.functions.limits import (
    finfo, iinfo,
)
from teletensor.functions.norms import (
    frobenius_norm, norm_except_dim, nuclear_norm,
)
from teletensor.functions.parts import (
    conj_physical, detach_, get_device, imag, put, real, resolve_conj, resolve_neg, zero_,
)
from teletensor.functions.pointwise import (
    mvlgamma,
)
from teletensor.functions.products import (
    addbmm, addmv, addmv_, addr, cdist, chain_matmul, cross, dot, einsum, inner, inverse, kron, logdet, matmul,
    matrix_power, pdist, pinverse, svd, tensordot, vdot,
)
from teletensor.functions.queries import (
    allclose, can_cast, equal, get_default_dtype, is_complex, is_conj, is_floating_point, is_inference, is_neg,
    is_nonzero, is_signed, is_storage, is_tensor, isreal, numel, promote_types, result_type, set_default_dtype,
)
from teletensor.functions.reductions import (
    dist, max, median, min, nanmedian, std, std_mean, trace, var, var_mean,
)
from teletensor.functions.reshaping import (
    as_strided_, resize_as_,
)
from teletensor.functions.sampling import (
    bernoulli, binomial, multinomial, normal, poisson,
)
from teletensor.functions.searching import (
    bucketize, msort, searchsorted, unique, unique_consecutive,
)
from teletensor.functions.shapes import (
    adjoint, as_strided, atleast_1d, atleast_2d, atleast_3d, broadcast_shapes, broadcast_tensors, broadcast_to, flatten,
    fliplr, flipud, moveaxis, movedim, narrow, narrow_copy, permute, ravel, reshape, squeeze, t, tile, unflatten,
)
from teletensor.functions.solvers import (
    cholesky_inverse, cholesky_solve, matrix_exp, triangular_solve,
)
from teletensor.functions.spectra import (
    istft, stft,
)
from teletensor.functions.statistics import (
    corrcoef, cov, nanquantile, norm, quantile, renorm,
)
from teletensor.functions.windows import (
    bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window,
)
from teletensor.ops import (
    abs, abs_, absolute, acos, acos_, acosh, acosh_, addcdiv, addcmul, addmm, all, amax, amin, aminmax, angle, any,
    arccos, arccos_, arccosh, arccosh_, arcsin, arcsin_, arcsinh, arcsinh_, arctan, arctan2, arctan_, arctanh, arctanh_,
    argmax, argmin, argsort, asin, asin_, asinh, asinh_, atan, atan2, atan_, atanh, atanh_, baddbmm, bincount,
    bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor, bmm, cat, ceil, ceil_,
    clamp, clamp_, clamp_max, clamp_max_, clamp_min, clamp_min_, clip, clip_, complex, concat, concatenate, conj, cos,
    cos_, cosh, cosh_, count_nonzero, cummax, cummin, cumprod, cumsum, deg2rad, deg2rad_, det, detach, diag_embed,
    diagonal, digamma, div, divide, eq, erf, erf_, erfc, erfc_, erfinv, exp, exp2, exp2_, exp_, expm1, expm1_, fill,
    fill_, fix, fix_, flip, floor, floor_, floor_divide, fmax, fmin, fmod, frac, frac_, frexp, gather, gcd, gcd_, ge,
    geqrf, ger, greater, greater_equal, gt, i0, i0_, igamma, igammac, index_add, index_copy, index_fill, index_reduce,
    index_select, isclose, isfinite, isinf, isnan, isneginf, isposinf, kthvalue, lcm, lcm_, le, lerp, less, less_equal,
    lgamma, log, log10, log10_, log1p, log1p_, log2, log2_, log_, log_softmax, logaddexp, logcumsumexp, logical_and,
    logical_not, logical_or, logical_xor, logsumexp, lt, masked_fill, masked_scatter, masked_select, maximum, mean,
    minimum, mm, mode, mul, multiply, mv, nan_to_num, nan_to_num_, nanmean, nansum, ne, neg, neg_, negative, negative_,
    nextafter, not_equal, outer, pow, prod, rad2deg, rad2deg_, reciprocal, reciprocal_, relu, relu_, remainder, roll,
    rot90, round, round_, rsqrt, rsqrt_, scatter_add, scatter_reduce, select, sgn, sigmoid, sigmoid_, sign, sin, sin_,
    sinh, sinh_, slogdet, softmax, sort, sqrt, sqrt_, square, square_, stack, sum, swapaxes, swapdims, take,
    take_along_dim, tan, tan_, tanh, tanh_, topk, transpose, tril, triu, true_divide, trunc, trunc_, unbind, unsqueeze,
    view_as_complex, view_as_real, xlogy, xlogy_,
)

__all__ = [
    "abs", "abs_", "absolute", "acos", "acos_", "acosh", "acosh_", "add", "addbmm", "addcdiv", "addcmul", "addmm",
    "addmv", "addmv_", "addr", "adjoint", "all", "allclose", "amax", "amin", "aminmax", "angle", "any", "arccos",
    "arccos_", "arccosh", "arccosh_", "arcsin", "arcsin_", "arcsinh", "arcsinh_", "arctan", "arctan2", "arctan_",
    "arctanh", "arctanh_", "argmax", "argmin", "argsort", "argwhere", "as_strided", "as_strided_", "as_strided_scatter",
    "asin", "asin_", "asinh", "asinh_", "atan", "atan2", "atan_", "atanh", "atanh_", "atleast_1d", "atleast_2d",
    "atleast_3d", "baddbmm", "bartlett_window", "bernoulli", "bincount", "binomial", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "blackman_window",
    "block_diag", "bmm", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "bucketize", "can_cast",
    "cartesian_prod", "cat", "cdist", "ceil", "ceil_", "chain_matmul", "cholesky", "cholesky_inverse", "cholesky_solve",
    "chunk", "clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min", "clamp_min_", "clip", "clip_", "clone",
    "column_stack", "combinations", "complex", "concat", "concatenate", "conj", "conj_physical", "conj_physical_",
    "copysign", "corrcoef", "cos", "cos_", "cosh", "cosh_", "count_nonzero", "cov", "cross", "cummax", "cummin",
    "cumprod", "cumsum", "cumulative_trapezoid", "deg2rad", "deg2rad_", "det", "detach", "detach_", "diag",
    "diag_embed", "diagflat", "diagonal", "diagonal_scatter", "diff", "digamma", "dist", "div", "divide", "dot",
    "dsplit", "dstack", "eig", "einsum", "eq", "equal", "erf", "erf_", "erfc", "erfc_", "erfinv", "exp", "exp2",
    "exp2_", "exp_", "expm1", "expm1_", "fill", "fill_", "finfo", "fix", "fix_", "flatten", "flip", "fliplr", "flipud",
    "float_power", "floor", "floor_", "floor_divide", "fmax", "fmin", "fmod", "frac", "frac_", "frexp",
    "frobenius_norm", "gather", "gcd", "gcd_", "ge", "geqrf", "ger", "get_default_dtype", "get_device", "gradient",
    "greater", "greater_equal", "gt", "hamming_window", "hann_window", "heaviside", "histc", "histogram", "histogramdd",
    "hsplit", "hstack", "hypot", "i0", "i0_", "igamma", "igammac", "iinfo", "imag", "index_add", "index_copy",
    "index_fill", "index_put", "index_put_", "index_reduce", "index_select", "inner", "inverse", "is_complex",
    "is_conj", "is_floating_point", "is_inference", "is_neg", "is_nonzero", "is_same_size", "is_signed", "is_storage",
    "is_tensor", "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "istft",
    "kaiser_window", "kron", "kthvalue", "lcm", "lcm_", "ldexp", "ldexp_", "le", "lerp", "less", "less_equal", "lgamma",
    "log", "log10", "log10_", "log1p", "log1p_", "log2", "log2_", "log_", "log_softmax", "logaddexp", "logaddexp2",
    "logcumsumexp", "logdet", "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logit_", "logsumexp",
    "lstsq", "lt", "lu", "lu_solve", "masked_fill", "masked_scatter", "masked_select", "matmul", "matrix_exp",
    "matrix_power", "matrix_rank", "max", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mm", "mode",
    "moveaxis", "movedim", "msort", "mul", "multinomial", "multiply", "mv", "mvlgamma", "nan_to_num", "nan_to_num_",
    "nanmean", "nanmedian", "nanquantile", "nansum", "narrow", "narrow_copy", "ne", "neg", "neg_", "negative",
    "negative_", "nextafter", "nonzero", "nonzero_static", "norm", "norm_except_dim", "normal", "not_equal",
    "nuclear_norm", "numel", "orgqr", "ormqr", "outer", "pdist", "permute", "pinverse", "poisson", "polar", "polygamma",
    "positive", "pow", "prod", "promote_types", "put", "qr", "quantile", "rad2deg", "rad2deg_", "ravel", "real",
    "reciprocal", "reciprocal_", "relu", "relu_", "remainder", "renorm", "repeat_interleave", "reshape", "resize_as_",
    "resolve_conj", "resolve_neg", "result_type", "roll", "rot90", "round", "round_", "row_stack", "rsqrt", "rsqrt_",
    "rsub", "scatter", "scatter_add", "scatter_reduce", "searchsorted", "select", "select_scatter", "set_default_dtype",
    "sgn", "sigmoid", "sigmoid_", "sign", "signbit", "sin", "sin_", "sinc", "sinc_", "sinh", "sinh_", "slice_scatter",
    "slogdet", "softmax", "solve", "sort", "split", "split_with_sizes", "sqrt", "sqrt_", "square", "square_", "squeeze",
    "stack", "std", "std_mean", "stft", "sub", "subtract", "sum", "svd", "swapaxes", "swapdims", "symeig", "t", "take",
    "take_along_dim", "tan", "tan_", "tanh", "tanh_", "tensor_split", "tensordot", "tile", "topk", "trace", "transpose",
    "trapezoid", "trapz", "triangular_solve", "tril", "triu", "true_divide", "trunc", "trunc_", "unbind", "unflatten",
    "unique", "unique_consecutive", "unravel_index", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes",
    "unsqueeze", "vander", "var", "var_mean", "vdot", "view_as_complex", "view_as_real", "vsplit", "vstack", "where",
    "xlogy", "xlogy_", "zero_",
]
