"""Composites as one or two launches of CUDA kernels of our own; dtypes that these do not know take the steps of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import cupy
import numpy as np

from teletensor_core.backends.composites import Composites
from teletensor_core.backends.deferred import Deferred, on_device, words
from teletensor_core.kernels.cuda import fused, modules
from teletensor_core.kernels.pooling import Pool
from teletensor_core.random import philox

_WARP, _BLOCK, _MOST_BLOCKS = 32, 256, 65535
# Rows up to this length are a warp's work, longer ones a block's.
_SHORT_ROW = 1024
# The parts into which rows are cut for sums over columns, and how many rows make a part worth while.
_PARTS, _PART = 64, 256


class Offset(NamedTuple):
    """What attention adds to its scores: an array or None, and whether later columns are hidden."""

    added: Any
    is_causal: bool


class CudaComposites(Composites):
    """The composites on a GPU."""

    # -- rows --------------------------------------------------------------------------------------------------------

    def softmax(self, x: Any) -> Any:
        """exp(x) over its sum, row by row."""
        return _by_rows("softmax", x) if _is_known(x) else super().softmax(x)

    def softmax_backward(self, g: Any, out: Any) -> Any:
        """The gradient of softmax from its result."""
        return _by_rows("softmax_backward", g, out) if _is_known(g, out) else super().softmax_backward(g, out)

    def log_softmax(self, x: Any) -> Any:
        """The logarithm of softmax."""
        return _by_rows("log_softmax", x) if _is_known(x) else super().log_softmax(x)

    def log_softmax_backward(self, g: Any, out: Any) -> Any:
        """The gradient of log_softmax from its result."""
        return _by_rows("log_softmax_backward", g, out) if _is_known(g, out) else super().log_softmax_backward(g, out)

    def row_logsumexp(self, x: Any) -> Any:
        """The logarithm of the sum of each row's exponentials."""
        if not _is_known(x):
            return super().row_logsumexp(x)
        x, out = cupy.ascontiguousarray(x), cupy.empty((*x.shape[:-1], 1), x.dtype)
        _launch_rows("logsumexp", x, (x, out))
        return out

    def attention_offset(self, query: Any, key: Any, mask: Any, is_causal: bool) -> Any:
        """What `attention_weights` does to scores."""
        if not _is_known(query):
            return super().attention_offset(query, key, mask, is_causal)
        added = mask if mask is None else super().attention_offset(query, key, mask, False)
        return Offset(added, is_causal)

    def attention_weights(self, query: Any, key: Any, offset: Any, scale: float) -> Any:
        """softmax(query key^T * scale, with the offset)."""
        if not isinstance(offset, Offset):
            return super().attention_weights(query, key, offset, scale)
        scores, added = cupy.matmul(query, cupy.swapaxes(key, -1, -2)), offset.added
        queries, dtype = scores.shape[-2], scores.dtype.type
        if added is not None and added.ndim > 2:
            scores, added, scale = scores * dtype(scale) + added.astype(dtype), None, 1.0
        scores = cupy.ascontiguousarray(scores)
        is_added = added is not None
        if is_added:
            added = cupy.broadcast_to(added.astype(scores.dtype, copy=False), scores.shape[-2:])
            added = cupy.ascontiguousarray(added)
        numbers = (np.bool_(is_added), np.bool_(offset.is_causal), dtype(scale), np.int64(queries))
        _launch_rows("attention_softmax", scores, (scores, added if is_added else scores, *numbers))
        return scores

    def layer_norm(self, x: Any, weight: Any, bias: Any, eps: float) -> Any:
        """Rows (R, n) standardised, scaled and shifted."""
        if not _is_known(x, weight, bias):
            return super().layer_norm(x, weight, bias, eps)
        x = cupy.ascontiguousarray(x)
        weight, bias, flags = _optional(x, weight, bias)
        out = cupy.empty(x.shape, x.dtype)
        _launch_rows("layer_norm", x, (x, weight, bias, *flags, np.float64(eps), out))
        return out

    def layer_norm_backward(self, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
        """What reaches the rows, the weight and the bias."""
        if not _is_known(g, x, weight):
            return super().layer_norm_backward(g, x, weight, eps)
        g, x = cupy.ascontiguousarray(g), cupy.ascontiguousarray(x)
        weight, (weighted,) = _optional(x, weight)
        out, stats = cupy.empty(x.shape, x.dtype), cupy.empty((2, x.shape[0]), x.dtype)
        _launch_rows("layer_norm_backward", x, (g, x, weight, weighted, np.float64(eps), out, stats[0], stats[1]))
        rows, n = x.shape
        parts = min(max(-(-rows // _PART), 1), _PARTS)
        sums = cupy.empty((2, parts, n), x.dtype)
        run = modules.kernel("rows", "layer_norm_columns", modules.c_name(x.dtype))
        numbers = (np.int64(rows), np.int64(n))
        if n:
            run((-(-n // _WARP), parts), (_WARP, _BLOCK // _WARP), (g, x, *stats, *sums, *numbers))
        to_weight, to_bias = cupy.sum(sums, axis=1)
        return out, to_weight, to_bias

    # -- channels ----------------------------------------------------------------------------------------------------

    def batch_norm(self, x: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any, Any]:
        """(N, C, L) standardised by channel, scaled and shifted; the mean and the biased variance."""
        if not _is_known(x, weight, bias):
            return super().batch_norm(x, weight, bias, eps)
        x = cupy.ascontiguousarray(x)
        weight, bias, flags = _optional(x, weight, bias)
        out = cupy.empty(x.shape, x.dtype)
        mean, variance = cupy.empty((2, x.shape[1]), x.dtype)
        _launch_channels("batch_norm", x, (x, weight, bias, *flags, np.float64(eps), out, mean, variance))
        return out, mean, variance

    def batch_norm_backward(self, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
        """What reaches (N, C, L), the weight and the bias."""
        if not _is_known(g, x, weight):
            return super().batch_norm_backward(g, x, weight, eps)
        g, x = cupy.ascontiguousarray(g), cupy.ascontiguousarray(x)
        weight, (weighted,) = _optional(x, weight)
        out = cupy.empty(x.shape, x.dtype)
        to_weight, to_bias = cupy.empty((2, x.shape[1]), x.dtype)
        arguments = (g, x, weight, weighted, np.float64(eps), out, to_weight, to_bias)
        _launch_channels("batch_norm_backward", x, arguments)
        return out, to_weight, to_bias

    # -- windows -----------------------------------------------------------------------------------------------------

    def max_pool(self, x: Any, how: Pool, sizes: Sequence[int]) -> tuple[Any, Any]:
        """Of each window of the padded `x`, the greatest element and the number of its place; NaN is the greatest."""
        n = len(sizes)
        shape = (*x.shape[:-n], *sizes)
        best, place = cupy.empty(shape, x.dtype), cupy.empty(shape, how.place_dtype)
        window = (*_three(how.kernel), *_three(how.stride), *_three(how.dilation))
        fused.max_pool(cupy.ascontiguousarray(x), *_three(x.shape[-n:]), *_three(sizes), *window, best, place)
        return best, place

    def max_pool_backward(self, g: Any, place: Any, shape: Sequence[int], how: Pool) -> Any:
        """An array of `shape` with each window's gradient at its place."""
        n = len(how.kernel)
        out = cupy.empty(shape, g.dtype)
        window = (*_three(how.kernel), *_three(how.stride), *_three(how.dilation), *_three(how.padding, 0))
        sizes = (*_three(shape[len(shape) - n :]), *_three(place.shape[-n:]))
        fused.max_pool_backward(cupy.ascontiguousarray(g), cupy.ascontiguousarray(place), *sizes, *window, out)
        return out

    def avg_pool(self, x: Any, how: Pool, sizes: Sequence[int], include_pad: bool, override: float | None) -> Any:
        """The sum of each window over the number of its elements, or over `override`."""
        if not _is_known(x):
            return super().avg_pool(x, how, sizes, include_pad, override)
        n = len(sizes)
        out = cupy.empty((*x.shape[:-n], *sizes), x.dtype)
        fused.avg_pool(cupy.ascontiguousarray(x), *_means(x.shape[-n:], sizes, how, include_pad, override), out)
        return out

    def avg_pool_backward(
        self, g: Any, shape: Sequence[int], how: Pool, include_pad: bool, override: float | None
    ) -> Any:
        """Each window's gradient spread evenly over it: an array of `shape`."""
        if not _is_known(g):
            return super().avg_pool_backward(g, shape, how, include_pad, override)
        n = len(how.kernel)
        out = cupy.empty(shape, g.dtype)
        numbers = _means(shape[len(shape) - n :], g.shape[-n:], how, include_pad, override)
        fused.avg_pool_backward(cupy.ascontiguousarray(g), *numbers, out)
        return out

    # -- rows by index -----------------------------------------------------------------------------------------------

    def sum_of_rows(self, g: Any, index: Any, rows: int, skipped: int | None) -> Any:
        """The sums (rows, n) of the rows of (N, n) that an index names; zero for the row that is skipped."""
        if not _is_known(g):
            return super().sum_of_rows(g, index, rows, skipped)
        out = cupy.zeros((rows, g.shape[-1]), g.dtype)
        passed_over = -1 if skipped is None else skipped % rows
        fused.sum_of_rows(g, cupy.ascontiguousarray(index), rows, g.shape[-1], passed_over, out)
        return out

    # -- element by element ------------------------------------------------------------------------------------------

    def normal_cdf(self, x: Any) -> Any:
        """The standard normal distribution function."""
        return fused.normal_cdf(x)

    def gelu(self, x: Any, approximate: str) -> Any:
        """`x` times the normal distribution function of x."""
        return (fused.gelu_tanh if approximate == "tanh" else fused.gelu)(x)

    def gelu_backward(self, g: Any, x: Any, approximate: str) -> Any:
        """`g` times the slope of gelu at `x`."""
        return (fused.gelu_tanh_backward if approximate == "tanh" else fused.gelu_backward)(g, x)

    def silu(self, x: Any) -> Any:
        """`x` times sigmoid(x)."""
        return fused.silu(x) if _is_known(x) else super().silu(x)

    def silu_backward(self, g: Any, x: Any) -> Any:
        """`g` times the slope of silu at `x`."""
        return fused.silu_backward(g, x) if _is_known(g, x) else super().silu_backward(g, x)

    def dropout(self, x: Any, seed: int, offset: int, lowest: int, scale: float) -> tuple[Any, Any]:
        """Elements whose random word is at least `lowest`, times `scale`; and which these are."""
        if not _is_known(x):
            return super().dropout(x, seed, offset, lowest, scale)
        x = cupy.ascontiguousarray(x)
        out, keep = cupy.empty(x.shape, x.dtype), cupy.empty(x.shape, bool)
        is_deferred, where = words(seed, offset)
        run = fused.dropout_deferred if is_deferred else fused.dropout
        numbers = (np.uint32(lowest), x.dtype.type(scale), x.size)
        run(*where, x, *numbers, out, keep, size=-(-x.size // philox.WORDS))
        return out, keep

    def drop_backward(self, g: Any, keep: Any, scale: float) -> Any:
        """`g` times `scale` where it was kept."""
        return (
            fused.drop_backward(g, keep, g.dtype.type(scale)) if _is_known(g) else super().drop_backward(g, keep, scale)
        )

    # -- optimisers --------------------------------------------------------------------------------------------------

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
        """One step along the gradient `g`, written in place."""
        if not _is_known(p, g, buffer) or not _is_scalar(lr):
            return super().sgd(p, g, buffer, lr, first, momentum, dampening, weight_decay, nesterov, maximize)
        numbers = (on_device(lr), weight_decay, maximize)
        if momentum:
            fused.sgd_momentum(g, *numbers, on_device(first), momentum, 1 - dampening, nesterov, p, buffer)
        else:
            fused.sgd(g, *numbers, p)

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
        """One step along the gradient `d`, written in place."""
        if not _is_known(p, d, m, v, most) or not _is_scalar(size):
            return super().adam(p, d, m, v, most, beta1, beta2, eps, size, root, shrink)
        numbers = (beta1, beta2, eps, on_device(size), on_device(root), 1.0 if shrink is None else on_device(shrink))
        if most is None:
            fused.adam(d, *numbers, p, m, v)
        else:
            fused.amsgrad(d, *numbers, p, m, v, most)


def _is_scalar(x: Any) -> bool:
    """Whether a kernel can take a number of a step: of a complex one, or an array, it knows nothing."""
    return isinstance(x, (float, int, Deferred))


def _is_known(*arrays: Any) -> bool:
    """Whether all are of one dtype that the kernels are made for; None is of any."""
    return len({x.dtype for x in arrays if x is not None}) == 1 and arrays[0].dtype.char in "fd"


def _three(values: Sequence[int], missing: int = 1) -> tuple[int, ...]:
    """Numbers for three dimensions, the first of which may be missing."""
    return (missing,) * (3 - len(values)) + tuple(values)


def _means(
    plane: Sequence[int], sizes: Sequence[int], how: Pool, include_pad: bool, override: float | None
) -> tuple[Any, ...]:
    """What the kernels of average pooling are told; a divisor of 0 is to be counted."""
    window = (*_three(how.kernel), *_three(how.stride), *_three(how.padding, 0))
    return (*_three(plane), *_three(sizes), *window, bool(include_pad), float(override or 0))


def _optional(x: Any, *arrays: Any) -> tuple[Any, ...]:
    """Each array or, where it is None, `x` in its stead; and which are not None."""
    given = tuple(np.bool_(a is not None) for a in arrays)
    return (*(x if a is None else cupy.ascontiguousarray(a) for a in arrays), given)


def _by_rows(name: str, *arrays: Any) -> Any:
    arrays = tuple(cupy.ascontiguousarray(x) for x in arrays)
    out = cupy.empty(arrays[0].shape, arrays[0].dtype)
    _launch_rows(name, arrays[0], (*arrays, out))
    return out


def _launch_rows(name: str, x: Any, arguments: tuple[Any, ...]) -> None:
    n = x.shape[-1]
    rows = math.prod(x.shape[:-1])
    if not rows or not n:
        return
    block = (_WARP, _BLOCK // _WARP) if n <= _SHORT_ROW else (_BLOCK, 1)
    run = modules.kernel("rows", name, modules.c_name(x.dtype))
    run((min(-(-rows // block[1]), _MOST_BLOCKS),), block, (*arguments, np.int64(rows), np.int64(n)))


def _launch_channels(name: str, x: Any, arguments: tuple[Any, ...]) -> None:
    run = modules.kernel("channels", name, modules.c_name(x.dtype))
    if x.size:
        run((min(x.shape[1], _MOST_BLOCKS),), (_BLOCK,), (*arguments, *(np.int64(size) for size in x.shape)))
