"""Numbers that are the same whatever computes with them: drawn by NumPy, and given to PyTorch's API."""

import numpy as np
import torch


def normal(*shape, seed=0, std=1.0):
    """Normally distributed float32 numbers."""
    drawn = np.random.default_rng(seed).standard_normal(shape) * std
    return torch.from_numpy(drawn.astype(np.float32))


def uniform(*shape, seed=0):
    """Float32 numbers between 0 and 1."""
    return torch.from_numpy(np.random.default_rng(seed).random(shape, dtype=np.float32))


def integers(high, *shape, seed=0):
    """Int64 numbers below `high`."""
    return torch.from_numpy(np.random.default_rng(seed).integers(0, high, shape))


def fill(module, seed=0):
    """Give a module weights that depend on the seed alone: matrices scaled by their width, biases of zero."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1:
                width = parameter[0].numel()
                drawn = rng.standard_normal(tuple(parameter.shape)) / np.sqrt(width)
                parameter.copy_(torch.from_numpy(drawn.astype(np.float32)))
            elif not bool((parameter == 1).all()):
                parameter.fill_(0.1 if parameter.numel() == 1 else 0.0)
    return module
