"""`torch.autograd.Function`: ops of the user's own, forward and backward written in Python and run here."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from teletensor_core.dtypes import FLOAT
from teletensor_core.errors import ArgumentTypeError, GradientError

from teletensor import grad_mode, inference, ops
from teletensor.factories import zeros_like
from teletensor.python_node import Continuation, PythonNode, check_gradient
from teletensor.saved import Packed, place_of
from teletensor.tensor import Tensor
from teletensor.tensor_base import new


class FunctionCtx:
    """What a Function's forward leaves for its backward. Other attributes may be set freely."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: tuple[_Saved, ...] = ()
        self._unmarked: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._materialize = True
        self._node: PythonNode | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, results or tensors in between for backward. Call it once, from forward."""
        self._saved = tuple(_Saved(x) for x in tensors)

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved. GradientError when one was written to since."""
        return tuple(saved.restored() for saved in self._saved)

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs forward wrote into; it has to return them."""
        self._dirty = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which results no gradient flows through."""
        self._unmarked = args

    def set_materialize_grads(self, value: bool) -> None:
        """Give backward None, not zeros, for a result that nothing flowed into when `value` is False."""
        self._materialize = value


class _Saved:
    """A tensor kept for backward, and the state it was in."""

    def __init__(self, tensor: Tensor | None) -> None:
        if tensor is not None and not isinstance(tensor, Tensor):
            raise ArgumentTypeError(
                f"save_for_backward can only save variables, but argument is of type {type(tensor).__name__}"
            )
        self.tensor = tensor
        # As of the end of forward, which may still write into it.
        self.version = 0
        self.result: tuple[PythonNode, int] | None = None
        self.packed: Packed | None = None

    def pack(self, results: tuple[Any, ...]) -> None:
        """Give the tensor, or the result that it is, to the user's hooks for saved tensors; keep what they give."""
        if self.tensor is None:
            return
        if self.result is not None:
            self.packed = Packed(results[self.result[1]], self.tensor)
        else:
            self.packed = Packed(self.tensor, place_of(self.tensor))
        self.tensor = None

    def restored(self) -> Tensor | None:
        if self.packed is not None:
            found: Tensor = self.packed.unpacked(self.result)
            return found
        if self.tensor is None:
            return None
        if self.tensor._writes != self.version:
            raise GradientError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"[{self.tensor._spec!r}] is at version {self.tensor._writes}; expected version {self.version} "
                f"instead."
            )
        return self.tensor if self.result is None else _looked_at(self.tensor, *self.result)


def _looked_at(leaf: Tensor, node: PythonNode, index: int) -> Tensor:
    """A result of the function again, with its place in the graph."""
    with grad_mode.enable_grad():
        shown = ops.alias(leaf)
    out: Tensor = new(shown._ref, shown._spec, shown._session, node, index)
    shown._ref = None
    return out


