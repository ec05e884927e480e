"""Optimisers with PyTorch's names, defaults and numbers. A step is one command for each group of parameters."""

from teletensor.optim import lr_scheduler
from teletensor.optim.adam import Adam, AdamW
from teletensor.optim.adaptive import Adagrad, RMSprop
from teletensor.optim.optimizer import Optimizer
from teletensor.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
