"""What a module holds, and how assigning an attribute fills it."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from teletensor.nn.parameter import Buffer, Parameter
from teletensor.tensor import Tensor

if TYPE_CHECKING:
    from teletensor.nn.module import Module

_HOOKS = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


class Registry:
    """Parameters, buffers and child modules by name.

    Assigning a `Parameter`, `Buffer` or `Module` to an attribute registers it; assigning anything
    else to a registered name raises TypeError, except that a buffer takes any tensor and each of
    them takes None.
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: "dict[str, Module | None]"
    _backward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _backward_hooks: OrderedDict[int, Callable[..., Any]]
    _forward_hooks: OrderedDict[int, Callable[..., Any]]
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _forward_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]
    _state_dict_hooks: OrderedDict[int, Callable[..., Any]]
    _state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_pre_hooks: OrderedDict[int, tuple[Callable[..., Any], bool]]
    _load_state_dict_post_hooks: OrderedDict[int, Callable[..., Any]]

    def __init__(self) -> None:
        # Straight into the instance: __setattr__ below looks in the dicts made here.
        own = self.__dict__
        own["training"] = True
        own["_parameters"], own["_buffers"], own["_modules"] = {}, {}, {}
        own["_non_persistent_buffers_set"] = set()
        for name in _HOOKS:
            own[name] = OrderedDict()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become what `pickle` and `copy` have kept, with no hooks of kinds that it did not have."""
        self.__dict__.update(state)
        for name in _HOOKS:
            self.__dict__.setdefault(name, OrderedDict())

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None reserves the name and is left out of the state dict.

        TypeError for anything else, KeyError for a name that is empty, dotted or taken.
        """
        self._require_init("_parameters", "cannot assign parameter before Module.__init__() call")
        self._check_name(name, "parameter", self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, compute "
                "the value in the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor of the module's state; one that is not `persistent` is not saved.

        TypeError for anything but a tensor or None, KeyError for a name that is empty, dotted or
        taken.
        """
        self._require_init("_buffers", "cannot assign buffer before Module.__init__() call")
        self._check_name(name, "buffer", self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Add a child module under `name`.

        TypeError for anything but a module or None, KeyError for a name that is empty, dotted or
        taken.
        """
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name(name, "module", self._modules)
        self._modules[name] = module

    def register_module(self, name: str, module: "Module | None") -> None:
        """`add_module` by its other name."""
        self.add_module(name, module)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._require_init("_parameters", "cannot assign parameters before Module.__init__() call")
            self._forget(name, keep="_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Registry):
            self._require_init("_modules", "cannot assign module before Module.__init__() call")
            self._forget(name, keep="_modules")
            self._modules[name] = value  # type: ignore[assignment]
        elif isinstance(value, Buffer):
            self._require_init("_buffers", "cannot assign buffer before Module.__init__() call")
            self._forget(name, keep="_buffers")
            self.register_buffer(name, value, value.persistent)
        elif not self._refill(name, value):
            super().__setattr__(name, value)

    def _refill(self, name: str, value: Any) -> bool:
        """Store a plain value under a registered name; False if the name is not registered."""
        own = self.__dict__
        for kind, wanted in _WANTED.items():
            held = own.get(kind)
            if held is not None and name in held:
                takes_tensor = kind == "_buffers" and isinstance(value, Tensor)
                if value is not None and not takes_tensor:
                    raise TypeError(f"cannot assign '{typename(value)}' as {wanted(name)}")
                held[name] = value
                return True
        return False

    def __getattr__(self, name: str) -> Any:
        # Only called when the instance and its class have no such attribute.
        own = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            held = own.get(kind)
            if held is not None and name in held:
                return held[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for held in (self._parameters, self._buffers, self._modules):
            if name in held:
                del held[name]
                self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        own = [*self._parameters, *self._modules, *self._buffers]
        names = {*super().__dir__(), *own}
        return sorted(name for name in names if not name[0].isdigit())

    def _forget(self, name: str, keep: str) -> None:
        """Drop `name` from everywhere but the dict that is about to get it."""
        self.__dict__.pop(name, None)
        for kind in ("_parameters", "_buffers", "_modules"):
            if kind != keep:
                getattr(self, kind).pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _require_init(self, kind: str, message: str) -> None:
        if kind not in self.__dict__:
            raise AttributeError(message)

    def _check_name(self, name: str, kind: str, held: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in held:
            raise KeyError(f"attribute '{name}' already exists")


_WANTED: dict[str, Callable[[str], str]] = {
    "_parameters": lambda name: f"parameter '{name}' (torch.nn.Parameter or None expected)",
    "_modules": lambda name: f"child module '{name}' (torch.nn.Module or None expected)",
    "_buffers": lambda name: f"buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)",
}


def typename(value: object) -> str:
    """The name PyTorch gives to the type of `value` in its messages."""
    if isinstance(value, Tensor):
        place = "" if value.device.type == "cpu" else f"{value.device.type}."
        return f"torch.{place}{value.dtype.title}Tensor"
    kind = type(value)
    prefix = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return prefix + kind.__qualname__
