"""Optimisers with PyTorch's names, defaults and numbers. A step is one command for each group of parameters."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.optim import lr_scheduler, swa_utils
from teletensor.optim.adafactor import Adafactor
from teletensor.optim.adam import Adam, AdamW
from teletensor.optim.adam_variants import Adamax, NAdam, RAdam
from teletensor.optim.adaptive import Adadelta, Adagrad, RMSprop
from teletensor.optim.lbfgs import LBFGS
from teletensor.optim.muon import Muon
from teletensor.optim.optimizer import Optimizer
from teletensor.optim.resilient import ASGD, Rprop
from teletensor.optim.sgd import SGD

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
