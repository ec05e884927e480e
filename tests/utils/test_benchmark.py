"""Measurements and tables are told as PyTorch tells them; statements are timed with what they leave on a worker."""

import re

import pytest
import teletensor
from teletensor.utils import benchmark


@pytest.fixture
def theirs():
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    import torch.utils.benchmark

    return torch.utils.benchmark


def results(b, envs=(None,)):
    found = []
    for env in envs:
        for threads in (4, 1):
            for i, sub in enumerate(("a + b", "matrices")):
                for j, description in enumerate(("first", "second", "third")):
                    spread = (1.0, 1.01, 1.02, 1.03, 1.0, 2.5 if j else 1.04, 2.6 if j else 1.0, 2.7 if j else 1.0)
                    times = [1e-5 * (1 + i * 3 + j * 2 + threads) * part for part in spread]
                    names = {"label": "Sums" if i else "Products", "sub_label": sub, "description": description}
                    task = b.TaskSpec("x", "pass", **names, env=env, num_threads=threads)
                    if (i, j) != (1, 2):
                        found.append(b.Measurement(10, times, task))
    return found


@pytest.mark.parametrize(
    "choose",
    [
        lambda table: None,
        lambda table: table.trim_significant_figures(),
        lambda table: table.colorize(),
        lambda table: table.colorize(rowwise=True),
        lambda table: table.highlight_warnings(),
        lambda table: (table.trim_significant_figures(), table.highlight_warnings(), table.colorize()),
    ],
)
@pytest.mark.parametrize("envs", [(None,), ("here", "elsewhere")])
def test_a_table_is_pytorchs(theirs, choose, envs):
    told = []
    for b in (benchmark, theirs):
        table = b.Compare(results(b, envs))
        choose(table)
        told.append(str(table))
    assert told[0] == told[1]


@pytest.mark.parametrize("times", [[3e-3], [1e-3, 2e-3], [1e-3, 1.1e-3, 1.2e-3, 1.3e-3], [1.0, 1.1, 1.2, 2.3]])
@pytest.mark.parametrize(
    "task",
    [
        {"stmt": "x + 1", "setup": "y = 1"},
        {"stmt": "a\nb", "setup": "c\nd", "label": "L", "sub_label": "s", "description": "D", "num_threads": 3},
        {"stmt": "a\nb", "setup": "", "sub_label": "q"},
    ],
)
def test_a_measurement_is_told_as_pytorch_does(theirs, times, task):
    ours, wanted = (b.Measurement(7, times, b.TaskSpec(**task)) for b in (benchmark, theirs))
    texts = [re.sub(r"^<.*>", "", repr(x)) for x in (ours, wanted)]
    assert texts[0] == texts[1]
    for name in ("median", "mean", "iqr", "times"):
        assert getattr(ours, name) == pytest.approx(getattr(wanted, name)), name
    for name in ("significant_figures", "has_warnings", "title", "as_row_name", "label", "num_threads"):
        assert getattr(ours, name) == getattr(wanted, name), name


def test_small_helpers(theirs):
    for t in (3e-9, 4.2e-5, 0.99e-3, 0.5, 7.0, 300.0):
        assert benchmark.select_unit(t) == pytest.approx(theirs.select_unit(t)), t
        assert benchmark.trim_sigfig(t, 2) == pytest.approx(theirs.trim_sigfig(t, 2)), t
    assert benchmark.unit_to_english("us") == "microsecond"
    assert benchmark.ordered_unique([2, 1, 2, 3]) == [2, 1, 3]


def clock(step):
    """Each reading is later by a step."""
    now = iter(range(10**9))
    return lambda: next(now) * step


def test_a_statement_is_run_with_its_names():
    seen = []
    timer = benchmark.Timer(
        """
        seen.append(torch.ones(1) + one)
        """,
        setup="one = 1",
        globals={"seen": seen},
        timer=clock(0.5),
    )
    measured = timer.timeit(3)
    assert len(seen) == 3 + 2
    assert isinstance(seen[0], teletensor.Tensor)
    assert (measured.number_per_run, measured.raw_times) == (3, [0.5])


def test_blocks_are_timed_until_there_are_enough():
    told = []
    measured = benchmark.Timer("pass", timer=clock(0.25)).blocked_autorange(lambda *x: told.append(x), min_run_time=0.2)
    assert (measured.number_per_run, measured.raw_times) == (1, [0.25])
    assert told == [(1, 0.25)]


def test_an_even_statement_is_timed_few_times():
    measured = benchmark.Timer("pass", timer=clock(0.06)).adaptive_autorange()
    assert len(measured.raw_times) == 4
    assert measured.number_per_run == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"stmt": print}, ValueError), ({"language": "c++"}, NotImplementedError), ({"language": "ada"}, ValueError),
        ({"global_setup": "x"}, ValueError),
    ],
)  # fmt: skip
def test_what_cannot_be_timed(arguments, error):
    with pytest.raises(error):
        benchmark.Timer(**arguments)


def test_what_pytorch_refuses_too():
    timer = benchmark.Timer()
    for call in (timer.repeat, timer.autorange, timer.collect_callgrind):
        with pytest.raises(NotImplementedError):
            call()


def test_the_clock_waits_for_workers(session):
    x = teletensor.ones(8, device=session.device)
    (x @ x).sum()
    before = session.stats().round_trips
    benchmark.timer()
    assert session.stats().round_trips > before


def test_threads_are_put_back():
    before = teletensor.get_num_threads()
    with benchmark.set_torch_threads(3):
        assert teletensor.get_num_threads() == 3
    assert teletensor.get_num_threads() == before
