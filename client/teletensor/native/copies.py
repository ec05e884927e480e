"""Views as copies: `permute_copy` is `permute` in memory of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from teletensor import functions, ops
from teletensor.layouts import contiguous_format
from teletensor.out import store, store_all
from teletensor.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


def _copied(name: str, view: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def copy(*args: Any, out: Tensor | None = None, **kwargs: Any) -> Tensor:
        made = functions.clone(view(*args, **kwargs), memory_format=contiguous_format)
        return made if out is None else store(made, out)

    return _described(copy, name)


def _all_copied(name: str, views: Callable[..., Sequence[Tensor]]) -> Callable[..., tuple[Tensor, ...]]:
    def copies(*args: Any, out: Sequence[Tensor] | None = None, **kwargs: Any) -> tuple[Tensor, ...]:
        made = tuple(functions.clone(part, memory_format=contiguous_format) for part in views(*args, **kwargs))
        return made if out is None else store_all(made, out)

    return _described(copies, name)


def _described(function: F, name: str) -> F:
    function.__name__ = function.__qualname__ = f"{name}_copy"
    function.__doc__ = f"What `{name}` gives, in memory of its own."
    return function


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return ops.slice(input, dim % max(input.ndim, 1), start, end, step)


alias_copy = _copied("alias", ops.alias)
as_strided_copy = _copied("as_strided", functions.as_strided)
# Which is recorded, in PyTorch too.
detach_copy = _copied("detach", ops.alias)
diagonal_copy = _copied("diagonal", functions.diagonal)
expand_copy = _copied("expand", lambda input, size, *, implicit=False: input.expand(size))
permute_copy = _copied("permute", functions.permute)
select_copy = _copied("select", functions.select)
slice_copy = _copied("slice", _slice)
squeeze_copy = _copied("squeeze", functions.squeeze)
t_copy = _copied("t", functions.t)
transpose_copy = _copied("transpose", functions.transpose)
unfold_copy = _copied("unfold", lambda input, dimension, size, step: input.unfold(dimension, size, step))
unsqueeze_copy = _copied("unsqueeze", functions.unsqueeze)
view_copy = _copied("view", Tensor.view)
view_as_complex_copy = _copied("view_as_complex", functions.view_as_complex)
view_as_real_copy = _copied("view_as_real", functions.view_as_real)
split_copy = _all_copied("split", functions.split)
split_with_sizes_copy = _all_copied("split_with_sizes", functions.split_with_sizes)
unbind_copy = _all_copied("unbind", functions.unbind)
