"""The gRPC session: commands are written into batches and sent without waiting; only reads wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import ProtocolMismatchError, TeletensorError
from teletensor_core.plan import Plan, plan_for
from teletensor_core.programs import Code
from teletensor_core.registry import OPS
from teletensor_core.spec import Spec, spec
from teletensor_protos import codec, handshake
from teletensor_protos import programs as program_codec
from teletensor_protos.shared import Segment
from teletensor_protos.v1.worker_pb2 import DeviceProperties, HookCall, Limits, MemoryReply, MemoryRequest, Profile
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub

from teletensor import state_files
from teletensor.answers import Answer, Answered, again, error_of
from teletensor.backward_rows import abandon_row, backward_row
from teletensor.channel import Endpoint, translated
from teletensor.device import Device
from teletensor.link import Compression
from teletensor.readings import Reading, Readings
from teletensor.session import Arriving, BackwardRequest, Ref, Session, Stats
from teletensor.tensor_base import TensorBase
from teletensor.writer import Writer

_INLINE_BYTES = 1 << 16
# Frames from a look at the stack to whoever may call an op: of `here`, of `submit`, of dispatch, and of the op.
_TO_CALLER = 4
# Those of `here` and of `upload`, and of what makes a tensor of its result.
_TO_MAKER = 3


class RemoteSession(Session):
    """A session on a worker, over one bidirectional stream. Thread-safe; commands run in the order they were given.

    `device_name` is the worker's name for its device, `device_properties` what it says of a GPU, `limits` what the
    worker allows, `capabilities` what it can do. With `blocking`, every command is waited for. Large tensors move
    faster through `segment`, memory that it shares with the worker; without that, what shrinks is compressed as
    `compression` says.
    """

    reads_copies = True

    def __init__(
        self,
        endpoint: Endpoint,
        session_id: str,
        device: Device,
        limits: Limits,
        capabilities: Iterable[str] = handshake.CAPABILITIES,
        *,
        device_name: str = "",
        device_properties: DeviceProperties | None = None,
        blocking: bool = False,
        segment: Segment | None = None,
        compression: Compression = None,
    ) -> None:
        self.device = device
        self.device_name = device_name
        self.device_properties = device_properties
        self.id = session_id
        self.limits = limits
        self.capabilities = frozenset(capabilities)
        self._endpoint = endpoint
        self._blocking = blocking
        self._writer = Writer(endpoint, session_id, limits, segment, compression)
        self._stream = self._writer.stream
        self._locations = self._writer.locations
        self._lock = self._writer.lock
        self._readings = Readings(self._writer, self._expect_reading, self._count_wait)
        self._request = self._round_trips = self._waits = self._programs = 0
        # One call less for each tensor that comes to be, and that dies.
        if not blocking:
            self.submit_pair = self._writer.pair  # type: ignore[method-assign]
        self.release = self._writer.release  # type: ignore[method-assign, assignment]

    # -- commands that nobody waits for ------------------------------------------------------------------------------

    def submit(self, plan: Plan, operands: Sequence[Any]) -> tuple[Ref, ...]:
        """Write an op. Never waits, unless too much is under way already."""
        outs = self._writer.op(plan, self._locations.here(_TO_CALLER), operands)
        if self._blocking:
            self._run_now(outs)
        return outs

    def _run_now(self, outs: Sequence[Ref] = ()) -> None:
        """Wait for the last command. When it failed, no tensor will be made of its results."""
        try:
            self.synchronize()
        except BaseException:
            for ref in outs:
                self.release(ref)
            raise

    def _command(self, *words: int) -> None:
        self._writer.command(*words)
        if self._blocking:
            self._run_now()

    def release(self, ref: Ref) -> None:
        """Note a dead handle. Never blocks."""
        self._writer.release(ref)

    def require_grad(self, ref: Ref, required: bool) -> None:
        """Mark a leaf."""
        self._command(codec.REQUIRE_GRAD, ref, int(required))

    def detach_(self, ref: Ref) -> None:
        """Cut a tensor off from the graph."""
        self._command(codec.DETACH, ref)

    def set_hook(self, ref: Ref, hook: int, add: bool) -> None:
        """Add or remove a hook."""
        self._command(codec.HOOK, ref, hook, int(add))

    def upload(self, array: np.ndarray[Any, Any], wanted: Spec) -> Ref:
        """Send an array: small ones inside the next batch, large ones in chunks after it. Waits for no answer."""
        location = self._locations.here(_TO_MAKER)
        if array.dtype != wanted.dtype.np:
            array = array.astype(wanted.dtype.np)
        if wanted.nbytes <= _INLINE_BYTES:
            handle = self._writer.upload(array.tobytes(), wanted, location)
        else:
            elements = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            handle = self._repeated(elements, wanted, location) or self._upload_in_chunks(elements, wanted, location)
        if self._blocking:
            self._run_now((handle,))
        return handle

    def _repeated(self, elements: memoryview, wanted: Spec, location: int) -> Ref | None:
        """A copy of a tensor that has the same elements and was uploaded before, if there is one."""
        repeats = self._stream.repeats
        content = repeats.find(wanted, elements)
        if content is None:
            return None
        with self._lock:
            # Whoever writes to a tensor counts that before writing the command.
            holder = content.holder(wanted)
            if holder is None:
                return None
            (handle,) = self._writer.op(plan_for(OPS["clone"], (), 0, (wanted,)), location, (holder._ref,))
        repeats.bytes += wanted.nbytes
        repeats.sent(handle, content)
        return handle

    def _upload_in_chunks(self, elements: memoryview, wanted: Spec, location: int) -> Ref:
        repeats = self._stream.repeats
        content = repeats.begin(wanted, elements) if self._stream.is_slow else None
        handle = self._writer.upload_in_chunks(elements, wanted, location, content)
        if content is not None:
            repeats.sent(handle, content)
        return handle

    def uploaded(self, tensor: TensorBase) -> None:
        """Know the tensor by which it will be seen whether what was uploaded is unchanged."""
        if tensor._spec.nbytes > _INLINE_BYTES:
            self._stream.repeats.made(tensor)

    def lent(self, ref: Ref) -> None:
        """Take a tensor for one that is written to."""
        self._stream.repeats.forget(ref)

    # -- waiting -----------------------------------------------------------------------------------------------------

    def read(self, refs: Sequence[Ref]) -> list[np.ndarray[Any, Any]]:
        """Fetch values: one round trip however many there are."""
        arrays = self._ask(codec.READ, len(refs), *refs).arrays
        for found in arrays:
            if isinstance(found, TeletensorError):
                # A copy: an error that a frame on its own traceback keeps would keep the user's frames, and tensors.
                raise again(found)
        return arrays  # type: ignore[return-value]

    def read_later(self, refs: Sequence[Ref]) -> list[Arriving]:
        """Have values fetched: one round trip for all that are asked for in a row, and no wait."""
        return self._readings.ask(refs)

    def specs(self, refs: Sequence[Ref]) -> list[Spec]:
        """Ask for shapes that depend on data: one round trip."""
        reply = self._ask(codec.SPECS, len(refs), *refs).reply
        return [entry for entry in codec.decode_arrays(reply.specs) if isinstance(entry, Spec)]

    def synchronize(self) -> None:
        """Wait until everything has run; raises the oldest error that nobody has read."""
        self._ask(codec.SYNC)
        self._raise_untold()

    def _raise_untold(self) -> None:
        """Raise the error of a value that was asked for and never looked at."""
        if (error := self._readings.untold()) is not None:
            raise again(error)

    def _ask(self, command: int, *words: int) -> Answered:
        """Send a command that is answered, and wait for its answer."""
        with self._lock:
            answer = self._expect()
            self._waits += 1
            self._writer.command(command, answer.request, *words)
            self._writer.flush()
        answered = answer.wait()
        assert isinstance(answered, Answered), "only a backward calls hooks"
        return _checked(answered)

    def _expect(self) -> Answer:
        answer = Answer(self._next_request())
        self._stream.expect(answer)
        return answer

    def _expect_reading(self) -> Reading:
        reading = Reading(self._next_request(), self._readings)
        self._stream.expect(reading)
        return reading

    def _next_request(self) -> int:
        self._writer.check_open()
        self._request += 1
        self._round_trips += 1
        return self._request

    def _count_wait(self) -> None:
        with self._lock:
            self._waits += 1

    # -- backward ----------------------------------------------------------------------------------------------------

    def backward(self, request: BackwardRequest) -> tuple[Ref, ...]:
        """One command. Waits for its end only when hooks may have to run."""
        location = self._locations.here()
        waits = request.run_hook is not None
        with self._lock:
            results = self._writer.new_handles(len(request.targets))
            answer = self._expect() if waits else None
            number = answer.request if answer is not None else 0
            self._writer.command(*backward_row(request, number, location, results))
            if answer is not None:
                self._waits += 1
                self._writer.flush()
        if answer is not None:
            self._run_hooks(answer, request)
        elif self._blocking:
            self._run_now(results)
        return results

    def abandon(self, number: int) -> None:
        """Have the worker forget a pass."""
        self._writer.command(*abandon_row(number))

    def _run_hooks(self, answer: Answer, request: BackwardRequest) -> None:
        """Run the user's hooks here as the worker asks for them, until the backward is done."""
        assert request.run_hook is not None
        try:
            while isinstance(event := answer.wait(), HookCall):
                wanted = spec(tuple(event.shape), dtypes.ALL[event.dtype])
                replacement = request.run_hook(event.hook, event.handle, wanted)
                with self._lock:
                    self._round_trips += 1
                    self._waits += 1
                    self._writer.command(codec.HOOK_DONE, answer.request, replacement or 0)
                    self._writer.flush()
        except BaseException:
            # A hook raised, or the wait was interrupted: the worker must not go on waiting for an answer.
            self._stream.forget(answer)
            self._writer.command(codec.CANCEL, answer.request)
            raise
        _checked(event)

    # -- programs ----------------------------------------------------------------------------------------------------

    def define_program(self, code: Code, locations: Sequence[str]) -> int:
        """Send a program; its number. Raises QuotaExceededError for one that is too large, or ProtocolMismatchError."""
        if "programs" not in self.capabilities:
            raise ProtocolMismatchError("this worker cannot run compiled functions; upgrade it")
        data = program_codec.encode(code, list(locations))
        with self._lock:
            self._programs += 1
            number = self._programs
            self._writer.define_program(number, data)
        return number

    def run_program(self, program: int, inputs: Sequence[Ref], numbers: Sequence[Any], outputs: int) -> tuple[Ref, ...]:
        """Write one command."""
        outs = self._writer.run_program(program, self._locations.here(), inputs, numbers, outputs)
        if self._blocking:
            self._run_now(outs)
        return outs

    def drop_program(self, program: int) -> None:
        """Let the worker forget a program."""
        if not self.closed:
            self._writer.command(codec.DROP_PROGRAM, program)

    # -- state files -------------------------------------------------------------------------------------------------

    def export_state(self, named: Mapping[str, Ref], metadata: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """The pieces of a safetensors file of these tensors, as every command so far has left them. Waits for those.

        The tensors must live until the last piece came. Raises the error of a tensor that has one.
        """
        self._fence()
        return state_files.export(self._endpoint, self.id, named, metadata or {})

    def import_state(self, names: Iterable[str], pieces: Iterable[bytes]) -> dict[str, Ref]:
        """Tensors of a safetensors file, by name: the worker has them when this returns.

        Raises CheckpointError for a damaged file, or one that lacks a name, and QuotaExceededError.
        """
        self._fence()
        wanted = list(names)
        named = dict(zip(wanted, self._writer.new_handles(len(wanted)), strict=True))
        self._round_trips += 1
        self._waits += 1
        state_files.import_(self._endpoint, self.id, named, pieces)
        return named

    def memory(self, reset_peaks: bool = False) -> MemoryReply:
        """The bytes that the session holds once everything so far has run, and those of its device. Waits for that.

        With the most that it was found to hold since the session began, or since the peaks were last reset.
        """
        # A batch ends with the tensors that died before it: they are to be gone before the answer of the fence.
        self._writer.flush()
        self._fence()
        self._round_trips += 1
        self._waits += 1
        with translated(self._endpoint.address):
            reply: MemoryReply = WorkerStub(self._endpoint.channel).Memory(
                MemoryRequest(reset_peaks=reset_peaks), metadata=self._endpoint.metadata(self.id)
            )
        return reply

    def _fence(self) -> None:
        """Wait until everything so far has run. Unlike `synchronize`, leaves errors to those who read their tensors."""
        self._ask(codec.SPECS, 0)

    def profile(self, action: int) -> Profile:
        """Switch the worker's notes of when commands run on or off, or take some. Needs the capability "profile"."""
        return self._ask(codec.PROFILE, action).reply.profile

    # -- the session itself ------------------------------------------------------------------------------------------

    def stats(self) -> Stats:
        """What this session has cost so far. Never waits."""
        return Stats(
            commands=self._writer.commands,
            batches=self._stream.batches,
            round_trips=self._round_trips,
            waits=self._waits,
            bytes_sent=self._stream.bytes_sent,
            bytes_received=self._stream.bytes_received,
            bytes_shared=0 if self._stream.lane is None else self._stream.lane.bytes,
            bytes_repeated=self._stream.repeats.bytes,
            bytes_saved=self._stream.link.bytes_saved,
        )

    def close(self) -> None:
        """End the session; raises the oldest error that nobody has read."""
        from teletensor import sessions

        with self._lock:
            if self.closed:
                return
            self._writer.send_all()
            self.closed = self._writer.closed = True
            sessions.remove(self)
        self._stream.close()
        self._raise_untold()

    def __enter__(self) -> RemoteSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        try:
            self.close()
        except Exception:
            if kind is None:
                raise

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<{state} session on {self._stream.address}, device {self.device}>"


def _checked(answered: Answered) -> Answered:
    if answered.reply.HasField("failure"):
        raise error_of(answered.reply.failure)
    return answered
