"""Anomaly detection: a backward that makes NaN stops there, and says which op made it and where that op was called."""

from __future__ import annotations

import traceback
import warnings
from typing import TYPE_CHECKING

from teletensor_core.errors import GradientError

if TYPE_CHECKING:
    from teletensor.graph import GradFn
    from teletensor.tensor import Tensor


class _State:
    enabled = False
    check_nan = True


state = _State()


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return state.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for NaN."""
    return state.check_nan


class set_detect_anomaly:
    """Switches anomaly detection on or off at once; as a context manager, until its end.

    While it is on, ops note where they were called, and every backward through them reads each gradient: one round trip
    for each. It is for finding mistakes.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (state.enabled, state.check_nan)
        state.enabled, state.check_nan = mode, check_nan

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        state.enabled, state.check_nan = self._before


class detect_anomaly(set_detect_anomaly):
    """Switches anomaly detection on inside a `with` block."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )


def watch(node: GradFn, operands: list[Tensor]) -> None:
    """Note where an op was called, and check the gradients that it will give its operands."""
    node.metadata["traceback_"] = "".join(traceback.format_stack()[:-3])
    if not state.check_nan:
        return
    for index, operand in enumerate(operands):
        if operand.requires_grad:
            _watch(node, index, operand)


def _watch(node: GradFn, index: int, operand: Tensor) -> None:
    from teletensor import ops

    def check(grad: Tensor) -> None:
        if bool(ops.any(ops.isnan(grad))):
            warnings.warn(
                f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n"
                f"{node.metadata['traceback_']}",
                stacklevel=2,
            )
            raise GradientError(f"Function '{node.name()}' returned nan values in its {index}th output.")

    operand.register_hook(check)
