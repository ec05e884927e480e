"""`backward` and `autograd.grad`: one command each, however deep the graph."""

from __future__ import annotations

import threading
import warnings
import weakref
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from teletensor_core.engine import Part
from teletensor_core.errors import ArgumentError, ArgumentTypeError, DeviceError, GradientError, ShapeError
from teletensor_core.registry import OPS
from teletensor_core.spec import spec

from teletensor import dispatch, hooks, staged
from teletensor.graph import GradFn, GradientEdge, leaves_under, walk
from teletensor.session import BackwardRequest
from teletensor.size import Size
from teletensor.tensor_base import TensorBase, new

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

_SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)


class Pass:
    """One backward: from where, and through what."""

    def __init__(self, roots: list[Tensor], nodes: list[GradFn]) -> None:
        self._roots, self._nodes = roots, nodes

    def reaches(self, edges: Sequence[tuple[Any, int]]) -> list[bool]:
        """Of each place in the graph, whether gradients come to it."""
        reached = _reached(self._roots, self._nodes)
        return [_key(*edge) in reached for edge in edges]


class _Running(threading.local):
    """The backward that this thread is in."""

    now: Pass | None = None


running = _Running()


_CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
    "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
    "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break the "
    "cycle and avoid the leak."
)


def backward(tensors: Any, gradient: Any, retain_graph: bool | None, create_graph: bool, inputs: Any = None) -> None:
    """Add the gradients of `tensors` to the `.grad` of leaves; see Tensor.backward."""
    roots = _as_list(tensors)
    grads = _cotangents(roots, _as_list(gradient) if gradient is not None else [None] * len(roots))
    nodes = list(walk([node for node in (root.grad_fn for root in roots) if node is not None]))
    targets = _targets(roots, nodes) if inputs is None else _as_list(inputs)
    if inputs is not None and not targets:
        raise GradientError("`inputs` argument to `backward` cannot be empty.")
    if create_graph:
        warnings.warn(_CYCLE, stacklevel=3)
    results = _run(roots, grads, targets, nodes, retain_graph, create_graph, only_targets=inputs is not None)
    reached = [(target, grad) for target, grad in zip(targets, results, strict=True) if grad is not None]
    _accumulate([target for target, _ in reached], [grad for _, grad in reached], create_graph)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, without touching any `.grad`.

    Raises GradientError for an input that the outputs do not depend on, unless `allow_unused` (then None) or
    `materialize_grads` (then zeros).
    """
    if is_grads_batched:
        rest = (create_graph, only_inputs, allow_unused, False, materialize_grads)
        return _batched(outputs, inputs, grad_outputs, rest)
    roots, wanted = _as_list(outputs), _as_list(inputs)
    if not wanted:
        raise GradientError("`inputs` argument to `grad()` cannot be empty.")
    grads = _cotangents(roots, _as_list(grad_outputs) if grad_outputs is not None else [None] * len(roots))
    nodes = list(walk([node for node in (root.grad_fn for root in roots) if node is not None]))
    reached = _reached(roots, nodes)
    used = [_key(*x._edge()) in reached for x in wanted]
    for i, (x, is_used) in enumerate(zip(wanted, used, strict=True)):
        if not x.requires_grad:
            raise GradientError("One of the differentiated Tensors does not require grad")
        if not (is_used or allow_unused or materialize_grads):
            raise GradientError(
                f"The differentiated Tensor at index {i} appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
    targets = [x for x, is_used in zip(wanted, used, strict=True) if is_used]
    results = iter(_run(roots, grads, targets, nodes, retain_graph, create_graph, only_targets=True))
    unused = (lambda x: _zeros_like(x)) if materialize_grads else (lambda x: None)
    return tuple(next(results) if is_used else unused(x) for x, is_used in zip(wanted, used, strict=True))


def _batched(outputs: Any, inputs: Any, grad_outputs: Any, rest: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients for each cotangent of a batch, stacked: one backward for each, over a graph that stays."""
    batches = _as_list(grad_outputs)
    if not batches or batches[0] is None:
        raise ArgumentError("is_grads_batched=True needs grad_outputs, with the batch in the first dimension")
    rows = [grad(outputs, inputs, [b[i] for b in batches], True, *rest) for i in range(len(batches[0]))]
    stack = OPS["stack"]
    return tuple(None if g[0] is None else dispatch.apply(stack, (list(g),), (0,)) for g in zip(*rows, strict=True))


