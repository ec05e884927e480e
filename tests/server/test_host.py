"""What the worker's process does with memory that nothing uses any more."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import numpy as np
from teletensor_core.backends import create_backend
from teletensor_server import host

resident = lambda: create_backend("numpy").memory_info()["allocated"] >> 20
host.keep_memory()
before = resident()
arrays = [np.ones(4096, np.float32) for _ in range(16 << 10)]
held = resident()
arrays.clear()
freed = resident()
host.give_back_memory()
print(before, held, freed, resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_stays_until_it_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    before, held, freed, left = map(int, done.stdout.split())
    assert held - before > 200
    assert freed - before > 200
    assert left - before < 50
