"""Spectral normalisation by a hook before forward: `torch.nn.utils.spectral_norm`.

Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018.
"""

from __future__ import annotations

from typing import Any, TypeVar

from teletensor import factories
from teletensor.grad_mode import no_grad
from teletensor.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from teletensor.nn.functional.distance import normalize
from teletensor.nn.module import Module
from teletensor.nn.parameter import Parameter
from teletensor.tensor import Tensor

T = TypeVar("T", bound=Module)


class SpectralNorm:
    """The hook: divides the weight by its greatest singular value, which power iteration follows in training."""

    def __init__(self, name: str, iterations: int, dim: int, eps: float) -> None:
        if iterations <= 0:
            raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={iterations}")
        self.name, self.n_power_iterations, self.dim, self.eps = name, iterations, dim, eps

    def matrix(self, weight: Tensor) -> Tensor:
        """The weight as a matrix whose rows are the slices along `dim`."""
        turned = weight.movedim(self.dim, 0) if self.dim else weight
        return turned.reshape(turned.size(0), -1)

    def compute_weight(self, module: Module, iterate: bool) -> Tensor:
        """The weight."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = self.matrix(weight)
        if iterate:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(normalize(matrix.T @ u, dim=0, eps=self.eps))
                    u.copy_(normalize(matrix @ v, dim=0, eps=self.eps))
                # Backward needs these as they are now, whatever the next forward makes of them.
                u, v = u.clone(), v.clone()
        made: Tensor = weight / (u @ (matrix @ v))
        return made

    def __call__(self, module: Module, inputs: Any) -> None:
        """Set the weight, before forward."""
        setattr(module, self.name, self.compute_weight(module, iterate=module.training))


def spectral_norm(
    module: T, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> T:
    """The module, whose parameter `name_orig` is from now on divided by its greatest singular value before use."""
    if any(isinstance(hook, SpectralNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    hook, weight = SpectralNorm(name, n_power_iterations, dim, eps), module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    rows, columns = hook.matrix(weight.detach()).shape
    options: Any = {"dtype": weight.dtype, "device": weight.device}
    u = normalize(factories.randn(rows, **options), dim=0, eps=eps)
    v = normalize(factories.randn(columns, **options), dim=0, eps=eps)
    del module._parameters[name]
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: T, name: str = "weight") -> T:
    """The module, whose parameter is a plain one again. ValueError where it is not normalised."""
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            with no_grad():
                weight = hook.compute_weight(module, iterate=False)
            delattr(module, name)
            for part in ("u", "v", "orig"):
                delattr(module, f"{name}_{part}")
            module.register_parameter(name, Parameter(weight.detach()))
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
