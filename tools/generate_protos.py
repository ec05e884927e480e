"""Writes the protocol's Python stubs, protos/teletensor_protos/v1/*_pb2*, from worker.proto.

python tools/generate_protos.py           # write
python tools/generate_protos.py --check   # exit 1 when a stub in the tree is out of date, 2 without the generator

The oldest supported generator is used on purpose: its code runs under every newer grpcio and protobuf. It wants an
older protobuf than the one that tests run with, so it lives in an environment of its own: `make generate` sets up
.venv-protos. An interpreter that has it can be named with --python.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "1.71.2"
ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "protos"
PROTO = SOURCE / "teletensor_protos" / "v1" / "worker.proto"
STUBS = ("worker_pb2.py", "worker_pb2.pyi", "worker_pb2_grpc.py")
STALE, NO_GENERATOR = 1, 2


def main() -> int:
    """Write the stubs, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare, exit 1 on a difference")
    parser.add_argument("--python", help=f"an interpreter that has grpcio-tools {VERSION}")
    options = parser.parse_args()
    python = find_generator(options.python)
    if python is None:
        print(f"no grpcio-tools {VERSION} found: run `make .venv-protos`, or name an interpreter with --python")
        return NO_GENERATOR
    if not options.check:
        generate(python, SOURCE)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        stale = [name for name, text in generate(python, Path(folder)).items() if text != _kept(name)]
    for name in stale:
        print(f"{PROTO.parent.relative_to(ROOT) / name} is out of date: run python tools/generate_protos.py")
    return STALE if stale else 0


def find_generator(named: str | None = None) -> str | None:
    """An interpreter with the right grpcio-tools: the named one, this one, or that of .venv-protos."""
    candidates = [named] if named else [sys.executable, str(ROOT / ".venv-protos" / "bin" / "python")]
    return next((python for python in candidates if _version(python) == VERSION), None)


def _version(python: str) -> str | None:
    code = "import grpc_tools, importlib.metadata as m; print(m.version('grpcio-tools'))"
    try:
        return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def generate(python: str, out: Path) -> dict[str, str]:
    """Write the stubs under `out`; their texts by name."""
    options = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run([python, "-m", "grpc_tools.protoc", f"-I{SOURCE}", *options, str(PROTO)], check=True)
    folder = out / PROTO.parent.relative_to(SOURCE)
    return {name: (folder / name).read_text() for name in STUBS}


def _kept(name: str) -> str | None:
    path = PROTO.parent / name
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
