"""`torch.utils.hooks`: what registering a hook gives."""

from teletensor.hooks import RemovableHandle as RemovableHandle

__all__ = ["RemovableHandle"]
