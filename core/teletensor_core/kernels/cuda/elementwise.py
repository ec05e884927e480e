"""Kernels that do one thing for each element, as data: CuPy writes the loop around the body.

`T` is whatever dtype the operands have. Where a result must be equal to the last bit on every backend, the compiler is
told not to contract a multiplication and an addition into one rounding (`-fmad=false`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from teletensor_core import special
from teletensor_core.random import philox


@dataclass(frozen=True)
class Elementwise:
    """What `cupy.ElementwiseKernel` is made from."""

    name: str
    inputs: str
    outputs: str
    body: str
    preamble: str = ""
    options: tuple[str, ...] = ()

    @functools.cached_property
    def kernel(self) -> Any:
        """The kernel; compiled by CuPy for each dtype it is called with."""
        import cupy

        return cupy.ElementwiseKernel(
            self.inputs,
            self.outputs,
            self.body,
            f"teletensor_{self.name}",
            preamble=self.preamble,
            options=self.options,
        )

    def __call__(self, *operands: Any, **keywords: Any) -> Any:
        """The outputs, or those given as further operands."""
        return self.kernel(*operands, **keywords)


EXACT = ("-fmad=false",)

# -- random numbers ---------------------------------------------------------------------------------------------------

PHILOX = r"""
// Philox 4x64-10, as NumPy's; the counter's and the key's upper words are zero.
struct PhiloxBlock { unsigned int words[8]; };
__device__ inline PhiloxBlock philox(unsigned long long counter, unsigned long long seed) {
  unsigned long long c[4] = {counter, 0ULL, 0ULL, 0ULL}, k0 = seed, k1 = 0ULL;
  for (int round = 0; round < 10; ++round) {
    unsigned long long high0 = __umul64hi(0xD2E7470EE14C6C93ULL, c[0]), low0 = 0xD2E7470EE14C6C93ULL * c[0];
    unsigned long long high1 = __umul64hi(0xCA5A826395121157ULL, c[2]), low1 = 0xCA5A826395121157ULL * c[2];
    c[0] = high1 ^ c[1] ^ k0;
    c[2] = high0 ^ c[3] ^ k1;
    c[1] = low1;
    c[3] = low0;
    k0 += 0x9E3779B97F4A7C15ULL;
    k1 += 0xBB67AE8584CAA73BULL;
  }
  PhiloxBlock block;
  for (int k = 0; k < 4; ++k) {
    block.words[2 * k] = (unsigned int)c[k];
    block.words[2 * k + 1] = (unsigned int)(c[k] >> 32);
  }
  return block;
}
"""


def seeded(name: str, inputs: str, outputs: str, body: str) -> tuple[Elementwise, Elementwise]:
    """A kernel that draws from a `seed` and an `offset`: given as numbers, or as arrays of one element.

    `block` is the i-th block of random words.
    """
    drawing = "PhiloxBlock block = philox({} + i, {});" + body
    return (
        Elementwise(name, f"uint64 seed, uint64 offset, {inputs}", outputs, drawing.format("offset", "seed"), PHILOX),
        Elementwise(
            f"{name}_deferred",
            f"raw uint64 seed, raw uint64 offset, {inputs}",
            outputs,
            drawing.format("offset[0]", "seed[0]"),
            PHILOX,
        ),
    )


random_bits, random_bits_deferred = seeded(
    "random_bits",
    "int64 count",
    "raw uint32 out",
    """
    long long first = 8 * (long long)i;
    for (int k = 0; k < 8; ++k) {{
      if (first + k < count) out[first + k] = block.words[k];
    }}
    """,
)


def _polynomial(name: str, coefficients: tuple[float, ...]) -> str:
    """A device function for a polynomial, highest power first, by Horner's rule as in `philox.py`."""
    steps = f"double y = {coefficients[0]!r};" + "".join(f" y = y * x + {c!r};" for c in coefficients[1:])
    return f"__device__ inline double {name}(double x) {{ {steps} return y; }}\n"


