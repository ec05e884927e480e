"""What kernels ask a namespace for as a whole, in steps that every backend has; one that knows a better way overrides.

A step that is cheap here may be dear there: a CPU wants few passes over memory that is not in its cache, a GPU few
launches.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any

from teletensor_core.kernels import (
    activation,
    attention,
    convolution,
    normalization,
    optimizers,
    pooling,
    scatter,
    softmax,
)
from teletensor_core.kernels.windows import Geometry


class Composites:
    """The base of every namespace `xp`. `common` is this class: what a backend does not do in a way of its own."""

    common: type

    def __getattr__(self, name: str) -> Any:
        """The backend's own function of that name."""
        raise NotImplementedError

    # -- rows: the last dimension, which stays with size 1 -----------------------------------------------------------

    def row_max(self, x: Any) -> Any:
        """The greatest element of each row."""
        return self.max(x, axis=-1, keepdims=True)

    def row_sum(self, x: Any) -> Any:
        """The sum of each row."""
        return self.sum(x, axis=-1, keepdims=True)

    def row_dot(self, a: Any, b: Any) -> Any:
        """The sum of products of each row of real numbers."""
        return self.sum(a * b, axis=-1, keepdims=True)

    def column_sum(self, x: Any) -> Any:
        """The sums (n,) over a matrix (R, n)."""
        return self.sum(x, axis=0)

    def softmax(self, x: Any) -> Any:
        """exp(x) over its sum, row by row."""
        return softmax.softmax(self, x)

    def softmax_backward(self, g: Any, out: Any) -> Any:
        """The gradient of softmax from its result."""
        return softmax.softmax_backward(self, g, out)

    def log_softmax(self, x: Any) -> Any:
        """The logarithm of softmax."""
        return softmax.log_softmax(self, x)

    def log_softmax_backward(self, g: Any, out: Any) -> Any:
        """The gradient of log_softmax from its result."""
        return softmax.log_softmax_backward(self, g, out)

    def row_logsumexp(self, x: Any) -> Any:
        """The logarithm of the sum of each row's exponentials."""
        return softmax.logsumexp(self, x)

    def all_count(self, classes: Any, count: int, ignored: int) -> bool:
        """Whether every element is one of so many classes, and none the ignored one: False where telling is a wait."""
        return False

    def attention_offset(self, query: Any, key: Any, mask: Any, is_causal: bool) -> Any:
        """What `attention_weights` adds to scores; None for nothing."""
        return attention.offset(self, query, key, mask, is_causal)

    def attention_weights(self, query: Any, key: Any, offset: Any, scale: float) -> Any:
        """softmax(query key^T * scale, with the offset)."""
        return attention.weights(self, query, key, offset, scale)

    # -- standardising -----------------------------------------------------------------------------------------------

    def layer_norm(self, x: Any, weight: Any, bias: Any, eps: float) -> Any:
        """Rows (R, n) standardised, scaled and shifted."""
        return normalization.layer_norm(self, x, weight, bias, eps)

    def layer_norm_backward(self, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
        """What reaches the rows, the weight and the bias."""
        return normalization.layer_norm_backward(self, g, x, weight, eps)

    def batch_norm(self, x: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any, Any]:
        """(N, C, L) standardised by channel, scaled and shifted; the mean and the biased variance."""
        return normalization.batch_norm(self, x, weight, bias, eps)

    def batch_norm_backward(self, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
        """What reaches (N, C, L), the weight and the bias."""
        return normalization.batch_norm_backward(self, g, x, weight, eps)

    # -- element by element ------------------------------------------------------------------------------------------

    def normal_cdf(self, x: Any) -> Any:
        """The standard normal distribution function: a new array."""
        out = self.erfc(x * -math.sqrt(0.5))
        out *= 0.5
        return out

    def gelu(self, x: Any, approximate: str) -> Any:
        """`x` times the normal distribution function of x, exactly or by PyTorch's tanh formula."""
        return activation.gelu(self, x, approximate)

    def gelu_backward(self, g: Any, x: Any, approximate: str) -> Any:
        """`g` times the slope of gelu at `x`."""
        return activation.gelu_backward(self, g, x, approximate)

    # -- windows -----------------------------------------------------------------------------------------------------

    def rows_in_place(self) -> contextlib.AbstractContextManager[None]:
        """While it lasts, arrays with gaps between their rows are worked on where they are: for long rows."""
        return contextlib.nullcontext()

    def conv(self, x: Any, weight: Any, bias: Any, places: Sequence[int], how: Geometry) -> Any:
        """The convolution (N, O, places) of (N, C, ...) with (O, C / groups, kernel), plus (O,) or None."""
        return convolution.forward(self, x, weight, bias, places, how)

    def conv_input_gradient(self, g: Any, weight: Any, shape: Sequence[int], how: Geometry) -> Any:
        """What reaches an input of `shape` from the gradient of a convolution's result."""
        return convolution.input_gradient(self, g, weight, shape, how)

    def conv_weight_gradient(self, g: Any, x: Any, shape: Sequence[int], how: Geometry) -> Any:
        """What reaches a weight of `shape` from the gradient of a convolution's result."""
        return convolution.weight_gradient(self, g, x, shape, how)

    def max_pool(self, x: Any, how: pooling.Pool, sizes: Sequence[int]) -> tuple[Any, Any]:
        """Of each window of the padded `x`, the greatest element and the number of its place; NaN is the greatest."""
        return pooling.greatest(self, x, how, sizes)

    def max_pool_backward(self, g: Any, place: Any, shape: Sequence[int], how: pooling.Pool) -> Any:
        """An array of `shape` with each window's gradient at its place."""
        return pooling.spread(self, g, place, shape, how)

    def avg_pool(
        self, x: Any, how: pooling.Pool, sizes: Sequence[int], include_pad: bool, override: float | None
    ) -> Any:
        """The sum of each window over the number of its elements, or over `override`."""
        return pooling.mean(self, x, how, sizes, include_pad, override)

    def avg_pool_backward(
        self, g: Any, shape: Sequence[int], how: pooling.Pool, include_pad: bool, override: float | None
    ) -> Any:
        """Each window's gradient spread evenly over it: an array of `shape`."""
        return pooling.mean_backward(self, g, shape, how, include_pad, override)

    # -- rows by index -----------------------------------------------------------------------------------------------

    def sum_of_rows(self, g: Any, index: Any, rows: int, skipped: int | None) -> Any:
        """The sums (rows, n) of the rows of (N, n) that an index names; zero for the row that is skipped."""
        return scatter.sum_of_rows(self, g, index, rows, skipped)

    # -- activations and dropout -------------------------------------------------------------------------------------

    def silu(self, x: Any) -> Any:
        """`x` times sigmoid(x)."""
        return self.multiply(x, self.sigmoid(x))

    def silu_backward(self, g: Any, x: Any) -> Any:
        """`g` times the slope of silu at `x`."""
        return activation.silu_backward(self, g, x)

    def dropout(self, x: Any, seed: int, offset: int, lowest: int, scale: float) -> tuple[Any, Any]:
        """Elements whose random word is at least `lowest`, times `scale`; and which these are."""
        keep = (self.random_bits(x.size, seed, offset) >= self.uint32(lowest)).reshape(x.shape)
        return self.drop_backward(x, keep, scale), keep

    def drop_backward(self, g: Any, keep: Any, scale: float) -> Any:
        """`g` times `scale` where it was kept, zero elsewhere."""
        out = self.multiply(g, keep)
        out *= self.asarray(scale, g.dtype)
        return out

    # -- optimisers --------------------------------------------------------------------------------------------------

    def in_place(self, formula: Any, arrays: Sequence[Any], numbers: Sequence[Any], written: Sequence[int]) -> None:
        """`formula(xp, *arrays, *numbers)`, which works element by element and writes into some of the arrays.

        Arrays and numbers may be None. `written` are the places of those that it may write into.
        """
        formula(self, *arrays, *numbers)

    def sgd(
        self,
        p: Any,
        g: Any,
        buffer: Any,
        lr: Any,
        first: Any,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
        maximize: bool,
    ) -> None:
        """One step along the gradient `g`, written in place; `first` is 1 when the momentum buffer is new."""
        optimizers.sgd(self, p, g, buffer, lr, first, momentum, dampening, weight_decay, nesterov, maximize)

    def adam(
        self,
        p: Any,
        d: Any,
        m: Any,
        v: Any,
        most: Any,
        beta1: float,
        beta2: float,
        eps: float,
        size: Any,
        root: Any,
        shrink: Any = None,
    ) -> None:
        """One step along the gradient `d`, written in place; `most` is the greatest `v` so far, or None.

        `size` is the learning rate with its correction, `root` that of the root of `v`. With `shrink`, the parameter is
        multiplied by it before.
        """
        numbers = optimizers.adam_numbers(beta1, beta2, eps, size, root)
        self.in_place(optimizers.adam, (p, d, m, v, most), (*numbers, shrink), written=(0, 2, 3, 4))


Composites.common = Composites
