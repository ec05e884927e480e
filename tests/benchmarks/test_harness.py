"""The benchmarks compare equal work, and say so when it is not."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
import teletensor as tt

from benchmarks import plot, report, work
from benchmarks.harness import Side, SideFailed, Workload, measure
from benchmarks.peers import tcp
from benchmarks.socket_peer import SocketPeer
from benchmarks.workloads import BARS, SIDES, WORKLOADS

ADDING = Workload("adding", "adding numbers", "numbers/s")
SIDE = """
from benchmarks.peers.serve import Work, serve

def adding():
    print("a library that talks")
    return Work(lambda count: [sum(range(10_000)) for _ in range(count)], lambda: sum(range(10_000)) + {off}, 10_000)

def failing():
    raise ValueError("not here")

serve({{"adding": adding, "failing": failing}})
"""


@pytest.fixture
def side(monkeypatch):
    """Makes sides: processes that add numbers, with an error `off`."""
    started = []
    popen = subprocess.Popen

    def start(name, off=0):
        def run(command, **options):
            return popen([sys.executable, "-c", SIDE.format(off=off)], **options)

        monkeypatch.setattr(subprocess, "Popen", run)
        made = Side(name, sys.executable, "unused")
        started.append(made)
        monkeypatch.setattr(subprocess, "Popen", popen)
        return made

    yield start
    for each in started:
        each.close()


def test_sides_are_measured_that_have_the_work(side):
    rates = measure(ADDING, [side("a"), side("b")], rounds=1)
    assert list(rates) == ["a", "b"]
    assert all(rate > 0 for rate in rates.values())
    assert measure(Workload("other", "other", "us"), [side("c")]) == {}


def test_sides_that_differ_are_refused(side):
    with pytest.raises(SystemExit, match=r"adding numbers: a got 49995000, b got 50195000"):
        measure(ADDING, [side("a"), side("b", off=200_000)], rounds=1)


def test_a_side_that_fails_is_left_out_and_told(side, capfd):
    assert measure(Workload("failing", "what fails", "us"), [side("a")]) == {}
    assert "what fails: without a: ValueError: not here" in capfd.readouterr().err
    with pytest.raises(SideFailed, match="prepare first"):
        side("b").ask(run=1)


def test_every_side_and_bar_names_what_there_is():
    names = {workload.name for workload in WORKLOADS}
    session = tt.ones(1)._session
    ours = work.small_ops(tt, "cpu") | work.training(tt, "cpu") | work.logged(tt, "cpu")
    ours |= work.transfers(tt, "cpu", session.synchronize, tt.to_host) | work.loading(tt, "cpu", session.synchronize)
    assert names <= set(ours)
    every = {name: {side[0]: 2.0 for side in SIDES} for name in names}
    assert all(bar.reached(every) for bar in BARS)
    assert not any(bar.reached({}) for bar in BARS)


@pytest.mark.parametrize("name", ["chain", "recorded", "one", "mlp", "cnn", "digits cnn", "gpt", "loading"])
def test_the_work_is_the_same_here_and_on_a_worker(name, session):
    here, there = (
        work.small_ops(tt, device) | work.training(tt, device) | work.loading(tt, device, session.synchronize)
        for device in ("cpu", "remote")
    )
    # Another number of threads may give other last bits.
    assert here[name]().check() == pytest.approx(there[name]().check(), rel=1e-5)


def test_the_socket_moves_what_a_worker_moves(session, monkeypatch):
    monkeypatch.setattr(work, "LARGE_MB", 1)
    ours = work.transfers(tt, "remote", session.synchronize, tt.to_host)
    with SocketPeer() as peer:
        theirs = tcp.works(peer)
        for name in ("upload", "download", "many up", "many down"):
            assert theirs[name]().check() == ours[name]().check()
            theirs[name]().run(2)
        assert theirs["one"]().check() == 1


def test_the_page_and_the_picture():
    results = {w.name: {"PyTorch": 2.0, "worker": 1.0, "RPyC": 0.001} for w in WORKLOADS}
    page = report.page({1: results}, {"idle worker, MB": 100.0}, [])
    assert "| chain of small ops, eager, over PyTorch | 0.5 | **0.5** |  |" in page
    assert "| MLP step, eager, over PyTorch | 0.85 | **0.5** | no |" in page
    written = report.with_bars(report.BARS_PAGE.read_text(), results, {"idle worker, MB": 130.0})
    assert "| MLP step, eager, over PyTorch | 0.85 | **0.5** | no |" in written
    assert "| idle worker, MB | 120 | **130** | no |" in written
    assert report.with_bars(written, results, {"idle worker, MB": 130.0}) == written
    root = ET.fromstring(plot.svg(results))
    assert len([e for e in root.iter() if e.tag.endswith("rect")]) == 6
    assert ET.fromstring(plot.svg({})) is not None
