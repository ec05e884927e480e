"""Who may import whom, and how large the parts may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "teletensor_core": ROOT / "core/teletensor_core",
    "teletensor_protos": ROOT / "protos/teletensor_protos",
    "teletensor": ROOT / "client/teletensor",
    "teletensor_server": ROOT / "server/teletensor_server",
}
OURS = {
    "teletensor_core": set(),
    "teletensor_protos": {"teletensor_core"},
    "teletensor": {"teletensor_core", "teletensor_protos"},
    "teletensor_server": {"teletensor_core", "teletensor_protos"},
}
BASE = {"numpy", "ml_dtypes", "grpc", "google", "msgspec", "safetensors"}
THEIRS = {
    "teletensor_core": {"numpy", "ml_dtypes", "cupy", "cupyx", "llvmlite"},
    "teletensor_protos": BASE | {"backports", "compression"},
    # What it works with where it is installed: utils.tensorboard.
    "teletensor": BASE | {"tensorboard", "matplotlib"},
    "teletensor_server": BASE
    | {
        "fastapi",
        "grpc_health",
        "prometheus_client",
        "pydantic",
        "pydantic_settings",
        "starlette",
        "structlog",
        "typer",
    }
    | {"click", "uvicorn"},
}
# Inside the core: a layer may use those before it. Ops are registered by the families, so nothing below knows them.
CORE_LAYERS = ["errors", "dtypes", "spec", "samples", "registry", "rules", "plan"]
CORE_LAYERS += ["random", "special", "kernels", "formulas", "backends", "engine", "programs", "ops"]
GENERATED = ("client/teletensor/ops.py", "_pb2.py", "_pb2_grpc.py", ".pyi")


def sources(package):
    return sorted(PACKAGES[package].rglob("*.py"))


def imported(path):
    """Every module that a file imports, anywhere in it but for the eyes of type checkers only."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and _is_for_checkers(node))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def _is_for_checkers(node):
    return ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package):
    allowed = {package, *OURS[package], *THEIRS[package]}
    for path in sources(package):
        for name in imported(path):
            top = name.split(".")[0]
            assert top in allowed or top in sys.stdlib_module_names, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("folder", ["ops", "rules", "kernels"])
def test_op_code_names_no_array_library(folder):
    for path in sorted((PACKAGES["teletensor_core"] / folder).glob("*.py")):
        named = {name.split(".")[0] for name in imported(path)} & {"numpy", "cupy", "cupyx", "ml_dtypes"}
        assert not named, f"{path.relative_to(ROOT)} imports {named}: it must use xp"


def test_core_layers():
    """A module of the core imports only layers before its own."""
    for path in sources("teletensor_core"):
        mine = _layer(".".join(path.relative_to(PACKAGES["teletensor_core"]).with_suffix("").parts))
        for name in imported(path):
            theirs = _layer(name.removeprefix("teletensor_core.")) if name.startswith("teletensor_core.") else None
            if mine is not None and theirs is not None:
                assert theirs <= mine, f"{path.relative_to(ROOT)} imports {name}"


def _layer(module):
    first = module.split(".")[0]
    return CORE_LAYERS.index(first) if first in CORE_LAYERS else None


def test_importing_the_client_loads_no_server_and_no_torch():
    program = (
        "import sys, teletensor; loaded = {name.split('.')[0] for name in sys.modules}; "
        "print(sorted(loaded & {'teletensor_server', 'fastapi', 'uvicorn', 'pydantic', 'torch', 'cupy', 'sklearn'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_files_and_functions_stay_readable(package):
    """No file above 400 lines, no function above 60 without its docstring."""
    for path in sources(package):
        if str(path).endswith(GENERATED):
            continue
        text = path.read_text()
        assert text.count("\n") <= 400, f"{path.relative_to(ROOT)} has {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1 - (ast.get_docstring(node) or "").count("\n")
                assert lines <= 60, f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"
