"""Recurrent layers for one time."""

from __future__ import annotations

import math
from typing import Any

import teletensor as tt
from teletensor.nn import init
from teletensor.nn.functional.products import linear
from teletensor.nn.module import Module
from teletensor.nn.parameter import Parameter
from teletensor.nn.recurrence import STEPS, State, Weights
from teletensor.tensor import Tensor


class RNNCellBase(Module):
    """What the cells have in common."""

    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        options = {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(tt.empty((num_chunks * hidden_size, input_size), **options))
        self.weight_hh = Parameter(tt.empty((num_chunks * hidden_size, hidden_size), **options))
        for name in ("bias_ih", "bias_hh"):
            given = Parameter(tt.empty(num_chunks * hidden_size, **options)) if bias else None
            self.register_parameter(name, given)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, uniform within `1 / sqrt(hidden_size)`."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _step(self, mode: str, input: Tensor, state: State | None, parts: int = 1) -> State:
        """The state after one step, from zeros if there is none: (N, hidden_size), or without N."""
        kind = type(self).__name__
        if input.ndim not in (1, 2):
            raise ValueError(f"{kind}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        for i, part in enumerate(state or ()):
            if part.ndim not in (1, 2):
                what = f"hx[{i}]" if parts > 1 else "hidden"
                raise ValueError(f"{kind}: Expected {what} to be 1D or 2D, got {part.ndim}D instead")
        batched = input.ndim == 2
        x = input if batched else input.unsqueeze(0)
        if state is None:
            zeros = tt.zeros(x.shape[0], self.hidden_size, dtype=x.dtype, device=x.device)
            state = (zeros,) * parts
        elif not batched:
            state = tuple(part.unsqueeze(0) for part in state)
        weights = Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        state = STEPS[mode](linear(x, weights.to_input, weights.input_bias), state, weights)
        return state if batched else tuple(part.squeeze(0) for part in state)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        bias = "" if self.bias is True else f", bias={self.bias}"
        return f"{self.input_size}, {self.hidden_size}{bias}" + (
            "" if nonlinearity == "tanh" else f", nonlinearity={nonlinearity}"
        )


class RNNCell(RNNCellBase):
    """One step of an Elman network: (N, input_size) and (N, hidden_size) to (N, hidden_size)."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The new hidden state."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(f"RNN_{self.nonlinearity.upper()}", input, None if hx is None else (hx,))[0]


class LSTMCell(RNNCellBase):
    """One step of long short-term memory: (N, input_size) and the pair (h, c) to a new pair."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The new pair of hidden state and cell."""
        h, c = self._step("LSTM", input, hx, parts=2)
        return h, c


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit: (N, input_size) and (N, hidden_size) to (N, hidden_size)."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The new hidden state."""
        return self._step("GRU", input, None if hx is None else (hx,))[0]
