"""Element-by-element work that would otherwise be many launches: activations, dropout, pooling, optimiser steps."""

from __future__ import annotations

import math

from teletensor_core.kernels.activation import CUBIC, TANH_SCALE
from teletensor_core.kernels.cuda.elementwise import Elementwise, seeded

_ACTIVATIONS = rf"""
template <typename T> __device__ inline T normal_cdf(T x) {{ return T(0.5) * erfc(x * T({-math.sqrt(0.5)!r})); }}
template <typename T> __device__ inline T squashed(T x) {{
  return tanh(x * (T({TANH_SCALE!r}) + T({CUBIC * TANH_SCALE!r}) * x * x));
}}
template <typename T> __device__ inline T gelu_slope(T x) {{
  return normal_cdf(x) + x * exp(T(-0.5) * x * x) * T({1 / math.sqrt(2 * math.pi)!r});
}}
template <typename T> __device__ inline T gelu_tanh_slope(T x) {{
  T inner = squashed(x);
  T bend = x * (T({TANH_SCALE!r}) + T({3 * CUBIC * TANH_SCALE!r}) * x * x);
  return T(0.5) * (T(1) + inner + (T(1) - inner * inner) * bend);
}}
template <typename T> __device__ inline T logistic(T x) {{ return T(1) / (T(1) + exp(-x)); }}
"""

normal_cdf = Elementwise("normal_cdf", "T x", "T out", "out = normal_cdf(x)", _ACTIVATIONS)
gelu = Elementwise("gelu", "T x", "T out", "out = x * normal_cdf(x)", _ACTIVATIONS)
gelu_tanh = Elementwise("gelu_tanh", "T x", "T out", "out = T(0.5) * (T(1) + squashed(x)) * x", _ACTIVATIONS)
gelu_backward = Elementwise("gelu_backward", "T g, T x", "T out", "out = g * gelu_slope(x)", _ACTIVATIONS)
gelu_tanh_backward = Elementwise(
    "gelu_tanh_backward", "T g, T x", "T out", "out = g * gelu_tanh_slope(x)", _ACTIVATIONS
)
silu = Elementwise("silu", "T x", "T out", "out = x * logistic(x)", _ACTIVATIONS)
silu_backward = Elementwise(
    "silu_backward",
    "T g, T x",
    "T out",
    "T s = logistic(x); out = g * s * (T(1) + x * (T(1) - s))",
    _ACTIVATIONS,
)

# One thread a block of Philox, whose eight words decide on eight elements.
dropout, dropout_deferred = seeded(
    "dropout",
    "raw T x, uint32 lowest, T scale, int64 count",
    "raw T out, raw bool keep",
    """
    long long first = 8 * (long long)i;
    for (int k = 0; k < 8; ++k) {{
      if (first + k >= count) break;
      bool kept = block.words[k] >= lowest;
      keep[first + k] = kept;
      out[first + k] = x[first + k] * T(kept) * scale;
    }}
    """,
)
drop_backward = Elementwise("drop_backward", "T g, bool keep, T scale", "T out", "out = g * T(keep) * scale")

# -- windows over three dimensions; fewer are ones ---------------------------------------------------------------------

_WINDOW = "int64 k0, int64 k1, int64 k2, int64 s0, int64 s1, int64 s2, int64 d0, int64 d1, int64 d2"

max_pool = Elementwise(
    "max_pool",
    f"raw T x, int64 n0, int64 n1, int64 n2, int64 o0, int64 o1, int64 o2, {_WINDOW}",
    "T best, P place",
    """
    long long at = i, b2 = at % o2 * s2; at /= o2;
    long long b1 = at % o1 * s1; at /= o1;
    long long b0 = at % o0 * s0; at /= o0;
    long long base = at * n0 * n1 * n2, number = 0;
    T highest = T(0);
    for (long long a0 = 0; a0 < k0; ++a0) for (long long a1 = 0; a1 < k1; ++a1) for (long long a2 = 0; a2 < k2; ++a2) {
      T value = x[base + ((b0 + a0 * d0) * n1 + b1 + a1 * d1) * n2 + b2 + a2 * d2];
      if (number == 0 || value > highest || value != value) {
        highest = value;
        place = number;
      }
      ++number;
    }
    best = highest;
    """,
)

# One thread an element of the input: it asks every window that it is in whether it was the greatest. No atomics.
max_pool_backward = Elementwise(
    "max_pool_backward",
    "raw T g, raw P place, int64 n0, int64 n1, int64 n2, int64 o0, int64 o1, int64 o2, "
    f"{_WINDOW}, int64 p0, int64 p1, int64 p2",
    "T out",
    """
    long long at = i, x2 = at % n2 + p2; at /= n2;
    long long x1 = at % n1 + p1; at /= n1;
    long long x0 = at % n0 + p0; at /= n0;
    T total = T(0);
    for (long long a0 = 0; a0 < k0; ++a0) for (long long a1 = 0; a1 < k1; ++a1) for (long long a2 = 0; a2 < k2; ++a2) {
      long long b0 = x0 - a0 * d0, b1 = x1 - a1 * d1, b2 = x2 - a2 * d2;
      if (b0 < 0 || b1 < 0 || b2 < 0 || b0 % s0 || b1 % s1 || b2 % s2) continue;
      b0 /= s0; b1 /= s1; b2 /= s2;
      if (b0 >= o0 || b1 >= o1 || b2 >= o2) continue;
      long long window = ((at * o0 + b0) * o1 + b1) * o2 + b2;
      if ((long long)place[window] == (a0 * k1 + a1) * k2 + a2) total += g[window];
    }
    out = total;
    """,
)

