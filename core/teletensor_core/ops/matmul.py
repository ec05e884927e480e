"""Matrix products."""

import math

from teletensor_core import rules
from teletensor_core.errors import ShapeError
from teletensor_core.registry import op
from teletensor_core.rules import matmul as matrix
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _product(**more):
    return {"saves": ("input", "other"), "infer": matrix.matmul} | more


@op(
    **_product(
        samples=calls(
            Sample(T(3, 4), T(4, 5)),
            Sample(T(4), T(4)),
            Sample(T(4), T(4, 3)),
            Sample(T(3, 4), T(4)),
            Sample(T(2, 3, 4), T(2, 4, 5)),
            Sample(T(2, 3, 4), T(4, 5)),
            Sample(T(3, 4), T(2, 4, 5)),
            Sample(T(2, 1, 3, 4), T(5, 4, 2)),
            Sample(T(2, 3, 4), T(4)),
            Sample(T(4), T(2, 4, 3)),
        )
    )
)
def matmul(xp, input, other):
    """The matrix product; of vectors the dot product; of higher dimensions batches of products."""
    if input.ndim > 2 and other.ndim == 2 and input.flags.c_contiguous:
        # One product over all rows is faster than one for each matrix.
        rows = input.reshape((math.prod(input.shape[:-1]), input.shape[-1]))
        return xp.matmul(rows, other).reshape((*input.shape[:-1], other.shape[1]))
    return xp.matmul(input, other)


def _input_grad(ops, g, input, other):
    if len(other.shape) == 1:
        return ops.mul(g if len(input.shape) == 1 else ops.unsqueeze(g, dim=-1), ops.conj(other))
    if len(input.shape) == 1:
        column = ops.matmul(ops.conj(other), ops.unsqueeze(g, dim=-1))
        return ops.reshape(column, shape=tuple(column.shape[:-1]))
    return ops.matmul(g, ops.conj(ops.transpose(other, dim0=-2, dim1=-1)))


def _other_grad(ops, g, input, other):
    if len(input.shape) == 1:
        if len(other.shape) == 1:
            return ops.mul(g, ops.conj(input))
        return ops.mul(ops.unsqueeze(ops.conj(input), dim=-1), ops.unsqueeze(g, dim=-2))
    turned = ops.conj(ops.transpose(input, dim0=-2, dim1=-1))
    if len(other.shape) == 1:
        column = ops.matmul(turned, ops.unsqueeze(g, dim=-1))
        return ops.reshape(column, shape=tuple(column.shape[:-1]))
    if len(other.shape) == 2 and len(input.shape) > 2:
        # One product over all rows instead of a batch of products and a sum.
        rows = ops.reshape(input, shape=(-1, input.shape[-1]))
        columns = ops.reshape(g, shape=(-1, g.shape[-1]))
        return ops.matmul(ops.conj(ops.transpose(rows, dim0=0, dim1=1)), columns)
    return ops.matmul(turned, g)


@op(**_product(saves=("input", "mat2"), infer=matrix.mm, samples=calls(Sample(T(3, 4), T(4, 5)))))
def mm(xp, input, mat2):
    """The product of two matrices."""
    return xp.matmul(input, mat2)


@op(**_product(saves=("input", "mat2"), infer=matrix.bmm, samples=calls(Sample(T(2, 3, 4), T(2, 4, 5)))))
def bmm(xp, input, mat2):
    """The products of two batches of matrices."""
    return xp.matmul(input, mat2)


@op(**_product(saves=("input", "vec"), infer=matrix.mv, samples=calls(Sample(T(3, 4), T(4)))))
def mv(xp, input, vec):
    """The product of a matrix and a vector."""
    return xp.matmul(input, vec)


@op(**_product(infer=matrix.dot, samples=calls(Sample(T(4), T(4)))))
def dot(xp, input, other):
    """The sum of products of two vectors."""
    return xp.dot(input, other)


def _rules(ops, g, out, input, other):
    return _input_grad(ops, g, input, other)


def _other_rule(ops, g, out, input, other):
    return _other_grad(ops, g, input, other)


for _op in (matmul, mm, bmm, mv, dot):
    _op.vjp(_op.operands[0])(_rules)
    _op.vjp(_op.operands[1])(_other_rule)