class Function:
    """Subclass it with static methods `forward(ctx, *args)` and `backward(ctx, *grads)`, and call `apply`.

    Or with `forward(*args)`, and `setup_context(ctx, inputs, output)` for what is kept. `backward` gets a gradient
    for each result and returns one for each argument of `forward`, None for those that have none.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """What the function computes."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep in `ctx` what backward needs, when `forward` does not take one."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments, from those of the results."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    # PyTorch's other name for it.
    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The results' tangents, from those of the arguments: for forward mode, and where there is no backward."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """The function's results on these arguments, recorded when one of the tensors requires grad."""
        needs = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        ctx = FunctionCtx(needs)
        with grad_mode.no_grad():
            outs = cls._forward(ctx, args)
        if not any(needs) or not grad_mode.is_grad_enabled():
            return outs
        inference.check_saved([saved.tensor for saved in ctx._saved])
        node = PythonNode(f"{cls.__name__}Backward", [x for x in args if isinstance(x, Tensor)], lambda grads: [])
        ctx._node = node
        before = tuple(_before_writing(x) if any(x is y for y in ctx._dirty) else x for x in args)
        made = tuple(_recorded(ctx, node, args, x) for x in (outs if isinstance(outs, tuple) else (outs,)))
        for saved in ctx._saved:
            saved.version = 0 if saved.tensor is None else saved.tensor._writes
        specs = [None if leaf is None else leaf._spec for leaf in node.leaves]
        if grad_mode.state.saved_hooks:
            for saved in ctx._saved:
                saved.pack(made)
        node.run = functools.partial(cls._continue, ctx, before, specs)
        return made if isinstance(outs, tuple) else made[0]

    @classmethod
    def _forward(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        if cls.setup_context is Function.setup_context:
            return cls.forward(ctx, *args)
        outs = cls.forward(*args)
        cls.setup_context(ctx, args, outs)
        return outs

    @classmethod
    def _continue(
        cls, ctx: FunctionCtx, args: tuple[Any, ...], specs: list[Any], grads: list[Tensor | None]
    ) -> Continuation:
        """The inputs' gradients, from the user's backward."""
        assert ctx._node is not None
        given = [
            _zeros(ctx._node, i) if g is None and ctx._materialize and specs[i] is not None else g
            for i, g in enumerate(grads)
        ]
        backward = cls.backward if cls.backward is not Function.backward else cls.vjp
        if backward is Function.backward and cls.jvp is not Function.jvp:
            backward = functools.partial(_transposed, cls.jvp, args)
        made = backward(ctx, *given)
        made = made if isinstance(made, tuple) else (made,)
        while len(made) > len(args) and made[-1] is None:
            made = made[:-1]
        if len(made) != len(args):
            raise GradientError(
                f"function {ctx._node.name()} returned an incorrect number of gradients (expected {len(args)}, got "
                f"{len(made)})"
            )
        return [
            (x, check_gradient(ctx._node, i, g, x))
            for i, (x, g) in enumerate(zip(args, made, strict=True))
            if isinstance(x, Tensor) and x.requires_grad and g is not None
        ]


def _transposed(jvp: Callable[..., Any], args: tuple[Any, ...], ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
    """What backward would give: `jvp` is linear in the tangents, so that its gradient by them is the same anywhere."""
    from teletensor.backward import grad

    create_graph = grad_mode.is_grad_enabled()
    with grad_mode.enable_grad():
        tangents = [
            zeros_like(x).requires_grad_(True) if isinstance(x, Tensor) and x.requires_grad else None for x in args
        ]
        outs = jvp(ctx, *tangents)
    outs = outs if isinstance(outs, tuple) else (outs,)
    live = [(out, g) for out, g in zip(outs, grads, strict=True) if g is not None and isinstance(out, Tensor)]
    wanted = [x for x in tangents if x is not None]
    made = iter(grad([o for o, _ in live], wanted, [g for _, g in live], create_graph=create_graph, allow_unused=True))
    return tuple(None if x is None else next(made) for x in tangents)


def _zeros(node: PythonNode, index: int) -> Tensor | None:
    leaf = node.leaves[index]
    return None if leaf is None else zeros_like(leaf)


def _before_writing(x: Tensor) -> Tensor:
    """The tensor that forward wrote into, with the place in the graph that it had: `x` itself gets a new one."""
    if x.is_leaf and x.requires_grad:
        raise GradientError("a leaf Variable that requires grad is being used in an in-place operation.")
    before: Tensor = new(x._ref, x._spec, x._session, x._node, x._index)
    return before


def _recorded(ctx: FunctionCtx, node: PythonNode, args: tuple[Any, ...], x: Any) -> Any:
    """A result with its place in the graph; an input that was written into gets it itself."""
    if not isinstance(x, Tensor) or any(x is y for y in ctx._unmarked) or x.dtype.category < FLOAT:
        node.skip()
        return x
    index = len(node.leaves)
    out = node.result(x)
    for saved in ctx._saved:
        if saved.tensor is x and not any(x is y for y in args):
            saved.tensor, saved.result = node.leaves[index], (node, index)
    if not any(x is y for y in ctx._dirty):
        return out
    # What it was has another owner: see _before_writing.
    x._ref = None
    x._adopt(out)
    return x


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A backward that is not itself recorded: second derivatives through it raise GradientError."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with grad_mode.no_grad():
            outputs = fn(ctx, *args)
        if not grad_mode.is_grad_enabled():
            return outputs
        several = isinstance(outputs, tuple)
        blocked = tuple(_blocked(x) if isinstance(x, Tensor) else x for x in (outputs if several else (outputs,)))
        return blocked if several else blocked[0]

    return wrapper


def _blocked(x: Tensor) -> Tensor:
    def refuse(grads: list[Tensor | None]) -> Continuation:
        raise GradientError("trying to differentiate twice a function that was marked with @once_differentiable")

    node = PythonNode("DelayedErrorBackward", [x.detach().requires_grad_(True)], refuse)
    node.refuses = True
    return node.result(x)
