"""How a loss becomes one number, and PyTorch's older spelling of that."""

import warnings

from teletensor.tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check(reduction: str) -> str:
    """`reduction` itself; ValueError unless it is none, mean or sum."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def choose(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction meant by `reduction`, or by the deprecated flags if one of them is given."""
    if size_average is None and reduce is None:
        return reduction
    reduction = from_flags(size_average, reduce)
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
        stacklevel=3,
    )
    return reduction


def from_flags(size_average: bool | None, reduce: bool | None) -> str:
    """What `size_average` and `reduce` mean; None stands for True."""
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def apply(loss: Tensor, reduction: str) -> Tensor:
    """`loss` element by element, its mean or its sum."""
    check(reduction)
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss
