"""Lookups: rows of a table by number, and numbers as one-hot rows."""

import teletensor as tt
from teletensor import ops
from teletensor.tensor import Tensor


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` (entries, size) picked by the integers of `input`: (*, size).

    `padding_idx` names a row that gets no gradient; `max_norm` first shrinks the rows that are
    used to that norm, in place; `scale_grad_by_freq` divides a row's gradient by how often it
    was used. `sparse` is accepted, and gradients are dense all the same.
    """
    padding_idx = _padding_row(padding_idx, weight.shape[0])
    if max_norm is not None:
        shrink_used_rows(weight, input, max_norm, norm_type)
    rows = ops.embedding(weight, input, padding_idx=padding_idx)
    if not scale_grad_by_freq:
        return rows
    scaled = rows / _uses(input, weight.shape[0])[input].unsqueeze(-1)
    return rows.detach() + (scaled - scaled.detach())


def _padding_row(padding_idx: int | None, entries: int) -> int | None:
    if padding_idx is None:
        return None
    if not -entries <= padding_idx < entries:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % entries


def _uses(input: Tensor, entries: int) -> Tensor:
    """How often each row is used; its length is known, so nothing is read back."""
    ones = tt.ones_like(input).reshape(-1)
    zeros = tt.zeros(entries, dtype=ones.dtype, device=input.device)
    return zeros.scatter_add_(0, input.reshape(-1), ones)


def shrink_used_rows(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows of `weight` that `input` names down to a norm of at most `max_norm`, in place."""
    with tt.no_grad():
        norm = ops.vector_norm(weight, ord=norm_type, dim=1)
        shrink = (norm > max_norm) & (_uses(input, weight.shape[0]) > 0)
        factor = tt.where(shrink, max_norm / (norm + 1e-7), tt.ones_like(norm))
        weight.mul_(factor.unsqueeze(-1))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 tensor of shape (*, num_classes): 1 where the last index is the value, else 0.

    `num_classes=-1` takes the largest value plus one, which has to be read from the device;
    give the number to avoid that. A value beyond it is an error of the scatter.
    """
    if tensor.dtype != tt.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if num_classes == -1:
        if tensor.numel() == 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        least, most = ops.stack([ops.min_all(tensor), ops.max_all(tensor)]).tolist()
        if least < 0:
            raise RuntimeError("Class values must be non-negative.")
        num_classes = most + 1
    zeros = tt.zeros(*tensor.shape, num_classes, dtype=tt.int64, device=tensor.device)
    return tt.scatter(zeros, -1, tensor.unsqueeze(-1), 1)
