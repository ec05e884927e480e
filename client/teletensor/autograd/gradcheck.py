"""`gradcheck` and `gradgradcheck`: gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from teletensor_core.errors import ArgumentError, GradientError

from teletensor import factories
from teletensor.backward import grad
from teletensor.grad_mode import enable_grad, no_grad
from teletensor.tensor import Tensor

Array = np.ndarray[Any, Any]


class GradcheckError(GradientError):
    """A gradient is not what finite differences say."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether backward gives the Jacobian of `func` that central differences of width `eps` give.

    For each input that requires grad and each output, |analytical - numerical| <= atol + rtol * |numerical|. Inputs
    should be float64. Raises GradcheckError for a difference, unless `raise_exception` is False. Waits often: it is
    for tests.
    """
    tensors = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    checked = [x for x in tensors if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ArgumentError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True."
        )
    try:
        for i, x in enumerate(checked):
            for j, (mine, theirs) in enumerate(_jacobians(func, tensors, x, eps)):
                if not np.allclose(mine, theirs, rtol, atol):
                    raise GradcheckError(
                        f"Jacobian mismatch for output {j} with respect to input "
                        f"{i},\nnumerical:{theirs}\nanalytical:{mine}\n"
                    )
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """`gradcheck` of the gradients of `func`, by its inputs and by the cotangents (random unless they are given)."""
    tensors = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    outs = _outputs(func(*tensors))
    given = grad_outputs if grad_outputs is not None else [factories.randn_like(x) for x in outs]
    cotangents = [g.detach().requires_grad_(True) for g in ([given] if isinstance(given, Tensor) else given)]

    def gradients(*arguments: Any) -> tuple[Tensor, ...]:
        values, weights = arguments[: len(tensors)], arguments[len(tensors) :]
        wanted = [x for x in values if isinstance(x, Tensor) and x.requires_grad]
        made = grad(_outputs(func(*values)), wanted, list(weights), create_graph=True, allow_unused=True)
        return tuple(g for g in made if g is not None and g.requires_grad)

    return gradcheck(gradients, (*tensors, *cotangents), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception)


def _outputs(result: Any) -> list[Tensor]:
    listed = list(result) if isinstance(result, (tuple, list)) else [result]
    return [x for x in listed if isinstance(x, Tensor) and x.requires_grad]


def _jacobians(func: Callable[..., Any], inputs: Any, x: Tensor, eps: float) -> Iterator[tuple[Array, Array]]:
    """For each output, the Jacobian by backward and by differences: input elements in rows, output elements in
    columns.
    """
    with enable_grad():
        outs = _outputs(func(*inputs))
    # Differences come last: they write into the input.
    analytical = [_by_backward(out, x) for out in outs]
    yield from zip(analytical, _by_differences(func, inputs, x, len(outs), eps), strict=True)


def _by_backward(out: Tensor, x: Tensor) -> Array:
    columns = []
    for k in range(out.numel()):
        cotangent = factories.zeros_like(out)
        cotangent.view(-1)[k] = 1
        (g,) = grad(out, x, cotangent, retain_graph=True, allow_unused=True, materialize_grads=True)
        columns.append(g.numpy(force=True).reshape(-1))
    return np.stack(columns, 1) if columns else np.zeros((x.numel(), 0))


def _by_differences(func: Callable[..., Any], inputs: Any, x: Tensor, count: int, eps: float) -> list[Array]:
    rows: list[list[Array]] = [[] for _ in range(count)]
    flat = x.detach().contiguous().view(-1)
    if flat.is_complex():
        raise ArgumentError("gradcheck of complex inputs is not supported: check their real and imaginary parts")
    with no_grad():
        for k in range(flat.numel()):
            before = flat[k].item()
            sides = []
            for value in (before + eps, before - eps):
                flat[k] = value
                sides.append([out.numpy(force=True).reshape(-1) for out in _values(func, inputs, count)])
            flat[k] = before
            for row, high, low in zip(rows, *sides, strict=True):
                row.append((high - low) / (2 * eps))
    return [np.stack(row) for row in rows]


def _values(func: Callable[..., Any], inputs: Any, count: int) -> list[Tensor]:
    with enable_grad():
        return [out.detach().clone() for out in _outputs(func(*inputs))][:count]
