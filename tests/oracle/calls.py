"""How PyTorch is asked for an op that it calls by another name, or with its arguments in another order.

`call(op)` gives a function of PyTorch, the operands and the attributes. Results of which several are right (the sign
of a singular vector) are made unique by `CANONICAL`, on both sides.
"""

from collections.abc import Callable
from typing import Any

from teletensor_core.registry import Op


def call(op: Op) -> Callable[..., Any]:
    """The function `(torch, *operands, **attrs)` that gives PyTorch's answer for an op."""
    if op.name in CALLS:
        return CALLS[op.name]
    for namespace, find in _PLACES.items():
        if namespace in op.namespaces:
            return lambda torch, *operands, **attrs: find(torch, op.name)(*operands, **attrs)
    raise LookupError(f"PyTorch has no function called {op.name!r}: add one to CALLS")


_PLACES: dict[str, Callable[[Any, str], Any]] = {
    "linalg": lambda torch, name: getattr(torch.linalg, name),
    "torch": lambda torch, name: getattr(torch, name),
    "nn.functional": lambda torch, name: getattr(torch.nn.functional, name),
    "Tensor": lambda torch, name: getattr(torch.Tensor, name),
    "special": lambda torch, name: getattr(torch.special, name),
}


def _attention(torch, q, k, v, mask=None, *, is_causal=False, scale=None):
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, is_causal=is_causal, scale=scale)


def _conv(torch, x, w, b=None, *, stride, padding, dilation, groups):
    return _sized(torch, "conv", stride)(x, w, b, stride, padding, dilation, groups)


def _conv_transpose(torch, x, w, b=None, *, stride, padding, output_padding, dilation, groups):
    function = _sized(torch, "conv_transpose", stride)
    return function(x, w, b, stride, padding, output_padding, groups, dilation)


def _lu(torch, x):
    P, L, U = torch.linalg.lu(x)
    return P.abs().argmax(-2), L, U, *torch.linalg.lu_factor_ex(x)[1:]


def _lu_permutation(torch, pivots, *, size):
    data = torch.zeros(*pivots.shape[:-1], size, pivots.shape[-1])
    return torch.lu_unpack(data, pivots, unpack_data=False)[0].argmax(-2)


