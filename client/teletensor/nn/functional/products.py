"""Linear and bilinear maps."""

from teletensor import ops
from teletensor.tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`: (*, in) by (out, in) and (out,) gives (*, out)."""
    return ops.linear(input, weight, bias)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input1 @ weight[k] @ input2` for every k, plus bias: (*, out).

    Takes (*, in1), (*, in2) and a weight of (out, in1, in2); RuntimeError if they do not fit.
    """
    _check_bilinear(input1, input2, weight)
    out, in1, in2 = weight.shape
    rows1, rows2 = input1.reshape(-1, in1), input2.reshape(-1, in2)
    mixed = (rows1 @ weight.permute(1, 0, 2).reshape(in1, out * in2)).reshape(-1, out, in2)
    result = (mixed @ rows2.unsqueeze(-1)).reshape(*input1.shape[:-1], out)
    return result if bias is None else result + bias


def _check_bilinear(input1: Tensor, input2: Tensor, weight: Tensor) -> None:
    for number, input in enumerate((input1, input2), start=1):
        if input.shape[-1] != weight.shape[number]:
            raise RuntimeError(
                f"bilinear(): input{number} size does not match weight size: "
                f"got {input.shape[-1]} but expected {weight.shape[number]}"
            )
    if input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(
            "bilinear(): input batch dimensions do not match: "
            f"got {list(input1.shape[:-1])} and {list(input2.shape[:-1])}"
        )
