"""Types that the signatures of layers share."""

from collections.abc import Sequence

Sizes = int | Sequence[int]
OutputSize = int | None | Sequence[int | None]


def repeat(value: Sizes, count: int) -> tuple[int, ...]:
    """`value` as a tuple: a single number `count` times, anything else as it is."""
    return (value,) * count if isinstance(value, int) else tuple(value)
