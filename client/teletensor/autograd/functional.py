"""Jacobians, Hessians and vector products of functions of tensors, from reverse mode alone.

A function's inputs and outputs are a tensor or a tuple of them, and what comes back is nested in the same way: first by
output, then by input. An output that does not depend on the inputs has the Jacobian zero, unless `strict`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teletensor_core.errors import ArgumentTypeError, GradientError

from teletensor import ops
from teletensor.backward import grad
from teletensor.factories import ones_like, zeros_like
from teletensor.functions.shapes import reshape
from teletensor.grad_mode import enable_grad
from teletensor.tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, and the product of `v` (1 for a function with one element as its value) with its
    Jacobian.
    """
    single, leaves = _leaves(inputs, create_graph)
    one, outs = _values(func, leaves, strict)
    if v is None and not (one and outs[0].numel() == 1):
        raise GradientError(
            "The vector v can only be None if the user-provided function returns a single Tensor with a single element."
        )
    vectors = [None] if v is None else _vectors(v, outs)
    products = _gradients(outs, leaves, vectors, create_graph=create_graph, strict=strict)
    return _shown(one, outs, create_graph), _nested(single, products)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, and the product of its Jacobian with `v`: a vector-Jacobian product differentiated by its
    vector.
    """
    _, leaves = _leaves(inputs, create_graph)
    if v is None and not (len(leaves) == 1 and leaves[0].numel() == 1):
        raise GradientError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    vectors = [ones_like(leaves[0])] if v is None else _vectors(v, leaves)
    one, outs = _values(func, leaves, strict)
    with enable_grad():
        weights = [zeros_like(out).requires_grad_(True) for out in outs]
        products = _gradients(outs, leaves, weights, create_graph=True, strict=strict)
    made = _gradients(products, weights, vectors, create_graph=create_graph, strict=False)
    return _shown(one, outs, create_graph), _nested(one, made)


def jacobian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian of each output of `func` by each input: of the output's shape followed by the input's.

    One backward for each element of the outputs, whatever `vectorize` and `strategy` say.
    """
    single, leaves = _leaves(inputs, create_graph)
    one, outs = _values(func, leaves, strict)
    made = [_nested(single, rows(out, leaves, create_graph=create_graph, strict=strict)) for out in outs]
    return _nested(one, made)


def rows(out: Tensor, leaves: list[Tensor], *, create_graph: bool, strict: bool = False) -> list[Tensor]:
    """The Jacobian of one output by each leaf: of the output's shape followed by the leaf's."""
    flat = reshape(out, (-1,))
    each = [
        _gradients([flat[i]], leaves, [None], create_graph=create_graph, strict=strict, keep=True)
        for i in range(flat.numel())
    ]
    return [
        reshape(ops.stack([row[k] for row in each]), (*out.shape, *leaf.shape))
        if each
        else zeros_like(reshape(ops.expand(leaf, (1, *leaf.shape))[:0], (*out.shape, *leaf.shape)))
        for k, leaf in enumerate(leaves)
    ]


def hessian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The second derivatives of a function with one element as its value, by each pair of inputs."""
    single = isinstance(inputs, Tensor)

    def gradient(*leaves: Tensor) -> Any:
        outs = _scalar(func, list(leaves), "hessian", strict)
        return _nested(single, _gradients(outs, list(leaves), [None], create_graph=True, strict=strict))

    return jacobian(gradient, inputs, create_graph=create_graph, strict=strict)


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, and the product of its Hessian with `v`. Hessians are symmetric: the same as `vhp`."""
    return vhp(func, inputs, v, create_graph, strict)


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, which has one element, and the product of `v` with its Hessian."""
    single, leaves = _leaves(inputs, create_graph)
    if v is None and not (len(leaves) == 1 and leaves[0].numel() == 1):
        raise GradientError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    vectors = [ones_like(leaves[0])] if v is None else _vectors(v, leaves)
    outs = _scalar(func, leaves, "vhp", strict)
    with enable_grad():
        first = _gradients(outs, leaves, [None], create_graph=True, strict=strict)
    products = _gradients(first, leaves, vectors, create_graph=create_graph, strict=False)
    return _shown(True, outs, create_graph), _nested(single, products)


# -- inputs and outputs ------------------------------------------------------------------------------------------------


def _leaves(inputs: Any, create_graph: bool) -> tuple[bool, list[Tensor]]:
    """The inputs as tensors that gradients can be asked of; with create_graph still tied to where they came from."""
    single = isinstance(inputs, Tensor)
    listed = [inputs] if single else list(inputs)
    for i, x in enumerate(listed):
        if not isinstance(x, Tensor):
            raise ArgumentTypeError(
                f"The inputs must be a Tensor or a tuple of Tensors, but input {i} is {type(x).__name__}"
            )
    with enable_grad():
        return single, [
            ops.alias(x) if create_graph and x.requires_grad else x.detach().requires_grad_(True) for x in listed
        ]


def _values(func: Function, leaves: list[Tensor], strict: bool) -> tuple[bool, list[Tensor]]:
    with enable_grad():
        result = func(*leaves)
    one = isinstance(result, Tensor)
    outs: list[Any] = [result] if one else list(result) if isinstance(result, (tuple, list)) else [None]
    for i, out in enumerate(outs):
        if not isinstance(out, Tensor):
            raise ArgumentTypeError(
                "The outputs of the user-provided function must be either a Tensor or a tuple of Tensors, but one is "
                f"{type(result if out is None else out).__name__}"
            )
        if strict and not out.requires_grad:
            raise GradientError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed "
                f"in a "
                "differentiable manner from the input when running in strict mode."
            )
    return one, outs


def _scalar(func: Function, leaves: list[Tensor], name: str, strict: bool) -> list[Tensor]:
    one, outs = _values(func, leaves, strict)
    if not one or outs[0].numel() != 1:
        raise GradientError(f"The Tensor returned by the function given to {name} should contain a single element")
    return outs


def _vectors(v: Any, like: Sequence[Tensor]) -> list[Tensor]:
    vectors = [v] if isinstance(v, Tensor) else list(v)
    if len(vectors) != len(like):
        raise GradientError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}.")
    for vector, x in zip(vectors, like, strict=True):
        if vector.shape != x.shape:
            raise GradientError(f"v has invalid size: should be {x.shape} but got {vector.shape}.")
    return vectors


def _gradients(
    outs: Sequence[Tensor], leaves: list[Tensor], vectors: Sequence[Any], *, create_graph: bool, strict: bool,
    keep: bool | None = None,
) -> list[Tensor]:  # fmt: skip
    """The gradients of the outputs that have one; zeros for inputs that they do not depend on."""
    live = [(out, vector) for out, vector in zip(outs, vectors, strict=True) if out.requires_grad]
    if not live:
        return [zeros_like(leaf) for leaf in leaves]
    found = grad(
        [out for out, _ in live],
        leaves,
        None if live[0][1] is None else [vector for _, vector in live],
        retain_graph=keep,
        create_graph=create_graph,
        allow_unused=not strict,
        materialize_grads=not strict,
    )
    return list(found)


def _shown(one: bool, outs: list[Tensor], create_graph: bool) -> Any:
    return _nested(one, outs if create_graph else [out.detach() for out in outs])


def _nested(one: bool, results: Sequence[Any]) -> Any:
    return results[0] if one else tuple(results)
