"""`teletensor run` and `as_torch`: unmodified PyTorch programs, as processes of their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run(folder, source, *arguments, before=(), env=None, command=("-m", "teletensor", "run")):
    """Write a program and run it; the finished process."""
    (folder / "program.py").write_text(source)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TELETENSOR_")}
    return subprocess.run(
        [sys.executable, *command, *before, "program.py", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120,
        env={**variables, "OMP_NUM_THREADS": "1", **(env or {})},
    )  # fmt: skip


def done(process):
    """What a program printed that had to end well."""
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    return process.stdout.splitlines()


def test_a_program_finds_itself_as_python_would_have_it(tmp_path):
    (tmp_path / "beside.py").write_text("VALUE = 5\n")
    source = (
        "import sys, beside\n"
        "print(sys.argv, __file__, __name__, __package__, __spec__, sys.path[0], beside.VALUE)\n"
        "import __main__; print(__main__.__dict__ is globals())\n"
    )
    ours = run(tmp_path, source, "--epochs", "3", "-m", "x")
    assert done(ours) == done(run(tmp_path, source, "--epochs", "3", "-m", "x", command=()))


IMPORTS = """
import torch, torch.nn as nn, teletensor
import torch.nn.functional as F
from torch import Tensor, optim
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset
import torch.nn.modules.conv, torch.autograd.functional, torch.backends.cudnn, torch.cuda.amp, torch.serialization
assert torch is teletensor and nn is teletensor.nn and F is teletensor.nn.functional
assert torch.nn.modules.conv.Conv2d is nn.Conv2d
assert torch.nn.__spec__.name == "teletensor.nn"
assert torch.__version__ >= "2.9" and torch.__version__ > (2, 2) and not torch.__version__ < "2.13"
print(F.relu(torch.tensor([-1.0, 2.0])), type(torch.__version__).__mro__[1].__name__)
"""


def test_torch_and_all_below_it_is_teletensor(tmp_path):
    assert done(run(tmp_path, IMPORTS)) == ["tensor([0., 2.]) str"]


def test_a_module_runs_as_by_python_m(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "sizes.py").write_text("WIDTH = 3\n")
    (package / "train.py").write_text(
        "import sys, torch\nfrom .sizes import WIDTH\nprint(torch.ones(WIDTH), __name__, __package__, sys.argv[1:])\n"
    )
    process = subprocess.run(
        [sys.executable, "-m", "teletensor", "run", "-m", "package.train", "--lr", "1"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done(process) == ["tensor([1., 1., 1.]) __main__ package ['--lr', '1']"]


@pytest.mark.parametrize(
    ("ending", "code"),
    [("sys.exit()", 0), ("sys.exit(7)", 7), ("sys.exit('no')", 1), ("raise KeyError(1)", 1),
     ("raise KeyboardInterrupt", -signal.SIGINT)],
)  # fmt: skip
def test_it_ends_as_python_would_end_it(tmp_path, ending, code):
    source = f"import sys, torch\ndef inner():\n    {ending}\ninner()\n"
    ours = run(tmp_path, source)
    assert ours.returncode == code
    expected = run(tmp_path, source.replace(", torch", ""), command=())
    assert (ours.returncode, ours.stderr) == (expected.returncode, expected.stderr)


def test_bad_syntax_is_shown_as_python_shows_it(tmp_path):
    ours, expected = (run(tmp_path, "x = 1\ny = = 2\n", command=c) for c in (("-m", "teletensor", "run"), ()))
    assert (ours.returncode, ours.stderr) == (expected.returncode, expected.stderr)


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        ("import torch.fx", "ModuleNotFoundError", "teletensor has no torch.fx (used at {}:2); modules are not traced"),
        ("from torch import fx", "ImportError", "teletensor has no torch.fx (used at {}:2); modules are not traced"),
        ("from torch.nn.functional import gelo", "ImportError",
         "teletensor has no torch.nn.functional.gelo (used at {}:2); it is not (yet) among what works here; "
         "the nearest is torch.nn.functional.gelu"),
        ("torch.cross_entropy", "MissingError",
         "teletensor has no torch.cross_entropy (used at {}:2); it is not (yet) among what works here; "
         "the nearest is torch.nn.functional.cross_entropy"),
        ("torch.ones(2).add_twice_()", "MissingError", "teletensor has no Tensor.add_twice_ (used at {}:2)"),
        ("torch.ones(2).sigmiod()", "MissingError",
         "teletensor has no Tensor.sigmiod (used at {}:2); it is not (yet) among what works here; "
         "the nearest is Tensor.sigmoid"),
        ("import torch.cli", "ModuleNotFoundError", "teletensor has no torch.cli (used at {}:2)"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_error_at_its_line(tmp_path, line, kind, said):
    process = run(tmp_path, f"import torch\n{line}\n")
    assert process.returncode == 1
    assert said.format(tmp_path / "program.py") in process.stderr
    assert f"{kind}: " in process.stderr
    assert "run_command.py" not in process.stderr


def test_a_program_may_ask_what_is_there(tmp_path):
    source = (
        "import importlib.util, torch\n"
        "print(hasattr(torch, 'fx'), importlib.util.find_spec('torch.fx'))\n"
        "print(hasattr(torch, 'nn'), importlib.util.find_spec('torch.nn') is not None)\n"
        "try:\n    import torch.fx\nexcept ImportError as error:\n    print(error.name)\n"
    )
    assert done(run(tmp_path, source)) == ["False None", "True True", "torch.fx"]


def test_a_tensor_may_be_asked_what_it_has(tmp_path):
    source = (
        "import pickle, torch\n"
        "class Named(torch.Tensor):\n"
        "    @property\n    def label(self):\n        return self.nothing_of_the_kind\n"
        "    @property\n    def title(self):\n        raise AttributeError('untitled')\n"
        "x = torch.ones(2)\nnamed = torch.Tensor._make_subclass(Named, x)\n"
        "print(hasattr(x, 'sigmiod'), hasattr(x, '__array_interface__'), getattr(x, '_unheard', 3))\n"
        "x.mark = 5\nprint(x.mark, pickle.loads(pickle.dumps(x)))\n"
        "for name in ('label', 'title', '_private'):\n"
        "    try:\n        getattr(named, name)\n"
        "    except AttributeError as error:\n        print(str(error).partition(' (')[0])\n"
    )
    assert done(run(tmp_path, source)) == [
        "False False 3", "5 tensor([1., 1.])", "teletensor has no Tensor.nothing_of_the_kind", "untitled",
        "'Named' object has no attribute '_private'",
    ]  # fmt: skip


def test_processes_that_a_program_spawns_have_the_same_torch(tmp_path):
    source = (
        "import multiprocessing, torch\n"
        "def double(x):\n    return (torch.tensor(x) * 2).tolist()\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(double, [1, 2]))\n"
    )
    assert done(run(tmp_path, source)) == ["[2, 4]"]


# -- as_torch ----------------------------------------------------------------------------------------------------------


def test_as_torch_takes_precedence_over_an_installed_pytorch(tmp_path):
    installed = tmp_path / "installed"
    (installed / "torch").mkdir(parents=True)
    (installed / "torch" / "__init__.py").write_text("raise RuntimeError('PyTorch was touched')\n")
    source = "import teletensor\nteletensor.as_torch()\nteletensor.as_torch()\nimport torch.nn\nprint(torch.ones(1))\n"
    assert done(run(tmp_path, source, command=(), env={"PYTHONPATH": str(installed)})) == ["tensor([1.])"]


def test_as_torch_refuses_to_replace_a_torch_in_use(tmp_path):
    (tmp_path / "torch.py").write_text("")
    process = run(tmp_path, "import torch, teletensor\nteletensor.as_torch()\n", command=())
    assert process.returncode == 1
    assert f"torch was imported before, from {tmp_path / 'torch.py'}" in process.stderr


# -- on a worker -------------------------------------------------------------------------------------------------------

TRAIN = """
import sys, torch
from torch.utils.data import DataLoader, Dataset

