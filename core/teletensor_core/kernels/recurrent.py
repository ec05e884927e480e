"""A layer of long short-term memory over all times: what the steps share is computed once, before and after them.

The gates lie side by side, as in PyTorch's weights: input, forget, cell, output. All but the cell's are sigmoids, which
are taken as tanh: sigmoid(z) = (1 + tanh(z / 2)) / 2, so that one call serves all four.
"""

from __future__ import annotations

from typing import Any


def _by_gate(xp: Any, like: Any, sigmoid: float, cell: float) -> Any:
    """One number for each column of the gates."""
    hidden = like.shape[-1] // 4
    out = xp.full(like.shape[-1], sigmoid, like.dtype)
    out[2 * hidden : 3 * hidden] = cell
    return out


def _parts(gates: Any) -> Any:
    hidden = gates.shape[-1] // 4
    return tuple(gates[..., k * hidden : (k + 1) * hidden] for k in range(4))


def forward(xp: Any, x: Any, h: Any, c: Any, to_hidden: Any, bias: Any) -> tuple[Any, Any, Any]:
    """Hidden states and cells (T, N, H), and the gates (T, N, 4 H) after their functions.

    `x` is the input's part of the gates.
    """
    times, batch, width = x.shape
    half, shift = _by_gate(xp, x, 0.5, 1.0), _by_gate(xp, x, 0.5, 0.0)
    gates = x * half if bias is None else (x + bias) * half
    weight = xp.ascontiguousarray((to_hidden * half[:, None]).T)
    hidden, cells = (xp.empty((times, batch, width // 4), x.dtype) for _ in range(2))
    product = xp.empty((batch, width), x.dtype)
    kept = xp.empty((batch, width // 4), x.dtype)
    for t in range(times):
        xp.matmul(h, weight, out=product)
        now = xp.add(gates[t], product, out=gates[t])
        xp.tanh(now, out=now)
        now *= half
        now += shift
        i, f, g, o = _parts(now)
        xp.multiply(f, c, out=kept)
        c = xp.multiply(i, g, out=cells[t])
        c += kept
        h = xp.tanh(c, out=hidden[t])
        h *= o
    return hidden, cells, gates


def backward(
    xp: Any, grads: tuple[Any, Any, Any], outs: tuple[Any, Any, Any], h: Any, c: Any, to_hidden: Any
) -> tuple[Any, Any, Any, Any]:
    """What reaches `x`, `h`, `c` and `to_hidden` from the gradients of the three results."""
    hidden, cells, gates = outs
    slope = gates * _by_gate(xp, gates, 1.0, 0.0)
    slope += _by_gate(xp, gates, 0.0, 1.0)
    slope -= gates * gates
    squashed = xp.tanh(cells)
    to_cell = squashed * squashed
    xp.subtract(1, to_cell, out=to_cell)
    to_cell *= _parts(gates)[3]
    out = xp.empty(gates.shape, gates.dtype)
    carried_h, carried_c = xp.zeros(h.shape, gates.dtype), xp.zeros(c.shape, gates.dtype)
    for t in reversed(range(len(gates))):
        carried_h += grads[0][t]
        carried_c += grads[1][t]
        carried_c += carried_h * to_cell[t]
        i, f, g, _ = _parts(gates[t])
        to_i, to_f, to_g, to_o = _parts(out[t])
        xp.multiply(carried_c, g, out=to_i)
        xp.multiply(carried_c, cells[t - 1] if t else c, out=to_f)
        xp.multiply(carried_c, i, out=to_g)
        xp.multiply(carried_h, squashed[t], out=to_o)
        now = out[t]
        now += grads[2][t]
        now *= slope[t]
        carried_c *= f
        xp.matmul(now, to_hidden, out=carried_h)
    before = xp.concatenate((h[None], hidden[:-1]))
    width = gates.shape[-1]
    to_weight = xp.matmul(out.reshape((-1, width)).T, before.reshape((-1, h.shape[-1])))
    return out, carried_h, carried_c, to_weight
