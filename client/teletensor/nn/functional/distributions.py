"""Softmax and its relatives: distributions along one dimension."""

import warnings

from teletensor_core.dtypes import DType

import teletensor as tt
from teletensor import ops
from teletensor.random import draw
from teletensor.tensor import Tensor


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """`exp(input)` divided by its sum along `dim`; with `dtype`, cast before anything else."""
    dim = dim if dim is not None else implicit_dim("softmax", input.ndim, _stacklevel)
    return ops.softmax(input, dim=dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """`log(softmax(input, dim))`, computed without losing digits."""
    dim = dim if dim is not None else implicit_dim("log_softmax", input.ndim, _stacklevel)
    return ops.log_softmax(input, dim=dim, dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """`softmax(-input, dim)`."""
    dim = dim if dim is not None else implicit_dim("softmin", input.ndim, _stacklevel)
    return ops.softmax(-input, dim=dim, dtype=dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample from the Gumbel-softmax distribution of `logits`, at temperature `tau`.

    With `hard` the result is one-hot, and its gradient is that of the soft sample. `eps` has no
    effect, as in PyTorch.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    drawn = draw(None, logits.numel())
    noise = -ops.exponential_(tt.empty_like(logits), *drawn, lambd=1.0).log()
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    winner = soft.argmax(dim, keepdim=True)
    one_hot = tt.scatter(tt.zeros_like(logits), dim, winner, 1.0)
    return one_hot - soft.detach() + soft


def implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The dimension that PyTorch picks, with a warning, when none is given."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel + 1,
    )
    return 0 if ndim in (0, 1, 3) else 1
