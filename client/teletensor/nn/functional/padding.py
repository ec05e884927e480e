"""Padding by a constant, by a mirror image, by the border or by wrapping round."""

from collections.abc import Sequence

from teletensor import ops
from teletensor.tensor import Tensor

_PADS_DIMS = {2: (2, 3), 4: (3, 4), 6: (4, 5)}


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with elements added around it.

    `pad` is (before, after) of the last dimension, then of the one before it, and so on; negative
    numbers cut off. `mode` is "constant", "reflect", "replicate" or "circular", the last three
    for one to three trailing dimensions. NotImplementedError for anything else.
    """
    amounts = tuple(int(amount) for amount in pad)
    if len(amounts) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(amounts) // 2 > input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension "
            f"but got padding length {len(amounts)} and input of dimension {input.ndim}"
        )
    if mode == "constant":
        return ops.constant_pad(input, pad=amounts, value=0.0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _BORDERS:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if input.ndim not in _PADS_DIMS.get(len(amounts), ()):
        raise NotImplementedError(_unsupported(input, amounts))
    return _BORDERS[mode](input, amounts)


def _unsupported(input: Tensor, amounts: Sequence[int]) -> str:
    return (
        f"Padding size {len(amounts)} is not supported for {input.ndim}D input tensor.\n"
        "Supported combinations for non-constant padding:\n"
        "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
        "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
        "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
    )


def _reflect(input: Tensor, amounts: tuple[int, ...]) -> Tensor:
    return ops.reflection_pad(input, pad=amounts)


def _replicate(input: Tensor, amounts: tuple[int, ...]) -> Tensor:
    return ops.replication_pad(input, pad=amounts)


def _wrap(input: Tensor, amounts: tuple[int, ...]) -> Tensor:
    for position, size in enumerate(reversed(input.shape[-(len(amounts) // 2) :])):
        if max(amounts[2 * position : 2 * position + 2]) > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
    if min(amounts) < 0:
        # What is cut off does not come back on the other side.
        input = ops.constant_pad(input, pad=tuple(min(amount, 0) for amount in amounts), value=0.0)
    return ops.circular_pad(input, pad=tuple(max(amount, 0) for amount in amounts))


_BORDERS = {"reflect": _reflect, "replicate": _replicate, "circular": _wrap}
