"""PyTorch's calling conventions where they differ from "operands, then attributes": variadic sizes, overloads, `alpha=`,
named results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentTypeError, ShapeError
from teletensor_core.rules import normalize_dim
from teletensor_core.rules.views import full_shape, view_strides

from teletensor import ops
from teletensor.return_types import named
from teletensor.tensor import Tensor


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given one by one or as one sequence, as plain ints."""
    if len(size) == 1 and not isinstance(size[0], (int, Tensor)) and hasattr(size[0], "__iter__"):
        size = tuple(size[0])
    return tuple(n if type(n) is int else n.__index__() for n in size)


# -- shapes -----------------------------------------------------------------------------------------------------------


def view(input: Tensor, *shape: Any, dtype: Any = None) -> Tensor:
    """The same memory under another shape. ShapeError when the layout does not allow it."""
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], dtypes.DType)):
        wanted = dtype or shape[0]
        if wanted is not input.dtype:
            raise ArgumentTypeError(f"view(dtype) from {input.dtype} to {wanted} is not supported; use .to(dtype)")
        return input
    return ops.view(input, _sizes(shape))


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements under another shape: a view where the layout allows it, else a copy."""
    wanted = _sizes(shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape)
    spec = input._spec
    if view_strides(spec, full_shape(wanted, spec)) is not None:
        return ops.view(input, wanted)
    return ops.reshape(input, wanted)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` viewed with the shape of `other`."""
    return ops.view(input, tuple(other.shape))


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` reshaped to the shape of `other`."""
    return reshape(input, tuple(other.shape))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one."""
    if not input.ndim:
        return reshape(input, (1,))
    first, last = normalize_dim(start_dim, input.ndim), normalize_dim(end_dim, input.ndim)
    if first > last:
        raise ShapeError(f"flatten() has invalid args: start_dim {start_dim} cannot come after end_dim {end_dim}")
    size = 1
    for n in input.shape[first : last + 1]:
        size *= n
    return input if first == last else reshape(input, (*input.shape[:first], size, *input.shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """One dimension split into several."""
    at = normalize_dim(dim, input.ndim)
    sizes = list(_sizes((sizes,)))
    if -1 in sizes:
        known = 1
        for n in sizes:
            known *= 1 if n == -1 else n
        sizes[sizes.index(-1)] = input.shape[at] // max(known, 1)
    return reshape(input, (*input.shape[:at], *sizes, *input.shape[at + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, (-1,))


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in another order."""
    return ops.permute(input, _sizes(dims))


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and numbers stay as they are."""
    if input.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return ops.transpose(input, 0, 1) if input.ndim == 2 else input


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved from `source` to `destination`, the others in their order."""
    moved = [normalize_dim(d, input.ndim) for d in ((source,) if isinstance(source, int) else source)]
    places = [normalize_dim(d, input.ndim) for d in ((destination,) if isinstance(destination, int) else destination)]
    order = [-1] * input.ndim
    for s, d in zip(moved, places, strict=True):
        order[d] = s
    rest = iter(d for d in range(input.ndim) if d not in moved)
    return ops.permute(input, tuple(next(rest) if d == -1 else d for d in order))


def expand(input: Tensor, *size: Any) -> Tensor:
    """Dimensions of one element repeated without copying."""
    return ops.expand(input, _sizes(size))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` expanded to the shape of `other`."""
    return ops.expand(input, tuple(other.shape))


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """`input` expanded to `size`."""
    return ops.expand(input, _sizes((size,)))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    from teletensor_core.rules import broadcast_shapes

    shape = broadcast_shapes(*[x._spec.shape for x in tensors])
    return tuple(ops.expand(x, shape) for x in tensors)


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """The tensor laid side by side along each dimension."""
    return ops.repeat(input, _sizes(repeats))


def tile(input: Tensor, *dims: Any) -> Tensor:
    """Like `repeat`, with missing leading repeats taken as one."""
    wanted = _sizes(dims)
    return ops.repeat(input, (1,) * (input.ndim - len(wanted)) + wanted)


def repeat_interleave(input: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """Each element repeated in place; with a tensor of counts, one count per position (waits for the counts)."""
    if isinstance(repeats, Tensor):
        counts = repeats.tolist()
        if not isinstance(counts, list):
            return ops.repeat_interleave(input, counts, dim)
        source, at = (ravel(input), 0) if dim is None else (input, dim)
        positions = [i for i, n in enumerate(counts) for _ in range(n)]
        return ops.index_select(source, _index_tensor(source, positions), dim=at)
    return ops.repeat_interleave(input, int(repeats), dim)


def _index_tensor(like: Tensor, positions: list[int]) -> Tensor:
    from teletensor import factories

    return factories.tensor(positions, dtype=dtypes.int64, device=like.device)


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of size 1 (among `dim`)."""
    return ops.squeeze(input, tuple(dim) if isinstance(dim, (list, tuple)) else dim)


def flip(input: Tensor, *dims: Any) -> Tensor:
    """The order of elements reversed along dimensions."""
    return ops.flip(input, _sizes(dims))


