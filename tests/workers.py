"""Worker processes for tests: `teletensor serve` on free loopback ports, followed through its own log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

STARTS_WITHIN = 60.0
STOPS_WITHIN = 40.0


class WorkerProcess:
    """A worker that is listening: `grpc` (host:port), `admin` (URL), `token` and `pid` are where and who it is.

    `options` are further options of `teletensor serve`, `env` further variables, `python` is another interpreter,
    `module` another module with the same command. Ends with the `with` block.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        env: dict[str, str] | None = None,
        python: Path | None = None,
        module: str = "teletensor",
    ) -> None:
        self.folder = folder
        self.ready_file = folder / "ready.json"
        given = ("--port", "0", "--admin-port", "0", "--ready-file", str(self.ready_file), "--log-format", "json")
        variables = {"TELETENSOR_TOKEN_FILE": str(folder / "token"), **(env or {})}
        self.process = serve(*given, *options, env=variables, python=python, module=module)
        self.lines: list[str] = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.wait_for("listening", STARTS_WITHIN)
        except BaseException:
            self.kill()
            raise
        told = json.loads(self.ready_file.read_text())
        self.grpc: str = told["grpc"]
        self.admin: str = told["admin"]
        self.token: str | None = told["token"]
        self.pid: int = told["pid"]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self.lines.append(line)
                self._more.notify_all()
        with self._more:
            self.lines.append("")
            self._more.notify_all()

    @property
    def log(self) -> str:
        """Everything it has said so far."""
        with self._more:
            return "".join(self.lines)

    def wait_for(self, event: str, within: float = 20.0) -> dict[str, Any]:
        """Wait until it logs an event; the event's fields. Fails with its log when it ends, or the time does."""
        deadline = time.monotonic() + within
        at = 0
        with self._more:
            while True:
                for line in self.lines[at:]:
                    if not line:
                        raise AssertionError(f"the worker ended without {event!r}:\n{''.join(self.lines)}")
                    fields: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
                    if fields.get("event") == event:
                        return fields
                at = len(self.lines)
                if not self._more.wait(deadline - time.monotonic()):
                    raise AssertionError(f"the worker did not log {event!r} in {within} s:\n{''.join(self.lines)}")

    def terminate(self) -> int:
        """End it as an operator would; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> int:
        """End it as the out-of-memory killer would."""
        self.process.kill()
        return self.wait()

    def freeze(self) -> None:
        """Stop it where it is, until `thaw`; it answers nothing any more."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def wait(self, within: float = STOPS_WITHIN) -> int:
        """Wait for its end; its exit code."""
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the worker did not end in {within} s:\n{self.log}") from None
        self._reader.join(within)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.terminate()
        elif self._reader.is_alive() or not self.process.stdout.closed:  # type: ignore[union-attr]
            self.wait()


def serve(
    *options: str, env: dict[str, str] | None = None, python: Path | None = None, module: str = "teletensor"
) -> subprocess.Popen[str]:
    """A `teletensor serve` process that inherits no setting of a worker's; its output is one pipe of text."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TELETENSOR_") or name == "TELETENSOR_GPU_CHECK_CACHE"
    }
    return subprocess.Popen(
        [python or sys.executable, "-m", module, "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**inherited, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **(env or {})},
    )
