"""PyTorch's names of nodes where they depend on the call: on overloads, dimensions, or on what PyTorch makes it from.

Where one op here is several there, it is the name of the last. Other ops have theirs from their stanza.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teletensor_core.registry import Op
from teletensor_core.spec import Spec

Namer = Callable[..., str]


def name_of(op: Op, operands: Sequence[Any], attrs: dict[str, Any]) -> str:
    """The name of the node of a call, for operands as a plan takes them."""
    namer = _NAMERS.get(op.name)
    return op.grad_name if namer is None else namer(*operands, **attrs)


def _by_dim(stem: str) -> Namer:
    def name(input: Any, *, dim: Any = None, **rest: Any) -> str:
        return f"{stem}Backward{int(dim is not None)}"

    return name


def _by_operand(stem: str, at: int, tensor: int, number: int) -> Namer:
    def name(*operands: Any, **attrs: Any) -> str:
        return f"{stem}Backward{tensor if isinstance(operands[at], Spec) else number}"

    return name


def _by_window(one: str, stem: str, which: str) -> Namer:
    """Of one dimension it is a squeezed one of two, of others its own."""

    def name(input: Any, **attrs: Any) -> str:
        dims = len(attrs[which])
        return one if dims == 1 else f"{stem.format(dims)}Backward0"

    return name


def _always(name: str) -> Namer:
    return lambda *operands, **attrs: name


def _clamp(input: Any, min: Any = None, max: Any = None) -> str:
    return f"ClampBackward{0 if isinstance(min, Spec) or isinstance(max, Spec) else 1}"


def _pow(input: Any, exponent: Any) -> str:
    return f"PowBackward{int(isinstance(exponent, Spec))}"


def _div(input: Any, other: Any, *, rounding_mode: Any = None) -> str:
    return "DivBackward0" if rounding_mode is None else "DivBackward2"


def _squeeze(input: Any, *, dim: Any = None) -> str:
    return f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}"


def _split(input: Any, *, split_size: Any, dim: int = 0) -> str:
    return "SplitBackward0" if isinstance(split_size, int) else "SplitWithSizesBackward0"


def _linear(input: Any, weight: Any, bias: Any = None) -> str:
    if input.ndim == 2:
        return "MmBackward0" if bias is None else "AddmmBackward0"
    if bias is not None:
        return "ViewBackward0"
    return "SqueezeBackward4" if input.ndim == 1 else "UnsafeViewBackward0"


def _matmul(input: Any, other: Any) -> str:
    known = {(1, 1): "Dot", (2, 1): "Mv", (2, 2): "Mm", (1, 2): "SqueezeBackward4"}
    name = known.get((input.ndim, other.ndim), "UnsafeView")
    return name if "Backward" in name else f"{name}Backward0"


def _einsum(operands: Any, *, equation: str) -> str:
    inputs, _, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) == 1:
        return "SumBackward1" if "->" in equation and set(terms[0]) - set(output) else "PermuteBackward0"
    summed = "->" not in equation or set(inputs) - set(output) - {","}
    return "ViewBackward0" if summed else "MulBackward0"


def _nll(input: Any, *rest: Any, **attrs: Any) -> str:
    return "NllLoss2DBackward0" if input.ndim > 2 else "NllLossBackward0"


def _cross_entropy(input: Any, target: Any, weight: Any = None, **attrs: Any) -> str:
    if target.dtype.is_floating_point:
        return "DivBackward1" if attrs["reduction"] == "mean" else "NegBackward0"
    return "AddBackward0" if attrs["label_smoothing"] else _nll(input)


def _reduced(none: str) -> Namer:
    """Of a loss that PyTorch puts together from parts and a reduction."""

    def name(*operands: Any, reduction: str = "mean", **attrs: Any) -> str:
        return {"mean": "MeanBackward0", "sum": "SumBackward0"}.get(reduction, none)

    return name


def _adaptive_avg(input: Any, *, output_size: Any) -> str:
    if len(output_size) == 1:
        return "SqueezeBackward1"
    return "MeanBackward1" if set(output_size) == {1} else f"AdaptiveAvgPool{len(output_size)}DBackward0"


def _resampled(one: str, two: str) -> Namer:
    return lambda input, *, size, **attrs: f"{one if len(size) == 1 else two}Backward0"


_NAMERS: dict[str, Namer] = {
    "adaptive_avg_pool": _adaptive_avg,
    "adaptive_max_pool": _by_window("SqueezeBackward1", "AdaptiveMaxPool{}D", "output_size"),
    "avg_pool": _by_window("SqueezeBackward1", "AvgPool{}D", "kernel_size"),
    "celu": _always("CeluBackward0"),
    "clamp": _clamp,
    "clamp_max": _by_operand("ClampMax", 1, 1, 0),
    "clamp_min": _by_operand("ClampMin", 1, 1, 0),
    "copy": _always("CopyBackwards"),
    "cross_entropy": _cross_entropy,
    "deg2rad": _always("Deg2RadBackward0"),
    "div": _div,
    "dropout": _always("MulBackward0"),
    "einsum": _einsum,
    "feature_dropout": _always("MulBackward0"),
    "fft_c2c": _always("FftC2CBackward0"),
    "fft_c2r": _always("FftC2RBackward0"),
    "fft_r2c": _always("FftR2CBackward0"),
    "fmod": _by_operand("Fmod", 1, 1, 0),
    "imag": _always("SelectBackward0"),
    "kl_div": _reduced("SubBackward0"),
    "l1_loss": _reduced("AbsBackward0"),
    "lerp": _by_operand("Lerp", 2, 1, 0),
    "linear": _linear,
    "log1p": _always("Log1PBackward0"),
    "logsigmoid": _always("LogSigmoidBackward0"),
    "matmul": _matmul,
    "max_pool": _by_window("SqueezeBackward1", "MaxPool{}DWithIndices", "kernel_size"),
    "max_pool_places": _by_window("SqueezeBackward1", "MaxPool{}DWithIndices", "kernel_size"),
    "mean": _by_dim("Mean"),
    "median_dim": _always("MedianBackward1"),
    "nll_loss": _nll,
    "outer": _always("MulBackward0"),
    "pow": _pow,
    "prelu": _always("PreluKernelBackward0"),
    "prod": _by_dim("Prod"),
    "rad2deg": _always("Rad2DegBackward0"),
    "real": _always("SelectBackward0"),
    "reflection_pad": lambda input, *, pad: f"ReflectionPad{len(pad) // 2}DBackward0",
    "relu6": _always("HardtanhBackward0"),
    "remainder": _by_operand("Remainder", 1, 1, 0),
    "repeat_interleave": _always("ViewBackward0"),
    "replication_pad": lambda input, *, pad: f"ReplicationPad{len(pad) // 2}DBackward0",
    "reshape": _always("UnsafeViewBackward0"),
    "rms_norm": _always("MulBackward0"),
    "scatter": _by_operand("Scatter", 2, 0, 1),
    "split": _split,
    "squeeze": _squeeze,
    "sum": _by_dim("Sum"),
    "sum_to": _always("SumBackward1"),
    "take_along_dim": _always("GatherBackward0"),
    "upsample_bilinear": _resampled("UpsampleLinear1D", "UpsampleBilinear2D"),
    "upsample_nearest": _resampled("UpsampleNearest1D", "UpsampleNearest2D"),
    "xlogy": lambda input, other: f"XlogyBackward{0 if isinstance(other, Spec) and isinstance(input, Spec) else 2}",
}
