"""Instance norm."""

import warnings
from typing import Any

from teletensor.nn import functional as F
from teletensor.nn.batchnorm import _NormBase
from teletensor.tensor import Tensor


class _InstanceNorm(_NormBase):
    """Instance norm of (N, C, ...), or without N; the subclasses say how many dimensions."""

    ndim: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Every channel of every sample normalised by itself, or by running statistics."""
        self._check_input_dim(input)
        self._check_features(input)
        if input.ndim == self.ndim + 1:
            return self._normalise(input.unsqueeze(0)).squeeze(0)
        return self._normalise(input)

    def _normalise(self, input: Tensor) -> Tensor:
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )

    def _check_input_dim(self, input: Tensor) -> None:
        allowed = (self.ndim + 1, self.ndim + 2)
        if input.ndim not in allowed:
            raise ValueError(f"expected {allowed[0]}D or {allowed[1]}D input (got {input.ndim}D input)")

    def _check_features(self, input: Tensor) -> None:
        dim = input.ndim - self.ndim - 1
        if input.shape[dim] == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features "
                f"({self.num_features}), but got: {input.shape[dim]}."
            )
        warnings.warn(
            f"input's size at dim={dim} does not match num_features. "
            "You can silence this warning by not passing in num_features, "
            "which is not used because affine=False",
            stacklevel=3,
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance norm of (N, C, L) or (C, L)."""

    ndim = 1


class InstanceNorm2d(_InstanceNorm):
    """Instance norm of (N, C, H, W) or (C, H, W)."""

    ndim = 2


class InstanceNorm3d(_InstanceNorm):
    """Instance norm of (N, C, D, H, W) or (C, D, H, W)."""

    ndim = 3