def retain(tensor: Tensor) -> None:
    """Make backward keep a non-leaf tensor's gradient."""
    node, index = tensor._edge()
    if isinstance(node, GradFn):
        node.retained = node.retained or {}
        node.retained[index] = weakref.ref(tensor)


def _run(
    roots: list[Tensor],
    grads: list[Tensor | None],
    targets: list[Tensor],
    nodes: list[GradFn],
    retain_graph: bool | None,
    create_graph: bool,
    *,
    only_targets: bool,
) -> list[Tensor | None]:
    """The gradients of the targets, None for one that nothing flowed into."""
    keep = create_graph if retain_graph is None else retain_graph
    run = _leading(roots, targets) if only_targets else nodes
    _mark_freed(run, keep)
    if not targets:
        return []
    outer, running.now = running.now, Pass(roots, nodes)
    engines = _Engines(nodes, roots, create_graph=create_graph, keep=keep)
    try:
        if staged.has_steps(nodes):
            whole = staged.StagedBackward(
                targets, engines.run, set(nodes).difference(run), create_graph=create_graph, keep=keep
            )
            return whole.run(roots, grads)
        return [*engines.run(roots, grads, targets, only_targets=only_targets)]
    finally:
        running.now = outer


class _Engines:
    """Backward commands over these nodes of a graph."""

    def __init__(self, nodes: list[GradFn], roots: list[Tensor], *, create_graph: bool, keep: bool) -> None:
        self._everything = _everything(nodes) if create_graph else None
        self._keep = keep
        self._is_hooked = hooks.any_on(nodes, [*leaves_under(nodes), *roots])

    def run(
        self,
        roots: Sequence[Tensor],
        grads: Sequence[Tensor | None],
        targets: Sequence[Tensor],
        part: Part | None = None,
        *,
        only_targets: bool = True,
    ) -> list[Tensor]:
        """One command: the gradients of the targets. A part leaves the leaves' hooks to the whole."""
        session = (roots or targets)[0]._session
        for x in (*roots, *targets, *[g for g in grads if g is not None]):
            if x._session is not session:
                raise DeviceError(f"tensors of one graph are on {session.device} and {x._session.device}")
        specs = [spec(t._spec.shape, t._spec.dtype) for t in targets]
        node = None if self._everything is None else _gradient_node(self._everything, grads)
        request = BackwardRequest(
            roots=[r._ref for r in roots],
            grads=[None if g is None else g._ref for g in grads],
            targets=[t._ref for t in targets],
            create_graph=node is not None,
            retain_graph=self._keep,
            only_targets=only_targets,
            part=part,
            run_hook=hooks.runner(session, node, on_leaves=part is None) if self._is_hooked else None,
            target_specs=specs,
        )
        refs = session.backward(request)
        return [new(ref, s, session, node, i) for i, (ref, s) in enumerate(zip(refs, specs, strict=True))]


def _leading(roots: Sequence[Tensor], targets: Sequence[Tensor]) -> set[GradFn]:
    """The nodes whose rules are run for the gradients of these targets: those on the way to one, and what refuses."""
    wanted = {_key(*target._edge()) for target in targets}
    leading: set[GradFn] = set()
    seen: set[GradFn] = set()
    stack = [end for end, _ in (root._edge() for root in roots) if isinstance(end, GradFn)]
    while stack:
        node = stack[-1]
        fresh = [] if node in seen else [end for end, _ in node.parents if isinstance(end, GradFn) and end not in seen]
        seen.add(node)
        if fresh:
            stack.extend(fresh)
            continue
        stack.pop()
        if node.refuses or any(
            _key(end, index) in wanted or end in leading for end, index in node.parents if end is not None
        ):
            leading.add(node)
    return leading