NORMAL = (
    "".join(_polynomial(f"quantile_{name.lower()}", coefficients) for name, coefficients in philox.QUANTILE.items())
    + _polynomial("log_series", philox.LOG_SERIES)
    + rf"""
__device__ inline double exact_log(double x) {{
  long long raw = __double_as_longlong(x);
  long long k = (long long)((unsigned long long)raw - {philox.SQRT_HALF_BITS:#x}ULL) >> 52;
  double m = __longlong_as_double(raw - (long long)((unsigned long long)k << 52));
  double s = (m - 1.0) / (m + 1.0), e = (double)k;
  return e * {philox.LN2_HIGH!r} + (e * {philox.LN2_LOW!r} + 2.0 * s * log_series(s * s));
}}
__device__ inline double normal_from_uniform(double u) {{
  double q = u - 0.5;
  if (fabs(q) <= 0.425) {{
    double r = 0.180625 - q * q;
    return q * quantile_a(r) / quantile_b(r);
  }}
  double r = sqrt(-exact_log(q < 0.0 ? u : 1.0 - u));
  double value = r <= 5.0 ? quantile_c(r - 1.6) / quantile_d(r - 1.6) : quantile_e(r - 5.0) / quantile_f(r - 5.0);
  return q < 0.0 ? -value : value;
}}
"""
)

ndtri = Elementwise("ndtri", "float64 u", "float64 out", "out = normal_from_uniform(u)", NORMAL, EXACT)

# -- arithmetic -------------------------------------------------------------------------------------------------------

_DIVISION = r"""
template <typename T> __device__ inline T python_remainder(T a, T b) {
  T rest = fmod(a, b);
  if (b == T(0)) return rest;
  if (rest == T(0)) return copysign(T(0), b);
  return (b < T(0)) != (rest < T(0)) ? rest + b : rest;
}
template <typename T> __device__ inline T python_quotient(T a, T b) {
  if (b == T(0)) return a / b;
  T rest = fmod(a, b);
  T quotient = (a - rest) / b;
  if (rest != T(0) && (b < T(0)) != (rest < T(0))) quotient -= T(1);
  if (quotient == T(0)) return copysign(T(0), a / b);
  T whole = floor(quotient);
  return quotient - whole > T(0.5) ? whole + T(1) : whole;
}
"""

# CuPy takes the floor of the rounded quotient: 1 // 0.1 would be 10.
floor_divide = Elementwise("floor_divide", "T a, T b", "T out", "out = python_quotient(a, b)", _DIVISION)
remainder = Elementwise("remainder", "T a, T b", "T out", "out = python_remainder(a, b)", _DIVISION)

sigmoid = Elementwise("sigmoid", "T x", "T out", "out = T(1) / (T(1) + exp(-x))")

# -- special functions ------------------------------------------------------------------------------------------------

# CuPy's gammaln is -inf at -inf.
lgamma = Elementwise("lgamma", "T x", "T out", "out = lgamma(x)")

# The Hurwitz zeta function as in special.py: nine terms, and more up to q + k = 10, then the Euler-Maclaurin formula.
zeta = Elementwise(
    "zeta",
    "T q, T s",
    "T out",
    """
    double x = q, z = x, order = s, total = 0.0;
    if (z < 10.0 - (1 << 12)) {
      z = nan("");
    }
    for (int k = 0; z < 10.0 || k < 9; ++k, z += 1.0) total += pow(z, -order);
    double power = pow(z, -order);
    double tail = power * z / (order - 1.0) + 0.5 * power;
    double factor = order;
    power /= z;
    for (int j = 0; j < BERNOULLI_TERMS; ++j) {
      tail += bernoulli[j] * factor * power;
      factor *= (order + 2 * j + 1) * (order + 2 * j + 2);
      power /= z * z;
    }
    bool is_pole = order == 1.0 || (order > 1.0 && x <= 0.0 && x == floor(x));
    double made = order < 1.0 ? nan("") : total + tail;
    out = T(is_pole ? __longlong_as_double(0x7ff0000000000000LL) : made);
    """,
    f"#define BERNOULLI_TERMS {len(special.BERNOULLI)}\n"
    f"__device__ const double bernoulli[] = {{{', '.join(map(repr, special.BERNOULLI))}}};",
)

