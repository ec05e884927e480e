"""What a tensor is on the client: a reference into a session, a spec, and its place in the client's graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from teletensor_core.plan import Plan
from teletensor_core.registry import Op
from teletensor_core.spec import Spec

from teletensor import grad_mode
from teletensor.graph import GradFn, rename
from teletensor.session import Ref, Session

if TYPE_CHECKING:
    import numpy as np


# The way to a view from the beginning of its memory: that to what it is a view of; the plan of the op, the spec of what
# it is a view of, and which result it is, or no plan and a number of bytes; how many steps these are.
Way: TypeAlias = "tuple[Way | None, Plan | None, Spec, int, int]"
_FAR = 100


class TensorBase:
    """The fields of a tensor, and how they follow writes through views. `Tensor` adds PyTorch's surface.

    `_counter` has the number of writes into its memory, once there was one: one list for all tensors that share the
    memory. `_base` is what it is a view of, as `_view_op` shows it. `_epoch` counts how often a base became another
    result of the graph, and `_seen` is the last such time that a view knows of. `_index` is which of its op's results
    it is, and below 0 what inference.py says.
    """

    # What few tensors have is in no slot: it costs nothing until it is set.
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_base",
        "_index",
        "_node",
        "_ref",
        "_requires",
        "_session",
        "_spec",
    )

    _concrete: ClassVar[type[Any]]
    # Whether the class is one of this package.
    _is_ours: ClassVar[bool] = True

    _base: TensorBase | None
    _index: int
    _node: GradFn | None
    _ref: Ref
    _requires: bool
    _session: Session
    _spec: Spec

    _epoch = 0
    _grad: Any = None
    _seen = 0
    _view_op: Op
    _counter: list[int] | None = None
    # For storage.py: the object that stands for its memory, and the way from its beginning to this tensor's.
    _storage: Any = None
    _way: Way | None = None

    def __del__(self) -> None:
        # A finaliser may run anywhere, also half-way through construction: it only notes the handle.
        try:
            ref, session = self._ref, self._session
        except AttributeError:
            return
        if type(ref) is int:
            session.release(ref)

    def _edge(self) -> tuple[Any, int]:
        """Where this tensor's gradient goes: a GradFn and output number, this leaf itself, or nowhere."""
        if self._base is not None and self._seen != self._base._epoch:
            self._follow_base()
        if self._node is not None:
            return self._node, self._index
        return (self, 0) if self._requires else (None, 0)

    def _follow_base(self) -> None:
        """The base was written to: this view is now made from what the base became."""
        base = self._base
        assert base is not None
        self._seen = base._epoch
        parent = base._edge()
        self._node = None if parent[0] is None else GradFn(self._view_op, (parent,))
        if self._node is not None:
            rename(self._node, "AsStridedBackward0")
        self._index = 0

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow into this tensor. Setting it is for leaves only."""
        return self._edge()[0] is not None

    @property
    def _writes(self) -> int:
        """How often this tensor's memory was written to in place."""
        counter = root_of(self)._counter
        return 0 if counter is None else counter[0]

    def _wrote(self, times: int) -> None:
        """Count writes into this tensor's memory."""
        counter_of(self)[0] += times

    def _start_anew(self) -> Way:
        """The way to this tensor, in one step."""
        from teletensor.storage import offset

        self._way = (None, None, self._spec, offset(self), 1)
        return self._way

    def _take(self, made: TensorBase) -> None:
        """Begin with the identity of a freshly made tensor, which loses it."""
        self._ref, self._spec, self._session = made._ref, made._spec, made._session
        made._ref = None
        self._requires, self._node, self._index, self._base = False, None, min(made._index, 0), None
        if made._counter is not None:
            self._counter = made._counter
        if made._storage is not None:
            self._storage, self._way = made._storage, made._way

    def _adopt(self, made: TensorBase) -> None:
        """Become another value, with its place in the graph; `made` loses it. What this tensor was a view of stays."""
        old, session = self._ref, self._session
        self._ref, self._spec, self._session = made._ref, made._spec, made._session
        self._node, self._index = made._node, made._index
        if made._base is not self:
            self._storage = made._storage
        self._way = made._way
        made._ref = None
        if type(old) is int:
            session.release(old)


def new(ref: Ref, spec: Spec, session: Session, node: GradFn | None = None, index: int = 0) -> Any:
    """A tensor that is no view."""
    out: Any = _allocate(TensorBase._concrete)
    out._ref = ref
    out._spec = spec
    out._session = session
    out._requires = False
    out._node = node
    out._index = index
    out._base = None
    return out


_allocate = object.__new__


def placed(array: np.ndarray[Any, Any], spec: Spec, session: Session, *, own: bool = False) -> Any:
    """A tensor of a session with these values. An array that nobody else has may become its memory: `own`."""
    index = -1 if grad_mode.state.inference else 0
    out = new(session.adopt(array, spec) if own else session.upload(array, spec), spec, session, index=index)
    session.uploaded(out)
    return out


def new_view(
    source: TensorBase, found: Plan, ref: Ref, spec: Spec, session: Session, node: GradFn | None = None, index: int = 0
) -> Any:
    """A tensor that shares memory with `source`."""
    out = new(ref, spec, session, node, index)
    base = source if source._base is None else source._base
    out._base = base
    out._seen = base._epoch
    out._view_op = found.op
    before = source._way
    if before is not None and before[4] > _FAR:
        # So that a view of a view of a view, ever again, remembers no more than this.
        before = source._start_anew()
    out._way = (before, found, source._spec, index, 1 if before is None else before[4] + 1)
    return out


def root_of(x: TensorBase) -> TensorBase:
    """The tensor whose memory a view shows, or the tensor itself."""
    return x if x._base is None else x._base


def counter_of(x: TensorBase) -> list[int]:
    """Where the writes into a tensor's memory are counted."""
    root = root_of(x)
    if root._counter is None:
        root._counter = [0]
    return root._counter


def lend(x: TensorBase) -> None:
    """Tell a tensor's session that another tensor has its memory, whose writes it will not count."""
    x._session.lent(root_of(x)._ref)