def _mark_freed(nodes: Collection[GradFn], keep: bool) -> None:
    for node in nodes:
        if node.freed and node.saves:
            raise GradientError(_SECOND_TIME)
    if not keep:
        for node in nodes:
            node.freed = True


def _everything(nodes: list[GradFn]) -> GradFn:
    """A node that depends on everything the differentiated graph depends on, as gradients of it do."""
    return GradFn(OPS["alias"], (*[(leaf, 0) for leaf in leaves_under(nodes)], *[(node, 0) for node in nodes]))


def _gradient_node(everything: GradFn, grads: Sequence[Any]) -> GradFn:
    """The node of gradients made with create_graph."""
    return GradFn(OPS["alias"], ((everything, 0), *[g._edge() for g in grads if g is not None]))


def _targets(roots: list[Any], nodes: list[GradFn]) -> list[Any]:
    leaves = leaves_under(nodes) + [root for root in roots if root.grad_fn is None and root.requires_grad]
    retained = [ref() for node in nodes for ref in (node.retained or {}).values()]
    return list({id(t): t for t in (*leaves, *retained) if t is not None}.values())


def _accumulate(targets: list[Any], grads: list[Any], create_graph: bool) -> None:
    """Put each gradient where there is none, add it where there is one: those in one command each session."""
    adding: dict[Any, list[tuple[Any, Any]]] = {}
    for target, grad in zip(targets, grads, strict=True):
        if target._grad is None:
            target._grad = grad
        elif create_graph:
            target._grad = target._grad + grad
        else:
            adding.setdefault(target._session, []).append((target._grad, grad))
    for pairs in adding.values():
        old, new = zip(*pairs, strict=True)
        dispatch.apply_mutation(OPS["accumulate_"], (list(old), list(new)), ())
    for target in targets:
        hooks.after_accumulation(target)


def _cotangents(roots: list[Any], grads: list[Any]) -> list[Any]:
    if len(roots) != len(grads):
        raise GradientError(f"got {len(roots)} tensors and {len(grads)} gradients")
    for i, (root, g) in enumerate(zip(roots, grads, strict=True)):
        if not root.requires_grad:
            raise GradientError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        if g is None:
            if root.numel() != 1:
                raise GradientError("grad can be implicitly created only for scalar outputs")
            if root._spec.dtype.is_complex:
                raise GradientError(
                    f"grad can be implicitly created only for real scalar outputs but got {root._spec.dtype}"
                )
        elif not isinstance(g, TensorBase):
            raise ArgumentTypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
        elif g._spec.shape != root._spec.shape:
            raise ShapeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {Size(g._spec.shape)} and output[{i}] has a "
                f"shape of {Size(root._spec.shape)}."
            )
    return [
        g if g is None or g._spec.dtype is r._spec.dtype else g.to(r.dtype) for r, g in zip(roots, grads, strict=True)
    ]


def _reached(roots: list[Any], nodes: list[GradFn]) -> set[tuple[int, int]]:
    """The results and leaves that gradients of the roots come to."""
    edges = [root._edge() for root in roots] + [parent for node in nodes for parent in node.parents]
    return {_key(*edge) for edge in edges if edge[0] is not None}


def _key(node: Any, index: int) -> tuple[int, int]:
    return id(node), index


def _zeros_like(x: Any) -> Any:
    from teletensor import factories

    return factories.zeros_like(x)


def _as_list(x: Any) -> list[Any]:
    several = isinstance(x, Sequence) and not isinstance(x, GradientEdge)
    return [each.ownership_token if isinstance(each, GradientEdge) else each for each in (x if several else [x])]
