"""A module wrapped for several devices. A session has one, so that the work stays on it."""

from __future__ import annotations

from typing import Any

from teletensor.nn.module import Module


class DataParallel(Module):
    """The module itself, under the name `module`: what PyTorch's does where there is only one device."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module gives."""
        return self.module(*inputs, **kwargs)
