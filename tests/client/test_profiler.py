"""The profiler: what is recorded where, what it adds up to, and that nothing of it stays behind."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import teletensor as tt
from teletensor import dispatch, operators, ops
from teletensor.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule
from teletensor.profiler.averages import Average
from teletensor.remote import RemoteSession
from teletensor_server import profiling

from tests.wire.inside import connect, serving
from tests.wire.test_errors import line_of


def work() -> tt.Tensor:
    x = tt.ones(4, 4, requires_grad=True)
    with record_function("product"):
        y = (x * x).relu()
    y.sum().backward()
    assert x.grad is not None
    return x.grad


def found(prof: profile, name: str) -> Average:
    (average,) = [each for each in prof.key_averages() if each.key == name]
    return average


def recorded() -> profile:
    with profile() as prof:
        work().tolist()
    return prof


def test_ops_are_counted_in_this_process_and_on_the_worker(session: RemoteSession) -> None:
    prof = recorded()
    for name in ("mul", "relu", "sum", "backward"):
        average = found(prof, name)
        assert (average.calls, average.commands, average.count) == (1, 1, 1), name
        assert average.client > 0
        assert average.compute > 0
        assert average.line == line_of(work, {"sum": "sum()", "backward": "sum()"}.get(name, "x * x"))
    read = found(prof, "read")
    assert (read.round_trips, read.bytes) == (1, 64)
    assert found(prof, "product").is_user_annotation


def test_times_of_the_worker_are_in_this_process_s_clock(session: RemoteSession) -> None:
    prof = recorded()
    starts = [event.start for event in prof.events() if event.side == "client"]
    ends = [event.end for event in prof.events() if event.side == "client"]
    there = [event for event in prof.events() if event.side == "engine"]
    # Another machine's clock would be off by days.
    slack = 10**9
    assert there
    for event in there:
        assert min(starts) - slack <= event.start <= event.end <= max(ends) + slack
        assert event.batch > 0
        assert event.wire >= 0
        assert event.queue >= 0
        assert event.place.startswith("remote at 127.0.0.1:")


def test_ops_in_this_process_have_both_times() -> None:
    with tt.device("cpu"):
        prof = recorded()
    average = found(prof, "mul")
    assert (average.calls, average.commands) == (1, 1)
    assert average.client >= average.compute > 0
    assert found(prof, "backward").compute > 0


def test_waiting_for_a_future_is_recorded_where_it_is_used(session: RemoteSession) -> None:
    with profile() as prof:
        future = tt.ones(()).item_async()
        future.result()
    assert found(prof, "read_later").round_trips == 1
    waits = [event for event in prof.events() if event.name == "wait"]
    assert len(waits) <= 1
    assert all(event.where.startswith(__file__) for event in waits)


def test_a_compiled_function_is_one_command(session: RemoteSession) -> None:
    double = tt.compile(lambda x: (x * 2).relu())
    x = tt.ones(3)
    for _ in range(3):
        double(x)
    with profile() as prof:
        double(x)
    average = found(prof, "run_program")
    assert (average.calls, average.commands) == (1, 1)
    assert average.line.startswith(__file__)
    assert not [each for each in prof.key_averages() if each.key == "mul"]


def test_nothing_stays_behind(session: RemoteSession) -> None:
    local = tt.ones(1, device="cpu")._session
    before = [dict(vars(owner)) for owner in (session, session._stream, session._readings, local)]
    functions = dispatch.apply, ops._apply, operators.apply
    recorded()
    after = [vars(owner) for owner in (session, session._stream, session._readings, local)]
    assert [set(a) for a in after] == [set(b) for b in before]
    assert (dispatch.apply, ops._apply, operators.apply) == functions
    with pytest.raises(ZeroDivisionError), profile() as prof:
        raise ZeroDivisionError
    assert prof.events() == []
    assert dispatch.apply is functions[0]


def test_one_profiler_at_a_time() -> None:
    with profile(), pytest.raises(RuntimeError, match="a profiler is recording already"):
        profile().start()
    recorded()


def test_an_error_in_an_op_is_recorded_and_raised(session: RemoteSession) -> None:
    with profile() as prof, pytest.raises(RuntimeError):
        tt.ones(2) * tt.ones(3)
    assert found(prof, "mul").calls == 1


def test_a_session_that_is_closed_in_the_middle_leaves_what_this_process_saw() -> None:
    with serving() as process, profile() as prof, connect(process):
        (tt.ones(2) + 1).tolist()
    assert found(prof, "add").calls == 1
    assert prof.dropped == 0


def test_more_commands_than_the_worker_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "CAPACITY", 40)
    monkeypatch.setattr(profiling, "_PAGE", 7)
    with serving() as process, connect(process):
        with profile() as prof:
            x = tt.ones(2)
            for _ in range(100):
                x = x + 1
            x.tolist()
        assert found(prof, "add").calls == 100
        assert 0 < found(prof, "add").commands < 40
        assert prof.dropped >= 100 - 40


def test_a_worker_that_cannot_is_not_asked(session: RemoteSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "capabilities", frozenset())
    prof = recorded()
    assert (found(prof, "mul").calls, found(prof, "mul").commands) == (1, 0)


# -- what it gives -----------------------------------------------------------------------------------------------------


def test_the_table(session: RemoteSession) -> None:
    averages = recorded().key_averages()
    for column in ("client", "compute", "wire", "queue", "count", "bytes", "cpu_time_total", "cuda_time_total"):
        text = averages.table(sort_by=column, row_limit=3, header="what it took")
        lines = text.splitlines()
        assert lines[0] == "what it took"
        assert len(lines) == 1 + 3 + 3 + 1 + 3
    assert lines[2].split()[:3] == ["Name", "Client", "total"]
    assert averages.table(sort_by="bytes").splitlines()[3].startswith("read ")
    assert averages.total_average().round_trips == 1
    assert averages[0].cpu_time_total == averages[0].client / 1e3
    with pytest.raises(ValueError, match="sort_by is one of client"):
        averages.table(sort_by="colour")


def test_averages_by_line(session: RemoteSession) -> None:
    with profile() as prof:
        tt.ones(2) + 1
        tt.ones(2) + 2
    rows = [each for each in prof.key_averages(group_by_stack_n=1) if each.key == "add"]
    assert [each.calls for each in rows] == [1, 1]
    assert len({each.where for each in rows}) == 2


@pytest.mark.parametrize("ending", ["json", "json.gz"])
def test_the_trace(session: RemoteSession, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"trace.{ending}"
    recorded().export_chrome_trace(path)
    text = gzip.decompress(path.read_bytes()) if ending.endswith("gz") else path.read_bytes()
    events: list[dict[str, Any]] = json.loads(text)["traceEvents"]
    names = {event["args"]["name"] for event in events if event["ph"] == "M"}
    assert len(names) == 2
    products = [event for event in events if event["name"] == "mul"]
    assert {event["pid"] for event in products} == {1, 2}
    assert all(event["ph"] == "X" and event["dur"] > 0 for event in products)
    assert all(event["args"]["line"] == line_of(work, "x * x") for event in products)
    arrows = [event for event in events if event["ph"] in "sf"]
    assert [event["ph"] for event in arrows] == ["s", "f"] * (len(arrows) // 2)


# -- steps -------------------------------------------------------------------------------------------------------------


def test_schedules_are_pytorch_s() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    for arguments in (
        {"wait": 1, "warmup": 1, "active": 2},
        {"wait": 0, "warmup": 1, "active": 1, "repeat": 3},
        {"wait": 2, "warmup": 1, "active": 3, "repeat": 2, "skip_first": 4},
        {"wait": 3, "warmup": 1, "active": 1, "skip_first": 2, "skip_first_wait": 1},
    ):
        ours, theirs = schedule(**arguments), torch.profiler.schedule(**arguments)
        assert [ours(i).name for i in range(30)] == [theirs(i).name for i in range(30)]
    with pytest.raises(AssertionError, match="Invalid profiler schedule arguments"):
        schedule(wait=1, warmup=0, active=0)
    with pytest.warns(UserWarning, match="won't be using warmup"):
        assert schedule(wait=0, warmup=0, active=1)(0) is ProfilerAction.RECORD_AND_SAVE
    assert {a.name: a.value for a in ProfilerAction}.items() <= {
        a.name: a.value for a in torch.profiler.ProfilerAction
    }.items()
    assert ProfilerActivity.CUDA in tt.profiler.supported_activities()


def test_only_the_scheduled_steps_are_recorded(session: RemoteSession) -> None:
    seen = []

    def ready(prof: profile) -> None:
        steps = sorted(each.key for each in prof.key_averages() if each.is_user_annotation)
        seen.append((steps, found(prof, "add").calls))

    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=1), on_trace_ready=ready) as prof:
        for _ in range(8):
            tt.ones(2) + 1
            prof.step()
    assert seen == [(["ProfilerStep#2", "ProfilerStep#3"], 2)]


def test_the_handler_for_tensorboard_writes_a_file(tmp_path: Path) -> None:
    with profile(on_trace_ready=tt.profiler.tensorboard_trace_handler(str(tmp_path / "runs"), "me")):
        tt.ones(2, device="cpu") + 1
    (path,) = (tmp_path / "runs").iterdir()
    assert path.name.startswith("me.")
    assert path.name.endswith(".pt.trace.json")
    assert json.loads(path.read_text())["traceEvents"]


def test_the_older_names() -> None:
    with tt.autograd.profiler.profile(use_cuda=False) as prof:
        tt.ones(2, device="cpu") + 1
    assert "add" in prof.table(row_limit=2)
    with tt.autograd.profiler.profile(enabled=False) as prof:
        tt.ones(2, device="cpu") + 1
    assert prof.events() == []


def test_regions_decorate_functions() -> None:
    @record_function("region")
    def double(x: tt.Tensor) -> tt.Tensor:
        return x * 2

    double(tt.ones(1, device="cpu"))
    with profile() as prof:
        double(double(tt.ones(1, device="cpu")))
    assert found(prof, "region").count == 2
