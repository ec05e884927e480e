"""Einstein summation: the equation is parsed once, when the call is planned; the work is done by matrix products."""

import functools

from teletensor_core import dtypes
from teletensor_core.errors import ShapeError
from teletensor_core.registry import TensorList, op
from teletensor_core.rules import domains, sum_dtype
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_SPARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@functools.lru_cache(maxsize=4096)
def parse(equation, ranks):
    """The subscripts of each operand and of the output; the dimensions of an ellipsis get letters of their own."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        which = "fewer" if len(ranks) < len(terms) else "more"
        raise ShapeError(
            f"einsum(): {which} operands were provided than specified in the equation {equation!r}: {len(ranks)}"
        )
    spare = [c for c in _SPARE if c not in text]
    hidden = max(
        [rank - len(t.replace("...", "")) for t, rank in zip(terms, ranks, strict=True) if "..." in t], default=0
    )
    letters = "".join(spare[: max(hidden, 0)])
    expanded = tuple(
        _expand(equation, t, rank, letters, i) for i, (t, rank) in enumerate(zip(terms, ranks, strict=True))
    )
    if arrow:
        output = right.replace("...", letters)
    else:
        counts = "".join(expanded)
        output = letters + "".join(sorted(c for c in set(counts) if counts.count(c) == 1 and c not in letters))
    for c in output:
        if output.count(c) > 1:
            raise ShapeError(f"einsum(): output subscript {c} appears more than once in the output")
        if not any(c in term for term in expanded):
            raise ShapeError(f"einsum(): output subscript {c} does not appear in the equation for any input operand")
    return expanded, output


def _expand(equation, term, rank, letters, i):
    named = term.replace("...", "")
    if not named.isalpha() and named:
        wrong = next(c for c in named if not c.isalpha())
        raise ShapeError(
            f"einsum(): invalid subscript given at index {equation.index(wrong)} in the equation string, "
            "subscripts must be in [a-zA-Z]"
        )
    missing = rank - len(named)
    if "..." in term:
        if missing < 0:
            raise ShapeError(f"einsum(): operand {term!r} of {equation!r} has only {rank} dimensions")
        return term.replace("...", letters[len(letters) - missing :] if missing else "")
    if missing:
        raise ShapeError(
            f"einsum(): the number of subscripts in the equation ({len(named)}) does not match the number of "
            f"dimensions ({rank}) for operand {i} and no ellipsis was given"
        )
    return term


def _sizes(terms, shapes):
    sizes = {}
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        own = {}
        for c, n in zip(term, shape, strict=True):
            if own.setdefault(c, n) != n and 1 not in (own[c], n):
                raise ShapeError(
                    f"einsum(): subscript {c} is repeated for operand {i} but the sizes don't match, {n} != {own[c]}"
                )
            if sizes.setdefault(c, n) != n and 1 not in (sizes[c], n):
                raise ShapeError(
                    f"einsum(): subscript {c} has size {n} for operand {i} which does not broadcast with previously "
                    f"seen size {sizes[c]}"
                )
            sizes[c] = max(sizes[c], n)
    return sizes


def _einsum_spec(operands, *, equation):
    terms, output = parse(equation, tuple(x.ndim for x in operands))
    sizes = _sizes(terms, [x.shape for x in operands])
    dtype = dtypes.result_type(operands)
    if set().union(*terms) - set(output):
        if len(terms) == 1:
            dtype = sum_dtype(dtype, None)
        else:
            domains.require(dtype, domains.INTEGERS, domains.FLOATS, domains.COMPLEX)
    return spec(tuple(sizes[c] for c in output), dtype)


@op(
    infer=_einsum_spec,
    promote=lambda operands, *, equation: [_einsum_spec(operands, equation=equation).dtype],
    saves=("operands",),
    namespaces=("torch",),
    samples=calls(
        Sample([T(3, 4), T(4, 5)], equation="ij,jk->ik"),
        Sample([T(2, 3, 4), T(2, 4, 5)], equation="bij,bjk->bik"),
        Sample([T(3, 3)], equation="ii->i"),
        Sample([T(3, 3)], equation="ii"),
        Sample([T(3, 4)], equation="ij->j"),
        Sample([T(3), T(4)], equation="i,j->ij"),
        Sample([T(2, 3, 4), T(5, 4)], equation="...i,ji->...j"),
        Sample([T(2, 3), T(3, 4), T(4, 2)], equation="ij,jk,kl->il"),
        Sample([T(2, 3, 4), T(2, 3, 4)], equation="bhd,bhd->bh"),
        Sample([T(2, 3), T(2, 3)], equation="ij,ij->"),
    ),
)
def einsum(xp, operands: TensorList, *, equation):
    """Products of tensors summed over the subscripts that are not in the output."""
    terms, output = parse(equation, tuple(x.ndim for x in operands))
    terms, arrays = list(terms), list(operands)
    while len(arrays) > 1:
        kept = set(output).union(*terms[2:])
        term, array = _pair(xp, terms[0], arrays[0], terms[1], arrays[1], kept)
        terms[:2], arrays[:2] = [term], [array]
    term, array = _reduce(xp, terms[0], arrays[0], set(output))
    return xp.array(array.transpose([term.index(c) for c in output]), order="C")


def _reduce(xp, term, array, kept):
    """Repeated subscripts become diagonals, subscripts that are not kept are summed."""
    for c in dict.fromkeys(term):
        while term.count(c) > 1:
            first, second = term.index(c), term.index(c, term.index(c) + 1)
            array = xp.diagonal(array, 0, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + c
    axes = tuple(i for i, c in enumerate(term) if c not in kept)
    if axes:
        array = xp.sum(array, axis=axes)
        term = "".join(c for c in term if c in kept)
    return term, array


def _pair(xp, a_term, a, b_term, b, kept):
    """Two operands contracted by one batched matrix product."""
    a_term, a = _reduce(xp, a_term, a, kept | set(b_term))
    b_term, b = _reduce(xp, b_term, b, kept | set(a_term))
    batch = [c for c in a_term if c in b_term and c in kept]
    inner = [c for c in a_term if c in b_term and c not in kept]
    rows, columns = [c for c in a_term if c not in b_term], [c for c in b_term if c not in a_term]
    shared = batch + inner
    if any(a.shape[a_term.index(c)] != b.shape[b_term.index(c)] for c in shared):
        a, b = _stretch(xp, a_term, a, b_term, b, shared)
    size_a = {c: a.shape[i] for i, c in enumerate(a_term)}
    size_b = {c: b.shape[i] for i, c in enumerate(b_term)}
    left = _matrix(a, a_term, size_a, batch, rows, inner)
    right = _matrix(b, b_term, size_b, batch, inner, columns)
    shape = [size_a[c] for c in batch + rows] + [size_b[c] for c in columns]
    return "".join(batch + rows + columns), xp.matmul(left, right).reshape(shape)


def _stretch(xp, a_term, a, b_term, b, shared):
    for c in shared:
        i, j = a_term.index(c), b_term.index(c)
        n = max(a.shape[i], b.shape[j])
        a = xp.broadcast_to(a, (*a.shape[:i], n, *a.shape[i + 1 :]))
        b = xp.broadcast_to(b, (*b.shape[:j], n, *b.shape[j + 1 :]))
    return a, b


def _matrix(x, term, sizes, *groups):
    """The array with each group of subscripts as one dimension; a leading group may be empty."""
    order = [term.index(c) for group in groups for c in group]
    shape = []
    for number, group in enumerate(groups):
        size = 1
        for c in group:
            size *= sizes[c]
        if number or group:
            shape.append(size)
    return x.transpose(order).reshape(shape)


@einsum.vjp("operands")
def _(ops, g, out, operands, *, equation):
    terms, output = parse(equation, tuple(len(x.shape) for x in operands))
    sizes = _sizes(terms, [tuple(x.shape) for x in operands])
    return [_operand_grad(ops, g, output, terms, operands, k, sizes) for k in range(len(terms))]


def _operand_grad(ops, g, output, terms, operands, k, sizes):
    """The equation with the k-th operand and the output exchanged."""
    term = terms[k]
    distinct = "".join(dict.fromkeys(term))
    others = [i for i in range(len(terms)) if i != k]
    available = output + "".join(terms[i] for i in others)
    reachable = "".join(c for c in distinct if c in available)
    equation = ",".join([output] + [terms[i] for i in others]) + "->" + reachable
    grad = ops.einsum([g] + [ops.conj(operands[i]) for i in others], equation=equation)
    shape = tuple(sizes[c] if c in reachable else 1 for c in distinct)
    grad = ops.expand(ops.reshape(grad, shape=shape), size=tuple(sizes[c] for c in distinct))
    for i, c in enumerate(term):
        if term.index(c) != i:
            return _onto_diagonals(ops, grad, distinct, term, sizes)
    return grad


def _onto_diagonals(ops, grad, distinct, term, sizes):
    """A gradient by distinct subscripts put onto the diagonals of a term with repeated ones."""
    for c in distinct:
        for _ in range(term.count(c) - 1):
            grad = ops.diag_embed(grad, offset=0, dim1=distinct.index(c), dim2=len(grad.shape))
            distinct += c
    order = []
    for c in term:
        at = next(i for i, d in enumerate(distinct) if d == c and i not in order)
        order.append(at)
    return ops.permute(grad, dims=tuple(order))
