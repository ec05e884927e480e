"""Jacobians, Hessians and vector products of functions of tensors, from reverse mode alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core.errors import GradientError

from teletensor.backward import grad
from teletensor.functions.shapes import reshape
from teletensor.grad_mode import enable_grad
from teletensor.tensor import Tensor

Function = Callable[..., Any]


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func` and the product of `v` (ones for a scalar) with its Jacobian, one for each input."""
    single, leaves = _leaves(inputs, create_graph)
    with enable_grad():
        out = func(*leaves)
    if v is None and out.numel() != 1:
        raise GradientError(
            "The vector v can only be None if the user-provided function returns a single Tensor with one element"
        )
    grads = grad(out, leaves, v, create_graph=create_graph, allow_unused=not strict, materialize_grads=not strict)
    return (out if create_graph else out.detach()), _like(single, grads)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func` and the product of its Jacobian with `v`, by differentiating a vector-Jacobian product
    twice.
    """
    single, leaves = _leaves(inputs, create_graph)
    vectors = [v] if single and v is not None else v
    with enable_grad():
        out = func(*leaves)
        weights = _zeros_like(out).requires_grad_(True)
        grads = grad(out, leaves, weights, create_graph=True, allow_unused=True, materialize_grads=True)
    if vectors is None:
        if len(leaves) != 1 or leaves[0].numel() != 1:
            raise GradientError(
                "The vector v can only be None if the input to the user-provided function is one element"
            )
        vectors = [_zeros_like(leaves[0]) + 1]
    live = [(g, u) for g, u in zip(grads, vectors, strict=True) if g.requires_grad]
    if not live:
        return out.detach(), _zeros_like(out)
    product = grad(
        [g for g, _ in live], weights, [u for _, u in live], create_graph=create_graph, materialize_grads=True
    )
    return (out if create_graph else out.detach()), product[0]


def jacobian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian of each output of `func` by each input: shape output + input, nested as PyTorch nests it."""
    single, leaves = _leaves(inputs, create_graph)
    with enable_grad():
        out = func(*leaves)
    if isinstance(out, tuple):
        return tuple(_like(single, _rows(o, leaves, create_graph)) for o in out)
    return _like(single, _rows(out, leaves, create_graph))


def _rows(out: Tensor, leaves: list[Tensor], create_graph: bool) -> tuple[Tensor, ...]:
    from teletensor import ops

    flat = reshape(out, (-1,))
    rows = [
        grad(flat[i], leaves, retain_graph=True, create_graph=create_graph, allow_unused=True, materialize_grads=True)
        for i in range(flat.numel())
    ]
    return tuple(
        reshape(ops.stack([row[k] for row in rows]), (*out.shape, *leaf.shape)) for k, leaf in enumerate(leaves)
    )


def hessian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The second derivatives of a function with one element as its value."""
    single = isinstance(inputs, Tensor)

    def gradient(*leaves: Tensor) -> Any:
        out = func(*leaves)
        if out.numel() != 1:
            raise GradientError("The Tensor returned by the function given to hessian should contain a single element")
        grads = grad(out, list(leaves), create_graph=True, allow_unused=True, materialize_grads=True)
        return grads[0] if single else grads

    return jacobian(gradient, inputs, create_graph=create_graph)


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func` and the product of its Hessian with `v`."""
    return _second(func, inputs, v, create_graph)


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func` and the product of `v` with its Hessian, which is the same as `hvp`: Hessians are
    symmetric.
    """
    return _second(func, inputs, v, create_graph)


def _second(func: Function, inputs: Any, v: Any, create_graph: bool) -> tuple[Any, Any]:
    single, leaves = _leaves(inputs, create_graph)
    vectors = [v] if single else list(v)
    with enable_grad():
        out = func(*leaves)
        first = grad(out, leaves, create_graph=True, allow_unused=True, materialize_grads=True)
    live = [(g, u) for g, u in zip(first, vectors, strict=True) if g.requires_grad]
    grads = grad(
        [g for g, _ in live],
        leaves,
        [u for _, u in live],
        create_graph=create_graph,
        allow_unused=True,
        materialize_grads=True,
    )
    return (out if create_graph else out.detach()), _like(single, grads)


def _leaves(inputs: Any, create_graph: bool) -> tuple[bool, list[Tensor]]:
    """The inputs as tensors that gradients can be asked of; with create_graph still tied to where they came from."""
    from teletensor import ops

    single = isinstance(inputs, Tensor)
    listed = [inputs] if single else list(inputs)
    if create_graph:
        return single, [ops.alias(x) if x.requires_grad else x.detach().requires_grad_(True) for x in listed]
    return single, [x.detach().requires_grad_(True) for x in listed]


def _like(single: bool, results: Any) -> Any:
    return results[0] if single else tuple(results)


def _zeros_like(x: Tensor) -> Tensor:
    from teletensor.factories import zeros_like

    return zeros_like(x)
