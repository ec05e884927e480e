"""Every error that teletensor raises, for both sides of the wire.

    TeletensorError
    ├─ UserError                       the call is wrong; retrying cannot help
    │  ├─ ShapeError(RuntimeError)     sizes do not fit together
    │  ├─ DimensionError(IndexError, RuntimeError)  a dimension or index is out of range
    │  ├─ DTypeError(RuntimeError)     a dtype cannot do what was asked
    │  ├─ ArgumentError(ValueError, RuntimeError)   an argument has a value that makes no sense
    │  ├─ ArgumentTypeError(TypeError) an argument has the wrong type
    │  ├─ GradientError(RuntimeError)  autograd was asked for something impossible
    │  ├─ DeviceError(RuntimeError)    tensors are in different places, or the place does not exist
    │  │  └─ NoDeviceError(AssertionError)  no worker that is connected has the device
    │  ├─ LinAlgError(RuntimeError)    a matrix is singular, or an algorithm did not converge
    │  ├─ CompileError(RuntimeError)   a function cannot be compiled, or is not what was compiled
    │  ├─ UnsupportedError(NotImplementedError)  teletensor does not have it
    │  └─ CheckpointError(RuntimeError) a file is damaged, or holds what is refused
    ├─ WorkerError                     the worker could not do it
    │  ├─ UnknownOpError(LookupError)
    │  ├─ TensorNotFoundError(LookupError)
    │  ├─ SessionNotFoundError(LookupError)
    │  ├─ OutOfMemoryError(RuntimeError)
    │  ├─ QuotaExceededError(RuntimeError)
    │  ├─ MalformedRequestError(ValueError)
    │  └─ InternalError(RuntimeError)
    └─ TransportError(ConnectionError)
       ├─ ConnectFailedError           nobody answers at that address
       ├─ ConnectionLostError          the link or the worker went away
       ├─ AuthenticationError          the worker refused the token
       └─ ProtocolMismatchError        the two sides do not speak the same version

Each class also derives from the builtin that PyTorch raises for the same mistake, so that `except RuntimeError` in a
PyTorch program keeps working; from two where PyTorch raises now one and now the other. `CODES` gives each concrete
class its name on the wire.
"""

from __future__ import annotations


class TeletensorError(Exception):
    """Base of everything raised here.

    `where` is the user's own `file:line` that issued the failing call, when the error comes back later from a worker.
    On the worker, `command` is what failed, with the shapes of its operands.
    """

    where: str | None = None
    command: str | None = None


class UserError(TeletensorError):
    """The call is wrong; repeating it cannot help."""


class ShapeError(UserError, RuntimeError):
    """Sizes do not fit together."""


class DimensionError(UserError, IndexError, RuntimeError):
    """A dimension number or an index is out of range."""


class DTypeError(UserError, RuntimeError):
    """A dtype cannot do what was asked of it."""


class ArgumentError(UserError, ValueError, RuntimeError):
    """An argument has a value that makes no sense."""


class ArgumentTypeError(UserError, TypeError):
    """An argument has the wrong type."""


class GradientError(UserError, RuntimeError):
    """Autograd was asked for something that has no answer."""


class DeviceError(UserError, RuntimeError):
    """Tensors are in different places, or the named place does not exist."""


class NoDeviceError(DeviceError, AssertionError):
    """No worker that is connected has the device. PyTorch raises one or the other builtin, by how it was built."""


class LinAlgError(UserError, RuntimeError):
    """A matrix is singular, not positive definite, or an algorithm did not converge."""


class CompileError(UserError, RuntimeError):
    """A function does what a recorded program cannot, or does something else than when it was recorded."""


class UnsupportedError(UserError, NotImplementedError):
    """teletensor does not have what was asked for."""


class CheckpointError(UserError, RuntimeError):
    """A file is damaged, or holds something that is refused."""


class WorkerError(TeletensorError):
    """The worker understood the call and could not do it."""


class UnknownOpError(WorkerError, LookupError):
    """The op is not in the worker's registry."""


class TensorNotFoundError(WorkerError, LookupError):
    """A handle names no tensor of this session: it was never made, or was released."""


class SessionNotFoundError(WorkerError, LookupError):
    """The session does not exist on this worker: it was closed or it expired."""


class OutOfMemoryError(WorkerError, RuntimeError):
    """The device has no room for a result, also after its pools were freed."""


class QuotaExceededError(WorkerError, RuntimeError):
    """A limit of the worker was reached; the session stays usable."""


class MalformedRequestError(WorkerError, ValueError):
    """A message does not follow the protocol."""


class InternalError(WorkerError, RuntimeError):
    """A defect in the worker; its log has the details."""


class TransportError(TeletensorError, ConnectionError):
    """The link to the worker failed."""


class ConnectFailedError(TransportError):
    """Nobody answers at that address."""


class ConnectionLostError(TransportError):
    """The link broke, or the worker went away, while the session was in use."""


class AuthenticationError(TransportError):
    """The worker refused the token, or wants one."""


class ProtocolMismatchError(TransportError):
    """Client and worker have no protocol version, or no op table, in common."""


CODES: dict[str, type[TeletensorError]] = {
    "shape": ShapeError,
    "dimension": DimensionError,
    "dtype": DTypeError,
    "argument": ArgumentError,
    "argument_type": ArgumentTypeError,
    "gradient": GradientError,
    "device": DeviceError,
    "no_device": NoDeviceError,
    "linalg": LinAlgError,
    "compile": CompileError,
    "unsupported": UnsupportedError,
    "checkpoint": CheckpointError,
    "unknown_op": UnknownOpError,
    "tensor_not_found": TensorNotFoundError,
    "session_not_found": SessionNotFoundError,
    "out_of_memory": OutOfMemoryError,
    "quota_exceeded": QuotaExceededError,
    "malformed_request": MalformedRequestError,
    "internal": InternalError,
    "connect_failed": ConnectFailedError,
    "connection_lost": ConnectionLostError,
    "authentication": AuthenticationError,
    "protocol_mismatch": ProtocolMismatchError,
}
_CODE_OF = {cls: code for code, cls in CODES.items()}


def code_of(error: BaseException) -> str:
    """The wire name of an error's class; "internal" for anything that is not in the tree."""
    return _CODE_OF.get(type(error), "internal")  # type: ignore[arg-type]


def from_code(code: str, message: str, where: str | None = None) -> TeletensorError:
    """The error that `code` and `message` stand for, as it was raised on the other side."""
    error = CODES.get(code, InternalError)(message)
    error.where = where
    return error
