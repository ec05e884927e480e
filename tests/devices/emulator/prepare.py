"""Prepares an environment of its own for the CUDA emulator, builds it there, and hands over to its interpreter.

    python -m tests.devices.emulator.prepare [arguments of that interpreter]

What is prepared already is left as it is. Needs g++ on Linux on an x86-64 processor, and PyPI.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

from tests.devices.emulator.places import CACHE, CUPY, REQUIREMENTS, ROOT, SDIST, VENV

PYTHON = VENV / "bin" / "python"
_CPU = Path("/proc/cpuinfo")


class CannotPrepareError(Exception):
    """This machine lacks something; the message says what."""


def prepare() -> None:
    """Do what has not been done yet. Raises CannotPrepareError."""
    check_machine()
    _once("venv", _fingerprint(), _install)
    _once("sdist", CUPY, _download_sdist)
    _run("build the emulator", PYTHON, "-c", "from tests.devices.emulator import building; building.build()")


def check_machine(find: Callable[[str], str | None] = shutil.which) -> None:
    """Raise CannotPrepareError unless kernels can be compiled and run here."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise CannotPrepareError(
            f"the emulator needs Linux on x86-64, this is {platform.system()} on {platform.machine()}"
        )
    if find("g++") is None:
        raise CannotPrepareError("there is no g++, which compiles the kernels: apt-get install g++")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        raise CannotPrepareError("Python's headers (Python.h) are not there: apt-get install python3-dev")
    if " fma " not in _CPU.read_text():
        raise CannotPrepareError("this processor has no fused multiply-add (FMA3), which a GPU has")


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    digest.update("\n".join(REQUIREMENTS).encode())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def _once(what: str, wanted: str, do: Callable[[], None]) -> None:
    """Do it unless it was done to the end, for the same thing that is wanted."""
    stamp = CACHE / f"{what}.done"
    if not stamp.exists() or stamp.read_text() != wanted:
        stamp.unlink(missing_ok=True)
        do()
        stamp.write_text(wanted)


def _install() -> None:
    print(f"installing CuPy and CUDA's compiler in {VENV}", flush=True)
    venv.create(VENV, clear=True, symlinks=True, with_pip=True)
    _pip("install", "--upgrade", "pip")
    _pip("install", *REQUIREMENTS, "-e", f"{ROOT}[test]")


def _download_sdist() -> None:
    # pip asks a source distribution for its metadata, and CuPy's setup.py then wants CUDA's libraries, unless it runs
    # where documentation is made. Nothing is built.
    shutil.rmtree(SDIST, ignore_errors=True)
    alone = ("--no-deps", "--no-build-isolation", "--no-binary", "cupy")
    _pip("download", *alone, "--dest", SDIST, f"cupy=={CUPY}", READTHEDOCS="True")


def _pip(*arguments: str | Path, **variables: str) -> None:
    _run(f"pip {arguments[0]}", PYTHON, "-m", "pip", "-q", "--disable-pip-version-check", *arguments, **variables)


def _run(what: str, *command: str | Path, **variables: str) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env={**os.environ, **variables}, check=False)
    if done.returncode:
        raise CannotPrepareError(f"could not {what}, see above: {' '.join(map(str, command))}")


def main() -> None:
    """Prepare, and become the prepared interpreter if it is to do anything."""
    try:
        prepare()
    except CannotPrepareError as error:
        sys.exit(f"the CuPy path cannot be checked: {error}")
    if sys.argv[1:]:
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), *sys.argv[1:]])


if __name__ == "__main__":
    main()
