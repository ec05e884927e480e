"""Moving a module's tensors to another device or dtype, under the same Parameter objects."""

from collections.abc import Callable
from typing import Any, Self

from teletensor_core.dtypes import DType
from teletensor_core.errors import UnsupportedError

import teletensor as tt
from teletensor import gradients, sessions
from teletensor.nn.walk import Walks
from teletensor.tensor import Tensor


class Converts(Walks):
    """`to`, `cuda`, `cpu`, `float`, `half` and their like."""

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move to a device, cast to a floating point dtype, or both; returns this module.

        Called as `to(device)`, `to(dtype)`, `to(device, dtype)` or `to(tensor)`. Integer
        parameters and buffers keep their dtype; an integer dtype raises TypeError.
        """
        device, dtype, _ = parse_to(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )

        def cast(tensor: Tensor) -> Tensor:
            numbers = tensor.is_floating_point() or tensor.is_complex()
            return tensor.to(dtype) if dtype is not None and numbers else tensor

        tensors = (*self.parameters(), *self.buffers())
        if device is not None and device.type != "meta" and any(x.is_meta for x in tensors):
            raise UnsupportedError(
                "Cannot copy out of meta tensor; no data! Please use torch.nn.Module.to_empty() instead of "
                "torch.nn.Module.to() when moving module from meta to a different device."
            )
        return self._apply(cast if device is None else self._moved_by(device, cast))

    def cpu(self) -> Self:
        """Move to the host: one round trip for all tensors of one place."""
        return self._apply(self._moved_by("cpu", lambda tensor: tensor))

    def _moved_by(self, device: Any, cast: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """A function that casts and moves a tensor. What has to come from a worker was asked for together."""
        with tt.no_grad():
            grads = [p.grad for p in self.parameters() if p.grad is not None]
            there = [x for x in (*self.parameters(), *grads, *self.buffers()) if _leaves_worker(x, device)]
            cast_there = [cast(x) for x in there]
            arriving = [x.to("cpu", non_blocking=True) for x in cast_there]
        found = {id(x): copy for x, copy in zip(there, arriving, strict=True)}
        return lambda tensor: (found[id(tensor)] if id(tensor) in found else cast(tensor)).to(device)

    def cuda(self, device: Any = None) -> Self:
        """Move to a GPU, the current one by default."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def float(self) -> Self:
        """Cast floating point parameters and buffers to float32."""
        return self._cast(tt.float32)

    def double(self) -> Self:
        """Cast floating point parameters and buffers to float64."""
        return self._cast(tt.float64)

    def half(self) -> Self:
        """Cast floating point parameters and buffers to float16."""
        return self._cast(tt.float16)

    def bfloat16(self) -> Self:
        """Cast floating point parameters and buffers to bfloat16."""
        return self._cast(tt.bfloat16)

    def type(self, dst_type: DType | str) -> Self:
        """Cast all parameters and buffers to `dst_type`."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move to `device` without copying values, which are undefined afterwards."""
        return self._apply(lambda tensor: tt.empty_like(tensor, device=device), recurse)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether autograd should record operations on the parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or zero them in place."""
        gradients.clear(self.parameters(), set_to_none)

    def _cast(self, dtype: DType) -> Self:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace every parameter's data, its gradient's data and every buffer by `fn` of it."""
        if recurse:
            for child in self.children():
                child._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                _replace_data(parameter, fn)
                if parameter.grad is not None:
                    _replace_data(parameter.grad, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self


def _leaves_worker(tensor: Tensor, device: Any) -> bool:
    return tensor.device.type != "cpu" and sessions.resolve(device) not in (tensor._session, sessions.meta())


def _replace_data(tensor: Tensor, fn: Callable[[Tensor], Tensor]) -> None:
    with tt.no_grad():
        replaced = fn(tensor)
    if replaced is not tensor:
        tensor.data = replaced


def parse_to(*args: Any, **kwargs: Any) -> tuple[Any, DType | None, bool]:
    """The device, dtype and `non_blocking` in the arguments of a call of `to`.

    TypeError for arguments that none of PyTorch's signatures takes.
    """
    positional = list(args)
    found: dict[str, Any] = {"device": None, "dtype": None, "non_blocking": False}
    if positional and isinstance(positional[0], Tensor):
        tensor = positional.pop(0)
        found.update(device=tensor.device, dtype=tensor.dtype)
        names = ["non_blocking", "copy"]
    elif positional and isinstance(positional[0], DType):
        names = ["dtype", "non_blocking", "copy"]
    else:
        names = ["device", "dtype", "non_blocking", "copy"]
    if len(args) > 4 or len(positional) > len(names):
        raise TypeError(f"to() takes from 0 to 4 positional arguments but {len(args)} were given")
    given = dict(zip(names, positional, strict=False)) | kwargs
    for name, value in given.items():
        if name == "tensor":
            found.update(device=value.device, dtype=value.dtype)
        elif name in ("device", "dtype", "non_blocking", "copy", "memory_format"):
            found[name] = value
        else:
            raise TypeError(f"to() got an unexpected keyword argument '{name}'")
    device, dtype = found["device"], found["dtype"]
    if dtype is not None and not isinstance(dtype, DType):
        raise TypeError(f"to() received an invalid combination of arguments: dtype={dtype!r}")
    return None if device is None else tt.device(device), dtype, bool(found["non_blocking"])
