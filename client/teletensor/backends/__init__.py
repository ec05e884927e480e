"""`torch.backends`: what computes, and switches that programs set. A switch keeps what it was set to and changes
nothing.
"""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
