"""Optimisers with PyTorch's names, defaults and numbers. A step is one command for each group of parameters."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.optim import lr_scheduler, swa_utils
from teletensor.optim.adadelta import Adadelta
from teletensor.optim.adafactor import Adafactor
from teletensor.optim.adagrad import Adagrad
from teletensor.optim.adam import Adam
from teletensor.optim.adamax import Adamax
from teletensor.optim.adamw import AdamW
from teletensor.optim.asgd import ASGD
from teletensor.optim.lbfgs import LBFGS
from teletensor.optim.muon import Muon
from teletensor.optim.nadam import NAdam
from teletensor.optim.optimizer import Optimizer
from teletensor.optim.radam import RAdam
from teletensor.optim.rmsprop import RMSprop
from teletensor.optim.rprop import Rprop
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
