"""What `import teletensor` loads, and that what it leaves out is there when a program names it."""

import ast
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import teletensor
from teletensor import late

from tests.warm import WarmPython

PACKAGE = Path(teletensor.__file__).parent
# Roots of what stands alone, and modules of ours: none of it is needed before a program asks for it.
UNWANTED = {
    "grpc", "google", "msgspec", "safetensors", "asyncio", "ssl", "socket", "logging", "email", "zipfile", "tempfile",
    "subprocess", "hashlib", "importlib.metadata", "concurrent", "multiprocessing", "teletensor_protos",
    "teletensor_server", "teletensor_core.programs", "teletensor_core.kernels.cuda", "cupy", "torch",
    *(f"teletensor.{name}" for name in late.MODULES), "teletensor.alias", "teletensor.cli", "teletensor.compiled",
    "teletensor.remote", "teletensor.serialization",
}  # fmt: skip


def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_loads_what_every_program_needs_and_no_more():
    loaded = run("import teletensor, sys; print(*sys.modules)")
    assert "teletensor.tensor" in loaded
    assert not [name for name in loaded for unwanted in UNWANTED if f"{name}.".startswith(f"{unwanted}.")]


def test_what_a_program_names_loads_no_grpc():
    names = (*late.MODULES, *late.NAMES)
    loaded = run(f"import teletensor, sys; [getattr(teletensor, name) for name in {names}]; print(*sys.modules)")
    assert "teletensor.profiler" in loaded
    assert not [name for name in loaded if name.partition(".")[0] in ("grpc", "asyncio")]


def test_type_checkers_read_the_same_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    modules, names = set(), {}
    for node in block.body:
        if isinstance(node, ast.AnnAssign):
            assert node.target.id == "__version__"
        elif node.module == "teletensor":
            modules |= {alias.name for alias in node.names}
        else:
            home = node.module.removeprefix("teletensor.")
            listed = [alias.name for alias in node.names]
            names |= dict.fromkeys(import_module(node.module).__all__ if listed == ["*"] else listed, home)
    assert modules == late.MODULES
    assert names == {name: home for name, home in late.NAMES.items() if name != "__version__"}


@pytest.fixture(scope="module")
def after_importing():
    """Runs programs that begin where `import teletensor` has been done, and nothing else of it."""
    with WarmPython("teletensor") as python:
        yield lambda program: python.run("-c", program)


@pytest.mark.parametrize("name", sorted(late.MODULES))
def test_a_late_module_is_found_in_every_way_of_asking(name, after_importing):
    for program in (
        f"import teletensor; assert teletensor.{name}.__name__ == 'teletensor.{name}'",
        f"from teletensor import {name}; import sys; assert {name} is sys.modules['teletensor.{name}']",
        f"import teletensor.{name}; import sys; assert teletensor.{name} is sys.modules['teletensor.{name}']",
    ):
        after_importing(f"import sys; assert 'teletensor.{name}' not in sys.modules\n{program}")


def test_late_names_are_those_of_their_modules():
    program = "import teletensor as t; from teletensor import conv1d, load; from importlib import import_module\n"
    program += "".join(
        f"assert t.{name} is getattr(import_module('teletensor.{home}'), '{name}'); assert '{name}' in vars(t)\n"
        for name, home in late.NAMES.items()
        if name != "__version__"
    )
    run(program)


def test_dir_and_star_have_everything_before_it_is_loaded():
    have = set(run("import teletensor; print(*dir(teletensor))"))
    assert {*teletensor.__all__, *late.MODULES} - have == set()
    have = set(run("from teletensor import *; print(*dir())"))
    assert set(teletensor.__all__) - have == set()


def test_pickles_are_read_where_nothing_is_loaded():
    data = pickle.dumps((teletensor.nn.Linear(2, 3).weight, teletensor.optim.SGD, teletensor.float32))
    read = run(f"import pickle; a, b, c = pickle.loads({data!r}); print(type(a).__name__, b.__name__, c)")
    assert read == ["Parameter", "SGD", "torch.float32"]