def _outer_spec(input, vec2):
    if input.ndim != 1 or vec2.ndim != 1:
        raise ShapeError(f"outer: Expected 1-D arguments, got {input.ndim}-D and {vec2.ndim}-D")
    return spec((*input.shape, *vec2.shape), rules.broadcast(*[spec((1,), x.dtype) for x in (input, vec2)]).dtype)


@op(
    infer=_outer_spec,
    promote=rules.common,
    saves=("input", "vec2"),
    aliases=("ger",),
    samples=calls(Sample(T(3), T(4))),
)
def outer(xp, input, vec2):
    """All products of the elements of two vectors."""
    return xp.multiply(input[:, None], vec2)


@outer.vjp("input")
def _(ops, g, out, input, vec2):
    return ops.matmul(g, ops.conj(vec2))


@outer.vjp("vec2")
def _(ops, g, out, input, vec2):
    return ops.matmul(ops.conj(input), g)


def _added(**more):
    return {"infer": matrix.addmm, "saves": ("mat1", "mat2"), "inplace": True} | more


@op(**_added(samples=calls(Sample(T(3, 5), T(3, 4), T(4, 5)), Sample(T(5), T(3, 4), T(4, 5), beta=0.5, alpha=2.0))))
def addmm(xp, input, mat1, mat2, *, beta=1, alpha=1):
    """`beta * input + alpha * (mat1 @ mat2)`."""
    return _add_product(xp, input, xp.matmul(mat1, mat2), beta, alpha)


@op(
    **_added(
        saves=("batch1", "batch2"),
        infer=matrix.baddbmm,
        samples=calls(
            Sample(T(2, 3, 5), T(2, 3, 4), T(2, 4, 5)), Sample(T(5), T(2, 3, 4), T(2, 4, 5), beta=0.5, alpha=2.0)
        ),
    )
)
def baddbmm(xp, input, batch1, batch2, *, beta=1, alpha=1):
    """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices."""
    return _add_product(xp, input, xp.matmul(batch1, batch2), beta, alpha)


def _add_product(xp, input, product, beta, alpha):
    if product.dtype.kind in "iu":
        beta, alpha = int(beta), int(alpha)
    product = product if alpha == 1 else product * alpha
    return product + (input if beta == 1 else input * beta) if beta else product


for _op in (addmm, baddbmm):
    _op.vjp("input")(lambda ops, g, out, input, a, b, *, beta=1, alpha=1: g if beta == 1 else ops.mul(g, beta))
    _op.vjp(_op.operands[1])(
        lambda ops, g, out, input, a, b, *, beta=1, alpha=1: _input_grad(
            ops, g if alpha == 1 else ops.mul(g, alpha), a, b
        )
    )
    _op.vjp(_op.operands[2])(
        lambda ops, g, out, input, a, b, *, beta=1, alpha=1: _other_grad(
            ops, g if alpha == 1 else ops.mul(g, alpha), a, b
        )
    )


@op(
    infer=matrix.linear,
    saves=("input", "weight"),
    namespaces=("nn.functional",),
    samples=calls(
        Sample(T(3, 4), T(5, 4), T(5)),
        Sample(T(2, 3, 4), T(5, 4)),
        Sample(T(4), T(5, 4), T(5)),
        Sample(T(0, 4), T(5, 4), T(5)),
    ),
)
def linear(xp, input, weight, bias=None):
    """`input @ weight.T + bias`, one product over all rows."""
    rows = input.reshape((-1, input.shape[-1])) if input.ndim > 2 else input
    out = xp.matmul(rows, weight.T)
    if bias is not None:
        out += bias
    return out.reshape((*input.shape[:-1], weight.shape[0])) if input.ndim > 2 else out


@linear.vjp("input")
def _(ops, g, out, input, weight, bias=None):
    return ops.matmul(g, ops.conj(weight))


@linear.vjp("weight")
def _(ops, g, out, input, weight, bias=None):
    g2 = ops.reshape(g, shape=(-1, g.shape[-1])) if len(g.shape) != 2 else g
    x2 = ops.reshape(input, shape=(-1, input.shape[-1])) if len(input.shape) != 2 else input
    return ops.matmul(ops.transpose(g2, dim0=0, dim1=1), ops.conj(x2))


@linear.vjp("bias")
def _(ops, g, out, input, weight, bias=None):
    return g
