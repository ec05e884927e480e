"""Reads the pickle of a PyTorch file: an interpreter of the opcodes that tensors and plain containers need, and of no
others.

A pickle is a program for a stack machine that can call anything it names. Here it can name only what is in `_CALLS` and
`_dtypes`, and what the program has allowed (`allowed.py`): nothing is imported, nothing of Python's own pickle is used.
"""

from __future__ import annotations

import operator
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import CheckpointError, UserError
from teletensor_core.spec import MAX_DIMS

from teletensor.device import Device
from teletensor.nn.parameter import Parameter
from teletensor.serialization import allowed
from teletensor.size import Size
from teletensor.tensor import Tensor

# A view may repeat the elements of its storage; more of them than this is an attack on memory.
_MOST_REPEATED = 1 << 24


class _Name(NamedTuple):
    """A class or function that the pickle names."""

    module: str
    name: str


class _Storage(NamedTuple):
    key: str
    dtype: DType
    location: str
    numel: int


_MARK = object()
MakeTensor = Callable[..., Any]
_dtypes = {_Name("torch", f"{dtype.title}Storage"): dtype for dtype in dtypes.ALL}
_scalars = {_Name("torch", dtype.name): dtype for dtype in dtypes.ALL}


class Reader:
    """Runs one pickle. `make_tensor` makes a tensor of part of a storage."""

    def __init__(self, data: bytes, make_tensor: MakeTensor) -> None:
        self.data = data
        self.make_tensor = make_tensor
        self.at = 0
        # While a tensor is made, errors are not the file's: `map_location` may be the user's own function.
        self.placing = False
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The object. Raises CheckpointError for whatever is not allowed or not whole."""
        try:
            return self._run()
        except CheckpointError:
            raise
        except (IndexError, KeyError, TypeError, ValueError, OverflowError, struct.error, UserError) as error:
            if self.placing:
                raise
            raise CheckpointError(f"its pickle is damaged at byte {self.at}: {error}") from None

    def _run(self) -> Any:
        while True:
            code = self._take(1)[0]
            if code == ord("."):
                (result,) = self.stack
                if isinstance(result, (_Name, _Storage)) or result is _MARK:
                    raise CheckpointError(f"its pickle ends with {result}")
                return result
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise CheckpointError(
                    f"its pickle has an operation {code:#04x}, which tensors and containers do not need"
                )
            operation(self)

    def _take(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise CheckpointError("its pickle is truncated")
        self.at += count
        return part

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _line(self) -> str:
        end = self.data.index(b"\n", self.at)
        line = self.data[self.at : end]
        self.at = end + 1
        return line.decode("utf-8")

    def _above_mark(self) -> list[Any]:
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise CheckpointError("its pickle is damaged: a mark is missing")
        parts = self.stack[at + 1 :]
        del self.stack[at:]
        return parts

    # -- operations --------------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def protocol(self) -> None:
        """Check the version."""
        if self._take(1)[0] > 5:
            raise CheckpointError("its pickle is of a version that is not known")

    def text(self, form: str) -> None:
        """A string after its length."""
        self.push(self._take(self._number(form)).decode("utf-8", "surrogatepass"))

    def raw(self, form: str) -> None:
        """Bytes after their length."""
        self.push(self._take(self._number(form)))

    def long(self) -> None:
        """An integer of any size up to 255 bytes."""
        self.push(int.from_bytes(self._take(self._take(1)[0]), "little", signed=True))

    def named(self) -> None:
        """A class or function, by module and name."""
        self._push_name(_Name(self._line(), self._line()))

    def named_on_stack(self) -> None:
        """The same, with both on the stack."""
        name = self.stack.pop()
        self._push_name(_Name(self.stack.pop(), name))

    def _push_name(self, name: _Name) -> None:
        if name in _scalars:
            self.push(_scalars[name])
        elif name in _dtypes or name in _CALLS:
            self.push(name)
        elif (found := allowed.find(name)) is not None:
            self.push(found)
        else:
            raise CheckpointError(
                f"it holds {name.module}.{name.name}, which is neither a tensor nor a plain container and could run "
                "code; save state_dict()s and numbers only, or allow it with torch.serialization.add_safe_globals"
            )

    def tuple_of(self, count: int) -> None:
        """The topmost values as a tuple."""
        parts = tuple(self.stack[len(self.stack) - count :])
        if len(parts) < count or _MARK in parts:
            raise CheckpointError("its pickle is damaged: a tuple is not whole")
        del self.stack[len(self.stack) - count :]
        self.push(parts)

    def append(self, values: list[Any]) -> None:
        """Values onto the list below them."""
        target = self.stack[-1]
        if type(target) is not list:
            raise CheckpointError("its pickle is damaged: there is no list to add to")
        target.extend(values)

    def add(self, values: list[Any]) -> None:
        """Values into the set below them."""
        target = self.stack[-1]
        if type(target) is not set:
            raise CheckpointError("its pickle is damaged: there is no set to add to")
        target.update(values)

    def set_items(self, parts: list[Any]) -> None:
        """Keys and values into the dict below them."""
        target = self.stack[-1]
        if type(target) not in (dict, OrderedDict, Counter) or len(parts) % 2:
            raise CheckpointError("its pickle is damaged: there is no dict to add to")
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            target[key] = value

    def build(self) -> None:
        """Attributes of the object below: a state dict's `_metadata`, or of an object whose class is allowed."""
        state, target = self.stack.pop(), self.stack[-1]
        if allowed.is_allowed(type(target)):
            self._run_theirs(lambda: allowed.set_state(target, state))
            return
        if type(target) is not OrderedDict or type(state) is not dict or set(state) - {"_metadata"}:
            raise CheckpointError("it sets attributes of something that is no state dict")
        vars(target).update(state)

    def call(self) -> None:
        """A call of something named, with a tuple of arguments."""
        args, function = self.stack.pop(), self.stack.pop()
        if type(args) is tuple and allowed.is_allowed(function):
            self.push(self._run_theirs(lambda: function(*args)))
            return
        if type(function) is not _Name or function not in _CALLS or type(args) is not tuple:
            raise CheckpointError("its pickle calls something that is no function")
        self.push(_CALLS[function](self, *args))

    def new_object(self) -> None:
        """An object of a class that is allowed, of a tuple of arguments."""
        args, cls = self.stack.pop(), self.stack.pop()
        if type(args) is not tuple or not isinstance(cls, type) or not allowed.is_allowed(cls):
            raise CheckpointError("its pickle makes an object of something that is no class")
        self.push(self._run_theirs(lambda: cls.__new__(cls, *args)))

    def _run_theirs(self, run: Callable[[], Any]) -> Any:
        """What code of an allowed class or function gives; its errors are its own."""
        self.placing = True
        made = run()
        self.placing = False
        return made

    def storage(self) -> None:
        """A storage, named by the tuple on the stack."""
        match self.stack.pop():
            case ("storage", kind, str(key), str(location), int(count)) if kind in _dtypes and count >= 0:
                self.push(_Storage(key, _dtypes[kind], location, count))
            case other:
                raise CheckpointError(f"it names a storage that is not known: {str(other)[:100]}")

    def remember(self, number: int) -> None:
        """Keep the topmost value under a number."""
        self.memo[number] = self.stack[-1]

    def rebuild_tensor(
        self, storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, metadata: Any = None
    ) -> Tensor:
        """A tensor of part of a storage, after checking that the storage has all of it."""
        numbers = (offset, *size, *stride)
        whole = all(type(n) is int and 0 <= n < 1 << 62 for n in numbers)
        if type(storage) is not _Storage or not whole or len(size) != len(stride) or len(size) > MAX_DIMS:
            raise CheckpointError(f"a tensor is damaged: {str(size)[:100]} of {str(storage)[:100]}")
        count = last = 1
        for n, step in zip(size, stride, strict=True):
            count *= n
            last += (n - 1) * step
        if count == 0:
            offset, stride = 0, (0,) * len(size)
        elif offset + last > storage.numel or count > max(storage.numel, _MOST_REPEATED):
            raise CheckpointError(
                f"a tensor of {list(size)} with strides {list(stride)} from element {offset} on is not within its "
                f"storage of {storage.numel} elements"
            )
        self.placing = True
        made: Tensor = self.make_tensor(*storage, offset, tuple(size), tuple(stride))
        self.placing = False
        return made.requires_grad_(True) if requires_grad is True else made

    def rebuild_parameter(self, data: Any, requires_grad: Any, hooks: Any) -> Parameter:
        """A parameter of a tensor."""
        if not isinstance(data, Tensor):
            raise CheckpointError("a parameter is damaged: there is no tensor in it")
        return Parameter(data, requires_grad is True)


