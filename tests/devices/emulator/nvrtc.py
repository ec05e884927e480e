"""Asks NVIDIA's compiler whether it takes a kernel for real architectures. Needs no GPU and no driver.

NVRTC runs in a process of its own, where nothing of the emulator is loaded.
"""

import atexit
import json
import subprocess
import sys
from collections.abc import Sequence


class RefusedError(Exception):
    """NVRTC refused a kernel that the host's compiler took."""


class Gate:
    """A process that compiles sources for one architecture, such as "80"; it parses their common headers once."""

    def __init__(self, architecture: str) -> None:
        self._architecture = architecture
        command = [sys.executable, "-m", f"{__name__}_process"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self._process.communicate)

    def check(self, text: str, options: Sequence[str], expressions: Sequence[str]) -> None:
        """Raise RefusedError, with the compiler's log, unless the source compiles to machine code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([text, list(options), list(expressions), self._architecture]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RefusedError(f"the NVRTC process ended with code {self._process.wait()} on:\n{text[-2000:]}")
        log = json.loads(answer)
        if log is not None:
            raise RefusedError(f"sm_{self._architecture}: {log}\n{text[-2000:]}")