class Squares(Dataset):
    def __init__(self):
        self.x = torch.linspace(-1, 1, 32)
    def __len__(self):
        return 32
    def __getitem__(self, i):
        return self.x[i] + torch.zeros(1), torch.tensor([i / 32.0])

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
model = torch.nn.Linear(1, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in DataLoader(Squares(), batch_size=8, shuffle=True, num_workers=int(sys.argv[1])):
    loss = torch.nn.functional.mse_loss(model(x.to(device)), y.to(device))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), loss.device, model.weight.detach().numpy())
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_program_computes_the_same_on_a_worker(tmp_path, worker, workers):
    here = done(run(tmp_path, TRAIN, workers))
    there = done(run(tmp_path, TRAIN, workers, "--on", worker.grpc, "--token-file", str(worker.folder / "token")))
    assert here == there


def test_the_environment_names_the_worker(tmp_path, worker):
    source = "import torch\nprint(torch.ones(1)._session.device, type(torch.ones(1)._session).__name__)\n"
    env = {"TELETENSOR_URL": worker.grpc, "TELETENSOR_TOKEN": worker.token}
    assert done(run(tmp_path, source, env=env)) == ["cpu RemoteSession"]
    assert done(run(tmp_path, source, before=("--on", "local"), env=env)) == ["cpu LocalSession"]


