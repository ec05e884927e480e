"""Does this worker's GPU compute what NumPy computes? Finding out, and remembering what was found.

Nobody can test every GPU, driver and CUDA library beforehand, so that `teletensor selftest` does it where the worker
runs. The verdict is of one device, and of the software that it was found with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from teletensor_core import selftest
from teletensor_core.backends import Backend
from teletensor_protos import handshake
from teletensor_protos.tokens import default_token_file, write_private

NO_GPU, NOT_RUN, PASSED = "no GPU", "not run", "passed"
_SHOWN = 3
_MOST_NAMED = 20


@dataclass(frozen=True)
class Subject:
    """What a verdict is about; with any part changed it is about something else."""

    device: str
    device_name: str
    library: str
    version: str
    op_fingerprint: str

    @classmethod
    def of(cls, device: str, backend: Backend) -> Subject:
        """A worker's device, with this software."""
        return cls(device, backend.device_name, backend.library, handshake.software(), handshake.fingerprint())


@dataclass(frozen=True)
class Verdict:
    """How many calls were compared, and the ops that came out differently in any of them."""

    cases: int
    failed: tuple[str, ...]

    def __str__(self) -> str:
        if not self.failed:
            return PASSED
        more = "" if len(self.failed) <= _MOST_NAMED else f" and {len(self.failed) - _MOST_NAMED} more"
        return f"failed: {', '.join(self.failed[:_MOST_NAMED])}{more}"


def examine(backend: Backend, ops: Iterable[str] | None, say: Callable[[str], None]) -> Verdict:
    """Run every op (or those named) on a device and with NumPy. Differences are said as they are found."""
    cases, failed = 0, []
    for result in selftest.run(backend, ops):
        cases += result.cases
        if result.failures:
            failed.append(result.op)
            say(f"{result.op}: {len(result.failures)} of {result.cases} calls differ")
            for line in result.failures[:_SHOWN]:
                say(f"    {line}")
    return Verdict(cases, tuple(failed))


def remember(subject: Subject, verdict: Verdict) -> Path:
    """Keep a verdict, for workers of this user to show; the file it is in. Raises OSError."""
    path = _file(subject.device)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    write_private(temporary, json.dumps({"subject": asdict(subject), "verdict": str(verdict)}) + "\n")
    temporary.replace(path)
    return path


def recall(device: str, backend: Backend) -> str:
    """What a worker says of its GPU: "no GPU", "not run", "passed" or "failed: ops"."""
    if device == "cpu":
        return NO_GPU
    try:
        match json.loads(_file(device).read_text(encoding="utf-8")):
            case {"subject": found, "verdict": str(verdict)} if found == asdict(Subject.of(device, backend)):
                return verdict
    except (OSError, ValueError):
        pass
    return NOT_RUN


def _file(device: str) -> Path:
    return default_token_file().with_name(f"selftest-{device.replace(':', '-')}.json")
