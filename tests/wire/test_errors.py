"""Errors of the worker: of the class that PyTorch raises, with the op, its shapes and the user's own line."""

from __future__ import annotations

import contextlib
import gc
import inspect
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import teletensor as tt
from teletensor.remote import RemoteSession
from teletensor_core import errors
from teletensor_core.engine import Engine
from teletensor_server.serve import WorkerProcess as ServingProcess

from tests.wire.inside import connect, serving
from tests.workers import WorkerProcess


def late(session: RemoteSession) -> tt.Tensor:
    """A result that turns out wrong only on the worker: an index that is out of range."""
    index = tt.tensor([0, 9])
    return tt.gather(tt.ones(3), 0, index)


def line_of(function: object, text: str) -> str:
    """file:line of the line of a function that has this text."""
    lines, first = inspect.getsourcelines(function)  # type: ignore[arg-type]
    (found,) = [first + i for i, line in enumerate(lines) if text in line]
    return f"{inspect.getsourcefile(function)}:{found}"  # type: ignore[arg-type]


def test_a_late_error_names_the_op_its_shapes_and_the_line_of_the_user(session: RemoteSession) -> None:
    bad = late(session)
    for _ in range(300):
        tt.ones(2) + 1
    with pytest.raises(IndexError) as caught:
        bad.tolist()
    where = line_of(late, "tt.gather")
    assert isinstance(caught.value, errors.DimensionError)
    assert caught.value.where == where
    assert f"gather(float32[3], int64[2], dim=0), issued at {where}" in str(caught.value)


def test_only_what_depends_on_it_fails(session: RemoteSession) -> None:
    good = tt.ones(3)
    bad = late(session)
    assert (good + 1).tolist() == [2, 2, 2]
    with pytest.raises(IndexError):
        (bad * 2).sum().item()
    assert good.tolist() == [1, 1, 1]


@pytest.mark.parametrize("way", ["read", "synchronize", "untold"])
def test_a_caught_error_keeps_no_tensors(session: RemoteSession, way: str) -> None:
    """Whoever catches an error, of memory say, goes on without what the failed call held: at once, not one day."""
    seen: list[weakref.ref[tt.Tensor]] = []

    def fails() -> None:
        kept, bad = tt.ones(3), late(session)
        seen.append(weakref.ref(kept))
        if way == "untold":
            bad.sum().item_async()
        bad.tolist() if way == "read" else session.synchronize()

    gc.disable()
    try:
        with contextlib.suppress(IndexError):
            fails()
        assert seen[0]() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("way", ["synchronize", "close", "with"])
def test_an_error_that_nobody_reads_surfaces_in_the_end(worker: WorkerProcess, way: str) -> None:
    session = tt.connect(worker.grpc, token=worker.token)
    try:
        late(session)
        end = session.__exit__ if way == "with" else getattr(session, way)
        with pytest.raises(IndexError, match="gather"):
            end(*(None,) * (3 if way == "with" else 0))
    finally:
        session.close()


def test_an_error_in_the_with_block_hides_no_other(worker: WorkerProcess) -> None:
    def fail_with_an_error_unread() -> None:
        with tt.connect(worker.grpc, token=worker.token) as session:
            late(session)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_with_an_error_unread()


def test_blocking_raises_at_the_line_that_is_wrong(worker: WorkerProcess) -> None:
    with tt.connect(worker.grpc, token=worker.token, blocking=True) as session:
        before = session.stats().round_trips
        x = tt.ones(3) + 1
        assert session.stats().round_trips > before
        with pytest.raises(IndexError, match="gather"):
            late(session)
        assert x.tolist() == [2, 2, 2]


def test_blocking_by_a_variable(worker: WorkerProcess) -> None:
    program = """
import sys, teletensor as tt
with tt.connect(sys.argv[1]):
    index = tt.tensor([9])
    try:
        tt.gather(tt.ones(3), 0, index)
    except IndexError:
        print("at once")
"""
    env = {"TELETENSOR_BLOCKING": "1", "TELETENSOR_TOKEN": str(worker.token), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program, worker.grpc], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "at once\n", done.stderr


def test_a_read_that_fails_half_way_ends_with_the_error_and_not_with_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as process, connect(process) as session:
        tensors = [tt.full((1 << 20,), float(i)) for i in range(3)]
        session.synchronize()
        backend = process.worker.backend
        copies = iter([backend.to_host])
        with monkeypatch.context() as patch:
            patch.setattr(backend, "to_host", lambda array: next(copies, _full)(array))
            with pytest.raises(errors.OutOfMemoryError, match="out of memory"):
                tt.to_host(tensors)
        assert [x[-1].item() for x in tt.to_host(tensors)] == [0, 1, 2]
        session.synchronize()


def _full(array: object) -> None:
    raise MemoryError


def test_a_failed_write_in_place_is_told_once_and_the_tensor_comes_back(session: RemoteSession) -> None:
    x = tt.zeros(3)
    x.index_add_(0, tt.tensor([7]), tt.ones(1))
    with pytest.raises(IndexError):
        x.tolist()
    assert x.tolist() == [0, 0, 0]


