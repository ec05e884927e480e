"""Which ops autocast runs in a lower precision, and which in float32: PyTorch's own lists, for ops that exist here.

Ops in neither list run in whatever their operands have, the widest of several.
"""

from __future__ import annotations

LOWER = frozenset((
    "addmm", "baddbmm", "bmm", "conv", "conv_transpose", "einsum", "linear", "matmul", "mm", "mv", "prelu",
    "scaled_dot_product_attention",
))  # fmt: skip
# On a GPU.
FLOAT32 = frozenset((
    "acos", "asin", "binary_cross_entropy_with_logits", "cosh", "cross_entropy", "cumprod", "cumsum", "erfinv", "exp",
    "expm1", "group_norm", "huber_loss", "kl_div", "l1_loss", "layer_norm", "log", "log10", "log1p", "log2",
    "log_softmax", "logsumexp", "mse_loss", "nll_loss", "pow", "prod", "reciprocal", "rms_norm", "rsqrt", "sinh",
    "smooth_l1_loss", "softmax", "softplus", "sum", "tan", "vector_norm",
))  # fmt: skip
# On a CPU.
FLOAT32_CPU = frozenset((
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cholesky", "cross_entropy", "det", "eigh", "inv",
    "kl_div", "l1_loss", "mse_loss", "nll_loss", "qr", "slogdet", "smooth_l1_loss", "solve", "svd", "vector_norm",
))  # fmt: skip
REFUSED = frozenset(("binary_cross_entropy",))
