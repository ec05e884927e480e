"""Runs the rows of a batch: what each command of the protocol does to a session."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from teletensor_core import dtypes
from teletensor_core.engine import Backward, HookCall, Value
from teletensor_core.engine.engine import remove_hook, set_hook
from teletensor_core.errors import GradientError, MalformedRequestError, TeletensorError, TensorNotFoundError, code_of
from teletensor_core.plan import INPLACE
from teletensor_core.spec import MAX_DIMS, Spec, spec
from teletensor_protos import codec
from teletensor_protos.frames import CHUNK_BYTES, pack_chunk
from teletensor_protos.v1.worker_pb2 import ArrayData, Failure, Reply, WorkerFrame
from teletensor_protos.v1.worker_pb2 import HookCall as HookCallMessage

from teletensor_server.signatures import Signature
from teletensor_server.table import Poison

if TYPE_CHECKING:
    from teletensor_server.session import SessionMachine

Out: TypeAlias = WorkerFrame | bytes

_INLINE_BYTES = 1 << 16


class Interpreter:
    """Runs the rows of one batch."""

    def __init__(self, machine: SessionMachine, words: list[int], numbers: list[Any], blobs: Any) -> None:
        self.machine = machine
        self.table = machine.table
        self.words = words
        self.numbers = numbers
        self.blobs = blobs
        self.at = 0

    def run(self) -> Iterator[Out]:
        words, signatures_, count = self.words, self.machine.signatures, len(self.words)
        while self.at < count:
            word = words[self.at]
            signature = signatures_.get(word)
            if signature is not None:
                self._run_op(signature)
                continue
            command = _COMMANDS.get(word)
            if command is None:
                raise MalformedRequestError(f"row word {word} is neither a command nor a defined signature")
            self.at += 1
            try:
                yield from command(self)
            except TensorNotFoundError as error:
                self.machine.fail(error, "command", 0)

    # -- ops ---------------------------------------------------------------------------------------------------------

    def _run_op(self, signature: Signature) -> None:
        at = self.at
        outs_at = at + 2
        operands_at = outs_at + signature.outs
        end = operands_at + signature.words
        words = self.words
        if end > len(words):
            raise MalformedRequestError(f"{signature.op.name}: the row ends after {len(words) - at} words")
        self.at = end
        location = words[at + 1]
        outs = words[outs_at:operands_at]
        try:
            operands, kinds, described = self._operands(signature, operands_at)
            plan = signature.plan(kinds, described)
            self.table.check_room(plan.specs)
            results = self.machine.engine.run(plan, operands)
        except _Poisoned as poisoned:
            self._spread(signature, poisoned.poison, outs, operands_at, location)
        except Exception as error:
            shapes = self._shapes(operands_at, end)
            poison = self.machine.fail(error, f"{signature.op.name}({shapes})", location)
            self._spread(signature, poison, outs, operands_at, location)
        else:
            put = self.table.put
            for handle, value in zip(outs, results, strict=False):
                put(handle, value, location)

    def _operands(self, signature: Signature, at: int) -> tuple[list[Any], tuple[Any, ...], list[Any]]:
        operands: list[Any] = []
        kinds: list[Any] = []
        described: list[Any] = []
        words = self.words
        for part in signature.layout:
            if type(part) is int:
                values = [self._operand(word) for word in words[at : at + part]]
                at += part
                specs = tuple(value.spec for value in values)
                operands.append(values)
                kinds.append(specs)
                described.append(specs)
                continue
            value = self._operand(words[at])
            at += 1
            operands.append(value)
            if type(value) is Value:
                kinds.append(value.spec)
                described.append(value.spec)
            else:
                kinds.append(type(value))
                described.append(value)
        return operands, tuple(kinds), described

    def _operand(self, word: int) -> Any:
        if word > 0:
            value = self.table.values.get(word)
            if type(value) is Value:
                return value
            if value is None:
                self.table.get(word)
            raise _Poisoned(value)  # type: ignore[arg-type]
        if word == 0:
            return None
        if -word > len(self.numbers):
            raise MalformedRequestError(f"operand {word} names number {-word - 1} of {len(self.numbers)}")
        return self.numbers[-word - 1]

    def _spread(self, signature: Signature, poison: Poison, outs: list[int], operands_at: int, location: int) -> None:
        """Put the error where results, and tensors written in place, would have been."""
        for handle in outs:
            self.table.put(handle, poison, location)
        if signature.flags & INPLACE:
            self.table.poison(self.words[operands_at], poison.error)
        for name, part, start in self._parts(signature, operands_at):
            if name in signature.op.mutates:
                for handle in self.words[start : start + part]:
                    self.table.poison(handle, poison.error)

    def _parts(self, signature: Signature, at: int) -> Iterator[tuple[str, int, int]]:
        for name, part in zip(signature.op.operands, signature.layout, strict=True):
            size = part if isinstance(part, int) else 1
            yield name, size, at
            at += size

    def _shapes(self, start: int, end: int) -> str:
        parts = []
        for word in self.words[start:end]:
            value = self.table.values.get(word) if word > 0 else None
            if type(value) is Value:
                parts.append(repr(value.spec))
            elif word < 0 and -word <= len(self.numbers):
                parts.append(repr(self.numbers[-word - 1]))
        return ", ".join(parts)

    # -- commands ----------------------------------------------------------------------------------------------------

    def _next(self) -> int:
        if self.at >= len(self.words):
            raise MalformedRequestError("the batch ends in the middle of a row")
        self.at += 1
        return self.words[self.at - 1]

    def _list(self) -> list[int]:
        count = self._next()
        if not 0 <= count <= len(self.words) - self.at:
            raise MalformedRequestError(f"a row lists {count} words, {len(self.words) - self.at} are left")
        self.at += count
        return self.words[self.at - count : self.at]

    def release(self) -> Iterator[Out]:
        drop = self.table.drop
        for handle in self._list():
            drop(handle)
        return iter(())

    def read(self) -> Iterator[Out]:
        request, handles = self._next(), self._list()
        try:
            values = [self._value(handle) for handle in handles]
            arrays = [self.machine.engine.backend.to_host(value.array) for value in values]
        except _Poisoned as poisoned:
            yield self._failed(request, poisoned.poison.error, handles)
            return
        except Exception as error:
            yield self._failed(request, self.machine.fail(error, "read", 0).error, handles)
            return
        reply = Reply(request=request, acknowledged=self.machine.sequence - 1)
        streamed = [self._add_array(reply, value.spec, array) for value, array in zip(values, arrays, strict=True)]
        yield WorkerFrame(reply=reply)
        for array in streamed:
            if array is not None:
                yield from chunks_of(array)

    def _add_array(self, reply: Reply, wanted: Spec, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
        inline = array.nbytes <= _INLINE_BYTES
        data = array.tobytes() if inline else b""
        entry = ArrayData(dtype=wanted.dtype.code, shape=wanted.shape, data=data, streamed=not inline)
        reply.arrays.append(entry)
        return None if inline else array

    def _value(self, handle: int) -> Value:
        value = self.table.get(handle)
        if type(value) is Poison:
            raise _Poisoned(value)
        assert isinstance(value, Value)
        return value

    def _failed(self, request: int, error: TeletensorError, handles: list[int]) -> Out:
        self.machine.surfaced(error)
        for handle in handles:
            self.table.restore(handle)
        return WorkerFrame(reply=Reply(request=request, failure=failure_message(error)))

    def specs(self) -> Iterator[Out]:
        request, handles = self._next(), self._list()
        try:
            values = [self._value(handle) for handle in handles]
        except _Poisoned as poisoned:
            yield self._failed(request, poisoned.poison.error, handles)
            return
        except TeletensorError as error:
            yield self._failed(request, error, handles)
            return
        arrays = [ArrayData(dtype=value.spec.dtype.code, shape=value.spec.shape) for value in values]
        yield WorkerFrame(reply=Reply(request=request, arrays=arrays))

    def sync(self) -> Iterator[Out]:
        request = self._next()
        self.machine.engine.backend.synchronize()
        yield WorkerFrame(reply=Reply(request=request, failure=self.machine.first_failure()))

    def start_upload(self) -> Iterator[Out]:
        handle, code, location, blob = self._next(), self._next(), self._next(), self._next()
        sizes = self._list()
        if not 0 <= code < len(dtypes.ALL) or len(sizes) > MAX_DIMS or any(n < 0 for n in sizes):
            raise MalformedRequestError(f"upload of dtype {code} with sizes {sizes[:MAX_DIMS]}")
        wanted = spec(tuple(sizes), dtypes.ALL[code])
        self.table.check_room((wanted,))
        if blob < 0:
            if self.at != len(self.words):
                raise MalformedRequestError("an upload in chunks must be the last row of its batch")
            self.machine.expect_upload(handle, wanted, location)
            return iter(())
        if blob >= len(self.blobs) or len(self.blobs[blob]) != wanted.nbytes:
            raise MalformedRequestError(f"upload of {wanted!r}: blob {blob} is missing or has another size")
        host = np.frombuffer(bytearray(self.blobs[blob]), wanted.dtype.np).reshape(wanted.shape)
        self.machine.bind_upload(handle, host, wanted, location)
        return iter(())

    def require_grad(self) -> Iterator[Out]:
        handle, required = self._next(), self._next()
        value = self.table.get(handle)
        if type(value) is Value:
            value.requires_grad = bool(required)
        return iter(())

    def detach(self) -> Iterator[Out]:
        value = self.table.get(self._next())
        if type(value) is Value:
            value.node, value.requires_grad = None, False
        return iter(())

    def hook(self) -> Iterator[Out]:
        handle, hook, add = self._next(), self._next(), self._next()
        value = self.table.get(handle)
        if type(value) is Value:
            (set_hook if add else remove_hook)(value, hook)
        return iter(())

    def hook_done(self) -> Iterator[Out]:
        handle = self._next()
        self.machine.hook_answer = (self._value(handle) if handle else None,)
        return iter(())

    # -- backward ----------------------------------------------------------------------------------------------------

    def backward(self) -> Iterator[Out]:
        request, flags, location = self._next(), self._next(), self._next()
        roots, grads, targets = self._list(), self._list(), self._list()
        results = [self._next() for _ in targets]
        try:
            found = yield from self._differentiate(flags, roots, grads, targets)
        except _Poisoned as poisoned:
            error = poisoned.poison.error
            self._bind(results, [poisoned.poison] * len(results), location)
        except Exception as raised:
            poison = self.machine.fail(raised, "backward", location)
            error = poison.error
            self._bind(results, [poison] * len(results), location)
        else:
            self._bind(results, found, location)
            if flags & codec.REPLY_WHEN_DONE:
                yield WorkerFrame(reply=Reply(request=request))
            return
        if flags & codec.REPLY_WHEN_DONE:
            yield self._failed(request, error, [])

    def _differentiate(
        self, flags: int, roots: list[int], grads: list[int], targets: list[int]
    ) -> Generator[Out, None, list[Value]]:
        wanted = [self._value(handle) for handle in targets]
        walk = Backward(
            self.machine.engine,
            [self._value(handle) for handle in roots],
            [self._value(handle) if handle else None for handle in grads],
            wanted,
            create_graph=bool(flags & codec.CREATE_GRAPH),
            retain_graph=bool(flags & codec.RETAIN_GRAPH),
            only_targets=bool(flags & codec.ONLY_TARGETS),
        ).walk()
        answer: Value | None = None
        while True:
            try:
                call = walk.send(answer)
            except StopIteration as stop:
                return [self._or_zeros(v, like.spec) for v, like in zip(stop.value, wanted, strict=True)]
            answer = yield from self._ask(call)

    def _ask(self, call: HookCall) -> Generator[Out, None, Value | None]:
        """Hand a gradient to the client's hook, and run what it sends until its answer comes."""
        machine, wanted = self.machine, call.grad.spec
        handle = machine.worker_handle()
        self.table.put(handle, call.grad, 0)
        hook_call = HookCallMessage(hook=call.hook, handle=handle, dtype=wanted.dtype.code, shape=wanted.shape)
        yield WorkerFrame(reply=Reply(hook_call=hook_call))
        machine.hook_answer = None
        for frame in machine.frames:
            yield from machine.feed(frame)
            if machine.hook_answer is not None:
                return machine.hook_answer[0]
        raise GradientError("the client left in the middle of a hook")

    def _or_zeros(self, value: Value | None, like: Spec) -> Value:
        wanted = spec(like.shape, like.dtype)
        return Value(self.machine.engine.arrays.zeros(wanted), wanted) if value is None else value

    def _bind(self, handles: list[int], values: Sequence[Value | Poison], location: int) -> None:
        for handle, value in zip(handles, values, strict=True):
            self.table.put(handle, value, location)


_COMMANDS: dict[int, Callable[[Interpreter], Iterator[Out]]] = {
    codec.RELEASE: Interpreter.release,
    codec.READ: Interpreter.read,
    codec.BACKWARD: Interpreter.backward,
    codec.UPLOAD: Interpreter.start_upload,
    codec.REQUIRE_GRAD: Interpreter.require_grad,
    codec.SPECS: Interpreter.specs,
    codec.SYNC: Interpreter.sync,
    codec.HOOK: Interpreter.hook,
    codec.HOOK_DONE: Interpreter.hook_done,
    codec.DETACH: Interpreter.detach,
}


class _Poisoned(Exception):
    """An operand is an error."""

    def __init__(self, poison: Poison) -> None:
        self.poison = poison


def failure_message(error: TeletensorError) -> Failure:
    """An error as it travels."""
    return Failure(code=code_of(error), message=str(error), location=error.where or "")


def chunks_of(array: np.ndarray[Any, Any]) -> Iterator[bytes]:
    """The elements of an array as packed chunk frames."""
    data = memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    for start in range(0, data.nbytes, CHUNK_BYTES):
        yield pack_chunk(data[start : start + CHUNK_BYTES])
