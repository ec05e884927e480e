"""Turning a list of samples into a batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np
from teletensor_core.dtypes import float64
from teletensor_core.errors import ArgumentTypeError, ShapeError

from teletensor import ops
from teletensor.factories import as_tensor, tensor
from teletensor.tensor import Tensor

Functions = Mapping[Any, Callable[..., Any]]


def default_collate(batch: Sequence[Any]) -> Any:
    """Samples stacked: tensors, arrays and numbers to tensors, dicts and sequences field by field, text as it is."""
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Sequence[Any], *, collate_fn_map: Functions | None = None) -> Any:
    """Samples joined by the function for their type, `f(batch, collate_fn_map=...)`; containers of any type, inside."""
    first = batch[0]
    functions = collate_fn_map or {}
    function = functions.get(type(first)) or next((f for kind, f in functions.items() if isinstance(first, kind)), None)
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)

    def inside(samples: Sequence[Any]) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: inside([sample[key] for sample in batch]) for key in first})
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        named = hasattr(first, "_fields")
        if not named and any(len(sample) != len(first) for sample in batch):
            raise ShapeError("each element in list of batch should be of equal size")
        return _like_sequence(first, [inside(samples) for samples in zip(*batch, strict=False)])
    raise ArgumentTypeError(_refusal(type(first)))


def default_convert(data: Any) -> Any:
    """One sample with its arrays and NumPy numbers as tensors, everything else as it is."""
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in "SUOa" else as_tensor(np.asarray(data))
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(each) for each in data])
    return data


def _like_mapping(like: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    """The items in a mapping of the same type, a plain dict where that cannot be made."""
    try:
        if isinstance(like, MutableMapping):
            clone = copy.copy(like)
            clone.update(items)
            return clone
        return type(like)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def _like_sequence(like: Sequence[Any], parts: list[Any]) -> Any:
    """The parts in a sequence of the same type, except that a tuple becomes a list."""
    if hasattr(like, "_fields"):
        return type(like)(*parts)
    if isinstance(like, tuple):
        return parts
    try:
        if isinstance(like, MutableSequence):
            clone = copy.copy(like)
            for i, part in enumerate(parts):
                clone[i] = part
            return clone
        return type(like)(parts)  # type: ignore[call-arg]
    except TypeError:
        return parts


def _tensors(batch: Sequence[Tensor], **_: Any) -> Tensor:
    return ops.stack(list(batch), dim=0)


def _arrays(batch: Sequence[Any], **_: Any) -> Tensor:
    first = batch[0]
    if first.dtype.kind in "SUOa":
        raise ArgumentTypeError(_refusal(first.dtype))
    for i, each in enumerate(batch):
        if each.shape != first.shape:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
                f"{list(each.shape)} at entry {i}"
            )
    return as_tensor(np.stack(batch))


def _refusal(kind: Any) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"


default_collate_fn_map: dict[Any, Callable[..., Any]] = {
    Tensor: _tensors,
    np.ndarray: _arrays,
    (np.bool_, np.number): lambda batch, **_: as_tensor(np.array(batch)),
    float: lambda batch, **_: tensor(list(batch), dtype=float64),
    int: lambda batch, **_: tensor(list(batch)),
    str: lambda batch, **_: batch,
    bytes: lambda batch, **_: batch,
}
