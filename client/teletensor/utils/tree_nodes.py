"""Nodes of trees: their kinds, the keys of their children, and descriptions of trees without their leaves."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from teletensor.size import Size

Path: TypeAlias = tuple[Any, ...]


# -- keys of paths -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class SequenceKey:
    """A place in a sequence."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"

    def get(self, sequence: Any) -> Any:
        """What is there."""
        return sequence[self.idx]


@dataclasses.dataclass(frozen=True)
class MappingKey:
    """A key of a mapping."""

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"

    def get(self, mapping: Any) -> Any:
        """What is there."""
        return mapping[self.key]


@dataclasses.dataclass(frozen=True)
class GetAttrKey:
    """An attribute, as of a named tuple."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def get(self, obj: Any) -> Any:
        """What is there."""
        return getattr(obj, self.name)


def keystr(kp: Path) -> str:
    """A path as Python writes it: `['a'][0].x`."""
    return "".join(map(str, kp))


def key_get(obj: Any, kp: Path) -> Any:
    """What is at the end of a path."""
    for key in kp:
        obj = key.get(obj)
    return obj


# -- kinds of nodes ----------------------------------------------------------------------------------------------------


class Kind(NamedTuple):
    """How nodes of a type are taken apart, into children and a context, and put together."""

    flatten: Callable[[Any], tuple[list[Any], Any]]
    unflatten: Callable[[list[Any], Any], Any]
    # The keys of the children, of the node and its context.
    keys: Callable[[Any, Any], Iterable[Any]] | None


def _numbered(node: Any, context: Any) -> Iterable[Any]:
    return map(SequenceKey, range(len(node)))


def _mapped(node: Any, context: Any) -> Iterable[Any]:
    return map(MappingKey, node)


def _of_mapping(kind: Callable[..., Any]) -> Kind:
    return Kind(
        lambda d: (list(d.values()), list(d)),
        lambda values, keys: kind(zip(keys, values, strict=True)),
        _mapped,
    )


_KINDS: dict[type[Any], Kind] = {
    tuple: Kind(lambda t: (list(t), None), lambda values, context: tuple(values), _numbered),
    list: Kind(lambda t: (list(t), None), lambda values, context: list(values), _numbered),
    Size: Kind(lambda t: (list(t), None), lambda values, context: Size(values), _numbered),
    dict: _of_mapping(dict),
    OrderedDict: _of_mapping(OrderedDict),
    defaultdict: Kind(
        lambda d: (list(d.values()), [d.default_factory, list(d)]),
        lambda values, context: defaultdict(context[0], zip(context[1], values, strict=True)),
        _mapped,
    ),
    deque: Kind(lambda d: (list(d), d.maxlen), deque, _numbered),
}
_NAMED = Kind(lambda t: (list(t), type(t)), lambda values, cls: cls(*values), lambda t, cls: map(GetAttrKey, t._fields))


def _namedtuple(cls: type[Any]) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def is_namedtuple_class(cls: type) -> bool:
    """Whether a class is one of named tuples."""
    return isinstance(cls, type) and _namedtuple(cls)


def is_namedtuple_instance(obj: Any) -> bool:
    """Whether an object is a named tuple."""
    return _namedtuple(type(obj))


def is_namedtuple(obj: Any) -> bool:
    """Whether an object is a named tuple, or a class of them."""
    return is_namedtuple_class(obj) or is_namedtuple_instance(obj)


def register_pytree_node(
    cls: type[Any],
    flatten_fn: Callable[[Any], tuple[list[Any], Any]],
    unflatten_fn: Callable[[list[Any], Any], Any],
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: Callable[[Any], Any] | None = None,
    from_dumpable_context: Callable[[Any], Any] | None = None,
    flatten_with_keys_fn: Callable[[Any], tuple[list[tuple[Any, Any]], Any]] | None = None,
) -> None:
    """Let objects of a class be nodes: `flatten_fn` gives children and a context, `unflatten_fn` an object of them.

    `flatten_with_keys_fn` gives the children with their keys, which paths need. Descriptions are not serialised here.
    ValueError for a class that is known.
    """
    if cls in _KINDS:
        raise ValueError(f"{cls} is already registered as pytree node.")
    with_keys = flatten_with_keys_fn
    keys = None if with_keys is None else lambda node, context: [key for key, _ in with_keys(node)[0]]
    _KINDS[cls] = Kind(flatten_fn, unflatten_fn, keys)


def kind_of(tree: Any) -> tuple[Any, Kind | None]:
    """The type of a node as descriptions have it, and how it is taken apart; None for a leaf."""
    cls = type(tree)
    kind = _KINDS.get(cls)
    if kind is None and _namedtuple(cls):
        return namedtuple, _NAMED
    return cls, kind


# -- descriptions ------------------------------------------------------------------------------------------------------


class TreeSpec:
    """What a tree is without its leaves: the type of each node, its context, and its children."""

    def __init__(self, type: Any, context: Any, children: list[TreeSpec], kind: Kind | None = None) -> None:
        self.type, self.context, self._children, self._kind = type, context, children, kind
        self.num_children = len(children)
        self.num_leaves: int = sum(child.num_leaves for child in children) if kind else 1
        self.num_nodes: int = 1 + sum(child.num_nodes for child in children)

    def is_leaf(self) -> bool:
        """Whether this is the description of a leaf."""
        return self._kind is None

    def children(self) -> list[TreeSpec]:
        """The descriptions of the children."""
        return list(self._children)

    def child(self, index: int) -> TreeSpec:
        """The description of one child."""
        return self._children[index]

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The tree with these leaves. ValueError for too few, or too many."""
        given = list(leaves)
        if len(given) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(given)} but the spec refers to a pytree that "
                f"holds {self.num_leaves} items ({self})."
            )
        return self._made_of(iter(given))

    def _made_of(self, leaves: Iterator[Any]) -> Any:
        if self._kind is None:
            return next(leaves)
        return self._kind.unflatten([child._made_of(leaves) for child in self._children], self.context)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """The parts of a tree at the places of this one's leaves. ValueError for a tree of another form."""
        found: list[Any] = []
        self._collect(tree, found)
        return found

    def _collect(self, tree: Any, found: list[Any]) -> None:
        if self._kind is None:
            found.append(tree)
            return
        cls, kind = kind_of(tree)
        if cls is not self.type and not (cls in _DICTS and self.type in _DICTS):
            raise ValueError(f"Node type mismatch; expected {self.type!r}, but got {type(tree)!r}.")
        assert kind is not None
        children, context = kind.flatten(tree)
        if len(children) != self.num_children:
            raise ValueError(f"Node arity mismatch; expected {self.num_children}, but got {len(children)}.")
        if cls in _DICTS:
            mine = self.context[1] if self.type is defaultdict else self.context
            lacking, more = set(mine) - set(tree), set(tree) - set(mine)
            if lacking or more:
                raise ValueError(
                    "Node keys mismatch;"
                    + (f" missing key(s): {lacking};" if lacking else "")
                    + (f" extra key(s): {more}." if more else "")
                )
            children = [tree[key] for key in mine]
        elif context != self.context:
            raise ValueError(f"Node context mismatch for custom node type {self.type!r}.")
        for child, spec in zip(children, self._children, strict=True):
            spec._collect(child, found)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TreeSpec):
            return NotImplemented
        return (self.type, self.context, self._children) == (other.type, other.context, other._children)

    def __hash__(self) -> int:
        return hash((self.type, self.num_leaves, self.num_children))

    def __repr__(self, indent: int = 0) -> str:
        if self._kind is None:
            return "*"
        inside = indent + 2
        parts = f",\n{' ' * inside}".join(child.__repr__(inside) for child in self._children)
        return f"TreeSpec({getattr(self.type, '__name__', self.type)}, {self.context!r}, [{parts}])"


_DICTS = (dict, OrderedDict, defaultdict)


class LeafSpec(TreeSpec):
    """The description of a leaf."""

    def __init__(self) -> None:
        super().__init__(None, None, [])


LEAF = LeafSpec()
