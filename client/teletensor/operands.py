"""What a call's operands are made into before an op takes them: lists, plain numbers, one place, one precision."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import ArgumentError, ArgumentTypeError, DeviceError, ShapeError
from teletensor_core.plan import wrong_operand
from teletensor_core.registry import Op

from teletensor import sessions
from teletensor.session import Session
from teletensor.tensor_base import TensorBase, new

NUMBERS = frozenset((int, float, bool, complex))
_IN_ORDER: tuple[Any, ...] = (bool, int, float, complex)


def no_tensor(op: Op, operands: tuple[Any, ...]) -> ArgumentTypeError:
    """The error for a call none of whose operands is a tensor."""
    return wrong_operand(op, op.operands[0], operands[0])


def check_list(op: Op, name: str, tensors: list[Any]) -> None:
    """Raise what PyTorch raises for a list that has something else in it, or nothing where that has no meaning."""
    if name not in op.lists:
        raise wrong_operand(op, name, tensors)
    for i, t in enumerate(tensors):
        if not isinstance(t, TensorBase):
            raise ArgumentTypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(t).__name__} (in {op.name})"
            )
    if not tensors and op.name == "cat":
        raise ArgumentError("torch.cat(): expected a non-empty list of Tensors")
    if not tensors and op.name == "stack":
        raise ShapeError("stack expects a non-empty TensorList")


def tidy(op: Op, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands with tuples as lists and NumPy numbers as Python numbers; refuses anything else."""
    return tuple(
        [
            x if isinstance(x, TensorBase) or x is None or type(x) in NUMBERS else _tidied(op, name, x)
            for name, x in zip(op.operands, operands, strict=True)
        ]
    )


def _tidied(op: Op, name: str, x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return list(x)
    for kind in _IN_ORDER:
        if isinstance(x, kind):
            return kind(x)
    if hasattr(x, "item") and getattr(x, "ndim", None) == 0:
        return x.item()
    raise wrong_operand(op, name, x)


def together(op: Op, operands: tuple[Any, ...], target: Session | None = None) -> tuple[Any, ...]:
    """Operands in one session: a 0-d tensor on cpu joins tensors elsewhere by value, as in PyTorch.

    Where cpu is a worker, tensors on cpu in this process join it too, or the `target` of an in-place op joins them.
    """
    homes = {x._session for x in operands if isinstance(x, TensorBase) and not _is_cpu_scalar(x)}
    if len(homes) > 1 and all(home.device.type == "cpu" for home in homes):
        return joined(operands, target or next(home for home in homes if home is not sessions.local()))
    if len(homes) != 1:
        raise elsewhere(op, operands)
    home = homes.pop()
    return tuple(
        new(home.upload(x._session.read([x._ref])[0], x._spec), x._spec, home)
        if isinstance(x, TensorBase) and x._session is not home
        else x
        for x in operands
    )


def joined(operands: tuple[Any, ...], home: Session) -> tuple[Any, ...]:
    """Operands, and the tensors in lists among them, moved to one session, gradients with them."""
    from teletensor.transfer import move

    def one(x: Any) -> Any:
        return move(x, home) if isinstance(x, TensorBase) and x._session is not home else x  # type: ignore[arg-type]

    return tuple([one(t) for t in x] if isinstance(x, list) else one(x) for x in operands)


def machine(operands: tuple[Any, ...]) -> Session | None:
    """The worker that `cpu` is, if some of the operands' tensors on cpu are there and some in this process."""
    tensors = [t for x in operands for t in (x if isinstance(x, list) else [x]) if isinstance(t, TensorBase)]
    homes = {t._session for t in tensors}
    if len(homes) < 2 or any(home.device.type != "cpu" for home in homes):
        return None
    return next(home for home in homes if home is not sessions.local())


def _is_cpu_scalar(x: TensorBase) -> bool:
    return x._session.device.type == "cpu" and not x._spec.shape and not x.requires_grad


def elsewhere(op: Op, operands: tuple[Any, ...]) -> DeviceError:
    """The error for operands in different places."""
    tensors = [t for x in operands for t in (x if isinstance(x, list) else [x]) if isinstance(t, TensorBase)]
    devices = list(dict.fromkeys(str(t._session.device) for t in tensors))
    return DeviceError(
        f"Expected all tensors to be on the same device, but found at least two devices, {devices[0]} "
        f"and {devices[1]}! (in {op.name}, with shapes {[list(t._spec.shape) for t in tensors]}); move them with "
        f".to(device)"
    )


def autocast(op: Op, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands in the precision that autocast runs the op in."""
    from teletensor.amp.autocast import cast

    return cast(op, operands)
