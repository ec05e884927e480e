"""The chi-squared distribution."""

from __future__ import annotations

from typing import ClassVar

from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.gamma import Gamma
from teletensor.tensor import Tensor


class Chi2(Gamma):
    """The distribution of the sum of `df` squared standard normal numbers."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df": constraints.positive}

    def __init__(self, df: float | Tensor, validate_args: bool | None = None) -> None:
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    def _parameter_dim(self, name: str) -> int | None:
        return 0 if name in Gamma.arg_constraints else None

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2
