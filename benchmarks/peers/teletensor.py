"""teletensor: `python -m benchmarks.peers.teletensor here|worker|grpc|far [compiled]`."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import teletensor as tt

from benchmarks import work
from benchmarks.delay import proxied
from benchmarks.harness import ROUND_TRIP, worker
from benchmarks.peers.serve import Works, serve


def _works(place: str, device: str, session: Any, compiled: Any) -> Works:
    if place == "far":
        one = work.small_ops(tt, device)["one"]
        return {"one": one, **work.logged(tt, device)}
    moved = {} if session is None else work.transfers(tt, device, session.synchronize, tt.to_host)
    if place == "grpc":
        return moved
    if compiled is not None:
        return work.small_ops(tt, device, compiled) | work.training(tt, device, compiled)
    computed = work.small_ops(tt, device) | work.training(tt, device)
    if session is None:
        return computed | work.loading(tt, device, lambda: None)
    return computed | work.logged(tt, device) | moved | work.loading(tt, device, session.synchronize)


def main(place: str, compiled: Any) -> None:
    """Serve one place's works."""
    with contextlib.ExitStack() as stack:
        session = None
        if place != "here":
            where = stack.enter_context(worker())
            address = where["grpc"]
            if place == "far":
                address = stack.enter_context(proxied(address, ROUND_TRIP))
            # Neither a bare link nor a far worker has memory to share.
            shares = place == "worker"
            session = stack.enter_context(
                tt.connect(address, token=where["token"], default_device="cpu", shared_memory=shares)
            )
        serve(_works(place, "cpu" if session is None else "remote", session, compiled))


if __name__ == "__main__":
    wanted = "compiled" in sys.argv
    compiler = getattr(tt, "compile", None) if wanted else None
    if wanted and compiler is None:
        sys.exit("this version has no teletensor.compile")
    main(sys.argv[1], compiler)
