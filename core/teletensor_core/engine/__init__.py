"""Executes ops on arrays and owns the autograd graph."""

from teletensor_core.engine.autograd import Backward, HookCall
from teletensor_core.engine.engine import Engine, edge_of
from teletensor_core.engine.parts import Part, Parts
from teletensor_core.engine.values import Node, Value, mark_leaf

__all__ = ["Backward", "Engine", "HookCall", "Node", "Part", "Parts", "Value", "edge_of", "mark_leaf"]
