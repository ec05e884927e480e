"""The op registry: one stanza per op, everything else is derived from it.

    @op(infer=rules.broadcast, promote=rules.common, saves=("input", "other"), inplace=True, samples=binary())
    def mul(xp, input, other):
        "The product, element by element."
        return xp.multiply(input, other)

    @mul.vjp("input")
    def _(ops, g, out, input, other):
        return ops.mul(g, ops.conj(other))

The Python signature is the schema: `xp` (the array namespace), then the tensor operands, then keyword-only attributes.
An operand annotated `TensorList` takes a list of tensors; one with the default None may be left out. Any other operand
may also be a Python number, unless `numbers` names those that may.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

TensorList = Sequence[Any]
# What the ops of a family have in common: keyword arguments of `op`.
Family = dict[str, Any]


@dataclass(eq=False)
class Op:
    """One row of the registry. Compared by identity.

    `infer(*operands, **attrs)` gets a Spec for each tensor and returns the Spec, or tuple of Specs, of the result.
    `promote(*operands, **attrs)` gives the dtype each operand is cast to before the kernel, or None to leave it.
    `saves` names the operands, and "out", whose values the gradient rules read; "out[1]" of several results is that
    one alone. A write through an `unnoticed` view is none to what was saved. `failure` is what to say when an algorithm
    of linear algebra fails.
    """

    name: str
    kernel: Callable[..., Any]
    infer: Callable[..., Any]
    promote: Callable[..., Sequence[Any]] | None
    operands: tuple[str, ...]
    optional: frozenset[str]
    lists: frozenset[str]
    attrs: dict[str, Any]
    saves: frozenset[str]
    namespaces: tuple[str, ...]
    aliases: tuple[str, ...]
    numbers: frozenset[str] | None
    samples: Callable[[], Iterable[Any]] | None
    inplace: bool
    view: bool
    opmath: bool
    dynamic: bool
    differentiable: bool
    unnoticed: bool
    mutates: tuple[str, ...]
    random: bool
    grad_name: str
    failure: str
    doc: str
    signature: inspect.Signature
    module: str
    index: int = -1
    vjps: dict[str, Callable[..., Any]] = field(default_factory=dict)
    joint_vjp: Callable[..., Any] | None = None
    inplace_kernel: Callable[..., Any] | None = None

    def vjp(self, *names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the gradient rule `(ops, g, out, *operands, **attrs)` for the named operands.

        One name: the rule returns that operand's gradient. Several names: it returns a tuple, and is called once with
        `needs` (a frozenset of the names whose gradient is wanted) when it accepts that keyword.
        """
        unknown = [name for name in names if name not in self.operands]
        if unknown:
            raise TypeError(f"vjp of {self.name}: no operand called {unknown}; operands are {self.operands}")

        def register(rule: Callable[..., Any]) -> Callable[..., Any]:
            if len(names) == 1:
                self.vjps[names[0]] = rule
            else:
                self.joint_vjp = rule
                self.vjps.update(dict.fromkeys(names, rule))
            return rule

        return register

    def write_inplace(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        """Register a kernel that writes its result into the first operand's array, for `name_`."""
        self.inplace_kernel = kernel
        return kernel

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The operands whose gradients the joint rule returns, in its order."""
        return tuple(name for name in self.vjps if self.vjps[name] is self.joint_vjp)

    def saves_result(self, index: int) -> bool:
        """Whether the gradient rules read this result."""
        return "out" in self.saves or f"out[{index}]" in self.saves

    def is_saved(self, name: str) -> bool:
        """Whether the gradient rules read an operand, or with "out" some result."""
        return name in self.saves or (name == "out" and any(map(_RESULT.fullmatch, self.saves)))

    def schema(self) -> str:
        """One line that changes whenever a message naming this op would mean something else."""
        operands = [
            name + ("*" if name in self.lists else "?" if name in self.optional else "") for name in self.operands
        ]
        return f"{self.name}({', '.join(operands)}; {', '.join(self.attrs)})"

    def __repr__(self) -> str:
        return f"<op {self.name}>"


OPS: dict[str, Op] = {}
_RESULT = re.compile(r"out(\[\d\])?")


def op(
    *,
    infer: Callable[..., Any],
    promote: Callable[..., Sequence[Any]] | None = None,
    saves: Sequence[str] = (),
    namespaces: Sequence[str] = ("torch", "Tensor"),
    aliases: Sequence[str] = (),
    numbers: Sequence[str] | None = None,
    samples: Callable[[], Iterable[Any]] | None = None,
    inplace: bool = False,
    view: bool = False,
    opmath: bool | None = None,
    dynamic: bool = False,
    differentiable: bool = True,
    unnoticed: bool = False,
    mutates: Sequence[str] = (),
    random: bool = False,
    grad_name: str | None = None,
    failure: str = "",
    name: str | None = None,
) -> Callable[[Callable[..., Any]], Op]:
    """Register the decorated kernel as an op; refuses duplicates, missing docstrings and unknown names."""

    def register(kernel: Callable[..., Any]) -> Op:
        entry = _entry(kernel, name or kernel.__name__.rstrip("_") if not mutates else name or kernel.__name__)
        made = Op(
            infer=infer,
            promote=promote,
            saves=frozenset(saves),
            namespaces=tuple(namespaces),
            aliases=tuple(aliases),
            numbers=None if numbers is None else frozenset(numbers),
            samples=samples,
            inplace=inplace,
            view=view,
            opmath=(not view) if opmath is None else opmath,
            dynamic=dynamic,
            differentiable=differentiable,
            unnoticed=unnoticed,
            mutates=tuple(mutates),
            random=random,
            grad_name=_full_name(grad_name or _camel(entry["name"])),
            failure=failure,
            **entry,
        )
        _check(made)
        OPS[made.name] = made
        return made

    return register


def _entry(kernel: Callable[..., Any], name: str) -> dict[str, Any]:
    signature = inspect.signature(kernel)
    parameters = list(signature.parameters.values())[1:]
    operands = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    return {
        "name": name,
        "kernel": kernel,
        "operands": tuple(p.name for p in operands),
        "optional": frozenset(p.name for p in operands if p.default is None),
        "lists": frozenset(p.name for p in operands if p.annotation in (TensorList, "TensorList")),
        "attrs": {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY},
        "doc": inspect.getdoc(kernel) or "",
        "signature": signature,
        "module": kernel.__module__,
    }


def _check(made: Op) -> None:
    if made.name in OPS:
        raise TypeError(f"op {made.name} is defined twice: in {OPS[made.name].module} and in {made.module}")
    if not made.doc:
        raise TypeError(f"op {made.name} in {made.module} has no docstring")
    saved_operands = {name for name in made.saves if not _RESULT.fullmatch(name)}
    for what, names in (("saves", saved_operands), ("numbers", made.numbers or frozenset())):
        if unknown := names - set(made.operands):
            raise TypeError(
                f"op {made.name} {what}: no operands called {sorted(unknown)}; operands are {made.operands}"
            )


def _full_name(name: str) -> str:
    """The name of an op's nodes as PyTorch prints it; one that says which backward it is stays as it is."""
    return name if name == "CopySlices" or "Backward" in name else f"{name}Backward0"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.strip("_").split("_"))


def seal() -> None:
    """Number the ops, in the order of their names: called once, when every family has been imported."""
    for index, name in enumerate(sorted(OPS)):
        OPS[name].index = index


def fingerprint() -> str:
    """A digest of every op's schema: equal on two sides that mean the same by every op."""
    # Only the two ends of a connection ask.
    import hashlib

    lines = "\n".join(OPS[name].schema() for name in sorted(OPS))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
