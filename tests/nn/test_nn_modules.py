"""Layers are found where PyTorch keeps them."""

import importlib
import inspect

import pytest
from teletensor import nn

from tests.replay import ask

CLASSES = [name for name in nn.__all__ if inspect.isclass(getattr(nn, name))]


@pytest.mark.parametrize("name", CLASSES)
def test_a_layer_can_be_imported_by_pytorchs_full_name(name):
    home = ask(lambda torch: getattr(torch.nn, name).__module__).removeprefix("torch.")
    assert getattr(importlib.import_module(f"teletensor.{home}"), name) is getattr(nn, name)


@pytest.mark.parametrize(
    "name",
    ["batchnorm._BatchNorm", "conv._ConvNd", "loss._Loss", "dropout._DropoutNd", "module._IncompatibleKeys"],
)
def test_base_classes_that_other_code_names_exist(name):
    home, base = name.split(".")
    assert inspect.isclass(getattr(importlib.import_module(f"teletensor.nn.modules.{home}"), base))


def test_sizes_are_repeated():
    from teletensor.nn.modules.utils import _pair, _single

    assert _pair(3) == (3, 3)
    assert _pair((1, 2)) == (1, 2)
    assert _single([4]) == (4,)


def test_the_package_offers_the_layers_too():
    assert nn.modules.Linear is nn.Linear
    with pytest.raises(AttributeError, match="has no attribute 'Nope'"):
        nn.modules.Nope  # noqa: B018
