"""Processes that begin with modules imported: PyTorch takes longer to import than most programs to run.

    python -m tests.warm MODULE ...

imports the modules once. Then each line of input is a command, and runs in a child that begins there.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class WarmPython:
    """An interpreter that has imported modules. Ends with the `with` block, and with it whatever it still runs."""

    def __init__(self, *modules: str) -> None:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("TELETENSOR_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", *modules],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**variables, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip

    def run(self, *command: str, env: dict[str, str] | None = None) -> list[str]:
        """The lines that `python command` prints, which must end well; `env` are further variables."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, env or {}]) + "\n")
        self._process.stdin.flush()
        code, printed, errors = json.loads(self._process.stdout.readline())
        assert code == 0, errors
        lines: list[str] = printed.splitlines()
        return lines

    def __enter__(self) -> WarmPython:
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


def main() -> None:
    """Import the modules; then answer each command, or in a child be the one that was asked for."""
    for name in sys.argv[1:]:
        import_module(name)
    for line in sys.stdin:
        command, variables = json.loads(line)
        with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as errors:
            child = os.fork()
            if not child:
                os.dup2(printed.fileno(), 1)
                os.dup2(errors.fileno(), 2)
                os.environ.update(variables)
                break
            _, status = os.waitpid(child, 0)
            answer = os.waitstatus_to_exitcode(status), _text(printed), _text(errors)
        print(json.dumps(answer), flush=True)
    else:
        return
    _run(command)


def _text(file: Any) -> str:
    file.seek(0)
    text: str = file.read().decode()
    return text


def _run(command: list[str]) -> None:
    """Do what `python command` does."""
    if command[0] == "-c":
        exec(command[1], {"__name__": "__main__"})
    elif command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path[0] = str(Path(command[0]).parent)
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
