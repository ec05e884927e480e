"""What is measured, on which sides, and what must be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.harness import ROUND_TRIP, Workload
from benchmarks.work import CHAIN, LARGE_MB, LOGGED_EVERY, MANY

WORKLOADS = (
    Workload("chain", f"chain of {CHAIN:,} small ops on (64, 64), one read", "ops/s"),
    Workload("recorded", "the same, recorded for gradients", "ops/s"),
    Workload("one", "one small op and its value", "us"),
    Workload("mlp", "training steps of an MLP, 784-256-256-10, batch 64", "steps/s"),
    Workload("cnn", "training steps of a CNN, 28 x 28, batch 32", "steps/s"),
    Workload("digits cnn", "training steps of a CNN, 8 x 8, batch 64", "steps/s"),
    Workload("gpt", "training steps of a GPT, 4 layers of 128, 8 x 64 tokens", "steps/s"),
    Workload("mlp, loss read", f"the MLP, its loss read every {LOGGED_EVERY} steps", "steps/s"),
    # Long enough that waiting for the last value, which is a round trip, does not count.
    Workload("mlp, loss through futures", "the same, through futures", "steps/s", seconds=100 * ROUND_TRIP),
    Workload("upload", f"{LARGE_MB} MiB up", "MiB/s"),
    Workload("download", f"{LARGE_MB} MiB down", "MiB/s"),
    Workload("many up", f"{MANY:,} arrays of 4 KiB up", "arrays/s"),
    Workload("many down", f"{MANY:,} arrays of 4 KiB down", "arrays/s"),
    Workload("loading", "shuffled batches of 64 images, from tensors on the device", "batches/s"),
)
# Name in tables, environment ("" is this one), module of benchmarks.peers and its arguments.
SIDES = (
    ("PyTorch", "torch", "pytorch"),
    ("here", "", "teletensor", "here"),
    ("worker", "", "teletensor", "worker"),
    ("gRPC only", "", "teletensor", "grpc"),
    ("compiled", "", "teletensor", "worker", "compiled"),
    ("20 ms away", "", "teletensor", "far"),
    ("torch RPC", "torch", "torch_rpc"),
    ("Ray", "ray", "ray"),
    ("RPyC", "rpyc", "rpyc"),
    ("TCP socket", "", "tcp"),
    ("gRPC echo", "", "echo"),
)
PEERS = ("torch RPC", "Ray", "RPyC")
# Figures by workload and side.
Results: TypeAlias = "dict[str, dict[str, float]]"


@dataclass(frozen=True)
class Bar:
    """A ratio that must be reached; None where a side was not measured."""

    what: str
    must: float
    reached: Callable[[Results], float | None]


def _ratio(workload: str, side: str, *others: str) -> Callable[[Results], float | None]:
    """A side's rate over the best of the others'; for times, theirs over its."""

    def reached(results: Results) -> float | None:
        found = results.get(workload, {})
        theirs = [found[other] for other in others if other in found]
        if side not in found or not theirs:
            return None
        return min(theirs) / found[side] if workload == "one" else found[side] / max(theirs)

    return reached


def _allowed(results: Results) -> float | None:
    """Of what ten steps and one round trip allow, the part that is reached where the loss is read every ten steps."""
    near = results.get("mlp, loss through futures", {}).get("worker")
    far = results.get("mlp, loss read", {}).get("20 ms away")
    return None if near is None or far is None else far / (LOGGED_EVERY / (LOGGED_EVERY / near + ROUND_TRIP))


def _futures(results: Results) -> float | None:
    found = results.get("mlp, loss through futures", {})
    return found["20 ms away"] / found["worker"] if {"20 ms away", "worker"} <= set(found) else None


BARS = (
    Bar("chain of small ops, eager, over PyTorch", 0.5, _ratio("chain", "worker", "PyTorch")),
    Bar("the same over the best peer", 10.0, _ratio("chain", "worker", *PEERS)),
    Bar("the same with gradients recorded, over PyTorch", 0.5, _ratio("recorded", "worker", "PyTorch")),
    Bar("chain of small ops, compiled, over PyTorch", 1.0, _ratio("chain", "compiled", "PyTorch")),
    Bar("one op and its value, over a bare gRPC echo", 1 / 1.3, _ratio("one", "worker", "gRPC echo")),
    Bar("MLP step, eager, over PyTorch", 0.85, _ratio("mlp", "worker", "PyTorch")),
    Bar("MLP step, compiled, over PyTorch", 1.15, _ratio("mlp", "compiled", "PyTorch")),
    Bar("CNN step, compiled, over PyTorch", 0.8, _ratio("cnn", "compiled", "PyTorch")),
    Bar("digits CNN step, compiled, over PyTorch", 0.8, _ratio("digits cnn", "compiled", "PyTorch")),
    Bar("GPT step, compiled, over PyTorch", 0.8, _ratio("gpt", "compiled", "PyTorch")),
    Bar("large upload, gRPC only, over a TCP socket", 0.7, _ratio("upload", "gRPC only", "TCP socket")),
    Bar("large download, gRPC only, over a TCP socket", 0.7, _ratio("download", "gRPC only", "TCP socket")),
    Bar("large upload through shared memory, over a TCP socket", 1.5, _ratio("upload", "worker", "TCP socket")),
    Bar("large download through shared memory, over a TCP socket", 1.5, _ratio("download", "worker", "TCP socket")),
    Bar("many small arrays up, gRPC only, over a TCP socket", 0.7, _ratio("many up", "gRPC only", "TCP socket")),
    Bar("many small arrays down, gRPC only, over a TCP socket", 0.7, _ratio("many down", "gRPC only", "TCP socket")),
    Bar("MLP at 20 ms, loss read every 10 steps, over what a round trip allows", 0.9, _allowed),
    Bar("MLP at 20 ms, loss through futures, over loopback", 0.95, _futures),
)
# What teletensor may take, by the names of `footprint`.
MOST = {
    "wheels of the client, MB": 30.0,
    "import teletensor, s": 0.25,
    "idle worker, MB": 120.0,
    "held tensor of 4 KiB, KiB": 5.0,
}
