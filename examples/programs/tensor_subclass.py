"""Tensors that carry what is theirs: a subclass with names of axes, a class that is no tensor, a mode that counts."""

from collections import Counter

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


class Named(torch.Tensor):
    """A tensor whose axes have names, which reductions and transposes keep track of."""

    @staticmethod
    def __new__(cls, data, axes=()):
        return torch.as_tensor(data).as_subclass(cls)

    def __init__(self, data, axes=()):
        self.axes = tuple(axes)

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        made = super().__torch_function__(func, types, args, kwargs)
        source = next((x for x in args if isinstance(x, cls) and hasattr(x, "axes")), None)
        if isinstance(made, cls) and source is not None and func is not torch.Tensor.sum:
            made.axes = source.axes
        return made

    def total(self, axis):
        at = self.axes.index(axis)
        made = self.sum(at)
        made.axes = self.axes[:at] + self.axes[at + 1 :]
        return made


HANDLED = {}


def implements(function):
    def decorate(implementation):
        HANDLED[function] = implementation
        return implementation

    return decorate


class Diagonal:
    """A diagonal matrix, of which only the diagonal is kept."""

    def __init__(self, diagonal):
        self.diagonal = diagonal

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func not in HANDLED:
            return NotImplemented
        return HANDLED[func](*args, **(kwargs or {}))


@implements(torch.matmul)
def matmul(input, other):
    return input.diagonal.unsqueeze(-1) * other if isinstance(input, Diagonal) else input * other.diagonal


@implements(torch.trace)
def trace(input):
    return input.diagonal.sum()


class Counting(TorchFunctionMode):
    """Counts the functions that are called."""

    def __init__(self):
        super().__init__()
        self.calls = Counter()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls[func.__name__] += 1
        return func(*args, **(kwargs or {}))


torch.manual_seed(0)
images = Named(torch.arange(24.0).reshape(2, 3, 4), axes=("batch", "row", "column"))
scaled = torch.exp(images * 0.1) - 1
print(type(scaled).__name__, scaled.axes, tuple(scaled.shape))
print(scaled.total("row").axes, [round(x, 4) for x in scaled.total("row").total("column").tolist()])

layer = nn.Linear(4, 2)
with torch.no_grad():
    layer.weight.fill_(0.25)
    layer.bias.zero_()
out = layer(images)
out.total("row").sum().backward()
print(type(out).__name__, out.axes, layer.weight.grad.tolist())

diagonal = Diagonal(torch.tensor([1.0, 2.0, 3.0]))
print(torch.matmul(diagonal, torch.ones(3, 2)).tolist(), torch.trace(diagonal).item())
try:
    torch.linalg.inv(diagonal)
except TypeError:
    print("nobody inverts it")

with Counting() as counting:
    x = torch.ones(3)
    y = torch.nn.functional.relu(x * 2 - 1).sum()
print(dict(sorted(counting.calls.items())), y.item(), x[1:].data_ptr() - x.data_ptr(), x[1:].storage_offset())
