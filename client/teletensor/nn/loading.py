"""Loading a state dict, and saying all that does not fit at once."""

import itertools
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import teletensor as tt
from teletensor.hooks import RemovableHandle
from teletensor.nn.handles import add_hook
from teletensor.nn.parameter import Parameter
from teletensor.nn.state import EXTRA_STATE, Saves, overrides
from teletensor.tensor import Tensor

if TYPE_CHECKING:
    from teletensor.nn.module import Module


class _IncompatibleKeys(NamedTuple):
    """What `load_state_dict` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Loads(Saves):
    """`load_state_dict` and the hooks around it."""

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy a state dict into this module and those below it.

        `strict` demands that the keys match; `assign` takes the tensors themselves instead of
        copying them. Returns the missing and the unexpected keys. RuntimeError listing all that
        does not fit, TypeError if `state_dict` is not a mapping.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        loading = _Loading(getattr(state_dict, "_metadata", None), assign)
        loading.load(self, OrderedDict(state_dict), "")  # type: ignore[arg-type]
        errors = loading.errors
        if strict:
            errors = loading.mismatches() + errors
        if errors:
            listed = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}")
        return loading.keys

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Take this module's own entries out of `state_dict`, adding to the lists what is wrong."""
        lists = (missing_keys, unexpected_keys, error_msgs)
        for hook, with_module in self._load_state_dict_pre_hooks.values():
            owner = (self,) if with_module else ()
            hook(*owner, state_dict, prefix, local_metadata, strict, *lists)
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, held in self._saved_tensors():
            key = prefix + name
            if key not in state_dict:
                if strict:
                    missing_keys.append(key)
                continue
            problem = self._load_tensor(name, held, key, state_dict[key], assign)
            if problem:
                error_msgs.append(problem)
        self._load_extra_state(state_dict, prefix, strict, missing_keys, unexpected_keys)
        if strict:
            unexpected_keys.extend(self._unknown_keys(state_dict, prefix))

    def _saved_tensors(self) -> list[tuple[str, Tensor]]:
        buffers = (item for item in self._buffers.items() if item[0] not in self._non_persistent_buffers_set)
        pairs = itertools.chain(self._parameters.items(), buffers)
        return [(name, tensor) for name, tensor in pairs if tensor is not None]

    def _load_tensor(self, name: str, held: Tensor, key: str, given: Any, assign: bool) -> str:
        """Copy or assign one tensor; returns what is wrong with it, if anything."""
        if not isinstance(given, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or '
                f"Tensor-like object from checkpoint but received {type(given)}"
            )
        # Scalars were saved with one dimension by very old versions of PyTorch.
        if held.ndim == 0 and given.ndim == 1:
            given = given[0]
        if given.shape != held.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {given.shape} from "
                f"checkpoint, the shape in current model is {held.shape}."
            )
        if assign:
            setattr(self, name, _as_held(held, given))
        else:
            if held.is_meta and not given.is_meta:
                _warn_of_lost_values(key)
            with tt.no_grad():
                held.copy_(given)
        return ""

    def _load_extra_state(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
    ) -> None:
        key = prefix + EXTRA_STATE
        if not overrides(self, "set_extra_state"):
            if strict and key in state_dict:
                unexpected_keys.append(key)
        elif key in state_dict:
            self.set_extra_state(state_dict[key])
        elif strict:
            missing_keys.append(key)

    def _unknown_keys(self, state_dict: dict[str, Any], prefix: str) -> list[str]:
        """Keys under `prefix` that belong neither to this module nor to a child."""
        known = {name for name, _ in self._saved_tensors()}
        unknown = []
        for key in state_dict:
            if not key.startswith(prefix) or key == prefix + EXTRA_STATE:
                continue
            first, _, rest = key[len(prefix) :].partition(".")
            if (rest and first not in self._modules) or (not rest and first not in known):
                unknown.append(key)
        return unknown

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, ...)` before loading."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        return add_hook(self._load_state_dict_pre_hooks, (hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after loading; it may edit the two lists."""
        return add_hook(self._load_state_dict_post_hooks, hook)


class _Loading:
    """One run of `load_state_dict` over a tree of modules."""

    def __init__(self, metadata: Mapping[str, Any] | None, assign: bool) -> None:
        self.metadata = metadata or {}
        self.assign = assign
        self.keys = _IncompatibleKeys([], [])
        self.errors: list[str] = []

    def load(self, module: "Module", state: dict[str, Any], prefix: str) -> None:
        """Load `module` from the keys of `state` that start with `prefix`, then its children."""
        local_metadata = self.metadata.get(prefix[:-1], {})
        if self.assign:
            local_metadata["assign_to_params_buffers"] = True
        module._load_from_state_dict(state, prefix, local_metadata, True, *self.keys, self.errors)
        for name, child in module._modules.items():
            if child is not None:
                path = prefix + name + "."
                below = {key: value for key, value in state.items() if key.startswith(path)}
                self.load(child, below, path)
        for hook in module._load_state_dict_post_hooks.values():
            if hook(module, self.keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                    "expected to return new values, if incompatible_keys need to be modified, "
                    "it should be done inplace."
                )

    def mismatches(self) -> list[str]:
        """The missing and unexpected keys, in words."""
        kinds = (("Missing", self.keys.missing_keys), ("Unexpected", self.keys.unexpected_keys))
        return [f"{kind} key(s) in state_dict: {_quoted(keys)}. " for kind, keys in kinds if keys]


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _warn_of_lost_values(key: str) -> None:
    warnings.warn(
        f"for {key}: copying from a non-meta parameter in the checkpoint to a meta parameter in the current model, "
        "which is a no-op. (Did you mean to pass `assign=True` to assign items in the state dictionary to their "
        "corresponding key in the module instead of copying them in place?)",
        stacklevel=4,
    )


def _as_held(held: Tensor, given: Tensor) -> Tensor:
    """`given` as the kind of tensor that `held` is."""
    if not isinstance(held, Parameter):
        return given
    if isinstance(given, Parameter):
        return given.requires_grad_(held.requires_grad)
    return Parameter(given, requires_grad=held.requires_grad)
