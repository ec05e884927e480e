"""The steps of recurrent networks, and running them over sequences: composites of ordinary ops, and an op for LSTM.

A state is a tuple of tensors (N, size): (h,), or (h, c) for LSTM. A step takes the input's part of the gates, which is
computed for all times at once, and gives the new state, h first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from teletensor import ops
from teletensor.functions import cat, stack
from teletensor.nn.functional.dropouts import dropout as functional_dropout
from teletensor.nn.functional.products import linear
from teletensor.tensor import Tensor

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State, "Weights"], State]


class Weights(NamedTuple):
    """The parameters of one layer in one direction."""

    to_input: Tensor
    to_hidden: Tensor
    input_bias: Tensor | None = None
    hidden_bias: Tensor | None = None
    projection: Tensor | None = None


def tanh_step(x: Tensor, state: State, weights: Weights) -> State:
    """tanh(x + W h + b)."""
    return ((x + linear(state[0], weights.to_hidden, weights.hidden_bias)).tanh(),)


def relu_step(x: Tensor, state: State, weights: Weights) -> State:
    """relu(x + W h + b)."""
    return ((x + linear(state[0], weights.to_hidden, weights.hidden_bias)).relu(),)


def lstm_step(x: Tensor, state: State, weights: Weights) -> State:
    """Long short-term memory. Source: Hochreiter and Schmidhuber, Neural Computation 9(8), 1997."""
    h, c = state
    i, f, g, o = (x + linear(h, weights.to_hidden, weights.hidden_bias)).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    return (h if weights.projection is None else linear(h, weights.projection)), c


def gru_step(x: Tensor, state: State, weights: Weights) -> State:
    """Gated recurrent unit. Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014."""
    (h,) = state
    x_r, x_z, x_n = x.chunk(3, -1)
    h_r, h_z, h_n = linear(h, weights.to_hidden, weights.hidden_bias).chunk(3, -1)
    n = (x_n + (x_r + h_r).sigmoid() * h_n).tanh()
    return (n + (x_z + h_z).sigmoid() * (h - n),)


STEPS: dict[str, Step] = {"RNN_TANH": tanh_step, "RNN_RELU": relu_step, "LSTM": lstm_step, "GRU": gru_step}


def run_layers(
    mode: str,
    input: Tensor,
    start: State,
    weights: Sequence[Weights],
    directions: int,
    dropout: float,
    sizes: Sequence[int] | None,
) -> tuple[Tensor, State]:
    """The last layer's outputs at every time, and the last state of all layers: (layers * directions, N, size).

    Layers run one after another over (T, N, size), or over packed sequences; `dropout` is between them. `weights` are
    those of each layer and direction.
    """
    starts = list(zip(*(part.unbind(0) for part in start), strict=True))
    ends: list[State] = []
    for first in range(0, len(weights), directions):
        outputs = []
        for at in range(first, first + directions):
            output, end = scan(STEPS[mode], input, starts[at], weights[at], sizes, reverse=at > first)
            outputs.append(output)
            ends.append(end)
        input = outputs[0] if directions == 1 else cat(outputs, -1)
        if dropout and first + directions < len(weights):
            input = functional_dropout(input, dropout)
    return input, tuple(stack(parts) for parts in zip(*ends, strict=True))


def scan(
    step: Step, input: Tensor, start: State, weights: Weights, sizes: Sequence[int] | None, reverse: bool
) -> tuple[Tensor, State]:
    """H at every time, and the last state of every sequence.

    `input` is (T, N, size); or with `sizes`, the sequences that go on at each time, longest first, packed as (sum,
    size).
    """
    x = linear(input, weights.to_input, weights.input_bias)
    if step is lstm_step and sizes is None and _is_plain(x, start, weights):
        return _lstm(x, start, weights, reverse)
    times = x.unbind(0) if sizes is None else x.split(list(sizes))
    if sizes is None or sizes[0] == sizes[-1]:
        outputs, state = _scan_equal(step, times, start, weights, reverse)
    elif reverse:
        outputs, state = _scan_growing(step, times, start, weights, sizes)
    else:
        outputs, state = _scan_shrinking(step, times, start, weights, sizes)
    return stack(outputs) if sizes is None else cat(outputs), state


def _is_plain(x: Tensor, start: State, weights: Weights) -> bool:
    """Whether the op for whole layers of LSTM may run: one real dtype, no projection, and some time."""
    given = (x, *start, weights.to_hidden, *([] if weights.hidden_bias is None else [weights.hidden_bias]))
    return (
        x.shape[0] > 0
        and x.is_floating_point()
        and weights.projection is None
        and len({part.dtype for part in given}) == 1
    )


def _lstm(x: Tensor, start: State, weights: Weights, reverse: bool) -> tuple[Tensor, State]:
    h, c = start
    hidden, cells, _ = ops.lstm(x, h, c, weights.to_hidden, weights.hidden_bias, reverse=reverse)
    last = 0 if reverse else -1
    return hidden, (hidden[last], cells[last])


def _scan_equal(
    step: Step, times: Sequence[Tensor], state: State, weights: Weights, reverse: bool
) -> tuple[list[Tensor], State]:
    outputs = []
    for x in reversed(times) if reverse else times:
        state = step(x, state, weights)
        outputs.append(state[0])
    return outputs[::-1] if reverse else outputs, state


def _scan_shrinking(
    step: Step, times: Sequence[Tensor], state: State, weights: Weights, sizes: Sequence[int]
) -> tuple[list[Tensor], State]:
    """Forwards: sequences end, the shortest first."""
    outputs, ended, before = [], [], sizes[0]
    for x, size in zip(times, sizes, strict=True):
        if size < before:
            ended.append(tuple(part[size:] for part in state))
            state, before = tuple(part[:size] for part in state), size
        state = step(x, state, weights)
        outputs.append(state[0])
    parts = [state, *reversed(ended)]
    return outputs, tuple(cat(rows) for rows in zip(*parts, strict=True))


def _scan_growing(
    step: Step, times: Sequence[Tensor], start: State, weights: Weights, sizes: Sequence[int]
) -> tuple[list[Tensor], State]:
    """Backwards: shorter sequences begin, each with its own start."""
    outputs, before = [], sizes[-1]
    state = tuple(part[:before] for part in start)
    for x, size in zip(reversed(times), reversed(sizes), strict=True):
        if size > before:
            state = tuple(cat([part, first[before:size]]) for part, first in zip(state, start, strict=True))
            before = size
        state = step(x, state, weights)
        outputs.append(state[0])
    return outputs[::-1], state
