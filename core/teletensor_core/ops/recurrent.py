"""Recurrent layers whose steps are one op."""

import functools

from teletensor_core.errors import DTypeError, ShapeError
from teletensor_core.kernels import recurrent
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _lstm_spec(x, h, c, to_hidden, bias=None, *, reverse=False):
    domains.require(x.dtype, domains.FLOATS)
    if x.ndim != 3 or not x.shape[0] or x.shape[2] % 4:
        raise ShapeError(f"lstm: the input's part of the gates is (T, N, 4 * hidden), got {list(x.shape)}")
    times, batch, width = x.shape
    state = (batch, width // 4)
    wanted = {"h": state, "c": state, "to_hidden": (width, width // 4), "bias": (width,)}
    for (name, shape), given in zip(wanted.items(), (h, c, to_hidden, bias), strict=True):
        if given is None:
            continue
        if given.shape != shape:
            raise ShapeError(f"lstm: {name} should be {list(shape)}, got {list(given.shape)}")
        if given.dtype is not x.dtype:
            raise DTypeError(f"lstm: {name} is {given.dtype.name}, and the input's part of the gates {x.dtype.name}")
    return spec((times, *state), x.dtype), spec((times, *state), x.dtype), spec(x.shape, x.dtype)


def _turned(arrays, reverse):
    """The arrays in the order in which the steps run."""
    return tuple(x[::-1] for x in arrays) if reverse else tuple(arrays)


@op(
    infer=_lstm_spec,
    saves=("h", "c", "to_hidden", "out"),
    namespaces=(),
    grad_name="Lstm",
    samples=calls(
        Sample(T(3, 2, 8), T(2, 2), T(2, 2), T(8, 2), T(8)),
        Sample(T(2, 3, 4), T(3, 1), T(3, 1), T(4, 1), None, reverse=True),
    ),
)
def lstm(xp, x, h, c, to_hidden, bias=None, *, reverse=False):
    """Hidden states, cells and gates at every time, from the input's part of the gates and a state to start from.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997.
    """
    (x,) = _turned((x,), reverse)
    return _turned(recurrent.forward(xp, x, h, c, to_hidden, bias), reverse)


@lstm.vjp("x", "h", "c", "to_hidden", "bias")
def _(ops, g, out, x, h, c, to_hidden, bias=None, *, reverse=False, needs):
    rule = functools.partial(_recorded, ops) if ops.recording else ops.lstm_backward
    to_x, *rest = rule(*g, *out, h, c, to_hidden, reverse=reverse)
    return to_x, *rest, ops.sum(to_x, dim=(0, 1)) if "bias" in needs else None


def _backward_spec(g_hidden, g_cells, g_gates, hidden, cells, gates, h, c, to_hidden, *, reverse):
    return tuple(spec(x.shape, x.dtype) for x in (gates, h, c, to_hidden))


@op(infer=_backward_spec, differentiable=False, namespaces=())
def lstm_backward(xp, g_hidden, g_cells, g_gates, hidden, cells, gates, h, c, to_hidden, *, reverse):
    """What reaches the input's part of the gates, the state at the start, and the weight."""
    grads, outs = _turned((g_hidden, g_cells, g_gates), reverse), _turned((hidden, cells, gates), reverse)
    to_x, *rest = recurrent.backward(xp, grads, outs, h, c, to_hidden)
    return (*_turned((to_x,), reverse), *rest)


def _recorded(ops, g_hidden, g_cells, g_gates, hidden, cells, gates, h, c, to_hidden, *, reverse):
    """`lstm_backward` in recorded ops, for gradients of gradients."""
    width, order = h.shape[-1], list(range(gates.shape[0]))[:: -1 if reverse else 1]

    def at(x, t):
        return ops.select(x, dim=0, index=t)

    to_x, carried = {}, None
    for step in reversed(range(len(order))):
        t = order[step]
        i, f, g, o = (ops.slice(at(gates, t), dim=-1, start=k * width, end=(k + 1) * width) for k in range(4))
        squashed = ops.tanh(at(cells, t))
        d_h, d_c = at(g_hidden, t), at(g_cells, t)
        if carried is not None:
            d_h, d_c = ops.add(d_h, carried[0]), ops.add(d_c, carried[1])
        d_c = ops.add(d_c, ops.mul(ops.mul(d_h, o), ops.sub(1, ops.mul(squashed, squashed))))
        before = at(cells, order[step - 1]) if step else c
        parts = [ops.mul(d_c, g), ops.mul(d_c, before), ops.mul(d_c, i), ops.mul(d_h, squashed)]
        slopes = [ops.sub(1, ops.mul(g, g)) if y is g else ops.mul(y, ops.sub(1, y)) for y in (i, f, g, o)]
        to_x[t] = ops.mul(ops.add(ops.cat(parts, dim=-1), at(g_gates, t)), ops.cat(slopes, dim=-1))
        carried = ops.matmul(to_x[t], to_hidden), ops.mul(d_c, f)
    starts = ops.cat([h, *(at(hidden, t) for t in order[:-1])], dim=0)
    rows = ops.cat([to_x[t] for t in order], dim=0)
    to_weight = ops.matmul(ops.transpose(rows, dim0=0, dim1=1), starts)
    return ops.stack([to_x[t] for t in range(len(order))], dim=0), *carried, to_weight