def test_an_error_that_nobody_read_fails_the_program(tmp_path, worker):
    source = "import sys, torch\ntorch.linalg.inv(torch.zeros(2, 2))\nsys.exit()\n"
    process = run(tmp_path, source, "--on", worker.grpc, env={"TELETENSOR_TOKEN": worker.token})
    assert process.returncode == 1
    assert f"issued at {tmp_path / 'program.py'}:2" in process.stderr


def test_a_program_hears_that_it_did_not_use_the_worker(tmp_path, worker):
    before = ("--on", worker.grpc, "--cpu", "local")
    process = run(tmp_path, "import torch\ntorch.ones(1)\n", before=before, env={"TELETENSOR_TOKEN": worker.token})
    assert process.returncode == 0
    assert "nothing ran on remote of the worker" in process.stderr


@pytest.mark.parametrize(
    ("before", "arguments", "said"),
    [
        ((), ("--on",), "teletensor: run: --on needs a value"),
        (("--on", "localhost:1", "--token-file", "none", "--timeout", "1"), (), "there is no token file none"),
        (("--on", "localhost:1", "--timeout", "0.1"), (), "no worker answers at localhost:1"),
        (("-m", "--on", "local"), (), "there is no module named program.py"),
    ],
)
def test_what_cannot_start_says_so(tmp_path, before, arguments, said):
    process = run(tmp_path, "", *arguments, before=before, env={"HOME": str(tmp_path)})
    assert process.returncode == 1
    assert said in process.stderr


def test_a_file_that_is_not_there_says_so(tmp_path):
    process = run(tmp_path, "", before=("absent.py",))
    assert (process.returncode, process.stderr) == (1, "teletensor: cannot open absent.py: No such file or directory\n")


def test_after_two_dashes_everything_is_the_programs(tmp_path):
    source = "import sys\nprint(sys.argv[1:])\n"
    assert done(run(tmp_path, source, "--", "--on", "x")) == ["['--on', 'x']"]
    assert done(run(tmp_path, source, "a", "--", "--on", "x")) == ["['a', '--', '--on', 'x']"]


TYPES = """
import pickle, torch
from torch import nn
weight = nn.Parameter(torch.ones(2))
layer = nn.Linear(2, 1)
for x in (
    weight, torch.ones(1), weight.shape, weight.dtype, weight.device,
    layer, nn.MSELoss(), nn.Sequential(), nn.LSTM(1, 1),
    torch.optim.Adam([weight]), torch.optim.lr_scheduler.StepLR(torch.optim.SGD([weight]), 1),
    torch.utils.data.TensorDataset(weight), torch.distributions.Normal(0.0, 1.0),
):
    print(type(x))
print(pickle.loads(pickle.dumps(layer))(weight).shape)
def names(call):
    try:
        call()
    except Exception as error:
        print(type(error).__name__)
names(lambda: weight.view(3))
names(lambda: weight[5])
names(lambda: weight.add_(1))
names(lambda: torch.ones("a"))
names(lambda: torch.no_such_thing)
names(lambda: torch.ones(1, device="meta").cpu())
names(lambda: torch.linalg.inv(torch.zeros(2, 2)))
"""
TYPE_NAMES = """\
<class 'torch.nn.parameter.Parameter'>
<class 'torch.Tensor'>
<class 'torch.Size'>
<class 'torch.dtype'>
<class 'torch.device'>
<class 'torch.nn.modules.linear.Linear'>
<class 'torch.nn.modules.loss.MSELoss'>
<class 'torch.nn.modules.container.Sequential'>
<class 'torch.nn.modules.rnn.LSTM'>
<class 'torch.optim.adam.Adam'>
<class 'torch.optim.lr_scheduler.StepLR'>
<class 'torch.utils.data.dataset.TensorDataset'>
<class 'torch.distributions.normal.Normal'>
torch.Size([1])
RuntimeError
IndexError
RuntimeError
TypeError
AttributeError
NotImplementedError
_LinAlgError
"""


def test_types_and_errors_print_by_their_names_in_pytorch(tmp_path):
    assert done(run(tmp_path, TYPES)) == TYPE_NAMES.splitlines()
