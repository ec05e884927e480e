"""Every optimiser and schedule takes the arguments that PyTorch's takes, and has its methods."""

import inspect

import pytest
import teletensor as tt

from tests.replay import ask

CLASSES = {
    "optim": [name for name in tt.optim.__all__ if name not in ("lr_scheduler", "swa_utils")],
    "optim.lr_scheduler": tt.optim.lr_scheduler.__all__,
    "optim.swa_utils": ["SWALR"],
}
NAMES = [f"{home}.{name}" for home, names in CLASSES.items() for name in names]

# PyTorch's profiler and type aliases, memory shared between processes, and a step of SequentialLR's constructor.
NOT_WANTED = {"profile_hook_step", "OptimizerPreHook", "OptimizerPostHook", "share_memory", "recursive_undo"}


def find(library, name):
    for part in name.split("."):
        library = getattr(library, part)
    return library


@pytest.mark.parametrize("name", NAMES)
def test_a_class_takes_pytorchs_arguments(name):
    def arguments(library):
        parameters = inspect.signature(find(library, name)).parameters.values()
        return [[p.name, p.kind.name, repr(p.default)] for p in parameters]

    assert arguments(tt) == ask(arguments)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_has_pytorchs_methods(name):
    def methods(library):
        kind = find(library, name)
        return sorted(each for each in dir(kind) if not each.startswith("_") and callable(getattr(kind, each)))

    assert not set(ask(methods)) - set(methods(tt)) - NOT_WANTED