# A family's numbers are those of `polynomials.Family`, in its order.
recurrence = Elementwise(
    "recurrence",
    "T x, T n, float64 u, float64 v, float64 a1, float64 a0, float64 b1, float64 b0, float64 c1, float64 c0, "
    "float64 d, float64 most",
    "T out",
    """
    double z = x, degree = trunc((double)n), p = 1.0, q = u * z + v;
    for (double k = 1.0; k < degree && degree <= most && q == q; k += 1.0) {
      double next = ((a1 * k + a0 + (b1 * k + b0) * z) * q - (c1 * k + c0) * p) / (d * k + 1.0);
      p = q;
      q = next;
    }
    bool is_known = degree <= most && degree == degree;
    out = T(!is_known ? nan("") : degree < 0.0 ? 0.0 : degree == 0.0 ? 1.0 : q);
    """,
)

# -- numbers that graphs read from memory ------------------------------------------------------------------------------

WORDS_AT_ONCE = 16
set_words = Elementwise(
    "set_words",
    ", ".join(f"uint64 x{k}" for k in range(WORDS_AT_ONCE)) + ", int64 count",
    "raw uint64 out",
    " ".join(f"if ({k} < count) out[{k}] = x{k};" for k in range(WORDS_AT_ONCE)),
)

# -- order ------------------------------------------------------------------------------------------------------------

# Sorting by bits puts a NaN with its sign set before everything else; the host's NaN has it set.
one_nan = Elementwise("one_nan", "T x", "T out", 'out = x == x ? x : T(nan(""))')

# -- indices ----------------------------------------------------------------------------------------------------------

# A check leaves the number of its site, and the bits of the first value that is wrong, where `Faults` looks for them.
_FAULT = r"""
__device__ inline void leave_fault(unsigned long long* fault, unsigned long long site, unsigned long long bits) {
  if (atomicCAS(&fault[0], 0ULL, site) == 0ULL) fault[1] = bits;
}
"""

check_bounds = Elementwise(
    "check_bounds",
    "T index, int64 lowest, int64 size, uint64 site",
    "raw uint64 fault",
    """
    long long value = (long long)index;
    if (value < lowest || value >= size) leave_fault(&fault[0], site, (unsigned long long)value);
    """,
    _FAULT,
)
check_unit = Elementwise(
    "check_unit",
    "T x, uint64 site",
    "raw uint64 fault",
    """
    double value = (double)x;
    if (!(value >= 0.0 && value <= 1.0)) leave_fault(&fault[0], site, (unsigned long long)__double_as_longlong(value));
    """,
    _FAULT,
)


def _scatter(name: str, combine: str) -> Elementwise:
    """Combine values with what is at their places; `places` are sorted, `order` says which value goes to each.

    One thread takes a run of equal places: no atomics, so that every dtype works and the result does not depend on
    which thread came first. CuPy's own `maximum.at` rounds float64 to float32 and loses NaN.
    """
    return Elementwise(
        name,
        "raw int64 order, raw int64 places, raw T values, int64 count",
        "raw T target",
        f"""
        long long place = places[i];
        if (i == 0 || places[i - 1] != place) {{
          T total = target[place];
          for (long long j = i; j < count && places[j] == place; ++j) {{
            T value = values[order[j]];
            {combine}
          }}
          target[place] = total;
        }}
        """,
    )


scatter_mul = _scatter("scatter_mul", "total *= value;")
scatter_max = _scatter("scatter_max", "if (total == total && (value != value || value > total)) total = value;")
scatter_min = _scatter("scatter_min", "if (total == total && (value != value || value < total)) total = value;")
