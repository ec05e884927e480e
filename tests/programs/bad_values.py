"""Values that PyTorch refuses, and so do we: numbers a dtype cannot hold, probabilities that are none, writes that have
no meaning.
"""


def _bytes(torch, *values):
    return torch.tensor(values or [1, 2], dtype=torch.uint8)


def _mask(torch):
    return torch.tensor([True, False])


def _after(first, then):
    """The second call, once the first one, of the same kind, has run."""
    return lambda torch: (first(torch), then(torch))[1]


def _write(make, key, value):
    """`make(torch)[key] = value`, where the key and the value may want the library too."""

    def program(torch):
        x = make(torch)
        x[key(torch) if callable(key) else key] = value(torch) if callable(value) else value
        return x

    return program


def _floats(torch):
    return torch.zeros(2)


def _longs(torch):
    return torch.zeros(2, dtype=torch.int64)


def _repeated(torch):
    return torch.zeros(1).expand(3)


NAN, INF = float("nan"), float("inf")

CALLS = {
    # data for tensors
    "list too large for bytes": lambda torch: torch.tensor([300], dtype=torch.uint8),
    "nested list too large for bytes": lambda torch: torch.tensor([[1, 300]], dtype=torch.uint8),
    "list too small for bytes": lambda torch: torch.tensor([-256], dtype=torch.uint8),
    "list too large for int8": lambda torch: torch.tensor([200], dtype=torch.int8),
    "floats too large for int32": lambda torch: torch.tensor([1e10], dtype=torch.int32),
    "float too large for int64": lambda torch: torch.tensor([1e19], dtype=torch.int64),
    "negative float for bytes": lambda torch: torch.tensor(-3.7, dtype=torch.uint8),
    "NaN for integers": lambda torch: torch.tensor([1.0, NAN], dtype=torch.int64),
    "infinity for integers": lambda torch: torch.tensor(INF, dtype=torch.int64),
    "complex for floats": lambda torch: torch.tensor([1j], dtype=torch.float32),
    "complex for integers": lambda torch: torch.tensor(1j, dtype=torch.int64),
    # numbers that fill
    "full too large": lambda torch: torch.full((2,), 300, dtype=torch.uint8),
    "full of NaN": lambda torch: torch.full((2,), NAN, dtype=torch.int64),
    "full of what is too large for floats": lambda torch: torch.full((2,), 1e40),
    "full of complex": lambda torch: torch.full((2,), 1j, dtype=torch.float32),
    "fill too large": lambda torch: _bytes(torch).fill_(300),
    "fill with NaN": lambda torch: _longs(torch).fill_(NAN),
    "fill with complex": lambda torch: _floats(torch).fill_(1j),
    "fill of halves": lambda torch: _floats(torch).half().fill_(1e5),
    "masked_fill too large": lambda torch: _bytes(torch).masked_fill(_mask(torch), 300),
    "masked_fill of halves": lambda torch: _floats(torch).half().masked_fill(_mask(torch), -1e9),
    # writes
    "write NaN to integers": _write(_longs, 0, NAN),
    "write NaN at an index tensor": _write(_longs, lambda torch: torch.tensor([0]), NAN),
    "write complex to floats": _write(_floats, 0, 1j),
    "write what is too large for floats": _write(_floats, 0, 1e40),
    "write too large where a mask says": _write(_bytes, _mask, 300),
    "write a list": _write(_floats, slice(None), [1.0, 2.0]),
    "write a list at an index": _write(_floats, lambda torch: torch.tensor([0]), [1.0]),
    "write None": _write(_floats, 0, None),
    "write a text": _write(_floats, 0, "1"),
    "write to repeated memory": lambda torch: _repeated(torch).add_(1),
    "fill repeated memory": lambda torch: _repeated(torch).fill_(1),
    "write a slice of repeated memory": _write(_repeated, slice(0, 2), 1.0),
    # powers
    "negative power of integers": lambda torch: torch.arange(3) ** -1,
    "negative power after a positive one": _after(
        lambda torch: torch.arange(3) ** 2, lambda torch: torch.arange(3) ** -1
    ),
    "negative power of bytes": _after(lambda torch: _bytes(torch) ** 2, lambda torch: _bytes(torch) ** -1),
    "negative power of bools": lambda torch: _mask(torch) ** -1,
    "negative power in place": lambda torch: torch.arange(3).pow_(-1),
    "power too large for bytes": lambda torch: _bytes(torch) ** 300,
    # factors
    "float factor of integers": lambda torch: torch.add(torch.tensor([1]), 1, alpha=1.5),
    "float factor in place": lambda torch: torch.tensor([1]).add_(1, alpha=1.5),
    "bool factor of numbers": lambda torch: torch.add(torch.tensor([1.0]), 1.0, alpha=True),
    "complex factor of floats": lambda torch: torch.sub(torch.tensor([1.0]), 1.0, alpha=1j),
    # counting and choosing
    "bincount of negative": lambda torch: torch.bincount(torch.tensor([-1])),
    "bincount of floats": lambda torch: torch.bincount(torch.tensor([1.0])),
    "bincount of a matrix": lambda torch: torch.bincount(torch.tensor([[1]])),
    "bincount with weights of another length": lambda torch: torch.bincount(torch.tensor([1]), torch.ones(2)),
    "bincount with a negative length": lambda torch: torch.bincount(torch.tensor([1]), minlength=-1),
    "masked_select with integers": lambda torch: torch.masked_select(torch.arange(2), torch.tensor([1, 0])),
    "cross_entropy with int32": lambda torch: torch.nn.functional.cross_entropy(
        torch.ones(1, 2), torch.tensor([0], dtype=torch.int32)
    ),
    "cross_entropy with bools": lambda torch: torch.nn.functional.cross_entropy(torch.ones(1, 2), torch.tensor([True])),
    "binary_cross_entropy with integers": lambda torch: torch.nn.functional.binary_cross_entropy(
        torch.tensor([0.5]), torch.tensor([1])
    ),
    "binary_cross_entropy_with_logits with integers": lambda torch: (
        torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([0.5]), torch.tensor([1]))
    ),
    "batch norm of other channels": lambda torch: torch.nn.BatchNorm1d(3)(torch.ones(2, 4)),
    "batch norm of other channels without statistics": lambda torch: torch.nn.functional.batch_norm(
        torch.ones(2, 4), None, None, torch.ones(3), training=True
    ),
    # random numbers
    "bernoulli of more than 1": lambda torch: torch.bernoulli(torch.tensor([2.0])),
    "bernoulli of NaN": lambda torch: torch.bernoulli(torch.tensor([NAN])),
    "bernoulli_ of more than 1": lambda torch: torch.zeros(2).bernoulli_(2.0),
    "multinomial of negative": lambda torch: torch.multinomial(torch.tensor([-1.0, 1.0]), 1),
    "multinomial of NaN": lambda torch: torch.multinomial(torch.tensor([NAN, 1.0]), 1),
    "multinomial of infinity": lambda torch: torch.multinomial(torch.tensor([INF, 1.0]), 1),
    "multinomial of nothing": lambda torch: torch.multinomial(torch.tensor([0.0, 0.0]), 1),
    "rand of integers": lambda torch: torch.rand(2, dtype=torch.int64),
    "randn_like integers": lambda torch: torch.randn_like(torch.tensor([1])),
    # no tensors
    "zeros_like of a list": lambda torch: torch.zeros_like([1, 2]),
    "rand_like of a number": lambda torch: torch.rand_like(3),
    "full_like of a number": lambda torch: torch.full_like(1, 2),
    "backward with a number": lambda torch: torch.ones(2, requires_grad=True).sum().backward(1.0),
    "backward with a list of numbers": lambda torch: torch.ones(2, requires_grad=True).sum().backward([1.0]),
    "backward of a complex number": lambda torch: (
        torch.ones(1, dtype=torch.complex64, requires_grad=True).sum().backward()
    ),
    "sum along a text": lambda torch: torch.zeros(2).sum("x"),
    "softmax along a text": lambda torch: torch.zeros(2).softmax("x"),
    "unsqueeze at a text": lambda torch: torch.zeros(2).unsqueeze("x"),
    "sum along a float": lambda torch: torch.zeros(2).sum(1.0),
}
