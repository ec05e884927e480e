"""`torch.nn.modules.fold`."""

from teletensor.nn.folding import Fold, Unfold

__all__ = ["Fold", "Unfold"]
