"""Functions that make tensors: from data, filled, in sequence, at random."""

from teletensor.factories.data import as_tensor, asarray, from_numpy, frombuffer, tensor
from teletensor.factories.data import legacy_tensor as legacy_tensor
from teletensor.factories.filled import (
    empty,
    empty_like,
    empty_permuted,
    empty_strided,
    eye,
    full,
    full_like,
    ones,
    ones_like,
    scalar_tensor,
    zeros,
    zeros_like,
)
from teletensor.factories.random import rand, rand_like, randint, randint_like, randn, randn_like, randperm
from teletensor.factories.ranges import arange, linspace, logspace, range, tril_indices, triu_indices

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "eye",
    "from_numpy",
    "frombuffer",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "range",
    "scalar_tensor",
    "tensor",
    "tril_indices",
    "triu_indices",
    "zeros",
    "zeros_like",
]
