"""What the serialization tests save: everything that can be saved."""

from collections import Counter, OrderedDict

import numpy as np
import teletensor as tt

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
DTYPES = (*DTYPES, "complex64", "complex128")


def tensors(library=tt):
    """A tensor of each dtype, and of several layouts."""
    base = library.arange(-3, 9).reshape(3, 4)
    made = {name: (base % 5).to(getattr(library, name)) for name in DTYPES}
    made |= {f"{name} scalar": library.tensor(1, dtype=getattr(library, name)) for name in DTYPES}
    return made | {
        "transposed": base.t(),
        "a column": base[:, 1],
        "every second": base[::2, ::3],
        "expanded": library.ones(1, 3).expand(4, 3),
        "empty": library.zeros(0, 3),
        "requires grad": library.ones(2, requires_grad=True),
        "parameter": library.nn.Parameter(library.ones(2)),
        "frozen parameter": library.nn.Parameter(library.ones(2), requires_grad=False),
    }


PLAIN = {
    "none": None,
    "bools": [True, False],
    "ints": [0, 255, 256, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63, -(2**63), 10**40],
    "floats": [0.5, -1e300, float("inf")],
    "complex": 2 - 3j,
    "text": ["", "naïve ☃ \U0001f600", "line\nline", "x" * 300],
    "bytes": [b"", b"\x00\xff\n"],
    "nested": {"a": [{"b": (1, [2, (3,)])}], 3: "int key", 2.5: "float key", None: "none key", (1, "a"): "tuple key"},
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "empty": [[], {}, (), set()],
    "set": {1, 2, 3},
    "counter": Counter("aabc"),
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "numbers of NumPy": [np.float64(1.5), np.int32(3), np.bool_(True)],
}


def torch_things(library=tt):
    """Values that are PyTorch's own, but no tensors."""
    return {"dtypes": [library.float32, library.bool, library.bfloat16], "size": library.ones(2, 3).shape,
            "device": library.device("cpu")}  # fmt: skip


def same(a, b):
    """Whether two loaded objects are alike in every respect."""
    assert type(a) is type(b), (a, b)
    if isinstance(a, tt.Tensor):
        assert (a.dtype, a.shape, a.device, a.requires_grad) == (b.dtype, b.shape, b.device, b.requires_grad)
        np.testing.assert_array_equal(a.detach().cpu().numpy(), b.detach().cpu().numpy())
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
        assert getattr(a, "_metadata", None) == getattr(b, "_metadata", None)
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert a == b
