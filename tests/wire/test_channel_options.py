"""Options of gRPC are names in a string table: one that is misspelt has no effect, and nobody says so."""

from pathlib import Path

import pytest
from grpc._cython import cygrpc
from teletensor import channel
from teletensor_server import listeners

OPTIONS = dict(channel._OPTIONS), dict(listeners._options(1 << 20))


@pytest.mark.parametrize("name", sorted({name for options in OPTIONS for name in options}))
def test_grpc_knows_every_option(name: str) -> None:
    assert name.encode() + b"\0" in Path(cygrpc.__file__).read_bytes()


def test_a_worker_bears_pings_as_often_as_clients_send_them() -> None:
    """Otherwise it hangs up on those that have been idle for some minutes."""
    client, server = OPTIONS
    assert server["grpc.http2.min_ping_interval_without_data_ms"] < client["grpc.keepalive_time_ms"]
