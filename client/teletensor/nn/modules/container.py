"""Containers."""

from teletensor.nn.containers import ModuleList, Sequential
from teletensor.nn.module_dict import ModuleDict
from teletensor.nn.parameter_containers import ParameterDict, ParameterList

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]
