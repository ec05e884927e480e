"""Recurrent layers over whole sequences."""

from __future__ import annotations

import math
import warnings
from typing import Any

import teletensor as tt
from teletensor.nn import init
from teletensor.nn.module import Module
from teletensor.nn.parameter import Parameter
from teletensor.nn.recurrence import State, Weights, run_layers
from teletensor.nn.utils.packing import PackedSequence
from teletensor.tensor import Tensor

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """What RNN, LSTM and GRU have in common: weights for each layer and direction, and running them in turn."""

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_options(mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                self._add_layer(layer, suffix, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _add_layer(self, layer: int, suffix: str, options: dict[str, Any]) -> None:
        gates, hidden = _GATES[self.mode] * self.hidden_size, self._output_size
        width = self.input_size if layer == 0 else hidden * (2 if self.bidirectional else 1)
        shapes = {"weight_ih": (gates, width), "weight_hh": (gates, hidden)}
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}  # type: ignore[dict-item]
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        names = []
        for kind, shape in shapes.items():
            names.append(f"{kind}_l{layer}{suffix}")
            setattr(self, names[-1], Parameter(tt.empty(shape, **options)))
        self._all_weights.append(names)

    @property
    def _output_size(self) -> int:
        return self.proj_size or self.hidden_size

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def _weights(self, names: list[str]) -> Weights:
        found = [getattr(self, name) for name in names]
        projection = found.pop() if self.proj_size else None
        biases = found[2:] if self.bias else [None, None]
        return Weights(found[0], found[1], biases[0], biases[1], projection)

    def flatten_parameters(self) -> None:
        """Nothing to do: weights need no common block of memory here."""

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniform within `1 / sqrt(hidden_size)`."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    # -- running -----------------------------------------------------------------------------------------------------

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The outputs of the last layer at every time, and the last state of every layer.

        `input` is (T, N, input_size), (N, T, input_size) if `batch_first`, (T, input_size), or a PackedSequence; the
        outputs have the same form. States are (layers * directions, N, size); `hx`, by default zeros, too.
        """
        if isinstance(input, PackedSequence):
            sizes = input.batch_sizes.tolist()
            state = self._start(input.data, sizes[0], hx, batched=True, packed=True)
            if hx is not None and input.sorted_indices is not None:
                state = tuple(part.index_select(1, input.sorted_indices) for part in state)
            output, state = self._run(input.data, state, sizes)
            if input.unsorted_indices is not None:
                state = tuple(part.index_select(1, input.unsorted_indices) for part in state)
            return input._replace(data=output), self._answer(state)
        if input.ndim not in (2, 3):
            raise ValueError(f"{self._kind}: Expected input to be 2D or 3D, got {input.ndim}D instead")
        batched, batch_dim = input.ndim == 3, 0 if self.batch_first else 1
        if not batched:
            input = input.unsqueeze(batch_dim)
        state = self._start(input, input.shape[batch_dim], hx, batched, packed=False)
        output, state = self._run(input.transpose(0, 1) if self.batch_first else input, state, None)
        if self.batch_first:
            output = output.transpose(0, 1)
        if not batched:
            output, state = output.squeeze(batch_dim), tuple(part.squeeze(1) for part in state)
        return output, self._answer(state)

    def _run(self, input: Tensor, start: State, sizes: list[int] | None) -> tuple[Tensor, State]:
        """All layers over (T, N, size), or over packed sequences."""
        weights = [self._weights(names) for names in self._all_weights]
        dropout = self.dropout if self.training else 0.0
        return run_layers(self.mode, input, start, weights, 2 if self.bidirectional else 1, dropout, sizes)

    def _start(self, input: Tensor, batch: int, hx: Any, batched: bool, packed: bool) -> State:
        """The state to start from, checked, as (layers * directions, N, size)."""
        count = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [self._output_size, self.hidden_size][: 2 if self.mode == "LSTM" else 1]
        if hx is None:
            state: State = tuple(tt.zeros(count, batch, size, dtype=input.dtype, device=input.device) for size in sizes)
        else:
            state = tuple(hx) if self.mode == "LSTM" else (hx,)
            self._check_ranks(state, batched)
            state = state if batched else tuple(part.unsqueeze(1) for part in state)
        self._check_input(input, packed)
        for i, (part, size) in enumerate(zip(state, sizes, strict=True)):
            what = f"hidden[{i}]" if self.mode == "LSTM" else "hidden"
            if tuple(part.shape) != (count, batch, size):
                raise RuntimeError(f"Expected {what} size {(count, batch, size)}, got {list(part.shape)}")
        return state

    def _check_ranks(self, state: State, batched: bool) -> None:
        rank, kind = (3, "batched 3-D") if batched else (2, "unbatched 2-D")
        if all(part.ndim == rank for part in state):
            return
        if self.mode == "LSTM":
            got = ", ".join(f"{part.ndim}-D" for part in state)
            raise RuntimeError(f"For {kind} input, hx and cx should also be {rank}-D but got ({got}) tensors")
        raise RuntimeError(f"For {kind} input, hx should also be {rank}-D but got {state[0].ndim}-D tensor")

    def _check_input(self, input: Tensor, packed: bool) -> None:
        weight: Tensor = getattr(self, self._all_weights[0][0])
        if input.dtype is not weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        wanted = 2 if packed else 3
        if input.ndim != wanted:
            raise RuntimeError(f"input must have {wanted} dimensions, got {input.ndim}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )

    def _answer(self, state: State) -> Any:
        return state if self.mode == "LSTM" else state[0]

    @property
    def _kind(self) -> str:
        return self.mode.partition("_")[0]

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        usual = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0}
        usual["bidirectional"] = False
        parts += [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return ", ".join(parts)


class RNN(RNNBase):
    """An Elman network: h' = tanh(W x + b + U h + c), or relu with `nonlinearity="relu"`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        if len(args) > 3:
            self.nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            self.nonlinearity = kwargs.pop("nonlinearity", "tanh")
        modes = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}
        if self.nonlinearity not in modes:
            raise ValueError(f"Unknown nonlinearity '{self.nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(modes[self.nonlinearity], *args, **kwargs)


class LSTM(RNNBase):
    """Long short-term memory, over sequences; its state is a pair (h, c)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent units, over sequences."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)


def _refuse_projection(options: dict[str, Any]) -> None:
    if "proj_size" in options:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


def _check_options(
    mode: str,
    input_size: Any,
    hidden_size: Any,
    num_layers: int,
    bias: Any,
    batch_first: Any,
    dropout: Any,
    proj_size: int,
) -> None:
    if not isinstance(dropout, (int, float)) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value, kind in (
        ("bias", bias, bool), ("batch_first", batch_first, bool), ("input_size", input_size, int),
        ("hidden_size", hidden_size, int),
    ):  # fmt: skip
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
    if mode not in _GATES:
        raise ValueError("Unrecognized RNN mode: " + mode)
