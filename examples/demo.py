"""All of teletensor in one program: a worker process, a model trained on it over gRPC, its REST status, a clean end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import digits
import teletensor as torch

STARTS_WITHIN = 60.0
BAR = 0.97


def start_worker(folder: Path) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """A `teletensor serve` process on free loopback ports, and where it listens."""
    ready = folder / "ready.json"
    command = [
        sys.executable,
        "-m",
        "teletensor",
        "serve",
        "--port",
        "0",
        "--admin-port",
        "0",
        "--ready-file",
        str(ready),
    ]
    log = (folder / "worker.log").open("wb")
    environment = {**os.environ, "TELETENSOR_TOKEN_FILE": str(folder / "token")}
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    deadline = time.monotonic() + STARTS_WITHIN
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise SystemExit("the worker did not start:\n" + (folder / "worker.log").read_text())
        time.sleep(0.05)
    return process, json.loads(ready.read_text())


def status(where: dict[str, Any]) -> dict[str, Any]:
    """The worker's own account of itself, over REST."""
    request = urllib.request.Request(
        f"{where['admin']}/v1/status", headers={"Authorization": f"Bearer {where['token']}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the worker as an operator would, and wait."""
    process.send_signal(signal.SIGTERM)
    code = process.wait(timeout=40)
    print(f"worker ended with exit code {code}")


def main() -> int:
    """Run it all; 0 when the model is good enough."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, where = start_worker(folder)
        print(f"worker {process.pid}: gRPC on {where['grpc']}, REST on {where['admin']}")
        print(f"PyTorch in this process: {'torch' in sys.modules}")
        try:
            with torch.connect(where["grpc"], token=where["token"]) as session:
                model, accuracy, steps = digits.main(folder)
                stats = session.stats()
                parameters = sum(p.numel() for p in model.parameters())
                print(f"{parameters:,} parameters are on the worker:")
                print("worker status:", json.dumps(status(where), indent=2))
                print(f"{stats.commands:,} commands in {stats.batches:,} messages")
                print(f"{stats.round_trips} round trips in {steps} steps: {stats.round_trips / steps:.2f} a step")
        finally:
            stop(process)
    return 0 if accuracy >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
