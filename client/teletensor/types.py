"""What arguments may be, for annotations; some of the names are PyTorch's own (`torch.types`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from teletensor_core.dtypes import DType as DType

from teletensor.device import Device as Device
from teletensor.device import DeviceLike as DeviceLike

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

Number: TypeAlias = int | float | bool
Scalar: TypeAlias = int | float | bool | complex
Operand: TypeAlias = "Tensor | int | float | bool | complex"
Dims: TypeAlias = int | Sequence[int] | None
Sizes: TypeAlias = int | Sequence[int]
