"""What distributions have in common: parameters of one shape, probabilities and logits, triangles and vectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, TypeVar, overload

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, grad_mode
from teletensor.tensor import Tensor

__all__ = [
    "broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits", "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]  # fmt: skip
euler_constant = 0.5772156649015329
_R = TypeVar("_R", covariant=True)


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of their common shape. ArgumentError for anything else."""
    if not all(isinstance(v, (Tensor, int, float)) for v in values):
        raise ArgumentError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
        )
    like = next((v for v in values if isinstance(v, Tensor)), None)
    options: dict[str, Any] = {} if like is None else {"dtype": like.dtype, "device": like.device}
    tensors = [v if isinstance(v, Tensor) else factories.scalar_tensor(float(v), **options) for v in values]
    return functions.broadcast_tensors(*tensors)


def standard_normal(shape: Any, like: Tensor) -> Tensor:
    """Standard normal numbers of the other tensor's dtype, where it is."""
    return factories.randn(shape, dtype=like.dtype, device=like.device)


def uniform(shape: Any, like: Tensor) -> Tensor:
    """Numbers from 0 to 1 of the other tensor's dtype, where it is."""
    return factories.rand(shape, dtype=like.dtype, device=like.device)


def sum_rightmost(value: Tensor, count: int) -> Tensor:
    """The tensor summed over its last `count` dimensions."""
    return value.sum(tuple(range(-count, 0))) if count else value


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """The probabilities of 1 for logits, or the softmax of the last dimension."""
    return functions.sigmoid(logits) if is_binary else functions.softmax(logits, -1)


def clamp_probs(probs: Tensor) -> Tensor:
    """The probabilities, away from 0 and 1 by the least that the dtype can tell."""
    eps = functions.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """The logits of the probabilities of 1, or the logarithms of probabilities; none of them infinite."""
    inside = clamp_probs(probs)
    return inside.log() - functions.log1p(-inside) if is_binary else inside.log()


class lazy_property(Generic[_R]):
    """A property that is computed when it is first asked for, with gradients, and an attribute from then on."""

    def __init__(self, wrapped: Callable[[Any], _R]) -> None:
        self.wrapped = wrapped
        update_wrapper(self, wrapped)  # type: ignore[arg-type]

    @overload
    def __get__(self, instance: None, owner: Any = None) -> lazy_property[_R]: ...
    @overload
    def __get__(self, instance: object, owner: Any = None) -> _R: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with grad_mode.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements on and below a diagonal of matrices, row by row, as vectors.

    ArgumentError for a diagonal outside the matrix.
    """
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise ArgumentError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = factories.tril_indices(n, n, diag, device=mat.device).unbind()
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Square matrices with these elements on and below a diagonal, row by row, and zeros above.

    ArgumentError for a number of elements that fills no such triangle.
    """
    # The positive root of the triangle's number of elements.
    root = (8 * vec.shape[-1] + (1 + 2 * diag) ** 2 + 4 * abs(diag) * (diag + 1)) ** 0.5
    n = (root - (1 + 2 * diag)) / 2
    if round(n) - n > functions.finfo(vec.dtype).eps:
        raise ArgumentError(
            f"The size of last dimension is {vec.shape[-1]} which cannot be expressed as "
            "the lower triangular part of a square D x D matrix."
        )
    size = round(n)
    rows, columns = factories.tril_indices(size, size, diag, device=vec.device).unbind()
    made = vec.new_zeros((*vec.shape[:-1], size, size))
    made[..., rows, columns] = vec
    return made