def test_an_error_in_backward_surfaces_with_the_line_of_backward(session: RemoteSession) -> None:
    x = tt.ones(3, requires_grad=True)
    bad = tt.gather(x, 0, tt.tensor([0, 9]))
    bad.sum().backward()
    assert x.grad is not None
    with pytest.raises(IndexError, match="gather"):
        x.grad.tolist()


# -- every class of the catalogue --------------------------------------------------------------------------------------


def singular(session: RemoteSession) -> None:
    tt.linalg.inv(tt.zeros(2, 2)).tolist()


def unknown_tensor(session: RemoteSession) -> None:
    session.read([1 << 40])


def too_large(session: RemoteSession) -> None:
    tt.ones(1 << 40).tolist()


def damaged(session: RemoteSession) -> None:
    session.import_state(["a"], [b"\x10\0\0\0\0\0\0\0 no json at all "])


def out_of_range(session: RemoteSession) -> None:
    late(session).tolist()


RAISED = [
    (singular, errors.LinAlgError, RuntimeError),
    (out_of_range, errors.DimensionError, IndexError),
    (unknown_tensor, errors.TensorNotFoundError, LookupError),
    (too_large, errors.QuotaExceededError, RuntimeError),
    (damaged, errors.CheckpointError, RuntimeError),
]


@pytest.mark.parametrize(("cause", "error", "builtin"), RAISED, ids=lambda x: getattr(x, "__name__", ""))
def test_errors_that_leave_the_session_as_it_was(
    session: RemoteSession, cause: object, error: type[Exception], builtin: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        cause(session)  # type: ignore[operator]
    assert isinstance(caught.value, builtin)
    assert tt.ones(2).tolist() == [1, 1]


@pytest.mark.parametrize("code", sorted(errors.CODES))
@pytest.mark.parametrize("way", ["reply", "status"])
def test_every_class_of_error_arrives_as_itself(code: str, way: str, session: RemoteSession) -> None:
    """Through the two ways an error travels: in an answer, and as the status that a call ends with."""
    import grpc
    from teletensor.answers import error_of
    from teletensor.channel import translate
    from teletensor_protos import codec
    from teletensor_protos.v1.worker_pb2 import Failure

    class Status(grpc.RpcError):
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.INTERNAL

        def details(self) -> str:
            return "said so"

        def trailing_metadata(self) -> list[tuple[str, str]]:
            return [(codec.ERROR_KEY, code)]

    if way == "reply":
        raised = error_of(Failure(code=code, message="said so", location="a.py:3", command="add(x)"))
        assert str(raised) == "said so (in add(x), issued at a.py:3)"
        assert raised.where == "a.py:3"
    else:
        raised = translate(Status(), "host:1")
        assert str(raised) == "said so"
    assert type(raised) is errors.CODES[code]
    (builtin,) = [base for base in errors.CODES[code].__mro__ if base in BUILTINS][:1]
    assert isinstance(raised, builtin)


@pytest.fixture(scope="module")
def process() -> Iterator[ServingProcess]:
    with serving(max_sessions=200) as running:
        yield running


def builtin_of(error: type[BaseException]) -> type[BaseException]:
    """What a PyTorch program would catch."""
    return next(base for base in error.__mro__ if base in BUILTINS)


@pytest.mark.parametrize("code", sorted(errors.CODES))
def test_an_op_that_raises_any_class_of_error(
    code: str, process: ServingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise errors.CODES[code]("said so")

    with connect(process) as session:
        monkeypatch.setattr(Engine, "run_plain", fail)
        x = tt.ones(2, device=session.device)
        with pytest.raises(builtin_of(errors.CODES[code]), match="said so") as caught:
            x.tolist()
        assert type(caught.value) is errors.CODES[code]
        monkeypatch.undo()
        assert tt.ones(2).tolist() == [1, 1]


@pytest.mark.parametrize("code", sorted(errors.CODES))
def test_a_call_that_ends_with_any_class_of_error(
    code: str, process: ServingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise errors.CODES[code]("said so")

    monkeypatch.setattr(process.worker, "open", fail)
    with pytest.raises(builtin_of(errors.CODES[code]), match="said so") as caught:
        connect(process)
    assert type(caught.value) is errors.CODES[code]


BUILTINS = (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError, LookupError, ConnectionError)


def test_errors_of_the_call_are_raised_before_anything_is_sent(session: RemoteSession) -> None:
    before = session.stats().commands
    with pytest.raises(RuntimeError, match="must match the size"):
        tt.ones(2, 3) + tt.ones(4)
    assert session.stats().commands == before + 2


def test_locations_outside_of_functions(worker: WorkerProcess, tmp_path: Path) -> None:
    script = tmp_path / "user.py"
    script.write_text(
        "import sys, teletensor as tt\n"
        "s = tt.connect(sys.argv[1], token=sys.argv[2])\n"
        "i = tt.tensor([5])\n"
        "y = tt.gather(tt.ones(3), 0, i)\n"
        "try:\n"
        "    y.item()\n"
        "except IndexError as e:\n"
        "    print(e.where)\n"
    )
    command = [sys.executable, str(script), worker.grpc, str(worker.token)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"{script}:4\n", done.stderr
