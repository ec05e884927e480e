"""State dicts: everything a module knows, as a flat mapping of dotted names to tensors."""

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from teletensor.hooks import RemovableHandle
from teletensor.nn.handles import add_hook
from teletensor.nn.walk import Walks

EXTRA_STATE = "_extra_state"


class Saves(Walks):
    """`state_dict` and the hooks around it."""

    _version: int = 1

    def state_dict(
        self,
        *args: Any,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """Parameters and persistent buffers by dotted name, detached unless `keep_vars`.

        They share memory with the module; the mapping's `_metadata` holds versions.
        """
        if args:
            destination, prefix, keep_vars = _from_positional(args, destination, prefix, keep_vars)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars)
        return self._run_state_dict_hooks(destination, prefix, local_metadata)

    def _run_state_dict_hooks(
        self, destination: dict[str, Any], prefix: str, local_metadata: dict[str, Any]
    ) -> dict[str, Any]:
        for hook in self._state_dict_hooks.values():
            result = hook(self, destination, prefix, local_metadata)
            if result is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = result
        return destination

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Put this module's own tensors, not its children's, into `destination`."""
        for name, parameter in self._parameters.items():
            if parameter is not None:
                destination[prefix + name] = parameter if keep_vars else parameter.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if overrides(self, "get_extra_state"):
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """State besides tensors to save; define it together with `set_extra_state`."""
        raise RuntimeError("Reached a code path in Module.get_extra_state() that should never be")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` gave."""
        raise RuntimeError("Reached a code path in Module.set_extra_state() that should never be")

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before the state dict is made."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after; it must return None."""
        hook._from_public_api = True  # type: ignore[attr-defined]
        return add_hook(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As the public one, but what the hook returns replaces the state dict."""
        return add_hook(self._state_dict_hooks, hook)


def overrides(module: Saves, method: str) -> bool:
    """Whether the class of `module` defines its own version of one of the methods above."""
    return getattr(type(module), method) is not getattr(Saves, method)


def _from_positional(
    args: tuple[Any, ...], destination: dict[str, Any] | None, prefix: str, keep_vars: bool
) -> tuple[dict[str, Any] | None, str, bool]:
    """The deprecated positional form: destination, then prefix, then keep_vars."""
    warnings.warn("Positional args are being deprecated, use kwargs instead.", FutureWarning, stacklevel=3)
    given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
    return (
        given.get("destination", destination),
        given.get("prefix", prefix),
        given.get("keep_vars", keep_vars),
    )
