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
