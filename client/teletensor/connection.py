"""`connect`: a session on a worker, by default the place for new tensors from then on."""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING, Literal, TypeAlias

from teletensor_core.errors import ArgumentError

from teletensor import sessions

if TYPE_CHECKING:
    from teletensor.remote import RemoteSession

PathLike: TypeAlias = "str | os.PathLike[str]"


def connect(
    address: str | None = None,
    *,
    token: str | None = None,
    tls_ca: PathLike | None = None,
    tls_cert: PathLike | None = None,
    tls_key: PathLike | None = None,
    default_device: str | None = None,
    cpu: Literal["local", "worker", "auto"] = "local",
    timeout: float = 10.0,
    blocking: bool | None = None,
    shared_memory: bool | None = None,
    compression: Literal["auto", "zstd"] | None = "auto",
) -> RemoteSession:
    """A session on the worker at `address` ("host:port", or TELETENSOR_URL), which closes at the end of a `with` block.

    New tensors go to the worker from now on, unless `default_device="cpu"`. With `cpu="worker"` the worker is the whole
    machine: what it computes on is called `cpu`, while samples are still fetched and joined in this process. "auto"
    is that for a worker without a GPU. `token` defaults to TELETENSOR_TOKEN, to what is in TELETENSOR_TOKEN_FILE, or,
    for a worker on this machine, to the token of this user. `tls_ca` (or TELETENSOR_TLS_CA) is a file with the
    certificate authority to trust, and switches TLS on; `tls_cert` and `tls_key` are files with a certificate for the
    worker to check. `blocking` (or TELETENSOR_BLOCKING=1) runs one command at a time, so that errors are raised at the
    line that caused them. To and from a worker on the same machine, large tensors move through shared memory, unless
    `shared_memory=False` (or TELETENSOR_SHARED_MEMORY=0). What goes through the network is compressed, without loss, if
    both sides have the extra `teletensor[zstd]`: with `compression` "auto" where the link was seen to be slow and the
    elements shrink, with "zstd" whenever they shrink, with None never. TELETENSOR_COMPRESSION (auto, zstd or none) is
    what "auto" stands for.

    Raises ConnectFailedError when nobody answers within `timeout` seconds; AuthenticationError, ProtocolMismatchError
    or QuotaExceededError when the worker refuses; and for "zstd" ArgumentError when this side has not the extra,
    ProtocolMismatchError when the worker has not.
    """
    # Not before somebody connects: a program that stays in its process has no use for gRPC.
    from teletensor.channel import Tls
    from teletensor.opening import open_session

    if cpu not in ("local", "worker", "auto"):
        raise ArgumentError(f"connect(cpu=...) takes 'local', 'worker' or 'auto', got {cpu!r}")
    if compression == "auto":
        compression = _named_compression(os.environ.get("TELETENSOR_COMPRESSION", "auto"))
    elif compression not in ("zstd", None):
        raise ArgumentError(f"connect(compression=...) takes 'auto', 'zstd' or None, got {compression!r}")
    session = open_session(
        address or os.environ.get("TELETENSOR_URL"),
        token,
        Tls.read(tls_ca or os.environ.get("TELETENSOR_TLS_CA"), tls_cert, tls_key),
        cpu=cpu,
        timeout=timeout,
        blocking=os.environ.get("TELETENSOR_BLOCKING") == "1" if blocking is None else blocking,
        shared_memory=os.environ.get("TELETENSOR_SHARED_MEMORY") != "0" if shared_memory is None else shared_memory,
        compression=compression,
    )
    sessions.add(session, default=default_device is None)
    if default_device is not None:
        sessions.resolve(default_device)
    return session


def _named_compression(name: str) -> Literal["auto", "zstd"] | None:
    if name not in ("auto", "zstd", "none"):
        raise ArgumentError(f"TELETENSOR_COMPRESSION is auto, zstd or none, not {name!r}")
    return None if name == "none" else name  # type: ignore[return-value]


def disconnect() -> None:
    """Close every connection."""
    for session in list(sessions.connected()):
        session.close()


def _close_at_exit() -> None:
    for session in list(sessions.connected()):
        try:
            session.close()
        except Exception as error:
            print(f"teletensor: {type(error).__name__} while closing {session!r}: {error}", file=sys.stderr)


atexit.register(_close_at_exit)
