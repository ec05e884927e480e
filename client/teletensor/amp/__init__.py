"""`torch.amp`: automatic mixed precision."""

from teletensor.amp.autocast import autocast, custom_bwd, custom_fwd, is_autocast_available
from teletensor.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
