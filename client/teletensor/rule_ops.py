"""The third meaning of `ops` in a gradient rule: calls on this process's tensors. See the core's `namespaces.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from teletensor_core.dtypes import DType
from teletensor_core.engine.namespaces import Namespace
from teletensor_core.registry import Op
from teletensor_core.spec import Spec

from teletensor import dispatch

if TYPE_CHECKING:
    from teletensor.session import Session


class RuleOps(Namespace):
    """`ops.<name>(*operands, **attrs)` on tensors of a session; recorded or not, as the thread's mode is."""

    def __init__(self, session: Session, *, recording: bool) -> None:
        self.session = session
        self.recording = recording

    def dtype(self, x: Any) -> DType:
        """The dtype of a tensor or of a spec."""
        found: DType = x.dtype
        return found

    def conj(self, x: Any) -> Any:
        """The complex conjugate; numbers and real tensors are their own."""
        return self._conj(x) if hasattr(x, "dtype") and x.dtype.is_complex else x

    def fit(self, grad: Any, wanted: Spec) -> Any:
        """A gradient with the shape and dtype of what it belongs to."""
        if not wanted.dtype.is_complex and grad.dtype.is_complex:
            grad = self.real(grad)
        if grad._spec.shape != wanted.shape:
            grad = self.sum_to(grad, shape=wanted.shape)
        return grad if grad.dtype is wanted.dtype else self.to(grad, dtype=wanted.dtype)

    def _bind(self, op: Op) -> Callable[..., Any]:
        defaults, session = op.attrs, self.session

        def run(*operands: Any, **attrs: Any) -> Any:
            full = (*operands, *[None] * (len(op.operands) - len(operands)))
            lonely = not any(hasattr(x, "_session") or isinstance(x, (list, tuple)) for x in full)
            return dispatch.apply(op, full, tuple({**defaults, **attrs}.values()), session if lonely else None)

        return run
