"""Kernel sizes, strides and paddings: one number or one per spatial dimension."""

from collections.abc import Sequence

Sizes = int | Sequence[int]

_WORDS = {1: "one int", 2: "two ints", 3: "three ints"}


def expand(value: Sizes, ndim: int, call: str, name: str) -> tuple[int, ...]:
    """`value` as a tuple of `ndim` numbers; RuntimeError naming the call if it has another length.

    One number, alone or in a list, stands for all dimensions.
    """
    if isinstance(value, int):
        return (value,) * ndim
    sizes = tuple(value)
    if len(sizes) == 1:
        return sizes * ndim
    if len(sizes) != ndim:
        raise RuntimeError(f"{call}: {name} must either be a single int, or a tuple of {_WORDS[ndim]}")
    return sizes


def expand_for_conv(value: Sizes, ndim: int, name: str) -> tuple[int, ...]:
    """`expand` with the words of PyTorch's convolutions."""
    if isinstance(value, int):
        return (value,) * ndim
    sizes = tuple(value)
    if len(sizes) == 1:
        return sizes * ndim
    if len(sizes) != ndim:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {ndim} values to match "
            f"the convolution dimensions, but got {name}={list(sizes)}"
        )
    return sizes