def _lstm(torch, x, h, c, to_hidden, bias=None, *, reverse=False):
    if x.is_complex():
        raise NotImplementedError("the layer takes its steps one by one")
    found = []
    for part in reversed(x.unbind(0)) if reverse else x.unbind(0):
        i, f, g, o = (part + torch.nn.functional.linear(h, to_hidden, bias)).chunk(4, -1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        found.append((h, c, torch.cat((i, f, g, o), -1)))
    return tuple(torch.stack(parts) for parts in zip(*(found[::-1] if reverse else found), strict=True))


def _max_pool(torch, x, *, kernel_size, stride, padding, dilation, ceil_mode):
    function = _sized(torch, "max_pool", kernel_size)
    return function(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)


def _max_pool_places(torch, x, *, kernel_size, stride, padding, dilation, ceil_mode):
    attrs = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    values, index = _max_pool(torch, x, ceil_mode=ceil_mode, **attrs)
    n = len(kernel_size)
    number = torch.zeros_like(index)
    coordinates = torch.unravel_index(index, x.shape[-n:])
    for d in range(n):
        starts = torch.arange(index.shape[d - n]).reshape((-1,) + (1,) * (n - 1 - d)) * stride[d] - padding[d]
        number = number * kernel_size[d] + (coordinates[d] - starts) // dilation[d]
    return values, number.to(torch.uint8)


def _avg_pool(
    torch, x, *, kernel_size, stride, padding, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    more = () if len(kernel_size) == 1 else (divisor_override,)
    return _sized(torch, "avg_pool", kernel_size)(x, kernel_size, stride, padding, ceil_mode, count_include_pad, *more)


def _sized(torch, name, sizes):
    return getattr(torch.nn.functional, f"{name}{len(sizes)}d")


def _subscript(indices, positions):
    return tuple(slice(None) if k is None else indices[k] for k in positions)


def _index_put(torch, input, values, indices, *, positions, accumulate=False):
    out = input.clone()
    key = _subscript(indices, positions)
    values = torch.as_tensor(values, dtype=input.dtype)
    if not accumulate:
        out[key] = values
        return out
    while isinstance(key[-1], slice):
        key = key[:-1]
    grids = [
        torch.arange(n).reshape(-1, *[1] * (len(key) - 1 - d)) if isinstance(k, slice) else k
        for d, (n, k) in enumerate(zip(input.shape, key, strict=False))
    ]
    return out.index_put(tuple(grids), values, accumulate=True)


def _batch_norm(torch, x, w=None, b=None, *, eps=1e-5):
    dims = [d for d in range(x.ndim) if d != 1]
    out = torch.nn.functional.batch_norm(x, None, None, w, b, True, 0.1, eps)
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    return out, wide.mean(dims), wide.var(dims)


def _cross_entropy_with_logits(torch, x, target, weight=None, pos_weight=None, *, reduction="mean"):
    return torch.nn.functional.binary_cross_entropy_with_logits(
        x, target, weight, reduction=reduction, pos_weight=pos_weight
    )


def _product_of_others(torch, x, *, dim):
    rest = [
        torch.cat([x.narrow(dim, 0, i), x.narrow(dim, i + 1, x.shape[dim] - i - 1)], dim) for i in range(x.shape[dim])
    ]
    return torch.stack([part.prod(dim) for part in rest], dim).to(x.dtype)


def _linear_upsampling(torch, x, *, size, align_corners):
    mode = "bilinear" if len(size) == 2 else "linear"
    return torch.nn.functional.interpolate(x, size, mode=mode, align_corners=align_corners)


def _pad(mode):
    return lambda torch, x, *, pad: torch.nn.functional.pad(x, pad, mode)


def _filled(torch, x, value):
    return torch.full_like(x, 0) + value


CALLS: dict[str, Callable[..., Any]] = {
    "view_dtype": lambda torch, input, *, dtype: input.view(dtype),
    # creation
    "full": lambda torch, value, *, shape, dtype: torch.full(shape, value, dtype=dtype),
    "zeros": lambda torch, *, shape, dtype: torch.zeros(shape, dtype=dtype),
    "ones": lambda torch, *, shape, dtype: torch.ones(shape, dtype=dtype),
    "empty": lambda torch, *, shape, dtype: torch.empty(shape, dtype=dtype),
    "arange": lambda torch, *, start, end, step, dtype: torch.arange(start, end, step, dtype=dtype),
    "linspace": lambda torch, *, start, end, steps, dtype: torch.linspace(start, end, steps, dtype=dtype),
    "logspace": lambda torch, *, start, end, steps, base, dtype: torch.logspace(start, end, steps, base, dtype=dtype),
    "eye": lambda torch, *, n, m, dtype: torch.eye(n, m, dtype=dtype),
    "tril_indices": lambda torch, **attrs: torch.tril_indices(**attrs),
    "triu_indices": lambda torch, **attrs: torch.triu_indices(**attrs),
    # shapes and copies
    "alias": lambda torch, x: x.view_as(x),
    "copy": lambda torch, x, src: x.clone().copy_(src),
    "expand": lambda torch, x, *, size: x.expand(size),
    "repeat": lambda torch, x, *, repeats: x.repeat(repeats),
    "repeat_interleave": lambda torch, x, *, repeats, dim=None: torch.repeat_interleave(x, repeats, dim),
    "reshape": lambda torch, x, *, shape: x.reshape(shape),
    "slice": lambda torch, x, *, dim, start, end, step=1: torch.ops.aten.slice(x, dim, start, end, step),
    "split": lambda torch, x, *, split_size, dim=0: torch.split(x, split_size, dim),
    "squeeze": lambda torch, x, *, dim=None: torch.squeeze(x) if dim is None else torch.squeeze(x, dim),
    "to": lambda torch, x, *, dtype: x.to(dtype),
    "unfold": lambda torch, x, *, dimension, size, step: x.unfold(dimension, size, step),
    "view": lambda torch, x, *, shape: x.view(shape),
    "zero": lambda torch, x: x.clone().zero_(),
    "as_strided": lambda torch, x, *, size, stride, storage_offset: torch.as_strided(x, size, stride, storage_offset),
    # indexing
    "gather": lambda torch, x, index, *, dim: torch.gather(x, dim, index),
    "index": lambda torch, x, indices, *, positions: x[_subscript(indices, positions)],
    "index_reduce": lambda torch, x, i, source, *, dim, reduce, include_self=True: torch.index_reduce(
        x, dim, i, source, reduce, include_self=include_self
    ),
    "index_add": lambda torch, x, i, source, *, dim, alpha=1: torch.index_add(x, dim, i, source, alpha=alpha),
    "index_copy": lambda torch, x, i, source, *, dim: torch.index_copy(x, dim, i, source),
    "index_fill": lambda torch, x, i, value, *, dim: torch.index_fill(x, dim, i, value),
    "index_put": _index_put,
    "index_select": lambda torch, x, i, *, dim: torch.index_select(x, dim, i),
    "one_hot": lambda torch, x, *, num_classes: torch.nn.functional.one_hot(x, num_classes),
    "put": lambda torch, x, i, source, *, accumulate=False: x.put(i, source, accumulate),
    "scatter": lambda torch, x, i, src, *, dim, reduce=None: torch.scatter(
        x, dim, i, src, **({"reduce": reduce} if reduce else {})
    ),
    "scatter_add": lambda torch, x, i, src, *, dim: torch.scatter_add(x, dim, i, src),
    "scatter_reduce": lambda torch, x, i, src, *, reduce, dim, include_self=True: torch.scatter_reduce(
        x, dim, i, src, reduce, include_self=include_self
    ),
    "unique": lambda torch, x, **a: torch.unique(x, return_inverse=True, return_counts=True),
    # reductions
    "max_all": lambda torch, x: torch.max(x),
    "min_all": lambda torch, x: torch.min(x),
    "max_dim": lambda torch, x, **a: torch.max(x, **a),
    "min_dim": lambda torch, x, **a: torch.min(x, **a),
    "median_all": lambda torch, x: torch.median(x),
    "median_dim": lambda torch, x, **a: torch.median(x, **a),
    "product_of_others": _product_of_others,
    "sum_to": lambda torch, x, *, shape: x.sum_to_size(shape).to(x.dtype),
    "vector_norm": lambda torch, x, **a: torch.linalg.vector_norm(x, **a),
    "total_norm": lambda torch, xs, *, ord: torch.nn.utils.get_total_norm(xs, ord),
    # arithmetic
    "addcdiv": lambda torch, x, t1, t2, value: torch.addcdiv(x, t1, t2, value=value),
    "addcmul": lambda torch, x, t1, t2, value: torch.addcmul(x, t1, t2, value=value),
    "einsum": lambda torch, operands, *, equation: torch.einsum(equation, *operands),
    "imag": lambda torch, x: x.imag,
    "real": lambda torch, x: x.real,
    "sigmoid": lambda torch, x: torch.sigmoid(x),
    "tanh": lambda torch, x: torch.tanh(x),
    "polygamma": lambda torch, x, *, n: torch.polygamma(n, x),
    "nanmedian_dim": lambda torch, x, **a: torch.nanmedian(x, **a),
    # factorisations
    "lu": _lu,
    "lu_permutation": _lu_permutation,
    "cholesky_info": lambda torch, x: torch.linalg.cholesky_ex(x).info,
    # Fourier transforms
    "fft_c2c": lambda torch, x, *, dims, scale, forward: (
        scale * (torch.fft.fftn(x, dim=dims) if forward else torch.fft.ifftn(x, dim=dims, norm="forward"))
    ),
    "fft_r2c": lambda torch, x, *, dims, scale: scale * torch.fft.rfftn(x, dim=dims),
    "fft_c2r": lambda torch, x, *, dims, size, scale: (
        scale * torch.fft.irfftn(x, [*(x.shape[d] for d in dims[:-1]), size], dims, norm="forward")
    ),
    # layers
    "adaptive_avg_pool": lambda torch, x, *, output_size: _sized(torch, "adaptive_avg_pool", output_size)(
        x, output_size
    ),
    "adaptive_max_pool": lambda torch, x, *, output_size: _sized(torch, "adaptive_max_pool", output_size)(
        x, output_size, return_indices=True
    ),
    "avg_pool": _avg_pool,
    "batch_norm": _batch_norm,
    "binary_cross_entropy_with_logits": _cross_entropy_with_logits,
    "batch_norm_eval": lambda torch, x, m, v, w=None, b=None, *, eps=1e-5: torch.nn.functional.batch_norm(
        x, m, v, w, b, False, 0.1, eps
    ),
    "circular_pad": _pad("circular"),
    "constant_pad": lambda torch, x, *, pad, value=0.0: torch.nn.functional.pad(x, pad, "constant", value),
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "channel_sum": lambda torch, x: x.sum((0, 2)),
    "elu": lambda torch, x, *, alpha=1.0, scale=1.0, input_scale=1.0: torch.ops.aten.elu(x, alpha, scale, input_scale),
    "embedding": lambda torch, w, i, *, padding_idx=None: torch.nn.functional.embedding(i, w, padding_idx),
    "group_norm": lambda torch, x, w=None, b=None, *, num_groups, eps=1e-5: torch.nn.functional.group_norm(
        x, num_groups, w, b, eps
    ),
    "layer_norm": lambda torch, x, w=None, b=None, *, normalized_shape, eps=1e-5: torch.nn.functional.layer_norm(
        x, normalized_shape, w, b, eps
    ),
    "lstm": _lstm,
    "max_pool": _max_pool,
    "max_pool_places": _max_pool_places,
    "reflection_pad": _pad("reflect"),
    "replication_pad": _pad("replicate"),
    "rms_norm": lambda torch, x, w=None, *, normalized_shape, eps=None: torch.nn.functional.rms_norm(
        x, normalized_shape, w, eps
    ),
    "scaled_dot_product_attention": _attention,
    "upsample_bilinear": _linear_upsampling,
    "upsample_nearest": lambda torch, x, *, size: torch.nn.functional.interpolate(x, size, mode="nearest"),
    # random numbers: only their shape and dtype are PyTorch's
    "bernoulli": lambda torch, x, *_: torch.bernoulli(x),
    "binomial": lambda torch, count, prob, *_: torch.binomial(*torch.broadcast_tensors(count, prob)),
    "poisson": lambda torch, x, *_: torch.poisson(x),
    "standard_gamma": lambda torch, x, *_: torch._standard_gamma(x),
    "standard_gamma_grad": lambda torch, x, sample: torch._standard_gamma_grad(x, sample),
    "von_mises": lambda torch, x, *_: torch._standard_gamma(x),
    "dropout": lambda torch, x, *_, p, **__: torch.nn.functional.dropout(x, p),
    "exponential": lambda torch, x, *_, lambd: x.clone().exponential_(lambd),
    "feature_dropout": lambda torch, x, *_, p, **__: torch.feature_dropout(x, p, True),
    "multinomial": lambda torch, x, *_, num_samples, replacement=False: torch.multinomial(x, num_samples, replacement),
    "normal": lambda torch, x, *_, mean, std: x.clone().normal_(mean, std),
    "rand": lambda torch, *_, shape, dtype: torch.rand(shape, dtype=dtype),
    "randint": lambda torch, *_, low, high, shape, dtype: torch.randint(low, high, shape, dtype=dtype),
    "randn": lambda torch, *_, shape, dtype: torch.randn(shape, dtype=dtype),
    "random": lambda torch, x, *_, low, high: x.clone().random_(low, high),
    "randperm": lambda torch, *_, n, dtype: torch.randperm(n, dtype=dtype),
    "uniform": lambda torch, x, *_, low, high: x.clone().uniform_(low, high),
}


def _absolute(*places: int) -> Callable[[Any], Any]:
    return lambda out: tuple(part.abs() if i in places else part for i, part in enumerate(out))


CANONICAL: dict[str, Callable[[Any], Any]] = {
    "batch_norm": lambda out: (out[0], *[x.detach() for x in out[1:]]),
    "empty": lambda out: [x.new_zeros(tuple(x.shape)) for x in out],
    "eig": _absolute(1),
    "eigh": _absolute(1),
    "svd": _absolute(0, 2),
    "qr": _absolute(0, 1),
}
