"""What a session is told of memory: its own, and the device's."""

import grpc
import pytest
import teletensor as torch
from teletensor_protos.v1.worker_pb2 import MemoryRequest
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub

MIB = 1 << 20


def test_what_a_session_holds_is_told_in_the_order_of_its_commands(session):
    before = session.memory().allocated
    x = torch.zeros(MIB)
    y = x + 1
    waited = session.stats().round_trips
    assert session.memory().allocated == before + 8 * MIB
    assert session.stats().round_trips == waited + 2
    del y
    assert session.memory().allocated == before + x.nbytes


def gone(session, compute):
    """What a computation that leaves nothing behind held at most, beside what is held anyway."""
    before = session.memory(reset_peaks=True)
    assert before.peak_allocated == before.allocated
    compute()
    after = session.memory()
    assert after.allocated == before.allocated
    return after.peak_allocated - before.allocated


def test_the_peak_is_what_backward_needs(session):
    x = torch.ones(MIB, requires_grad=True)

    def step(depth):
        y = x
        for _ in range(depth):
            y = y * y
        torch.autograd.grad(y.sum(), x)

    assert gone(session, lambda: step(3)) // MIB == 12
    # What dies is told with later commands: a step may find the one before still there.
    assert 8 <= gone(session, lambda: [step(2) for _ in range(5)]) // MIB <= 20
    assert 16 <= gone(session, lambda: [step(n) for n in (1, 4, 2)]) // MIB <= 32
    assert gone(session, lambda: None) == 0


def test_the_peak_of_what_is_held_more_and_more(session):
    """The steps are all alike, and what they leave adds up."""
    x, kept = torch.ones(MIB // 4, requires_grad=True), []

    def step():
        (grad,) = torch.autograd.grad((x * 2).sum(), x)
        kept.append(grad)

    def steps():
        for _ in range(40):
            step()
        kept.clear()

    assert 20 <= gone(session, steps) // MIB <= 40


def test_the_peak_counts_what_a_compiled_function_needs(session):
    x = torch.ones(MIB)
    compiled = torch.compile(lambda x: ((x.exp() + 1).sort()[0] * 2).sum())
    for _ in range(4):
        compiled(x)
    assert gone(session, lambda: compiled(x)) >= 4 * MIB


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        (lambda worker: (), grpc.StatusCode.UNAUTHENTICATED),
        (lambda worker: (("authorization", f"Bearer {worker.token}"),), grpc.StatusCode.NOT_FOUND),
    ],
    ids=["no token", "no session"],
)
def test_nobody_else_is_told(worker, metadata, status):
    with grpc.insecure_channel(worker.grpc) as channel, pytest.raises(grpc.RpcError) as refused:
        WorkerStub(channel).Memory(MemoryRequest(), metadata=metadata(worker), timeout=20)
    assert refused.value.code() is status
