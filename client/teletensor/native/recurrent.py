"""Recurrent networks as `torch` itself has them: weights as a list, and steps without a module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.errors import ArgumentTypeError, ShapeError

from teletensor.nn.functional import linear
from teletensor.nn.recurrence import STEPS, State, Weights, run_layers
from teletensor.tensor import Tensor

Pair = tuple[Tensor, Tensor]


def rnn_tanh(*args: Any, **kwargs: Any) -> Pair:
    """An Elman network over sequences: the outputs, and the last state of every layer and direction.

    Takes (input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first), or of packed
    sequences (data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional). `params` are those
    of each layer and direction in turn: to the input, to the state, and both biases if there are any.
    """
    output, (h,) = _run("RNN_TANH", args, kwargs)
    return output, h


def rnn_relu(*args: Any, **kwargs: Any) -> Pair:
    """`rnn_tanh` with relu."""
    output, (h,) = _run("RNN_RELU", args, kwargs)
    return output, h


def gru(*args: Any, **kwargs: Any) -> Pair:
    """Gated recurrent units over sequences; arguments and results as of `rnn_tanh`."""
    output, (h,) = _run("GRU", args, kwargs)
    return output, h


def lstm(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Long short-term memory over sequences; arguments as of `rnn_tanh`, with `hx` a pair. The outputs, h and c.

    A third weight of each layer and direction, for `h` smaller than `c`, projects.
    """
    output, (h, c) = _run("LSTM", args, kwargs)
    return output, h, c


_SEQUENCES = (
    "input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first",
)  # fmt: skip
_PACKED = (
    "data", "batch_sizes", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional",
)  # fmt: skip


def _run(mode: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, State]:
    packed = "batch_sizes" in kwargs or (len(args) > 3 and isinstance(args[3], (list, tuple)))
    names = _PACKED if packed else _SEQUENCES
    given = dict(zip(names, args, strict=False)) | kwargs
    if len(args) + len(kwargs) != len(names) or given.keys() != set(names):
        raise ArgumentTypeError(f"{mode.lower()}() takes {', '.join(names)}; got {len(args)} and {sorted(kwargs)}")
    is_batch_first, is_both = given.get("batch_first", False), given["bidirectional"]
    input = given["data"] if packed else given["input"]
    state = tuple(given["hx"]) if mode == "LSTM" else (given["hx"],)
    weights = _weights(given["params"], given["has_biases"], projects=mode == "LSTM" and _is_smaller(*state))
    if len(weights) != given["num_layers"] * (1 + is_both):
        raise ShapeError(f"got parameters of {len(weights)} layers and directions for {given['num_layers']} layers")
    output, ends = run_layers(
        mode,
        input.transpose(0, 1) if is_batch_first else input,
        state,
        weights,
        1 + is_both,
        given["dropout"] if given["train"] else 0.0,
        given["batch_sizes"].tolist() if packed else None,
    )
    return output.transpose(0, 1) if is_batch_first else output, ends


def _is_smaller(h: Tensor, c: Tensor) -> bool:
    return bool(h.shape[-1] != c.shape[-1])


def _weights(params: Sequence[Tensor], has_biases: bool, projects: bool) -> list[Weights]:
    each = 2 + 2 * has_biases + projects
    if len(params) % each:
        raise ShapeError(f"got {len(params)} parameters, and each layer and direction has {each}")
    found = []
    for at in range(0, len(params), each):
        first = list(params[at : at + each])
        projection = first.pop() if projects else None
        input_bias, hidden_bias = first[2:] if has_biases else (None, None)
        found.append(Weights(first[0], first[1], input_bias, hidden_bias, projection))
    return found


# -- one step ----------------------------------------------------------------------------------------------------------


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of an Elman network: (N, in) and (N, hidden) to the new state (N, hidden)."""
    return _step("RNN_TANH", input, (hx,), Weights(w_ih, w_hh, b_ih, b_hh))[0]


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """`rnn_tanh_cell` with relu."""
    return _step("RNN_RELU", input, (hx,), Weights(w_ih, w_hh, b_ih, b_hh))[0]


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of a gated recurrent unit: (N, in) and (N, hidden) to the new state (N, hidden)."""
    return _step("GRU", input, (hx,), Weights(w_ih, w_hh, b_ih, b_hh))[0]


def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Pair:  # fmt: skip
    """One step of long short-term memory: (N, in) and the pair (h, c) to a new pair."""
    if len(hx) != 2:
        raise ShapeError("lstm_cell expects two hidden states")
    h, c = _step("LSTM", input, tuple(hx), Weights(w_ih, w_hh, b_ih, b_hh))
    return h, c


def _step(mode: str, input: Tensor, state: State, weights: Weights) -> State:
    if input.shape[-1] != weights.to_input.shape[1]:
        raise ShapeError(
            f"input has inconsistent input_size: got {input.shape[-1]} expected {weights.to_input.shape[1]}"
        )
    for number, part in enumerate(state):
        if part.shape[0] != input.shape[0]:
            raise ShapeError(
                f"Input batch size {input.shape[0]} doesn't match hidden{number} batch size {part.shape[0]}"
            )
        if part.shape[-1] != weights.to_hidden.shape[1]:
            raise ShapeError(
                f"hidden{number} has inconsistent hidden_size: got {part.shape[-1]}, expected "
                f"{weights.to_hidden.shape[1]}"
            )
    return STEPS[mode](linear(input, weights.to_input, weights.input_bias), state, weights)
