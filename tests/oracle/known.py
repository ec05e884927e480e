"""Where teletensor differs from PyTorch 2.13 on purpose, by case and part of the answer, each with its reason."""

import fnmatch

KNOWN: dict[str, str] = {
    "hardsigmoid/*/float64 grads": "PyTorch multiplies by 1/6 rounded to float32, we divide by 6",
    "hardsigmoid/*/float64 second": "PyTorch multiplies by 1/6 rounded to float32, we divide by 6",
    "polygamma/0/float64 out": "PyTorch's trigamma is good to nine digits, ours to fifteen",
    "polygamma/*/float16 grads": "PyTorch rounds to float16 between its steps, where 65504 is easily passed",
    "div/11/bfloat16 out": "PyTorch rounds the quotient to bfloat16 before it cuts off its fraction",
    "digamma/*/float64 grads": "it is trigamma: see polygamma",
    "digamma/*/float64 second": "it is trigamma: see polygamma",
    "lgamma/*/float64 second": "it is trigamma: see polygamma",
    "logcumsumexp/*/complex* out": "the imaginary part is an angle: PyTorch's may differ by a full turn",
    "var/4/* second": "the variance of one number is NaN, and so is our second gradient; PyTorch has none",
    "var_mean/4/* second": "the variance of one number is NaN, and so is our second gradient; PyTorch has none",
    "bessel_*/float64 out": "PyTorch leaves out a denominator's highest power, and is good to seven digits",
    "airy_ai/*/float64 out": "PyTorch leaves out a denominator's highest power, and is good to seven digits",
    "standard_gamma_grad/*": "PyTorch's is an approximation good to three digits, ours a series",
    "linear/3/bool": "PyTorch has no product of bools either, but does not look where there are no rows",
    "upsample_bilinear/*/uint8": "PyTorch interpolates bytes in fixed point; here it is for floating point only",
}


def is_known(case_key: str, part: str = "") -> bool:
    """Whether a difference in a part ("out", "grads", "second"; "" for the whole case) is on the list."""
    name = f"{case_key} {part}".strip()
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in KNOWN)
