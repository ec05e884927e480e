"""Ways to choose which elements of a parameter become zero: masks, and the hook that applies them before forward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar

from teletensor import factories, ops
from teletensor.functions import norm
from teletensor.nn.module import Module
from teletensor.tensor import Tensor


class BasePruningMethod(ABC):
    """A hook before forward that makes a parameter of what it was (`name_orig`) and of a mask (`name_mask`).

    A subclass has `PRUNING_TYPE`, which is "unstructured", "structured" (with an attribute `dim`) or "global" and says
    of what a further pruning of the same parameter chooses, and `compute_mask`.
    """

    PRUNING_TYPE: ClassVar[str]
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        """Set the parameter, before forward."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for a tensor, of its shape: where `default_mask` has zeros, and where the method chooses."""

    def apply_mask(self, module: Module) -> Tensor:
        """The parameter with its zeros."""
        mask, orig = (getattr(module, f"{self._tensor_name}_{part}") for part in ("mask", "orig"))
        pruned: Tensor = mask.to(dtype=orig.dtype) * orig
        return pruned

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a module's parameter, now and before every forward; the hook, a container if there was one before.

        Elements are chosen by `importance_scores` where they are given. AssertionError if their shape is another one.
        """
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        key = _hook_of(module, name)
        if key is not None:
            earlier = module._forward_pre_hooks[key]
            before = earlier if isinstance(earlier, PruningContainer) else [earlier]
            method = PruningContainer(*before, method)
        orig = getattr(module, name)
        scores = _checked(importance_scores, orig)
        masked = factories.ones_like(orig) if key is None else getattr(module, f"{name}_mask").detach().clone()
        # Before anything is changed, so that a failure leaves the module as it was.
        mask = method.compute_mask(scores, default_mask=masked)
        if key is None:
            module.register_parameter(f"{name}_orig", orig)
            del module._parameters[name]
        else:
            del module._forward_pre_hooks[key]
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """The tensor with zeros where the method chooses; nothing else is changed."""
        mask = factories.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(_checked(importance_scores, t), default_mask=mask)

    def remove(self, module: Module) -> None:
        """Make the parameter as it is now, zeros included, the module's own again."""
        name, pruned = self._tensor_name, self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        orig = module._parameters.pop(f"{name}_orig")
        assert orig is not None
        orig.data = pruned.data
        del module._buffers[f"{name}_mask"]
        setattr(module, name, orig)


def _hook_of(module: Module, name: str) -> Any:
    hooks = module._forward_pre_hooks
    found = [k for k, hook in hooks.items() if isinstance(hook, BasePruningMethod) and hook._tensor_name == name]
    if len(found) > 1:
        raise AssertionError(
            f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a PruningContainer."
        )
    return found[0] if found else None


def _checked(scores: Tensor | None, of: Tensor) -> Tensor:
    if scores is None:
        return of
    if scores.shape != of.shape:
        raise AssertionError(
            f"importance_scores should have the shape of what is pruned, got {scores.shape} vs {of.shape}"
        )
    return scores


class PruningContainer(BasePruningMethod):
    """Several methods for one parameter, each of which chooses among what those before it have left."""

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add one. TypeError for what is none, ValueError for one of another parameter."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method._tensor_name != self._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                f"PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the latest method, for what `default_mask` leaves."""
        method, mask = self._pruning_methods[-1], default_mask.to(t.dtype, copy=True)
        left = _left(method, t, default_mask)
        mask[left] = method.compute_mask(t[left], default_mask=default_mask[left]).to(mask.dtype)
        return mask


def _left(method: BasePruningMethod, t: Tensor, mask: Tensor) -> Any:
    """The index of what a method may still choose from."""
    kind = method.PRUNING_TYPE
    if kind == "unstructured":
        return ops.eq(mask, 1)
    if kind == "global":
        return (slice(None),) * t.ndim
    if kind != "structured":
        raise ValueError(f"Unrecognized PRUNING_TYPE {kind}")
    if not hasattr(method, "dim"):
        raise AttributeError('Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.')
    if method.dim < -t.ndim:
        raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
    dim = method.dim % t.ndim
    channels = mask.sum(dim=[d for d in range(t.ndim) if d != dim]) != 0
    return (*(slice(None),) * dim, channels)


class Identity(BasePruningMethod):
    """Chooses nothing: for parameters whose mask is set later."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask`."""
        return default_mask


class CustomFromMask(BasePruningMethod):
    """Chooses what a given mask does."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Both masks' product. AssertionError if their shapes differ."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)


class _Amount(BasePruningMethod):
    """Methods that choose a number of elements or channels: `amount`, or that share of all if it is a float."""

    amount: float

    def __init__(self, amount: float) -> None:
        if not isinstance(amount, Real):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if amount < 0 or (not isinstance(amount, Integral) and amount > 1):
            raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
        self.amount = amount

    def _number(self, of: int) -> int:
        number = int(self.amount) if isinstance(self.amount, Integral) else round(self.amount * of)
        if number > of:
            raise ValueError(f"amount={number} should be smaller than the number of parameters to prune={of}")
        return number


class _Unstructured(_Amount):
    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` with zeros at the elements that matter least."""
        number = self._number(t.numel())
        if number == 0:
            return default_mask.clone()
        least = ops.topk(self._importance(t).reshape(-1), number, largest=False).indices
        flat = default_mask.reshape(-1).clone()
        flat[least] = 0
        return flat.reshape(default_mask.shape)

    def _importance(self, t: Tensor) -> Tensor:
        raise NotImplementedError


class RandomUnstructured(_Unstructured):
    """Chooses elements at random."""

    def _importance(self, t: Tensor) -> Tensor:
        return factories.rand_like(t)


class L1Unstructured(_Unstructured):
    """Chooses the elements that are nearest to zero."""

    def _importance(self, t: Tensor) -> Tensor:
        return t.abs()


class _Structured(_Amount):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` with zeros at the channels along `dim` that matter least."""
        if t.ndim <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. "
                f"Found tensor of shape {t.shape} with {t.ndim} dims"
            )
        if self.dim >= t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        size = t.shape[self.dim]
        number = self._number(size)
        if number == 0:
            return default_mask
        kept = ops.topk(self._importance(t), size - number).indices
        mask = factories.zeros_like(t)
        mask[(*(slice(None),) * (self.dim % t.ndim), kept)] = 1
        return mask * default_mask.to(dtype=mask.dtype)

    def _importance(self, t: Tensor) -> Tensor:
        raise NotImplementedError


class RandomStructured(_Structured):
    """Chooses channels along `dim` at random."""

    def _importance(self, t: Tensor) -> Tensor:
        return factories.rand(t.shape[self.dim], device=t.device)


class LnStructured(_Structured):
    """Chooses the channels along `dim` whose norm of order `n` is smallest."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _importance(self, t: Tensor) -> Tensor:
        return norm(t, p=self.n, dim=[d for d in range(t.ndim) if d != self.dim % t.ndim])