# The mean of what is inside of the plane; `parts` is how much of one dimension's window counts.
_PARTS = """
__device__ inline long long parts(long long o, long long n, long long k, long long s, long long p, bool include_pad) {
  long long start = o * s - p, end = min(start + k, n + p);
  return include_pad ? end - start : min(end, n) - max(start, 0LL);
}
"""
_MEAN = (
    "int64 n0, int64 n1, int64 n2, int64 o0, int64 o1, int64 o2, int64 k0, int64 k1, int64 k2, "
    "int64 s0, int64 s1, int64 s2, int64 p0, int64 p1, int64 p2, bool include_pad, float64 divisor"
)
_DIVIDED = (
    "(divisor != 0 ? T(divisor) : T(parts({0}, n0, k0, s0, p0, include_pad) * parts({1}, n1, k1, s1, p1, include_pad)"
    " * parts({2}, n2, k2, s2, p2, include_pad)))"
)

avg_pool = Elementwise(
    "avg_pool",
    f"raw T x, {_MEAN}",
    "T out",
    f"""
    long long at = i, b2 = at % o2; at /= o2;
    long long b1 = at % o1; at /= o1;
    long long b0 = at % o0; at /= o0;
    long long base = at * n0 * n1 * n2;
    T total = T(0);
    for (long long x0 = max(b0 * s0 - p0, 0LL); x0 < min(b0 * s0 - p0 + k0, (long long)n0); ++x0)
      for (long long x1 = max(b1 * s1 - p1, 0LL); x1 < min(b1 * s1 - p1 + k1, (long long)n1); ++x1)
        for (long long x2 = max(b2 * s2 - p2, 0LL); x2 < min(b2 * s2 - p2 + k2, (long long)n2); ++x2)
          total += x[base + (x0 * n1 + x1) * n2 + x2];
    out = total / {_DIVIDED.format("b0", "b1", "b2")};
    """,
    _PARTS,
)

# One thread an element of the input: it asks every window that it is in. No atomics.
avg_pool_backward = Elementwise(
    "avg_pool_backward",
    f"raw T g, {_MEAN}",
    "T out",
    f"""
    long long at = i, x2 = at % n2 + p2; at /= n2;
    long long x1 = at % n1 + p1; at /= n1;
    long long x0 = at % n0 + p0; at /= n0;
    T total = T(0);
    for (long long a0 = 0; a0 < k0; ++a0) for (long long a1 = 0; a1 < k1; ++a1) for (long long a2 = 0; a2 < k2; ++a2) {{
      long long b0 = x0 - a0, b1 = x1 - a1, b2 = x2 - a2;
      if (b0 < 0 || b1 < 0 || b2 < 0 || b0 % s0 || b1 % s1 || b2 % s2) continue;
      b0 /= s0; b1 /= s1; b2 /= s2;
      if (b0 >= o0 || b1 >= o1 || b2 >= o2) continue;
      total += g[((at * o0 + b0) * o1 + b1) * o2 + b2] / {_DIVIDED.format("b0", "b1", "b2")};
    }}
    out = total;
    """,
    _PARTS,
)

# -- rows by index -----------------------------------------------------------------------------------------------------

# Indices out of bounds have been found, and told of, when the rows were looked up.
sum_of_rows = Elementwise(
    "sum_of_rows",
    "T g, raw I index, int64 rows, int64 columns, int64 skipped",
    "raw T out",
    """
    long long row = (long long)index[i / columns];
    if (row < 0) row += rows;
    if (row >= 0 && row < rows && row != skipped) atomicAdd(&out[row * columns + i % columns], g);
    """,
)

# -- optimisers --------------------------------------------------------------------------------------------------------

_SGD = """
    T d = maximize ? -g : g;
    if (decay != 0) d += p * T(decay);
"""
_SGD_INPUTS = "T g, float64 lr, float64 decay, bool maximize"
sgd = Elementwise("sgd", _SGD_INPUTS, "T p", _SGD + "p -= d * T(lr);")
sgd_momentum = Elementwise(
    "sgd_momentum",
    f"{_SGD_INPUTS}, float64 first, float64 momentum, float64 kept, bool nesterov",
    "T p, T buffer",
    _SGD
    + """
    buffer = first != 0 ? d : buffer * T(momentum) + d * T(kept);
    p -= (nesterov ? d + buffer * T(momentum) : buffer) * T(lr);
    """,
)

_ADAM = """
    m += (T(d) - m) * T(1 - beta1);
    v = v * T(beta2) + T(d) * T(d) * T(1 - beta2);
    {greatest}
    p = p * T(shrink) - T(size) * (m / (sqrt({root}) / T(root) + T(eps)));
"""
_ADAM_INPUTS = "T d, float64 beta1, float64 beta2, float64 eps, float64 size, float64 root, float64 shrink"
adam = Elementwise("adam", _ADAM_INPUTS, "T p, T m, T v", _ADAM.format(greatest="", root="v"))
amsgrad = Elementwise(
    "amsgrad",
    _ADAM_INPUTS,
    "T p, T m, T v, T most",
    _ADAM.format(greatest="most = v > most || v != v ? v : most;", root="most"),
)
