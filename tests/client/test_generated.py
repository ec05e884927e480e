"""Generated files are what the generators write."""

import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest
import teletensor as torch

ROOT = Path(__file__).resolve().parents[2]
NO_GENERATOR = 2


def run(tool: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, tool, "--check"], cwd=ROOT, capture_output=True, text=True, timeout=280)


def test_client_files_are_up_to_date():
    found = run("tools/generate.py")
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_page_on_compatibility_is_up_to_date():
    found = run("tools/compatibility.py")
    assert found.returncode == 0, found.stdout + found.stderr


def test_protocol_stubs_are_up_to_date():
    found = run("tools/generate_protos.py")
    if found.returncode == NO_GENERATOR:
        pytest.skip(found.stdout.strip())
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (torch.abs, "(input: 'Tensor', *, out: 'Tensor | None' = None) -> 'Tensor'"),
        (torch.gather, "(input: 'Tensor', dim: 'int', index: 'Tensor', *, out: 'Tensor | None' = None) -> 'Tensor'"),
        (
            torch.sum,
            "(input: 'Tensor', dim: 'Dims' = None, keepdim: 'bool' = False, *, dtype: 'DType | None' = None, "
            "keepdims: 'bool | None' = None, axis: 'Dims' = None, out: 'Tensor | None' = None) -> 'Tensor'",
        ),
        (torch.Tensor.add_, "(input: 'Tensor', other: 'Operand', *, alpha: 'Scalar' = 1) -> 'Tensor'"),
    ],
)
def test_signatures_are_true_at_run_time(function, signature):
    assert str(inspect.signature(function)) == signature


def test_every_function_and_method_is_documented_and_annotated():
    public = {name: getattr(torch, name) for name in torch.__all__}
    public |= {f"Tensor.{name}": value for name, value in vars(torch.Tensor).items() if not name.startswith("_")}
    for name, value in public.items():
        function = value.fget if isinstance(value, property) else value
        assert inspect.getdoc(function) or not callable(function), f"{name} has no docstring"
        if inspect.isfunction(function):
            assert inspect.signature(function).return_annotation is not inspect.Signature.empty, name


def test_overloads_are_kept_for_editors():
    assert len(typing.get_overloads(torch.max)) == 4
