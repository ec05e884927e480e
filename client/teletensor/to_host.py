"""`to_host`: the values of any number of tensors in this process, for one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from teletensor_core.errors import ArgumentTypeError
from teletensor_core.spec import spec

from teletensor import sessions
from teletensor.future import Future, arriving_tensor
from teletensor.session import Arriving, Session
from teletensor.tensor import Tensor
from teletensor.tensor_base import new

K = TypeVar("K")

if TYPE_CHECKING:

    @overload
    def to_host(tensors: Tensor, *, non_blocking: Literal[False] = False) -> Tensor: ...
    @overload
    def to_host(tensors: Sequence[Tensor], *, non_blocking: Literal[False] = False) -> list[Tensor]: ...
    @overload
    def to_host(tensors: Mapping[K, Tensor], *, non_blocking: Literal[False] = False) -> dict[K, Tensor]: ...
    @overload
    def to_host(tensors: Tensor, *, non_blocking: Literal[True]) -> Future[Tensor]: ...
    @overload
    def to_host(tensors: Sequence[Tensor], *, non_blocking: Literal[True]) -> list[Future[Tensor]]: ...
    @overload
    def to_host(tensors: Mapping[K, Tensor], *, non_blocking: Literal[True]) -> dict[K, Future[Tensor]]: ...


def to_host(tensors: Any, *, non_blocking: bool = False) -> Any:
    """Copies in this process, outside autograd, of a tensor, or of a list, tuple or dict of them.

    All tensors of one place share one round trip. With `non_blocking` nothing waits, and each is a `Future`, whose
    `result()` is the copy. Raises the error of a tensor that has one, and ArgumentTypeError for anything but tensors.
    """
    if isinstance(tensors, Tensor):
        return _copies([tensors], non_blocking)[0]
    if isinstance(tensors, Mapping):
        return dict(zip(tensors, _copies(list(tensors.values()), non_blocking), strict=True))
    if isinstance(tensors, (list, tuple)):
        return _copies(tensors, non_blocking)
    raise _refused(tensors)


def _copies(tensors: Sequence[Any], non_blocking: bool) -> list[Any]:
    for x in tensors:
        if not isinstance(x, Tensor):
            raise _refused(x)
    asked = _asked(tensors)
    if non_blocking:
        return [_future(x, arriving) for x, arriving in zip(tensors, asked, strict=True)]
    local, made = sessions.local(), []
    for x, arriving in zip(tensors, asked, strict=True):
        wanted = x._spec if x._spec.contiguous else spec(x._spec.shape, x._spec.dtype)
        made.append(new(local.share(arriving.array(), wanted), wanted, local))
    return made


def _refused(x: Any) -> ArgumentTypeError:
    return ArgumentTypeError(f"to_host() takes a tensor, or a list, tuple or dict of tensors, found {type(x).__name__}")


def _asked(tensors: Sequence[Tensor]) -> list[Arriving]:
    """What arrives, having asked each place once."""
    if len({x._session for x in tensors}) == 1:
        return tensors[0]._session.read_later([x._ref for x in tensors])
    places: dict[Session, list[int]] = {}
    for at, x in enumerate(tensors):
        places.setdefault(x._session, []).append(at)
    found: dict[int, Arriving] = {}
    for session, which in places.items():
        found.update(zip(which, session.read_later([tensors[at]._ref for at in which]), strict=True))
    return [found[at] for at in range(len(tensors))]


def _future(tensor: Tensor, arriving: Arriving) -> Future[Tensor]:
    copy = arriving_tensor(arriving, tensor)
    return Future(arriving, lambda array: copy)
