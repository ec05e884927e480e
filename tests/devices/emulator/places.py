"""Where the emulator keeps what it builds, and what it is built from."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[3]
CACHE = Path(os.environ.get("TELETENSOR_GPU_CHECK_CACHE", ROOT / ".cache" / "gpu-check"))
VENV = CACHE / "venv"
SDIST = CACHE / "sdist"
BUILD = CACHE / "build"
KERNELS = CACHE / "kernels"
SOURCES = Path(__file__).parent / "src"

CUPY = "14.2.0"
# What the wheel's own wrapper was translated with; another version makes other C++.
CYTHON = "3.2.4"
REQUIREMENTS = (
    f"cupy-cuda13x=={CUPY}",
    f"cython=={CYTHON}",
    # What CuPy's setup.py wants to tell the name of the package.
    "setuptools>=77",
    "nvidia-cuda-nvrtc==13.*",
    "nvidia-cuda-runtime==13.*",
    "nvidia-cuda-crt==13.*",
)


def cuda_headers() -> Path:
    """The folder of NVIDIA's header wheels."""
    import nvidia.cu13

    return Path(next(iter(nvidia.cu13.__path__))) / "include"
