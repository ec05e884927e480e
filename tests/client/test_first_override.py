"""What sees a class with `__torch_function__` first, in a process that has had none."""

import subprocess
import sys

import pytest

CLASS = """
class Scalar:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return f"{func.__name__} of {len(args)}"
"""
TOLD = "\nimport sys; installed = sys.modules['teletensor.intercepting']._Installed.yet"
WAYS = {
    "a module that defines one imports the package": f"import teletensor as torch{CLASS}",
    "torch.overrides is imported": f"import teletensor as torch\nimport teletensor.overrides\nexec('''{CLASS}''')",
}


def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("way", WAYS)
def test_functions_ask_a_class_that_is_no_tensor(way):
    program = (
        f"{WAYS[way]}\nprint(torch.flatten(Scalar()), torch.nn.functional.relu(Scalar()), torch.ones(2) + Scalar())"
    )
    assert run(program) == ["flatten of 1 relu of 1 add of 2"]


def test_an_operator_sees_the_first_one_by_itself():
    program = f"import teletensor as torch\nexec('''{CLASS}'''){TOLD}\nprint(installed, torch.ones(2) * Scalar())"
    assert run(program) == ["False mul of 2"]


def test_a_script_that_defines_one(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(f"import torch{CLASS}\nprint(torch.mean(Scalar()))")
    command = [sys.executable, "-m", "teletensor", "run", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == "mean of 1\n", done.stderr


def test_nothing_is_installed_for_a_program_without_one():
    program = f"import teletensor as torch\ntorch.nn.Linear(2, 2)(torch.ones(2)){TOLD}\nprint(installed)"
    assert run(program) == ["False"]


def test_functions_keep_their_identity_and_signature():
    program = (
        "import teletensor as torch, inspect\nadd, method = torch.add, torch.Tensor.add"
        "\nbefore = inspect.signature(torch.add)\nclass Sub(torch.Tensor): pass"
        "\nprint(add is torch.add, method is torch.Tensor.add, before == inspect.signature(torch.add), "
        "add is not method, add(torch.ones(1), 1).item())"
    )
    assert run(program) == ["True True True True 2.0"]
