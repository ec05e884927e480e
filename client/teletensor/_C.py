"""What programs name of PyTorch's internals."""

from teletensor.torch_function import DisableTorchFunction as DisableTorchFunction
from teletensor.torch_function import DisableTorchFunctionSubclass as DisableTorchFunctionSubclass
from teletensor.torch_function import disabled_torch_function as _disabled_torch_function_impl

__all__ = ["DisableTorchFunction", "DisableTorchFunctionSubclass", "_disabled_torch_function_impl"]
