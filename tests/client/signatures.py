"""How PyTorch's functions are called, from its own schemas, and whether ours can be called so."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Schemas that are for the compiler, for named dimensions or for symbolic sizes only.
_HIDDEN_TYPES = ("Dimname", "Storage", "Generator?", "Stream")


@dataclass(frozen=True)
class Call:
    """One way to call a function: parameters by position or by name, and parameters by name only."""

    positional: tuple[str, ...]
    keyword_only: tuple[str, ...]
    required: int

    def __str__(self) -> str:
        return f"({', '.join(self.positional)}{', *, ' if self.keyword_only else ''}{', '.join(self.keyword_only)})"


def schemas(torch: Any, name: str) -> Iterator[Call]:
    """The calls that PyTorch's native function of that name takes, with tensors."""
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        arguments = schema.arguments
        types = [str(a.type) for a in arguments]
        if any(a.is_out for a in arguments) or not any("Tensor" in t for t in types):
            continue
        if any(hidden in t for t in types for hidden in _HIDDEN_TYPES) or schema.overload_name in _OVERLOADS_APART:
            continue
        names = ["input" if a.name == "self" else a.name for a in arguments]
        positional = tuple(n for n, a in zip(names, arguments, strict=True) if not a.kwarg_only)
        keyword_only = tuple(n for n, a in zip(names, arguments, strict=True) if a.kwarg_only)
        required = sum(not a.has_default_value() for a in arguments if not a.kwarg_only)
        if not _NOT_OF_TENSORS.intersection(positional):
            yield Call(positional, keyword_only, required)


# Overloads for lists of the compiler's, and an old one with `alpha` by position.
_NOT_OF_TENSORS = frozenset(("a", "b", "reverse", "alpha"))
_OVERLOADS_APART = frozenset(("dtype", "sublist", "t", "dimname", "source_Storage", "ScalarT"))


def written(function: Any) -> Iterator[Call]:
    """The call that a function of PyTorch's written in Python takes."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return
    positional = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
    required = sum(p.default is p.empty for p in parameters if p.kind is not p.KEYWORD_ONLY)
    yield Call(positional, tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY), required)


def refusal(function: Any, call: Call, skip: frozenset[str]) -> str | None:
    """Why a function cannot be called that way; None when it can."""
    signature = inspect.signature(function)
    keywords = {name: 0 for name in call.keyword_only if name not in skip}
    by_position = [name for name in call.positional if name not in skip]
    try:
        signature.bind(*by_position, **keywords)
        for bound in range(1, len(by_position) + 1):
            signature.bind(*by_position[:bound], **dict.fromkeys(by_position[bound:], 0), **keywords)
    except TypeError as error:
        return f"{error}: {call} of {signature}"
    return None