def _encode(reader: Reader, text: Any, coding: Any) -> bytes:
    if coding != "latin1" or type(text) is not str:
        raise CheckpointError("bytes are damaged")
    return text.encode("latin1")


_CALLS: dict[_Name, Callable[..., Any]] = {
    _Name("collections", "OrderedDict"): lambda reader, *pairs: OrderedDict(*pairs),
    _Name("collections", "Counter"): lambda reader, *items: Counter(*items),
    _Name("__builtin__", "set"): lambda reader, *items: set(*items),
    _Name("builtins", "set"): lambda reader, *items: set(*items),
    _Name("__builtin__", "complex"): lambda reader, real, imag: complex(real, imag),
    _Name("builtins", "complex"): lambda reader, real, imag: complex(real, imag),
    _Name("_codecs", "encode"): _encode,
    _Name("__builtin__", "bytes"): lambda reader: b"",
    _Name("torch", "Size"): lambda reader, sizes: Size(operator.index(n) for n in sizes),
    _Name("torch", "device"): lambda reader, *place: Device(*place),
    _Name("torch._utils", "_rebuild_tensor_v2"): Reader.rebuild_tensor,
    _Name("torch._utils", "_rebuild_parameter"): Reader.rebuild_parameter,
}

_OPERATIONS: dict[int, Callable[[Reader], None]] = {
    0x80: Reader.protocol,
    ord("N"): lambda r: r.push(None),
    0x88: lambda r: r.push(True),
    0x89: lambda r: r.push(False),
    ord("K"): lambda r: r.push(r._number("<B")),
    ord("M"): lambda r: r.push(r._number("<H")),
    ord("J"): lambda r: r.push(r._number("<i")),
    0x8A: Reader.long,
    ord("G"): lambda r: r.push(r._number(">d")),
    ord("X"): lambda r: r.text("<I"),
    0x8C: lambda r: r.text("<B"),
    ord("C"): lambda r: r.raw("<B"),
    ord("B"): lambda r: r.raw("<I"),
    ord("("): lambda r: r.push(_MARK),
    ord(")"): lambda r: r.push(()),
    ord("]"): lambda r: r.push([]),
    ord("}"): lambda r: r.push({}),
    0x8F: lambda r: r.push(set()),
    ord("t"): lambda r: r.push(tuple(r._above_mark())),
    0x85: lambda r: r.tuple_of(1),
    0x86: lambda r: r.tuple_of(2),
    0x87: lambda r: r.tuple_of(3),
    ord("a"): lambda r: r.append([r.stack.pop()]),
    ord("e"): lambda r: r.append(r._above_mark()),
    0x90: lambda r: r.add(r._above_mark()),
    ord("s"): lambda r: r.set_items([r.stack.pop(-2), r.stack.pop()]),
    ord("u"): lambda r: r.set_items(r._above_mark()),
    ord("b"): Reader.build,
    ord("c"): Reader.named,
    0x93: Reader.named_on_stack,
    ord("R"): Reader.call,
    0x81: Reader.new_object,
    ord("Q"): Reader.storage,
    ord("q"): lambda r: r.remember(r._take(1)[0]),
    ord("r"): lambda r: r.remember(r._number("<I")),
    0x94: lambda r: r.remember(len(r.memo)),
    ord("h"): lambda r: r.push(r.memo[r._take(1)[0]]),
    ord("j"): lambda r: r.push(r.memo[r._number("<I")]),
    0x95: lambda r: r._number("<Q"),
}