def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """Itself when dense and row-major, else a copy that is."""
    return input if input._spec.contiguous else ops.clone(input)


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` positions of a dimension from `start` on."""
    size = input.shape[normalize_dim(dim, input.ndim)]
    start = int(start) + (size if int(start) < 0 else 0)
    if start + length > size or length < 0:
        raise ShapeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return ops.slice(input, dim, start, start + length, 1)


def split(input: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive parts of a dimension."""
    sizes = split_size_or_sections
    parts: tuple[Tensor, ...] = ops.split(input, sizes if isinstance(sizes, int) else tuple(sizes), dim)
    return parts


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal size (the last may be smaller)."""
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input.shape[normalize_dim(dim, input.ndim)]
    return split(input, max(-(-size // chunks), 1) if size else 0, dim) if size else (input,) * chunks


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinate grids of one-dimensional tensors."""
    listed: list[Tensor] = (
        list(tensors[0]) if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else list(tensors)
    )
    if indexing == "xy" and len(listed) > 1:
        listed[:2] = listed[1::-1]
    shape = tuple(x.numel() for x in listed)
    grids = [
        ops.expand(reshape(x, (1,) * i + (-1,) + (1,) * (len(shape) - 1 - i)), shape) for i, x in enumerate(listed)
    ]
    if indexing == "xy" and len(listed) > 1:
        grids = [ops.transpose(g, 0, 1) for g in grids]
        grids[:2] = grids[1::-1]
    return tuple(grids)


def stacker(stack_dim: int, at_least: int) -> Callable[[Any], Tensor]:
    """vstack, hstack and dstack: join after giving every tensor enough dimensions."""

    def join(tensors: Any) -> Tensor:
        grown = [_at_least(x, at_least) for x in tensors]
        return ops.cat(grown, 0 if stack_dim == 1 and grown[0].ndim == 1 else stack_dim)

    return join


def _at_least(x: Tensor, ndim: int) -> Tensor:
    while x.ndim < ndim:
        x = x.unsqueeze(0) if x.ndim < 2 else x.unsqueeze(-1)
    return x


# -- arithmetic with alpha --------------------------------------------------------------------------------------------


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """`input + alpha * other`."""
    return ops.add(input, other if alpha == 1 else ops.mul(other, alpha))


def add_(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """`input += alpha * other`."""
    return ops.add_(input, other if alpha == 1 else other * alpha)


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """`input - alpha * other`."""
    return ops.sub(input, other if alpha == 1 else ops.mul(other, alpha))


def sub_(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """`input -= alpha * other`."""
    return ops.sub_(input, other if alpha == 1 else other * alpha)


def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """`other - alpha * input`."""
    return ops.sub(other, input if alpha == 1 else ops.mul(input, alpha))


# -- reductions with overloads ----------------------------------------------------------------------------------------


def reduction(op: Callable[..., Any]) -> Callable[..., Any]:
    """`sum(x)`, `sum(x, 1)`, `sum(x, (0, 1), True)`, `sum(x, dtype=...)`, and NumPy's `axis=`."""

    def reduce(input: Tensor, dim: Any = None, keepdim: bool = False, *, axis: Any = None, **attrs: Any) -> Any:
        dim = axis if dim is None else dim
        return op(input, tuple(dim) if isinstance(dim, (list, tuple)) else dim, keepdim, **attrs)

    reduce.__name__ = op.__name__
    reduce.__doc__ = op.__doc__
    return reduce


def spread(op: Callable[..., Any]) -> Callable[..., Any]:
    """Var and std: `unbiased=` and `correction=`, in PyTorch's positions."""

    def reduce(
        input: Tensor,
        dim: Any = None,
        unbiased: Any = None,
        keepdim: bool = False,
        *,
        correction: Any = None,
        axis: Any = None,
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        dim = axis if dim is None else dim
        if correction is None:
            correction = 1 if unbiased is None else int(unbiased)
        return op(input, tuple(dim) if isinstance(dim, (list, tuple)) else dim, correction=correction, keepdim=keepdim)

    reduce.__name__ = op.__name__
    reduce.__doc__ = op.__doc__
    return reduce


def extreme(name: str) -> Callable[..., Any]:
    """Max and min: over everything, along a dimension (values and indices), or of two tensors."""
    whole, along = getattr(ops, f"{name}_all"), getattr(ops, f"{name}_dim")
    pairwise = getattr(ops, f"{name}imum")

    def pick(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        if isinstance(dim, Tensor) or other is not None:
            return pairwise(input, dim if other is None else other)
        return whole(input) if dim is None else named(name, along(input, dim, keepdim))

    pick.__name__ = name
    pick.__doc__ = (
        f"The {name}imum: of all elements, along `dim` with its indices, or of two tensors element by element."
    )
    return pick


def indexed(name: str, op: Callable[..., Any]) -> Callable[..., Any]:
    """An op with values and indices, as PyTorch's named tuple."""

    def run(*args: Any, **kwargs: Any) -> Any:
        return named(name, op(*args, **kwargs))

    run.__name__ = name
    run.__doc__ = op.__doc__
    return run


def middle(name: str) -> Callable[..., Any]:
    """median: of everything, or along a dimension with indices."""
    whole, along = getattr(ops, f"{name}_all"), getattr(ops, f"{name}_dim")

    def pick(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
        return whole(input) if dim is None else named(name, along(input, dim, keepdim))

    pick.__name__ = name
    pick.__doc__ = whole.__doc__
    return pick


def dim_first(op: Callable[..., Any]) -> Callable[..., Any]:
    """gather, scatter and friends: PyTorch takes `dim` before the tensors."""

    def run(input: Tensor, dim: int, *operands: Any, **attrs: Any) -> Any:
        return op(input, *operands, dim=dim, **attrs)

    run.__name__ = op.__name__
    run.__doc__ = op.__doc__
    return run


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Elements of `input` where the condition holds, else of `other`; with the condition alone, where it holds."""
    if input is None and other is None:
        return tuple(ops.unbind(ops.nonzero(condition), 1))
    return ops.where(condition, input, other)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of elements that are not zero. Waits: how many is data."""
    found = ops.nonzero(input)
    return tuple(ops.unbind(found, 1)) if as_tuple else found
