"""`torch.autocast`: matrix products and convolutions in half precision, what would lose too much by it in float32."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentError, GradientError
from teletensor_core.registry import OPS, Op

from teletensor import dispatch, grad_mode
from teletensor.amp import lists
from teletensor.tensor_base import TensorBase

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

_DEFAULTS = {"cuda": dtypes.float16, "remote": dtypes.float16, "cpu": dtypes.bfloat16}
_default = dict(_DEFAULTS)


def is_autocast_available(device_type: str) -> bool:
    """Whether autocast knows a kind of device."""
    return device_type in _DEFAULTS


class autocast:
    """Runs ops in the precision that suits them, inside a `with` block or a decorated function.

    `device_type` says for which tensors: "cuda" is for those on any worker, "cpu" for those in this process. `dtype` is
    float16 for the first and bfloat16 for the second unless told otherwise. Casts of weights are not kept between ops.
    """

    def __init__(
        self, device_type: str, dtype: DType | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not is_autocast_available(device_type):
            raise ArgumentError(f"User specified an unsupported autocast device_type '{device_type}'")
        self.device = device_type
        self.fast_dtype = dtype or _default[device_type]
        if not self.fast_dtype.is_half and enabled:
            warnings.warn(
                f"autocast runs in bfloat16 or float16, not in {self.fast_dtype.name}: it is switched off", stacklevel=2
            )
            enabled = False
        self._enabled = enabled
        self._before: list[Mapping[str, DType]] = []

    def __enter__(self) -> autocast:
        self._before.append(grad_mode.state.autocast)
        kinds = ("cuda", "remote") if self.device != "cpu" else ("cpu",)
        kept = {kind: dtype for kind, dtype in grad_mode.state.autocast.items() if kind not in kinds}
        grad_mode.state.autocast = kept | (dict.fromkeys(kinds, self.fast_dtype) if self._enabled else {})
        return self

    def __exit__(self, *exc: object) -> None:
        grad_mode.state.autocast = self._before.pop()

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function, run in this mode."""

        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with autocast(self.device, self.fast_dtype, self._enabled):
                return func(*args, **kwargs)

        return wrapped


def cast(op: Op, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands as autocast wants them for an op."""
    return tuple([_cast(op, x) if isinstance(x, TensorBase) else x for x in operands])


def _cast(op: Op, x: TensorBase) -> Tensor | TensorBase:
    kind, have = x._session.device.type, x._spec.dtype
    fast = grad_mode.state.autocast.get(kind)
    if fast is None or have not in (dtypes.float16, dtypes.bfloat16, dtypes.float32):
        return x
    if op.name in lists.REFUSED and kind != "cpu":
        raise GradientError(
            "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast. "
            "Use binary_cross_entropy_with_logits or BCEWithLogitsLoss."
        )
    wide = lists.FLOAT32_CPU if kind == "cpu" else lists.FLOAT32
    wanted = fast if op.name in lists.LOWER else dtypes.float32 if op.name in wide else have
    return x if wanted is have else dispatch.apply(OPS["to"], (x,), (wanted,))


# -- the state, for those who ask --------------------------------------------------------------------------------------


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether autocast is on for a kind of device in this thread."""
    return device_type in grad_mode.state.autocast


def get_autocast_dtype(device_type: str) -> DType:
    """The dtype that autocast uses for a kind of device, or would use."""
    return grad_mode.state.autocast.get(device_type) or _default[device_type]


def set_autocast_dtype(device_type: str, dtype: DType) -> None:
    """Make a dtype the default of `autocast(device_type)`."""
    _default[device_type] = dtype


def custom_fwd(
    fwd: Callable[..., Any] | None = None, *, device_type: str = "cuda", cast_inputs: DType | None = None
) -> Callable[..., Any]:
    """A Function's forward that keeps autocast's state for backward; or runs without, on inputs cast to
    `cast_inputs`.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        assert fwd is not None
        args[0]._fwd_autocast = (is_autocast_enabled(device_type), get_autocast_dtype(device_type))
        if cast_inputs is None or not is_autocast_enabled(device_type):
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(*[_converted(x, cast_inputs) for x in args], **kwargs)

    return decorated


def _converted(x: Any, dtype: DType) -> Any:
    return x.to(dtype) if isinstance(x, TensorBase) and x._spec.dtype.is_floating_point else x  # type: ignore[attr-defined]


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str = "cuda") -> Callable[..., Any]:
    """A Function's backward, run with the autocast state that `custom_fwd` kept."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        assert bwd is not None
        enabled, dtype = args[0]._fwd_autocast
        with autocast(device_type, dtype, enabled):
            return bwd(*args, **kwargs)

    return decorated
