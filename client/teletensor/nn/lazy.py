"""Layers that learn the size of their input from the first one they see."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from teletensor.nn.batchnorm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
)
from teletensor.nn.conv import Conv1d, Conv2d, Conv3d
from teletensor.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from teletensor.nn.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from teletensor.nn.linear import Linear
from teletensor.nn.module import Module
from teletensor.nn.parameter import (
    UninitializedBuffer,
    UninitializedParameter,
    UninitializedTensor,
    is_lazy,
)
from teletensor.tensor import Tensor


class LazyModuleMixin(Module):
    """A layer whose first forward gives its parameters their shapes, and makes it the ordinary layer.

    It takes the ordinary layer's arguments but for the first, the size that it waits for.
    """

    cls_to_become: ClassVar[type[Module]]
    __signature__: ClassVar[inspect.Signature]
    _size_name: ClassVar[str]
    # Where a default is not the ordinary layer's.
    _defaults: ClassVar[dict[str, Any]] = {}
    _arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls, "cls_to_become"):
            return
        eager = inspect.signature(cls.cls_to_become)
        rest = [p.replace(default=cls._defaults.get(p.name, p.default)) for p in list(eager.parameters.values())[1:]]
        cls.__signature__ = eager.replace(parameters=rest)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = type(self).__signature__.bind(*args, **kwargs)
        given.apply_defaults()
        self._arguments = given.args, given.kwargs
        super().__init__(0, *given.args, **given.kwargs)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = UninitializedParameter(device=parameter.device, dtype=parameter.dtype)
        for name, buffer in self._buffers.items():
            if buffer is not None and buffer.ndim:
                self._buffers[name] = UninitializedBuffer(device=buffer.device, dtype=buffer.dtype)
        hooks = (self.register_forward_pre_hook(_begin), self._register_load_state_dict_pre_hook(_take_shapes, True))
        self._waiting_hooks = hooks

    def has_uninitialized_params(self) -> bool:
        """Whether there is a parameter or buffer without a shape."""
        return any(is_lazy(x) for x in (*self._parameters.values(), *self._buffers.values()))

    def reset_parameters(self) -> None:
        """Draw parameters anew, once they have shapes."""
        if self._arguments is None:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:
        """Give the parameters the shapes that this input needs, and their first values."""
        assert self._arguments is not None, "a lazy layer was initialised twice"
        size, (args, kwargs) = self._size(input), self._arguments
        setattr(self, self._size_name, size)
        if not self.has_uninitialized_params():
            return
        ordinary = self.cls_to_become(size, *args, **kwargs)
        for mine, theirs in ((self._parameters, ordinary._parameters), (self._buffers, ordinary._buffers)):
            for name, tensor in mine.items():
                if isinstance(tensor, UninitializedTensor):
                    first: Any = theirs[name]
                    tensor.materialize(first.shape)
                    tensor.data.copy_(first.detach())

    def _size(self, input: Tensor) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not say which size it takes from its input")


def _begin(module: LazyModuleMixin, args: tuple[Any, ...]) -> None:
    """Before the first forward: become the ordinary layer."""
    module.initialize_parameters(*args)
    for hook in module._waiting_hooks:
        hook.remove()
    del module._waiting_hooks, module._arguments
    module.__class__ = module.cls_to_become  # type: ignore[assignment]


def _take_shapes(module: LazyModuleMixin, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
    """Before loading: take the shapes of what is loaded."""
    for holder in (module._parameters, module._buffers):
        for name, tensor in holder.items():
            given = state_dict.get(prefix + name)
            if isinstance(tensor, UninitializedTensor) and given is not None and not is_lazy(given):
                tensor.materialize(given.shape)


class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` whose `in_features` are the last size of its first input."""

    cls_to_become, _size_name = Linear, "in_features"

    def _size(self, input: Tensor) -> int:
        return int(input.shape[-1])


class _LazyChannels(LazyModuleMixin):
    """A layer that takes the number of channels; `_spatial` dimensions follow them."""

    _spatial: ClassVar[int]

    def _size(self, input: Tensor) -> int:
        unbatched = self._spatial + 1
        if input.ndim not in (unbatched, unbatched + 1):
            raise RuntimeError(
                f"Expected {unbatched}D (unbatched) or {unbatched + 1}D (batched) input to {type(self).__name__}, but "
                f"got input of size: {input.shape}"
            )
        return int(input.shape[1 if input.ndim > unbatched else 0])


class LazyConv1d(_LazyChannels, Conv1d):
    """`Conv1d` whose `in_channels` are those of its first input."""

    cls_to_become, _size_name, _spatial = Conv1d, "in_channels", 1


class LazyConv2d(_LazyChannels, Conv2d):
    """`Conv2d` whose `in_channels` are those of its first input."""

    cls_to_become, _size_name, _spatial = Conv2d, "in_channels", 2


class LazyConv3d(_LazyChannels, Conv3d):
    """`Conv3d` whose `in_channels` are those of its first input."""

    cls_to_become, _size_name, _spatial = Conv3d, "in_channels", 3


class LazyConvTranspose1d(_LazyChannels, ConvTranspose1d):
    """`ConvTranspose1d` whose `in_channels` are those of its first input."""

    cls_to_become, _size_name, _spatial = ConvTranspose1d, "in_channels", 1


class LazyConvTranspose2d(_LazyChannels, ConvTranspose2d):
    """`ConvTranspose2d` whose `in_channels` are those of its first input."""

    cls_to_become, _size_name, _spatial = ConvTranspose2d, "in_channels", 2


class LazyConvTranspose3d(_LazyChannels, ConvTranspose3d):
    """`ConvTranspose3d` whose `in_channels` are those of its first input."""

    cls_to_become, _size_name, _spatial = ConvTranspose3d, "in_channels", 3


class _LazyFeatures(_LazyChannels):
    def _size(self, input: Tensor) -> int:
        return int(input.shape[1])


class LazyBatchNorm1d(_LazyFeatures, BatchNorm1d):
    """`BatchNorm1d` whose `num_features` are the channels of its first input."""

    cls_to_become, _size_name = BatchNorm1d, "num_features"


class LazyBatchNorm2d(_LazyFeatures, BatchNorm2d):
    """`BatchNorm2d` whose `num_features` are the channels of its first input."""

    cls_to_become, _size_name = BatchNorm2d, "num_features"


class LazyBatchNorm3d(_LazyFeatures, BatchNorm3d):
    """`BatchNorm3d` whose `num_features` are the channels of its first input."""

    cls_to_become, _size_name = BatchNorm3d, "num_features"


class _LazyInstanceNorm(_LazyChannels):
    _defaults: ClassVar = {"affine": True, "track_running_stats": True}


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """`InstanceNorm1d` whose `num_features` are the channels of its first input."""

    cls_to_become, _size_name, _spatial = InstanceNorm1d, "num_features", 1


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """`InstanceNorm2d` whose `num_features` are the channels of its first input."""

    cls_to_become, _size_name, _spatial = InstanceNorm2d, "num_features", 2


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """`InstanceNorm3d` whose `num_features` are the channels of its first input."""

    cls_to_become, _size_name, _spatial = InstanceNorm3d, "num_features", 3
