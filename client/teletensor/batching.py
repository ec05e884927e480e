"""`torch.vmap`: a function of one sample made one of a batch, by calling it for each sample."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, Literal, NoReturn, TypeAlias

from teletensor_core.errors import ArgumentError, GradientError

from teletensor import ops, random
from teletensor.tensor import Tensor

Randomness: TypeAlias = Literal["error", "different", "same"]


def vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: Randomness = "error", *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A function that calls `func` for each slice of its tensors along `in_dims`, and stacks what that returns.

    `func` is called once for each sample, one after the other; the gradients are those of these calls. So it is as
    fast as a loop, and `func` may do what depends on values, which PyTorch refuses. `in_dims` and `out_dims` are
    numbers, or trees of them like the arguments and the result; None is for what is the same for every sample.
    Keyword arguments are given on as they are. With `randomness` "same" every sample draws the same numbers, with
    "different" its own; with "error" drawing is a GradientError. `chunk_size` changes nothing.

    Raises ArgumentError (a ValueError) for dimensions that do not fit, for results that are no tensors, and for a
    dimension of size 0: there is no sample to learn the result's shape from.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    name = _name(func)

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if randomness not in ("error", "different", "same"):
            raise GradientError(
                f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}"
            )
        dims = _input_dims(name, in_dims, args)
        samples = _slices(list(_leaves(args)), dims)
        drawing = _Drawing(randomness)
        results = []
        with random.watched(drawing):
            for sample in samples:
                drawing.begin_sample()
                results.append(func(*_like(args, iter(sample)), **kwargs))
        return _joined(name, results, out_dims)

    return wrapped


def _name(func: Callable[..., Any]) -> str:
    if isinstance(func, functools.partial):
        return f"functools.partial({_name(func.func)}, ...)"
    return getattr(func, "__name__", None) or repr(func)


# -- arguments ---------------------------------------------------------------------------------------------------------


def _input_dims(name: str, in_dims: Any, args: tuple[Any, ...]) -> list[int | None]:
    """The dimension to slice for each leaf of the arguments, checked."""

    def refuse(what: str) -> NoReturn:
        raise ArgumentError(f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): {what}")

    if not isinstance(in_dims, (int, tuple)):
        refuse(
            "expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ArgumentError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    dims = _spread(in_dims, args)
    if dims is None:
        refuse("in_dims is not compatible with the structure of `inputs`.")
    for leaf, dim in zip(_leaves(args), dims, strict=True):
        if dim is not None:
            _check_dim(leaf, dim, refuse)
    return dims


def _check_dim(leaf: Any, dim: Any, refuse: Callable[[str], NoReturn]) -> None:
    if not isinstance(dim, int):
        refuse(f"Got in_dim={dim} for an input but in_dim must be either an integer dimension or None.")
    if not isinstance(leaf, Tensor):
        refuse(
            f"Got in_dim={dim} for an input but the input is of type {type(leaf)}. We cannot vmap over non-Tensor "
            "arguments, please use None as the respective in_dim"
        )
    if not -leaf.ndim <= dim < leaf.ndim:
        refuse(
            f"Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {leaf.ndim} so expected "
            f"in_dim to satisfy -{leaf.ndim} <= in_dim < {leaf.ndim}."
        )


def _slices(leaves: list[Any], dims: list[int | None]) -> list[list[Any]]:
    """For each sample, its leaves."""
    sizes = [leaf.shape[dim] for leaf, dim in zip(leaves, dims, strict=True) if dim is not None]
    if not sizes:
        raise ArgumentError("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        raise ArgumentError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, "
            f"got sizes {sizes} for the mapped dimension"
        )
    if sizes[0] == 0:
        raise ArgumentError("vmap: the mapped dimension has size 0: there is no sample to call the function with")
    cut = [[leaf] * sizes[0] if dim is None else ops.unbind(leaf, dim) for leaf, dim in zip(leaves, dims, strict=True)]
    return [list(sample) for sample in zip(*cut, strict=True)]


# -- results -----------------------------------------------------------------------------------------------------------


def _joined(name: str, results: list[Any], out_dims: Any) -> Any:
    """The samples' results stacked, in the form of one of them."""
    first = results[0]
    dims = _spread(out_dims, first)
    if dims is None:
        raise ArgumentError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            "`outputs`."
        )
    columns = zip(*[list(_leaves(result)) for result in results], strict=True)
    return _like(first, (_stacked(name, list(column), dim) for column, dim in zip(columns, dims, strict=True)))


def _stacked(name: str, column: list[Any], dim: int | None) -> Any:
    if dim is None:
        return column[0]
    for leaf in column:
        if not isinstance(leaf, Tensor):
            raise ArgumentError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(leaf)}. "
                "Did you mean to set out_dims= to None for output?"
            )
    return ops.stack(column, dim)


# -- random numbers ----------------------------------------------------------------------------------------------------


class _Drawing:
    """What samples may draw; is told of every draw before it is made."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._starts: dict[random.Generator, Tensor] = {}

    def begin_sample(self) -> None:
        """Where every sample draws the same numbers, go back to where the first one began."""
        for generator, state in self._starts.items():
            generator.set_state(state)

    def __call__(self, generator: random.Generator) -> None:
        if self._randomness == "error":
            raise GradientError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                "'different' randomness flags on vmap or perform the randomness operation out of vmap"
            )
        if self._randomness == "same" and generator not in self._starts:
            self._starts[generator] = generator.get_state()


# -- trees: dictionaries, lists and tuples around leaves ---------------------------------------------------------------


def _parts(tree: Any) -> list[Any] | None:
    """What a tree is made of; None for a leaf."""
    if isinstance(tree, dict):
        return list(tree.values())
    return list(tree) if isinstance(tree, (list, tuple)) else None


def _leaves(tree: Any) -> Iterator[Any]:
    parts = _parts(tree)
    if parts is None:
        yield tree
    else:
        for part in parts:
            yield from _leaves(part)


def _like(tree: Any, leaves: Iterator[Any]) -> Any:
    """A tree of the same form with other leaves."""
    parts = _parts(tree)
    if parts is None:
        return next(leaves)
    made = [_like(part, leaves) for part in parts]
    if isinstance(tree, dict):
        return type(tree)(zip(tree, made, strict=True))
    return type(tree)(*made) if hasattr(tree, "_fields") else type(tree)(made)


def _spread(dims: Any, tree: Any) -> list[Any] | None:
    """A dimension for each leaf of a tree, from a tree of them that may end sooner; None where the forms differ."""
    parts, given = _parts(tree), _parts(dims)
    if given is None:
        return [dims for _ in _leaves(tree)]
    if parts is None or len(parts) != len(given) or isinstance(tree, dict) != isinstance(dims, dict):
        return None
    if isinstance(tree, dict):
        if set(tree) != set(dims):
            return None
        given = [dims[key] for key in tree]
    found = [_spread(dim, part) for dim, part in zip(given, parts, strict=True)]
    return None if any(each is None for each in found) else [dim for each in found for dim in each or ()]
