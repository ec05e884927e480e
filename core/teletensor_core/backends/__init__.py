"""Where arrays live: NumPy in host memory, CuPy on a GPU."""

from teletensor_core.backends.base import Backend, Named, Origin, create_backend

__all__ = ["Backend", "Named", "Origin", "create_backend"]
