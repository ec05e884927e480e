"""The process that `nvrtc.Gate` talks to: NVIDIA's runtime compiler, by ctypes."""

import ctypes
import json
import sys
from collections.abc import Sequence
from typing import Any

from tests.devices.emulator.building import header_options
from tests.devices.emulator.places import cuda_headers


class _Library:
    """libnvrtc, by ctypes."""

    def __init__(self) -> None:
        folder = cuda_headers().parent / "lib"
        for builtins in folder.glob("libnvrtc-builtins.so*"):
            ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
        self._nvrtc = ctypes.CDLL(str(next(folder.glob("libnvrtc.so.1?"))))

    def compile(self, text: str, options: Sequence[str], expressions: Sequence[str], architecture: str) -> str | None:
        """None, or the compiler's log when it refuses."""
        nvrtc, program = self._nvrtc, ctypes.c_void_p()
        nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernel.cu", 0, None, None)
        try:
            for expression in expressions:
                nvrtc.nvrtcAddNameExpression(program, expression.encode())
            flags = [*_flags(options), f"-arch=sm_{architecture}"]
            code = nvrtc.nvrtcCompileProgram(
                program, len(flags), (ctypes.c_char_p * len(flags))(*map(str.encode, flags))
            )
            return self._log(program) if code else None
        finally:
            nvrtc.nvrtcDestroyProgram(ctypes.byref(program))

    def _log(self, program: Any) -> str:
        size = ctypes.c_size_t()
        self._nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        self._nvrtc.nvrtcGetProgramLog(program, log)
        return log.value.decode(errors="replace")


def _flags(options: Sequence[str]) -> list[str]:
    """What CuPy gives NVRTC: the kernel's options, its headers, and denormals flushed to zero."""
    known = set(options)
    headers = [option for option in header_options() if option not in known]
    return [*options, *headers, "-ftz=true", "--device-as-default-execution-space", "--pch", "-diag-suppress=630"]


def main() -> None:
    """Answer requests, one JSON line each, until the input ends."""
    library = _Library()
    for line in sys.stdin:
        text, options, expressions, architecture = json.loads(line)
        print(json.dumps(library.compile(text, options, expressions, architecture)), flush=True)


if __name__ == "__main__":
    main()
