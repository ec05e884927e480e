"""The first message: which versions of the protocol, and which ops, the two sides have in common."""

from __future__ import annotations

import functools
import re
from importlib.metadata import version

from teletensor_core import registry
from teletensor_core.errors import ProtocolMismatchError

from teletensor_protos import compression, shared
from teletensor_protos.v1.worker_pb2 import OpenReply, OpenRequest

# Versions of the protocol that this release speaks.
OLDEST = NEWEST = 1
# What a side can do beyond the first version; absent ones are not used.
CAPABILITIES: tuple[str, ...] = ("hooks", "profile", "programs", shared.CAPABILITY, "state-files")
if compression.AVAILABLE:
    CAPABILITIES += (compression.CAPABILITY,)


def software() -> str:
    """The version of teletensor on our side."""
    return version("teletensor")


@functools.cache
def fingerprint() -> str:
    """Our side's digest of the op table."""
    return registry.fingerprint()


def request(client: str, *, share_memory: bool = False, compress: bool = True) -> OpenRequest:
    """What this client offers. The device is the worker's default."""
    unwanted = {shared.CAPABILITY: not share_memory, compression.CAPABILITY: not compress}
    capabilities = [name for name in CAPABILITIES if not unwanted.get(name)]
    return OpenRequest(
        oldest_version=OLDEST,
        newest_version=NEWEST,
        op_fingerprint=fingerprint(),
        client=client,
        capabilities=capabilities,
        software=software(),
    )


def agree(offer: OpenRequest) -> int:
    """The newest version that both sides speak; for the worker. Raises ProtocolMismatchError."""
    common = min(offer.newest_version, NEWEST)
    if common < max(offer.oldest_version, OLDEST):
        older = "the client" if offer.newest_version < OLDEST else "the worker"
        raise ProtocolMismatchError(
            f"the client (teletensor {_named(offer.software)}) speaks protocol versions {offer.oldest_version} to "
            f"{offer.newest_version}, the worker (teletensor {software()}) versions {OLDEST} to {NEWEST}; "
            f"upgrade {older}"
        )
    if offer.op_fingerprint != fingerprint():
        raise ProtocolMismatchError(
            f"the client (teletensor {_named(offer.software)}) and the worker (teletensor {software()}) have "
            f"different ops; {_advice(offer.software, software())}"
        )
    return common


def check(reply: OpenReply) -> None:
    """For the client: that the worker has agreed to something this side speaks. Raises ProtocolMismatchError."""
    if not OLDEST <= reply.version <= NEWEST or reply.op_fingerprint != fingerprint():
        raise ProtocolMismatchError(
            f"the worker (teletensor {_named(reply.software)}) chose protocol version {reply.version}, this client "
            f"(teletensor {software()}) speaks versions {OLDEST} to {NEWEST}; {_advice(software(), reply.software)}"
        )


def _named(release: str) -> str:
    return release[:40] or "of an unknown version"


def _advice(client: str, worker: str) -> str:
    """Which side to upgrade."""
    if _order(client) == _order(worker):
        return "install the same version on both sides"
    return f"upgrade the {'client' if _order(client) < _order(worker) else 'worker'}"


def _order(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release[:40])]
