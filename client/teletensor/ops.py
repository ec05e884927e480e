"""One function per op, generated from the registry by tools/generate.py. Do not edit.

Each takes the op's operands and attributes by PyTorch's names and in its order, and returns tensors; `name_` writes
into its first operand and returns it. Functions that PyTorch gives an `out=` write their result there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import teletensor_core.ops as _families  # fills the registry
from teletensor import return_types
from teletensor.arguments import as_dtype as _as_dtype, ints as _ints, one_of as _one_of
from teletensor.dispatch import apply as _apply, apply_inplace as _apply_inplace
from teletensor.dispatch import apply_many as _apply_many, apply_mutation as _apply_mutation
from teletensor.out import store as _store, store_all as _store_all
from teletensor.session import Session
from teletensor.tensor import Tensor
from teletensor.types import Dims, DType, Operand, Scalar, Sizes
from teletensor_core import dtypes as _dtypes
from teletensor_core.registry import OPS as _OPS


_abs_op = _OPS['abs']


def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value; of complex numbers the modulus."""
    made = _apply(_abs_op, (input,), ())
    return made if out is None else _store(made, out)


def abs_(input: Tensor) -> Tensor:
    """The absolute value; of complex numbers the modulus. Written into `input`."""
    return _apply_inplace(_abs_op, (input,), ())


_accumulate_op = _OPS['accumulate_']


def accumulate_(targets: Sequence[Tensor], others: Sequence[Tensor]) -> None:
    """Add each of `others` to its target."""
    _apply_mutation(_accumulate_op, (targets, others), ())


_acos_op = _OPS['acos']


def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse cosine."""
    made = _apply(_acos_op, (input,), ())
    return made if out is None else _store(made, out)


def acos_(input: Tensor) -> Tensor:
    """The inverse cosine. Written into `input`."""
    return _apply_inplace(_acos_op, (input,), ())


_acosh_op = _OPS['acosh']


def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic cosine."""
    made = _apply(_acosh_op, (input,), ())
    return made if out is None else _store(made, out)


def acosh_(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine. Written into `input`."""
    return _apply_inplace(_acosh_op, (input,), ())


_adadelta_step_op = _OPS['adadelta_step_']


def adadelta_step_(params: Sequence[Tensor], grads: Sequence[Tensor], square_avgs: Sequence[Tensor], acc_deltas: Sequence[Tensor], lr: Operand, rho: Any, eps: float, weight_decay: Any, maximize: Any) -> None:
    """One step of Adadelta."""
    _apply_mutation(_adadelta_step_op, (params, grads, square_avgs, acc_deltas, lr), (rho, eps, weight_decay, maximize))


_adagrad_step_op = _OPS['adagrad_step_']


def adagrad_step_(params: Sequence[Tensor], grads: Sequence[Tensor], state_sums: Sequence[Tensor], lr: Operand, eps: float, weight_decay: Any, maximize: Any) -> None:
    """One step of Adagrad; `lr` already has the learning rate's own decay."""
    _apply_mutation(_adagrad_step_op, (params, grads, state_sums, lr), (eps, weight_decay, maximize))


_adam_step_op = _OPS['adam_step_']


def adam_step_(params: Sequence[Tensor], grads: Sequence[Tensor], exp_avgs: Sequence[Tensor], exp_avg_sqs: Sequence[Tensor], max_exp_avg_sqs: Sequence[Tensor], lr: Operand, step: Operand, beta1: Any, beta2: Any, eps: float, weight_decay: Any, decoupled: Any, amsgrad: Any, maximize: Any) -> None:
    """One step of Adam, or with `decoupled` weight decay of AdamW."""
    _apply_mutation(_adam_step_op, (params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, lr, step), (beta1, beta2, eps, weight_decay, decoupled, amsgrad, maximize))


_adamax_step_op = _OPS['adamax_step_']


def adamax_step_(params: Sequence[Tensor], grads: Sequence[Tensor], exp_avgs: Sequence[Tensor], exp_infs: Sequence[Tensor], step_size: Operand, beta1: Any, beta2: Any, eps: float, weight_decay: Any, maximize: Any) -> None:
    """One step of Adamax; `step_size` is the learning rate with the bias correction."""
    _apply_mutation(_adamax_step_op, (params, grads, exp_avgs, exp_infs, step_size), (beta1, beta2, eps, weight_decay, maximize))


_adaptive_avg_pool_op = _OPS['adaptive_avg_pool']


def adaptive_avg_pool(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows chosen so that the output has the given sizes."""
    return _apply(_adaptive_avg_pool_op, (input,), (output_size,))


_adaptive_avg_pool_backward_op = _OPS['adaptive_avg_pool_backward']


def adaptive_avg_pool_backward(g: Tensor, shape: Sequence[int]) -> Tensor:
    """Each window's gradient spread evenly over it."""
    return _apply(_adaptive_avg_pool_backward_op, (g,), (shape,))


_adaptive_max_pool_op = _OPS['adaptive_max_pool']


def adaptive_max_pool(input: Tensor, output_size: Any) -> tuple[Tensor, ...]:
    """The greatest elements of windows chosen so that the output has the given sizes, and their flat indices."""
    return _apply_many(_adaptive_max_pool_op, (input,), (output_size,))


_add_op = _OPS['add']


def add(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The sum."""
    made = _apply(_add_op, (input, other), ())
    return made if out is None else _store(made, out)


def add_(input: Operand, other: Operand) -> Tensor:
    """The sum. Written into `input`."""
    return _apply_inplace(_add_op, (input, other), ())


_addcdiv_op = _OPS['addcdiv']


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Operand = 1, out: Tensor | None = None) -> Tensor:
    """`input + value * tensor1 / tensor2`."""
    made = _apply(_addcdiv_op, (input, tensor1, tensor2, value), ())
    return made if out is None else _store(made, out)


def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Operand = 1) -> Tensor:
    """`input + value * tensor1 / tensor2`. Written into `input`."""
    return _apply_inplace(_addcdiv_op, (input, tensor1, tensor2, value), ())


_addcmul_op = _OPS['addcmul']


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Operand = 1, out: Tensor | None = None) -> Tensor:
    """`input + value * tensor1 * tensor2`."""
    made = _apply(_addcmul_op, (input, tensor1, tensor2, value), ())
    return made if out is None else _store(made, out)


def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Operand = 1) -> Tensor:
    """`input + value * tensor1 * tensor2`. Written into `input`."""
    return _apply_inplace(_addcmul_op, (input, tensor1, tensor2, value), ())


_addmm_op = _OPS['addmm']


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1, out: Tensor | None = None) -> Tensor:
    """`beta * input + alpha * (mat1 @ mat2)`."""
    made = _apply(_addmm_op, (input, mat1, mat2), (beta, alpha))
    return made if out is None else _store(made, out)


def addmm_(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """`beta * input + alpha * (mat1 @ mat2)`. Written into `input`."""
    return _apply_inplace(_addmm_op, (input, mat1, mat2), (beta, alpha))


_airy_ai_op = _OPS['airy_ai']


def airy_ai(x: Tensor) -> Tensor:
    """Airy's function Ai; 0 where it is too small for float64, and NaN at infinity, as in PyTorch."""
    return _apply(_airy_ai_op, (x,), ())


_alias_op = _OPS['alias']


def alias(input: Tensor) -> Tensor:
    """The same memory, as another tensor of the graph."""
    return _apply(_alias_op, (input,), ())


_all_op = _OPS['all']


def all(input: Tensor, dim: Dims = None, keepdim: bool = False, *, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """Whether every element is not zero."""
    made = _apply(_all_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims))
    return made if out is None else _store(made, out)


_amax_op = _OPS['amax']


def amax(input: Tensor, dim: Dims = None, keepdim: bool = False, *, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The greatest element; equal ones share the gradient."""
    made = _apply(_amax_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims))
    return made if out is None else _store(made, out)


_amin_op = _OPS['amin']


def amin(input: Tensor, dim: Dims = None, keepdim: bool = False, *, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The least element; equal ones share the gradient."""
    made = _apply(_amin_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims))
    return made if out is None else _store(made, out)


_aminmax_op = _OPS['aminmax']


def aminmax(input: Tensor, *, dim: Dims = None, keepdim: bool = False, axis: Dims = None, out: tuple[Tensor, ...] | None = None) -> return_types.aminmax:
    """The least and the greatest element."""
    made = return_types.aminmax(*_apply_many(_aminmax_op, (input,), (_ints(dim if axis is None else axis), keepdim)))
    return made if out is None else _store_all(made, out)


_angle_op = _OPS['angle']


def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of complex numbers; 0 or pi for real ones."""
    made = _apply(_angle_op, (input,), ())
    return made if out is None else _store(made, out)


_any_op = _OPS['any']


def any(input: Tensor, dim: Dims = None, keepdim: bool = False, *, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """Whether some element is not zero."""
    made = _apply(_any_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims))
    return made if out is None else _store(made, out)


_arange_op = _OPS['arange']


def arange(start: Any, end: Any, step: Any, dtype: DType | None, *, session: Session) -> Tensor:
    """Numbers from `start` up to, not including, `end`, `step` apart."""
    return _apply(_arange_op, (), (start, end, step, dtype), session)


_argmax_op = _OPS['argmax']


def argmax(input: Tensor, dim: Dims = None, keepdim: bool = False, *, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The index of the greatest element, the first of equal ones."""
    made = _apply(_argmax_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims))
    return made if out is None else _store(made, out)


_argmin_op = _OPS['argmin']


def argmin(input: Tensor, dim: Dims = None, keepdim: bool = False, *, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The index of the least element, the first of equal ones."""
    made = _apply(_argmin_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims))
    return made if out is None else _store(made, out)


_argsort_op = _OPS['argsort']


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The indices that sort a dimension."""
    made = _apply(_argsort_op, (input,), (_ints(dim if axis is None else axis), descending, stable))
    return made if out is None else _store(made, out)


_as_strided_op = _OPS['as_strided']


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: Any = 0) -> Tensor:
    """A view of the memory: sizes, the step in elements of each dimension, and where it begins."""
    return _apply(_as_strided_op, (input,), (size, stride, storage_offset))


_as_strided_backward_op = _OPS['as_strided_backward']


def as_strided_backward(g: Tensor, shape: Sequence[int], size: Any, stride: Any, storage_offset: Any) -> Tensor:
    """The elements of `g` added up where they were taken from."""
    return _apply(_as_strided_backward_op, (g,), (shape, size, stride, storage_offset))


_asin_op = _OPS['asin']


def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse sine."""
    made = _apply(_asin_op, (input,), ())
    return made if out is None else _store(made, out)


def asin_(input: Tensor) -> Tensor:
    """The inverse sine. Written into `input`."""
    return _apply_inplace(_asin_op, (input,), ())


_asinh_op = _OPS['asinh']


def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic sine."""
    made = _apply(_asinh_op, (input,), ())
    return made if out is None else _store(made, out)


def asinh_(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine. Written into `input`."""
    return _apply_inplace(_asinh_op, (input,), ())


_atan_op = _OPS['atan']


def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse tangent."""
    made = _apply(_atan_op, (input,), ())
    return made if out is None else _store(made, out)


def atan_(input: Tensor) -> Tensor:
    """The inverse tangent. Written into `input`."""
    return _apply_inplace(_atan_op, (input,), ())


_atan2_op = _OPS['atan2']


def atan2(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (other, input)."""
    made = _apply(_atan2_op, (input, other), ())
    return made if out is None else _store(made, out)


def atan2_(input: Operand, other: Operand) -> Tensor:
    """The angle of the point (other, input). Written into `input`."""
    return _apply_inplace(_atan2_op, (input, other), ())


_atanh_op = _OPS['atanh']


def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic tangent."""
    made = _apply(_atanh_op, (input,), ())
    return made if out is None else _store(made, out)


def atanh_(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent. Written into `input`."""
    return _apply_inplace(_atanh_op, (input,), ())


_attention_backward_op = _OPS['attention_backward']


def attention_backward(g: Tensor, query: Tensor, key: Tensor, value: Operand, attn_mask: Tensor | None = None, *, is_causal: bool, scale: Any) -> Tensor:
    """The gradients of attention for query, key and value, which are of one batch."""
    return _apply(_attention_backward_op, (g, query, key, value, attn_mask), (is_causal, scale))


_avg_pool_op = _OPS['avg_pool']


def avg_pool(input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool = False, count_include_pad: Any = True, divisor_override: Any = None) -> Tensor:
    """The mean of each window."""
    return _apply(_avg_pool_op, (input,), (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override))


_avg_pool_backward_op = _OPS['avg_pool_backward']


def avg_pool_backward(g: Tensor, shape: Sequence[int], kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: Any, divisor_override: Any) -> Tensor:
    """Each window's gradient spread evenly over it."""
    return _apply(_avg_pool_backward_op, (g,), (shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override))


_baddbmm_op = _OPS['baddbmm']


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1, out: Tensor | None = None) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices."""
    made = _apply(_baddbmm_op, (input, batch1, batch2), (beta, alpha))
    return made if out is None else _store(made, out)


def baddbmm_(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices. Written into `input`."""
    return _apply_inplace(_baddbmm_op, (input, batch1, batch2), (beta, alpha))


_batch_norm_op = _OPS['batch_norm']


def batch_norm(input: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05) -> tuple[Tensor, ...]:
    """Standardised by channel over the batch, then scaled and shifted; and the batch's mean and unbiased variance."""
    return _apply_many(_batch_norm_op, (input, weight, bias), (eps,))


_batch_norm_backward_op = _OPS['batch_norm_backward']


def batch_norm_backward(g: Tensor, input: Tensor, weight: Tensor | None = None, *, eps: float) -> Tensor:
    """The gradients of batch_norm for its input, weight and bias."""
    return _apply(_batch_norm_backward_op, (g, input, weight), (eps,))


_batch_norm_eval_op = _OPS['batch_norm_eval']


def batch_norm_eval(input: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05) -> Tensor:
    """Standardised by channel with running statistics, then scaled and shifted."""
    return _apply(_batch_norm_eval_op, (input, running_mean, running_var, weight, bias), (eps,))


_batch_norm_update_op = _OPS['batch_norm_update_']


def batch_norm_update_(running_mean: Operand, running_var: Operand, mean: Operand, var: Operand, momentum: Any) -> None:
    """Move running statistics towards a batch's by `momentum`."""
    _apply_mutation(_batch_norm_update_op, (running_mean, running_var, mean, var), (momentum,))


_bernoulli_op = _OPS['bernoulli']


def bernoulli(input: Tensor, seed: Operand, offset: Operand) -> Tensor:
    """Ones with the probabilities that `input` gives."""
    return _apply(_bernoulli_op, (input, seed, offset), ())


_bessel_j0_op = _OPS['bessel_j0']


def bessel_j0(input: Tensor) -> Tensor:
    """The Bessel function of the first kind, of order 0."""
    return _apply(_bessel_j0_op, (input,), ())


_bessel_j1_op = _OPS['bessel_j1']


def bessel_j1(input: Tensor) -> Tensor:
    """The Bessel function of the first kind, of order 1."""
    return _apply(_bessel_j1_op, (input,), ())


_bessel_y0_op = _OPS['bessel_y0']


def bessel_y0(input: Tensor) -> Tensor:
    """The Bessel function of the second kind, of order 0."""
    return _apply(_bessel_y0_op, (input,), ())


_bessel_y1_op = _OPS['bessel_y1']


def bessel_y1(input: Tensor) -> Tensor:
    """The Bessel function of the second kind, of order 1."""
    return _apply(_bessel_y1_op, (input,), ())


_binary_cross_entropy_op = _OPS['binary_cross_entropy']


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = 'mean') -> Tensor:
    """Cross entropy of probabilities with targets in [0, 1]; logarithms are bounded at -100 as in PyTorch."""
    return _apply(_binary_cross_entropy_op, (input, target, weight), (reduction,))


_binary_cross_entropy_with_logits_op = _OPS['binary_cross_entropy_with_logits']


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None, reduction: str = 'mean') -> Tensor:
    """Cross entropy of logits with targets in [0, 1], without overflow."""
    return _apply(_binary_cross_entropy_with_logits_op, (input, target, weight, pos_weight), (reduction,))


_bincount_op = _OPS['bincount']


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each non-negative integer occurs, or the sum of its weights."""
    return _apply(_bincount_op, (input, weights), (minlength,))


_binomial_op = _OPS['binomial']


def binomial(input: Tensor, other: Operand, seed: Operand, offset: Operand) -> Tensor:
    """How many of `input` trials that succeed with probability `other` do, for whole numbers of trials."""
    return _apply(_binomial_op, (input, other, seed, offset), ())


_bitwise_and_op = _OPS['bitwise_and']


def bitwise_and(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits that both have."""
    made = _apply(_bitwise_and_op, (input, other), ())
    return made if out is None else _store(made, out)


def bitwise_and_(input: Operand, other: Operand) -> Tensor:
    """The bits that both have. Written into `input`."""
    return _apply_inplace(_bitwise_and_op, (input, other), ())


_bitwise_left_shift_op = _OPS['bitwise_left_shift']


def bitwise_left_shift(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Bits moved up."""
    made = _apply(_bitwise_left_shift_op, (input, other), ())
    return made if out is None else _store(made, out)


def bitwise_left_shift_(input: Operand, other: Operand) -> Tensor:
    """Bits moved up. Written into `input`."""
    return _apply_inplace(_bitwise_left_shift_op, (input, other), ())


_bitwise_not_op = _OPS['bitwise_not']


def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Every bit flipped; of bools the negation."""
    made = _apply(_bitwise_not_op, (input,), ())
    return made if out is None else _store(made, out)


def bitwise_not_(input: Tensor) -> Tensor:
    """Every bit flipped; of bools the negation. Written into `input`."""
    return _apply_inplace(_bitwise_not_op, (input,), ())


_bitwise_or_op = _OPS['bitwise_or']


def bitwise_or(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits that either has."""
    made = _apply(_bitwise_or_op, (input, other), ())
    return made if out is None else _store(made, out)


def bitwise_or_(input: Operand, other: Operand) -> Tensor:
    """The bits that either has. Written into `input`."""
    return _apply_inplace(_bitwise_or_op, (input, other), ())


_bitwise_right_shift_op = _OPS['bitwise_right_shift']


def bitwise_right_shift(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Bits moved down; the sign stays."""
    made = _apply(_bitwise_right_shift_op, (input, other), ())
    return made if out is None else _store(made, out)


def bitwise_right_shift_(input: Operand, other: Operand) -> Tensor:
    """Bits moved down; the sign stays. Written into `input`."""
    return _apply_inplace(_bitwise_right_shift_op, (input, other), ())


_bitwise_xor_op = _OPS['bitwise_xor']


def bitwise_xor(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits that one has and the other has not."""
    made = _apply(_bitwise_xor_op, (input, other), ())
    return made if out is None else _store(made, out)


def bitwise_xor_(input: Operand, other: Operand) -> Tensor:
    """The bits that one has and the other has not. Written into `input`."""
    return _apply_inplace(_bitwise_xor_op, (input, other), ())


_bmm_op = _OPS['bmm']


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of two batches of matrices."""
    made = _apply(_bmm_op, (input, mat2), ())
    return made if out is None else _store(made, out)


_cat_op = _OPS['cat']


def cat(tensors: Sequence[Tensor], dim: int = 0, *, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The tensors joined along an existing dimension."""
    made = _apply(_cat_op, (tensors,), (_ints(dim if axis is None else axis),))
    return made if out is None else _store(made, out)


_ceil_op = _OPS['ceil']


def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The least integer above."""
    made = _apply(_ceil_op, (input,), ())
    return made if out is None else _store(made, out)


def ceil_(input: Tensor) -> Tensor:
    """The least integer above. Written into `input`."""
    return _apply_inplace(_ceil_op, (input,), ())


_celu_op = _OPS['celu']


def celu(input: Tensor, alpha: Scalar = 1.0) -> Tensor:
    """The continuously differentiable exponential unit."""
    return _apply(_celu_op, (input,), (alpha,))


def celu_(input: Tensor, alpha: Scalar = 1.0) -> Tensor:
    """The continuously differentiable exponential unit. Written into `input`."""
    return _apply_inplace(_celu_op, (input,), (alpha,))


_channel_sum_op = _OPS['channel_sum']


def channel_sum(input: Tensor) -> Tensor:
    """The sum over the first and the last of three dimensions."""
    return _apply(_channel_sum_op, (input,), ())


_chebyshev_polynomial_t_op = _OPS['chebyshev_polynomial_t']


def chebyshev_polynomial_t(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the first kind) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_chebyshev_polynomial_t_op, (x, n), ())


_chebyshev_polynomial_u_op = _OPS['chebyshev_polynomial_u']


def chebyshev_polynomial_u(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the second kind) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_chebyshev_polynomial_u_op, (x, n), ())


_chebyshev_polynomial_v_op = _OPS['chebyshev_polynomial_v']


def chebyshev_polynomial_v(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the third kind) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_chebyshev_polynomial_v_op, (x, n), ())


_chebyshev_polynomial_w_op = _OPS['chebyshev_polynomial_w']


def chebyshev_polynomial_w(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the fourth kind) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_chebyshev_polynomial_w_op, (x, n), ())


_cholesky_op = _OPS['cholesky']


def cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The lower (or upper) triangular factor of a positive definite matrix. LinAlgError when it is not."""
    made = _apply(_cholesky_op, (input,), (upper,))
    return made if out is None else _store(made, out)


_cholesky_info_op = _OPS['cholesky_info']


def cholesky_info(input: Tensor) -> Tensor:
    """The order of the first leading minor that is not positive, or 0: then there is a Cholesky factor."""
    return _apply(_cholesky_info_op, (input,), ())


_circular_pad_op = _OPS['circular_pad']


def circular_pad(input: Tensor, pad: Any) -> Tensor:
    """A border that shows the other side."""
    return _apply(_circular_pad_op, (input,), (pad,))


_clamp_op = _OPS['clamp']


def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None, *, out: Tensor | None = None) -> Tensor:
    """Elements bounded from below and above."""
    made = _apply(_clamp_op, (input, min, max), ())
    return made if out is None else _store(made, out)


def clamp_(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Elements bounded from below and above. Written into `input`."""
    return _apply_inplace(_clamp_op, (input, min, max), ())


_clamp_all_op = _OPS['clamp_all_']


def clamp_all_(tensors: Sequence[Tensor], low: Any, high: Any) -> None:
    """Bring the elements of every tensor into [low, high]."""
    _apply_mutation(_clamp_all_op, (tensors,), (low, high))


_clamp_max_op = _OPS['clamp_max']


def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """Elements bounded from above."""
    return _apply(_clamp_max_op, (input, max), ())


def clamp_max_(input: Tensor, max: Operand) -> Tensor:
    """Elements bounded from above. Written into `input`."""
    return _apply_inplace(_clamp_max_op, (input, max), ())


_clamp_min_op = _OPS['clamp_min']


def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """Elements bounded from below."""
    return _apply(_clamp_min_op, (input, min), ())


def clamp_min_(input: Tensor, min: Operand) -> Tensor:
    """Elements bounded from below. Written into `input`."""
    return _apply_inplace(_clamp_min_op, (input, min), ())


_clone_op = _OPS['clone']


def clone(input: Tensor) -> Tensor:
    """A copy with memory of its own."""
    return _apply(_clone_op, (input,), ())


_complex_op = _OPS['complex']


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers from their parts."""
    made = _apply(_complex_op, (real, imag), ())
    return made if out is None else _store(made, out)


_conj_op = _OPS['conj']


def conj(input: Tensor) -> Tensor:
    """The complex conjugate; real numbers stay as they are."""
    return _apply(_conj_op, (input,), ())


_constant_pad_op = _OPS['constant_pad']


def constant_pad(input: Tensor, pad: Any, value: Any = 0.0) -> Tensor:
    """A border of one value; negative sizes cut off."""
    return _apply(_constant_pad_op, (input,), (pad, value))


_conv_op = _OPS['conv']


def conv(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: Any, padding: Any, dilation: Any, groups: Any) -> Tensor:
    """The cross-correlation of (N, C, d1, ...) with (O, C / groups, k1, ...), plus a bias for each output channel."""
    return _apply(_conv_op, (input, weight, bias), (stride, padding, dilation, groups))


_conv_input_grad_op = _OPS['conv_input_grad']


def conv_input_grad(g: Tensor, weight: Tensor, shape: Sequence[int], stride: Any, padding: Any, dilation: Any, groups: Any) -> Tensor:
    """The gradient of conv for its input: each output's gradient spread over its window."""
    return _apply(_conv_input_grad_op, (g, weight), (shape, stride, padding, dilation, groups))


_conv_transpose_op = _OPS['conv_transpose']


def conv_transpose(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: Any) -> Tensor:
    """The gradient of a convolution for its input, used as a layer."""
    return _apply(_conv_transpose_op, (input, weight, bias), (stride, padding, output_padding, dilation, groups))


_conv_weight_grad_op = _OPS['conv_weight_grad']


def conv_weight_grad(g: Tensor, input: Tensor, shape: Sequence[int], stride: Any, padding: Any, dilation: Any, groups: Any) -> Tensor:
    """The gradient of conv for its weight: gradients times windows, summed over the batch and the places."""
    return _apply(_conv_weight_grad_op, (g, input), (shape, stride, padding, dilation, groups))


_copy_op = _OPS['copy']


def copy(input: Tensor, src: Tensor) -> Tensor:
    """`src` in the shape and dtype of `input`."""
    return _apply(_copy_op, (input, src), ())


def copy_(input: Tensor, src: Tensor) -> Tensor:
    """`src` in the shape and dtype of `input`. Written into `input`."""
    return _apply_inplace(_copy_op, (input, src), ())


_cos_op = _OPS['cos']


def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The cosine."""
    made = _apply(_cos_op, (input,), ())
    return made if out is None else _store(made, out)


def cos_(input: Tensor) -> Tensor:
    """The cosine. Written into `input`."""
    return _apply_inplace(_cos_op, (input,), ())


_cosh_op = _OPS['cosh']


def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic cosine."""
    made = _apply(_cosh_op, (input,), ())
    return made if out is None else _store(made, out)


def cosh_(input: Tensor) -> Tensor:
    """The hyperbolic cosine. Written into `input`."""
    return _apply_inplace(_cosh_op, (input,), ())


_count_nonzero_op = _OPS['count_nonzero']


def count_nonzero(input: Tensor, dim: Dims = None, *, axis: Dims = None) -> Tensor:
    """How many elements are not zero."""
    return _apply(_count_nonzero_op, (input,), (_ints(dim if axis is None else axis),))


_cross_entropy_op = _OPS['cross_entropy']


def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = 'mean', ignore_index: int = -100, label_smoothing: float = 0.0) -> Tensor:
    """Softmax and negative log-likelihood in one; targets are class numbers or probabilities."""
    return _apply(_cross_entropy_op, (input, target, weight), (reduction, ignore_index, label_smoothing))


_cross_entropy_backward_op = _OPS['cross_entropy_backward']


def cross_entropy_backward(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str, ignore_index: int, label_smoothing: float) -> Tensor:
    """The gradient of cross_entropy: softmax times the distribution's weight, less the distribution."""
    return _apply(_cross_entropy_backward_op, (g, input, target, weight), (reduction, ignore_index, label_smoothing))


_cross_entropy_mass_op = _OPS['cross_entropy_mass']


def cross_entropy_mass(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str, ignore_index: int, label_smoothing: float) -> Tensor:
    """The weight of each sample's target distribution times its share of the cotangent `g`."""
    return _apply(_cross_entropy_mass_op, (g, input, target, weight), (reduction, ignore_index, label_smoothing))


_cummax_op = _OPS['cummax']


def cummax(input: Tensor, dim: int | None = None, *, axis: Dims = None, out: tuple[Tensor, ...] | None = None) -> return_types.cummax:
    """The greatest element so far along a dimension, and its index."""
    made = return_types.cummax(*_apply_many(_cummax_op, (input,), (_ints(_one_of(dim, axis)),)))
    return made if out is None else _store_all(made, out)


_cummin_op = _OPS['cummin']


def cummin(input: Tensor, dim: int | None = None, *, axis: Dims = None, out: tuple[Tensor, ...] | None = None) -> return_types.cummin:
    """The least element so far along a dimension, and its index."""
    made = return_types.cummin(*_apply_many(_cummin_op, (input,), (_ints(_one_of(dim, axis)),)))
    return made if out is None else _store_all(made, out)


_cumprod_op = _OPS['cumprod']


def cumprod(input: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The product of all elements so far along a dimension."""
    made = _apply(_cumprod_op, (input,), (_ints(_one_of(dim, axis)), _as_dtype(dtype)))
    return made if out is None else _store(made, out)


def cumprod_(input: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: Dims = None) -> Tensor:
    """The product of all elements so far along a dimension. Written into `input`."""
    return _apply_inplace(_cumprod_op, (input,), (_ints(_one_of(dim, axis)), _as_dtype(dtype)))


_cumsum_op = _OPS['cumsum']


def cumsum(input: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The sum of all elements so far along a dimension."""
    made = _apply(_cumsum_op, (input,), (_ints(_one_of(dim, axis)), _as_dtype(dtype)))
    return made if out is None else _store(made, out)


def cumsum_(input: Tensor, dim: int | None = None, *, dtype: DType | None = None, axis: Dims = None) -> Tensor:
    """The sum of all elements so far along a dimension. Written into `input`."""
    return _apply_inplace(_cumsum_op, (input,), (_ints(_one_of(dim, axis)), _as_dtype(dtype)))


_data_op = _OPS['data']


def data(input: Tensor) -> Tensor:
    """The same memory, cut off from the graph and from the counting of writes."""
    return _apply(_data_op, (input,), ())


_deg2rad_op = _OPS['deg2rad']


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees as radians."""
    made = _apply(_deg2rad_op, (input,), ())
    return made if out is None else _store(made, out)


def deg2rad_(input: Tensor) -> Tensor:
    """Degrees as radians. Written into `input`."""
    return _apply_inplace(_deg2rad_op, (input,), ())


_det_op = _OPS['det']


def det(input: Tensor) -> Tensor:
    """The determinant."""
    return _apply(_det_op, (input,), ())


_detach_op = _OPS['detach']


def detach(input: Tensor) -> Tensor:
    """The same memory, cut off from the graph."""
    return _apply(_detach_op, (input,), ())


_diag_embed_op = _OPS['diag_embed']


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dimension on their diagonal, zeros elsewhere."""
    return _apply(_diag_embed_op, (input,), (offset, dim1, dim2))


_diagonal_op = _OPS['diagonal']


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, as the last dimension."""
    return _apply(_diagonal_op, (input,), (offset, dim1, dim2))


_digamma_op = _OPS['digamma']


def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithmic derivative of the gamma function."""
    made = _apply(_digamma_op, (input,), ())
    return made if out is None else _store(made, out)


def digamma_(input: Tensor) -> Tensor:
    """The logarithmic derivative of the gamma function. Written into `input`."""
    return _apply_inplace(_digamma_op, (input,), ())


_div_op = _OPS['div']


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """The quotient; integers divide to floating point, unless it is rounded ("floor") or cut off ("trunc")."""
    made = _apply(_div_op, (input, other), (rounding_mode,))
    return made if out is None else _store(made, out)


def div_(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient; integers divide to floating point, unless it is rounded ("floor") or cut off ("trunc"). Written into `input`."""
    return _apply_inplace(_div_op, (input, other), (rounding_mode,))


_dot_op = _OPS['dot']


def dot(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The sum of products of two vectors."""
    made = _apply(_dot_op, (input, other), ())
    return made if out is None else _store(made, out)


_drop_backward_op = _OPS['drop_backward']


def drop_backward(g: Tensor, keep: Tensor, scale: Any) -> Tensor:
    """`g` times `scale` where `keep` is true, zero elsewhere."""
    return _apply(_drop_backward_op, (g, keep), (scale,))


_dropout_op = _OPS['dropout']


def dropout(input: Tensor, seed: Operand, offset: Operand, p: float) -> tuple[Tensor, ...]:
    """Elements kept with probability 1 - p and scaled by its inverse, the others zero; and which were kept."""
    return _apply_many(_dropout_op, (input, seed, offset), (p,))


_eig_op = _OPS['eig']


def eig(input: Tensor) -> return_types.linalg_eig:
    """The eigenvalues and eigenvectors (columns of length 1) of square matrices: complex, in no order."""
    return return_types.linalg_eig(*_apply_many(_eig_op, (input,), ()))


_eigh_op = _OPS['eigh']


def eigh(input: Tensor, UPLO: str = 'L') -> return_types.linalg_eigh:
    """The eigenvalues, in rising order, and eigenvectors of symmetric matrices."""
    return return_types.linalg_eigh(*_apply_many(_eigh_op, (input,), (UPLO,)))


_einsum_op = _OPS['einsum']


def einsum(operands: Sequence[Tensor], equation: str) -> Tensor:
    """Products of tensors summed over the subscripts that are not in the output."""
    return _apply(_einsum_op, (operands,), (equation,))


_elu_op = _OPS['elu']


def elu(input: Tensor, alpha: Scalar = 1.0, scale: Any = 1.0, input_scale: Any = 1.0) -> Tensor:
    """The element where it is positive, alpha * (exp(x) - 1) elsewhere; selu and celu scale both."""
    return _apply(_elu_op, (input,), (alpha, scale, input_scale))


def elu_(input: Tensor, alpha: Scalar = 1.0, scale: Any = 1.0, input_scale: Any = 1.0) -> Tensor:
    """The element where it is positive, alpha * (exp(x) - 1) elsewhere; selu and celu scale both. Written into `input`."""
    return _apply_inplace(_elu_op, (input,), (alpha, scale, input_scale))


_embedding_op = _OPS['embedding']


def embedding(weight: Tensor, indices: Tensor, padding_idx: Any = None) -> Tensor:
    """The rows of `weight` that the indices name; the row of `padding_idx` gets no gradient."""
    return _apply(_embedding_op, (weight, indices), (padding_idx,))


_embedding_backward_op = _OPS['embedding_backward']


def embedding_backward(g: Tensor, indices: Tensor, rows: Any, padding_idx: Any = None) -> Tensor:
    """Gradients summed by row."""
    return _apply(_embedding_backward_op, (g, indices), (rows, padding_idx))


_empty_op = _OPS['empty']


def empty(shape: Sequence[int], dtype: DType | None, *, session: Session) -> Tensor:
    """Anything: zeros here, because what is in a worker's memory may be somebody else's."""
    return _apply(_empty_op, (), (shape, dtype), session)


_eq_op = _OPS['eq']


def eq(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are equal."""
    made = _apply(_eq_op, (input, other), ())
    return made if out is None else _store(made, out)


def eq_(input: Operand, other: Operand) -> Tensor:
    """Whether elements are equal. Written into `input`."""
    return _apply_inplace(_eq_op, (input, other), ())


_erf_op = _OPS['erf']


def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function."""
    made = _apply(_erf_op, (input,), ())
    return made if out is None else _store(made, out)


def erf_(input: Tensor) -> Tensor:
    """The error function. Written into `input`."""
    return _apply_inplace(_erf_op, (input,), ())


_erfc_op = _OPS['erfc']


def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One minus the error function."""
    made = _apply(_erfc_op, (input,), ())
    return made if out is None else _store(made, out)


def erfc_(input: Tensor) -> Tensor:
    """One minus the error function. Written into `input`."""
    return _apply_inplace(_erfc_op, (input,), ())


_erfcx_op = _OPS['erfcx']


def erfcx(input: Tensor) -> Tensor:
    """`exp(x ** 2)` times the complementary error function."""
    return _apply(_erfcx_op, (input,), ())


_erfinv_op = _OPS['erfinv']


def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of the error function."""
    made = _apply(_erfinv_op, (input,), ())
    return made if out is None else _store(made, out)


def erfinv_(input: Tensor) -> Tensor:
    """The inverse of the error function. Written into `input`."""
    return _apply_inplace(_erfinv_op, (input,), ())


_exp_op = _OPS['exp']


def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`e` to the power of each element."""
    made = _apply(_exp_op, (input,), ())
    return made if out is None else _store(made, out)


def exp_(input: Tensor) -> Tensor:
    """`e` to the power of each element. Written into `input`."""
    return _apply_inplace(_exp_op, (input,), ())


_exp2_op = _OPS['exp2']


def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """2 to the power of each element."""
    made = _apply(_exp2_op, (input,), ())
    return made if out is None else _store(made, out)


def exp2_(input: Tensor) -> Tensor:
    """2 to the power of each element. Written into `input`."""
    return _apply_inplace(_exp2_op, (input,), ())


_expand_op = _OPS['expand']


def expand(input: Tensor, size: Any) -> Tensor:
    """Dimensions of one element repeated without copying; -1 keeps a size."""
    return _apply(_expand_op, (input,), (size,))


_expm1_op = _OPS['expm1']


def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp(x) - 1, exact for small elements."""
    made = _apply(_expm1_op, (input,), ())
    return made if out is None else _store(made, out)


def expm1_(input: Tensor) -> Tensor:
    """exp(x) - 1, exact for small elements. Written into `input`."""
    return _apply_inplace(_expm1_op, (input,), ())


_exponential_op = _OPS['exponential']


def exponential(input: Tensor, seed: Operand, offset: Operand, lambd: float) -> Tensor:
    """Exponentially distributed numbers with rate `lambd`, in the shape of `input`."""
    return _apply(_exponential_op, (input, seed, offset), (lambd,))


def exponential_(input: Tensor, seed: Operand, offset: Operand, lambd: float) -> Tensor:
    """Exponentially distributed numbers with rate `lambd`, in the shape of `input`. Written into `input`."""
    return _apply_inplace(_exponential_op, (input, seed, offset), (lambd,))


_eye_op = _OPS['eye']


def eye(n: int, m: int, dtype: DType | None, *, session: Session) -> Tensor:
    """Ones on the diagonal of an n by m matrix, zeros elsewhere."""
    return _apply(_eye_op, (), (n, m, dtype), session)


_feature_dropout_op = _OPS['feature_dropout']


def feature_dropout(input: Tensor, seed: Operand, offset: Operand, p: float) -> tuple[Tensor, ...]:
    """Whole channels (the first two dimensions) kept or dropped together; and which elements were kept."""
    return _apply_many(_feature_dropout_op, (input, seed, offset), (p,))


_fft_c2c_op = _OPS['fft_c2c']


def fft_c2c(input: Tensor, dims: Sizes, scale: Any, forward: Any) -> Tensor:
    """Sums of the elements times exp(-2 pi i j k / n) (`forward`), or exp(2 pi i j k / n), along each dimension."""
    return _apply(_fft_c2c_op, (input,), (_ints(dims), scale, forward))


_fft_c2r_op = _OPS['fft_c2r']


def fft_c2r(input: Tensor, dims: Sizes, size: Any, scale: Any) -> Tensor:
    """The real numbers of which `fft_r2c` gives these terms, times their number; `size` in the last dimension."""
    return _apply(_fft_c2r_op, (input,), (_ints(dims), size, scale))


_fft_r2c_op = _OPS['fft_r2c']


def fft_r2c(input: Tensor, dims: Sizes, scale: Any) -> Tensor:
    """The forward transform of real numbers: the first n // 2 + 1 terms of the last dimension."""
    return _apply(_fft_r2c_op, (input,), (_ints(dims), scale))


_fill_op = _OPS['fill']


def fill(input: Tensor, value: Operand) -> Tensor:
    """One value everywhere, in the shape and dtype of `input`."""
    return _apply(_fill_op, (input, value), ())


def fill_(input: Tensor, value: Operand) -> Tensor:
    """One value everywhere, in the shape and dtype of `input`. Written into `input`."""
    return _apply_inplace(_fill_op, (input, value), ())


_flip_op = _OPS['flip']


def flip(input: Tensor, dims: Sizes) -> Tensor:
    """The order of elements reversed along `dims`."""
    return _apply(_flip_op, (input,), (_ints(dims),))


_floor_op = _OPS['floor']


def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The greatest integer below."""
    made = _apply(_floor_op, (input,), ())
    return made if out is None else _store(made, out)


def floor_(input: Tensor) -> Tensor:
    """The greatest integer below. Written into `input`."""
    return _apply_inplace(_floor_op, (input,), ())


_floor_divide_op = _OPS['floor_divide']


def floor_divide(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The quotient rounded down."""
    made = _apply(_floor_divide_op, (input, other), ())
    return made if out is None else _store(made, out)


def floor_divide_(input: Operand, other: Operand) -> Tensor:
    """The quotient rounded down. Written into `input`."""
    return _apply_inplace(_floor_divide_op, (input, other), ())


_fmax_op = _OPS['fmax']


def fmax(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The greater of two elements; the other one if one is NaN."""
    made = _apply(_fmax_op, (input, other), ())
    return made if out is None else _store(made, out)


_fmin_op = _OPS['fmin']


def fmin(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The less of two elements; the other one if one is NaN."""
    made = _apply(_fmin_op, (input, other), ())
    return made if out is None else _store(made, out)


_fmod_op = _OPS['fmod']


def fmod(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The remainder of division rounded towards zero: it has the dividend's sign."""
    made = _apply(_fmod_op, (input, other), ())
    return made if out is None else _store(made, out)


def fmod_(input: Operand, other: Operand) -> Tensor:
    """The remainder of division rounded towards zero: it has the dividend's sign. Written into `input`."""
    return _apply_inplace(_fmod_op, (input, other), ())


_frac_op = _OPS['frac']


def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The part behind the point, with the sign."""
    made = _apply(_frac_op, (input,), ())
    return made if out is None else _store(made, out)


def frac_(input: Tensor) -> Tensor:
    """The part behind the point, with the sign. Written into `input`."""
    return _apply_inplace(_frac_op, (input,), ())


_frexp_op = _OPS['frexp']


def frexp(input: Tensor, *, out: tuple[Tensor, ...] | None = None) -> return_types.frexp:
    """Mantissas, between 0.5 and 1 in size, and exponents of two (int32)."""
    made = return_types.frexp(*_apply_many(_frexp_op, (input,), ()))
    return made if out is None else _store_all(made, out)


_full_op = _OPS['full']


def full(value: Operand, shape: Sequence[int], dtype: DType | None, *, session: Session) -> Tensor:
    """One number everywhere."""
    return _apply(_full_op, (value,), (shape, dtype), session)


_gather_op = _OPS['gather']


def gather(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elements at positions along a dimension, one position per element of `index`."""
    made = _apply(_gather_op, (input, index), (_ints(dim),))
    return made if out is None else _store(made, out)


_gather_backward_op = _OPS['gather_backward']


def gather_backward(g: Tensor, index: Tensor, shape: Sequence[int], dim: int) -> Tensor:
    """Zeros of `shape` with `g` added at positions along a dimension, counting duplicates."""
    return _apply(_gather_backward_op, (g, index), (shape, _ints(dim)))


_gcd_op = _OPS['gcd']


def gcd(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The greatest common divisors."""
    made = _apply(_gcd_op, (input, other), ())
    return made if out is None else _store(made, out)


def gcd_(input: Operand, other: Operand) -> Tensor:
    """The greatest common divisors. Written into `input`."""
    return _apply_inplace(_gcd_op, (input, other), ())


_ge_op = _OPS['ge']


def ge(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are greater or equal."""
    made = _apply(_ge_op, (input, other), ())
    return made if out is None else _store(made, out)


def ge_(input: Operand, other: Operand) -> Tensor:
    """Whether elements are greater or equal. Written into `input`."""
    return _apply_inplace(_ge_op, (input, other), ())


_gelu_op = _OPS['gelu']


def gelu(input: Tensor, approximate: str = 'none') -> Tensor:
    """`x` times the normal distribution function of x, exactly or by PyTorch's tanh formula."""
    return _apply(_gelu_op, (input,), (approximate,))


_gelu_backward_op = _OPS['gelu_backward']


def gelu_backward(g: Tensor, input: Tensor, approximate: str) -> Tensor:
    """The gradient of gelu in one pass over its input."""
    return _apply(_gelu_backward_op, (g, input), (approximate,))


_geqrf_op = _OPS['geqrf']


def geqrf(input: Tensor, *, out: tuple[Tensor, ...] | None = None) -> return_types.geqrf:
    """R, with what makes the reflections whose product is Q below its diagonal, and their factors tau."""
    made = return_types.geqrf(*_apply_many(_geqrf_op, (input,), ()))
    return made if out is None else _store_all(made, out)


_ghost_op = _OPS['ghost']


def ghost(input: Tensor) -> Tensor:
    """Zeros that take no memory, in the place in the graph of `input`."""
    return _apply(_ghost_op, (input,), ())


_glu_op = _OPS['glu']


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of a dimension times the sigmoid of the second."""
    return _apply(_glu_op, (input,), (_ints(dim),))


_group_norm_op = _OPS['group_norm']


def group_norm(input: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, *, num_groups: int, eps: float = 1e-05) -> Tensor:
    """Standardised over groups of channels of each sample, then scaled and shifted by channel."""
    return _apply(_group_norm_op, (input, weight, bias), (num_groups, eps))


_gt_op = _OPS['gt']


def gt(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are greater."""
    made = _apply(_gt_op, (input, other), ())
    return made if out is None else _store(made, out)


def gt_(input: Operand, other: Operand) -> Tensor:
    """Whether elements are greater. Written into `input`."""
    return _apply_inplace(_gt_op, (input, other), ())


_hardshrink_op = _OPS['hardshrink']


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Zero within `lambd` of zero."""
    return _apply(_hardshrink_op, (input,), (lambd,))


_hardsigmoid_op = _OPS['hardsigmoid']


def hardsigmoid(input: Tensor) -> Tensor:
    """`x` / 6 + 1/2, bounded between 0 and 1."""
    return _apply(_hardsigmoid_op, (input,), ())


def hardsigmoid_(input: Tensor) -> Tensor:
    """`x` / 6 + 1/2, bounded between 0 and 1. Written into `input`."""
    return _apply_inplace(_hardsigmoid_op, (input,), ())


_hardswish_op = _OPS['hardswish']


def hardswish(input: Tensor) -> Tensor:
    """`x` times hardsigmoid(x)."""
    return _apply(_hardswish_op, (input,), ())


def hardswish_(input: Tensor) -> Tensor:
    """`x` times hardsigmoid(x). Written into `input`."""
    return _apply_inplace(_hardswish_op, (input,), ())


_hardtanh_op = _OPS['hardtanh']


def hardtanh(input: Tensor, min_val: Any = -1.0, max_val: Any = 1.0) -> Tensor:
    """Bounded between two numbers."""
    return _apply(_hardtanh_op, (input,), (min_val, max_val))


def hardtanh_(input: Tensor, min_val: Any = -1.0, max_val: Any = 1.0) -> Tensor:
    """Bounded between two numbers. Written into `input`."""
    return _apply_inplace(_hardtanh_op, (input,), (min_val, max_val))


_hermite_polynomial_h_op = _OPS['hermite_polynomial_h']


def hermite_polynomial_h(x: Tensor, n: Tensor) -> Tensor:
    """The Hermite (physicists') polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_hermite_polynomial_h_op, (x, n), ())


_hermite_polynomial_he_op = _OPS['hermite_polynomial_he']


def hermite_polynomial_he(x: Tensor, n: Tensor) -> Tensor:
    """The Hermite (probabilists') polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_hermite_polynomial_he_op, (x, n), ())


_huber_loss_op = _OPS['huber_loss']


def huber_loss(input: Tensor, target: Tensor, reduction: str = 'mean', delta: Any = 1.0) -> Tensor:
    """Half the square below `delta`, linear above."""
    return _apply(_huber_loss_op, (input, target), (reduction, delta))


_i0_op = _OPS['i0']


def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 0."""
    made = _apply(_i0_op, (input,), ())
    return made if out is None else _store(made, out)


def i0_(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind, of order 0. Written into `input`."""
    return _apply_inplace(_i0_op, (input,), ())


_i0e_op = _OPS['i0e']


def i0e(input: Tensor) -> Tensor:
    """`i0(x)` times `exp(-|x|)`."""
    return _apply(_i0e_op, (input,), ())


_i1_op = _OPS['i1']


def i1(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind, of order 1."""
    return _apply(_i1_op, (input,), ())


_i1e_op = _OPS['i1e']


def i1e(input: Tensor) -> Tensor:
    """`i1(x)` times `exp(-|x|)`."""
    return _apply(_i1e_op, (input,), ())


_igamma_op = _OPS['igamma']


def igamma(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The lower incomplete gamma function of shape `input` at `other`, over the gamma function."""
    made = _apply(_igamma_op, (input, other), ())
    return made if out is None else _store(made, out)


def igamma_(input: Operand, other: Operand) -> Tensor:
    """The lower incomplete gamma function of shape `input` at `other`, over the gamma function. Written into `input`."""
    return _apply_inplace(_igamma_op, (input, other), ())


_igammac_op = _OPS['igammac']


def igammac(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The upper incomplete gamma function of shape `input` at `other`, over the gamma function."""
    made = _apply(_igammac_op, (input, other), ())
    return made if out is None else _store(made, out)


def igammac_(input: Operand, other: Operand) -> Tensor:
    """The upper incomplete gamma function of shape `input` at `other`, over the gamma function. Written into `input`."""
    return _apply_inplace(_igammac_op, (input, other), ())


_imag_op = _OPS['imag']


def imag(input: Tensor) -> Tensor:
    """The imaginary parts, sharing memory."""
    return _apply(_imag_op, (input,), ())


_index_op = _OPS['index']


def index(input: Tensor, indices: Sequence[Tensor], positions: Any) -> Tensor:
    """Elements at index tensors; `positions` says which tensor indexes each dimension, None keeps the dimension."""
    return _apply(_index_op, (input, indices), (positions,))


_index_add_op = _OPS['index_add']


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Scalar = 1, out: Tensor | None = None) -> Tensor:
    """`input` with `alpha * source` added at positions of one dimension, counting duplicates."""
    made = _apply(_index_add_op, (input, index, source), (_ints(dim), alpha))
    return made if out is None else _store(made, out)


def index_add_(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Scalar = 1) -> Tensor:
    """`input` with `alpha * source` added at positions of one dimension, counting duplicates. Written into `input`."""
    return _apply_inplace(_index_add_op, (input, index, source), (_ints(dim), alpha))


_index_backward_op = _OPS['index_backward']


def index_backward(g: Tensor, indices: Sequence[Tensor], shape: Sequence[int], positions: Any) -> Tensor:
    """Zeros of `shape` with `g` added at index tensors, counting duplicates."""
    return _apply(_index_backward_op, (g, indices), (shape, positions))


_index_copy_op = _OPS['index_copy']


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input` with slices of `source` written at positions of one dimension."""
    made = _apply(_index_copy_op, (input, index, source), (_ints(dim),))
    return made if out is None else _store(made, out)


def index_copy_(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`input` with slices of `source` written at positions of one dimension. Written into `input`."""
    return _apply_inplace(_index_copy_op, (input, index, source), (_ints(dim),))


_index_fill_op = _OPS['index_fill']


def index_fill(input: Tensor, dim: int, index: Tensor, value: Operand) -> Tensor:
    """`input` with one value at positions of one dimension."""
    return _apply(_index_fill_op, (input, index, value), (_ints(dim),))


def index_fill_(input: Tensor, dim: int, index: Tensor, value: Operand) -> Tensor:
    """`input` with one value at positions of one dimension. Written into `input`."""
    return _apply_inplace(_index_fill_op, (input, index, value), (_ints(dim),))


_index_put_op = _OPS['index_put']


def index_put(input: Tensor, values: Tensor, indices: Sequence[Tensor], positions: Any, accumulate: bool = False) -> Tensor:
    """`input` with values written, or added, at index tensors; `positions` as in `index`."""
    return _apply(_index_put_op, (input, values, indices), (positions, accumulate))


def index_put_(input: Tensor, values: Tensor, indices: Sequence[Tensor], positions: Any, accumulate: bool = False) -> Tensor:
    """`input` with values written, or added, at index tensors; `positions` as in `index`. Written into `input`."""
    return _apply_inplace(_index_put_op, (input, values, indices), (positions, accumulate))


_index_reduce_op = _OPS['index_reduce']


def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str | None, *, include_self: bool = True, out: Tensor | None = None) -> Tensor:
    """`input` combined with slices of `source` at positions of one dimension: prod, mean, amax or amin."""
    made = _apply(_index_reduce_op, (input, index, source), (_ints(dim), reduce, include_self))
    return made if out is None else _store(made, out)


def index_reduce_(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str | None, *, include_self: bool = True) -> Tensor:
    """`input` combined with slices of `source` at positions of one dimension: prod, mean, amax or amin. Written into `input`."""
    return _apply_inplace(_index_reduce_op, (input, index, source), (_ints(dim), reduce, include_self))


_index_select_op = _OPS['index_select']


def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whole slices at positions of one dimension."""
    made = _apply(_index_select_op, (input, index), (_ints(dim),))
    return made if out is None else _store(made, out)


_inv_op = _OPS['inv']


def inv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse. LinAlgError for a singular matrix."""
    made = _apply(_inv_op, (input,), ())
    return made if out is None else _store(made, out)


_isclose_op = _OPS['isclose']


def isclose(input: Operand, other: Operand, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other|; equal infinities are close."""
    return _apply(_isclose_op, (input, other), (rtol, atol, equal_nan))


_isfinite_op = _OPS['isfinite']


def isfinite(input: Tensor) -> Tensor:
    """Whether elements are neither infinite nor NaN."""
    return _apply(_isfinite_op, (input,), ())


_isin_op = _OPS['isin']


def isin(elements: Tensor, test_elements: Tensor) -> Tensor:
    """Whether each element is among the test elements."""
    return _apply(_isin_op, (elements, test_elements), ())


_isinf_op = _OPS['isinf']


def isinf(input: Tensor) -> Tensor:
    """Whether elements are infinite."""
    return _apply(_isinf_op, (input,), ())


_isnan_op = _OPS['isnan']


def isnan(input: Tensor) -> Tensor:
    """Whether elements are NaN."""
    return _apply(_isnan_op, (input,), ())


_isneginf_op = _OPS['isneginf']


def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are negative infinity."""
    made = _apply(_isneginf_op, (input,), ())
    return made if out is None else _store(made, out)


_isposinf_op = _OPS['isposinf']


def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are positive infinity."""
    made = _apply(_isposinf_op, (input,), ())
    return made if out is None else _store(made, out)


_kl_div_op = _OPS['kl_div']


def kl_div(input: Tensor, target: Tensor, reduction: str = 'mean', log_target: Any = False) -> Tensor:
    """The divergence of a target distribution from log-probabilities."""
    return _apply(_kl_div_op, (input, target), (reduction, log_target))


_kthvalue_op = _OPS['kthvalue']


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, axis: Dims = None, out: tuple[Tensor, ...] | None = None) -> return_types.kthvalue:
    """The k-th least elements along a dimension, and their indices."""
    made = return_types.kthvalue(*_apply_many(_kthvalue_op, (input,), (k, _ints(dim if axis is None else axis), keepdim)))
    return made if out is None else _store_all(made, out)


_l1_loss_op = _OPS['l1_loss']


def l1_loss(input: Tensor, target: Tensor, reduction: str = 'mean') -> Tensor:
    """The absolute difference."""
    return _apply(_l1_loss_op, (input, target), (reduction,))


_laguerre_polynomial_l_op = _OPS['laguerre_polynomial_l']


def laguerre_polynomial_l(x: Tensor, n: Tensor) -> Tensor:
    """The Laguerre polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_laguerre_polynomial_l_op, (x, n), ())


_layer_norm_op = _OPS['layer_norm']


def layer_norm(input: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, *, normalized_shape: Sequence[int], eps: float = 1e-05) -> Tensor:
    """Standardised over the last dimensions, then scaled and shifted."""
    return _apply(_layer_norm_op, (input, weight, bias), (normalized_shape, eps))


_layer_norm_backward_op = _OPS['layer_norm_backward']


def layer_norm_backward(g: Tensor, input: Tensor, weight: Tensor | None = None, *, normalized_shape: Sequence[int], eps: float) -> Tensor:
    """The gradients of layer_norm for its input, weight and bias."""
    return _apply(_layer_norm_backward_op, (g, input, weight), (normalized_shape, eps))


_lcm_op = _OPS['lcm']


def lcm(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The least common multiples."""
    made = _apply(_lcm_op, (input, other), ())
    return made if out is None else _store(made, out)


def lcm_(input: Operand, other: Operand) -> Tensor:
    """The least common multiples. Written into `input`."""
    return _apply_inplace(_lcm_op, (input, other), ())


_le_op = _OPS['le']


def le(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are less or equal."""
    made = _apply(_le_op, (input, other), ())
    return made if out is None else _store(made, out)


def le_(input: Operand, other: Operand) -> Tensor:
    """Whether elements are less or equal. Written into `input`."""
    return _apply_inplace(_le_op, (input, other), ())


_leaky_relu_op = _OPS['leaky_relu']


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """The element where it is positive, `negative_slope` times it elsewhere."""
    return _apply(_leaky_relu_op, (input,), (negative_slope,))


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """The element where it is positive, `negative_slope` times it elsewhere. Written into `input`."""
    return _apply_inplace(_leaky_relu_op, (input,), (negative_slope,))


_legendre_polynomial_p_op = _OPS['legendre_polynomial_p']


def legendre_polynomial_p(x: Tensor, n: Tensor) -> Tensor:
    """The Legendre polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_legendre_polynomial_p_op, (x, n), ())


_lerp_op = _OPS['lerp']


def lerp(input: Tensor, end: Operand, weight: Operand, *, out: Tensor | None = None) -> Tensor:
    """`input + weight * (end - input)`."""
    made = _apply(_lerp_op, (input, end, weight), ())
    return made if out is None else _store(made, out)


def lerp_(input: Tensor, end: Operand, weight: Operand) -> Tensor:
    """`input + weight * (end - input)`. Written into `input`."""
    return _apply_inplace(_lerp_op, (input, end, weight), ())


_lgamma_op = _OPS['lgamma']


def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function."""
    made = _apply(_lgamma_op, (input,), ())
    return made if out is None else _store(made, out)


def lgamma_(input: Tensor) -> Tensor:
    """The logarithm of the absolute value of the gamma function. Written into `input`."""
    return _apply_inplace(_lgamma_op, (input,), ())


_linear_op = _OPS['linear']


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`, one product over all rows."""
    return _apply(_linear_op, (input, weight, bias), ())


_linspace_op = _OPS['linspace']


def linspace(start: Any, end: Any, steps: Any, dtype: DType | None, *, session: Session) -> Tensor:
    """`steps` numbers evenly spread from `start` to `end`, both included."""
    return _apply(_linspace_op, (), (start, end, steps, dtype), session)


_log_op = _OPS['log']


def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm."""
    made = _apply(_log_op, (input,), ())
    return made if out is None else _store(made, out)


def log_(input: Tensor) -> Tensor:
    """The natural logarithm. Written into `input`."""
    return _apply_inplace(_log_op, (input,), ())


_log10_op = _OPS['log10']


def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 10."""
    made = _apply(_log10_op, (input,), ())
    return made if out is None else _store(made, out)


def log10_(input: Tensor) -> Tensor:
    """The logarithm to base 10. Written into `input`."""
    return _apply_inplace(_log10_op, (input,), ())


_log1p_op = _OPS['log1p']


def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """log(1 + x), exact for small elements."""
    made = _apply(_log1p_op, (input,), ())
    return made if out is None else _store(made, out)


def log1p_(input: Tensor) -> Tensor:
    """log(1 + x), exact for small elements. Written into `input`."""
    return _apply_inplace(_log1p_op, (input,), ())


_log2_op = _OPS['log2']


def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 2."""
    made = _apply(_log2_op, (input,), ())
    return made if out is None else _store(made, out)


def log2_(input: Tensor) -> Tensor:
    """The logarithm to base 2. Written into `input`."""
    return _apply_inplace(_log2_op, (input,), ())


_log_softmax_op = _OPS['log_softmax']


def log_softmax(input: Tensor, dim: int | None = None, dtype: DType | None = None, *, axis: Dims = None) -> Tensor:
    """The logarithm of softmax, without overflow."""
    return _apply(_log_softmax_op, (input,), (_ints(_one_of(dim, axis)), _as_dtype(dtype)))


_log_softmax_backward_op = _OPS['log_softmax_backward']


def log_softmax_backward(g: Tensor, out: Tensor, dim: int) -> Tensor:
    """The gradient of log_softmax from its result: g - exp(out) * sum(g)."""
    made = _apply(_log_softmax_backward_op, (g, out), (_ints(dim),))
    return made if out is None else _store(made, out)


_logaddexp_op = _OPS['logaddexp']


def logaddexp(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """log(exp(a) + exp(b)), without overflow."""
    made = _apply(_logaddexp_op, (input, other), ())
    return made if out is None else _store(made, out)


_logcumsumexp_op = _OPS['logcumsumexp']


def logcumsumexp(input: Tensor, dim: int | None = None, *, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The logarithm of the running sum of exponentials."""
    made = _apply(_logcumsumexp_op, (input,), (_ints(_one_of(dim, axis)),))
    return made if out is None else _store(made, out)


_logical_and_op = _OPS['logical_and']


def logical_and(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether both are not zero."""
    made = _apply(_logical_and_op, (input, other), ())
    return made if out is None else _store(made, out)


def logical_and_(input: Operand, other: Operand) -> Tensor:
    """Whether both are not zero. Written into `input`."""
    return _apply_inplace(_logical_and_op, (input, other), ())


_logical_not_op = _OPS['logical_not']


def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are zero."""
    made = _apply(_logical_not_op, (input,), ())
    return made if out is None else _store(made, out)


def logical_not_(input: Tensor) -> Tensor:
    """Whether elements are zero. Written into `input`."""
    return _apply_inplace(_logical_not_op, (input,), ())


_logical_or_op = _OPS['logical_or']


def logical_or(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether either is not zero."""
    made = _apply(_logical_or_op, (input, other), ())
    return made if out is None else _store(made, out)


def logical_or_(input: Operand, other: Operand) -> Tensor:
    """Whether either is not zero. Written into `input`."""
    return _apply_inplace(_logical_or_op, (input, other), ())


_logical_xor_op = _OPS['logical_xor']


def logical_xor(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether exactly one is not zero."""
    made = _apply(_logical_xor_op, (input, other), ())
    return made if out is None else _store(made, out)


def logical_xor_(input: Operand, other: Operand) -> Tensor:
    """Whether exactly one is not zero. Written into `input`."""
    return _apply_inplace(_logical_xor_op, (input, other), ())


_logsigmoid_op = _OPS['logsigmoid']


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without overflow."""
    return _apply(_logsigmoid_op, (input,), ())


_logspace_op = _OPS['logspace']


def logspace(start: Any, end: Any, steps: Any, base: Any, dtype: DType | None, *, session: Session) -> Tensor:
    """`base` to the power of `steps` numbers evenly spread from `start` to `end`."""
    return _apply(_logspace_op, (), (start, end, steps, base, dtype), session)


_logsumexp_op = _OPS['logsumexp']


def logsumexp(input: Tensor, dim: Dims = None, keepdim: bool = False, *, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The logarithm of the sum of exponentials, without overflow."""
    made = _apply(_logsumexp_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims))
    return made if out is None else _store(made, out)


_lstm_op = _OPS['lstm']


def lstm(x: Tensor, h: Tensor, c: Tensor, to_hidden: Tensor, bias: Tensor | None = None, reverse: Any = False) -> tuple[Tensor, ...]:
    """Hidden states, cells and gates at every time, from the input's part of the gates and a state to start from."""
    return _apply_many(_lstm_op, (x, h, c, to_hidden, bias), (reverse,))


_lstm_backward_op = _OPS['lstm_backward']


def lstm_backward(g_hidden: Tensor, g_cells: Tensor, g_gates: Tensor, hidden: Tensor, cells: Tensor, gates: Tensor, h: Tensor, c: Tensor, to_hidden: Tensor, reverse: Any) -> Tensor:
    """What reaches the input's part of the gates, the state at the start, and the weight."""
    return _apply(_lstm_backward_op, (g_hidden, g_cells, g_gates, hidden, cells, gates, h, c, to_hidden), (reverse,))


_lt_op = _OPS['lt']


def lt(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether elements are less."""
    made = _apply(_lt_op, (input, other), ())
    return made if out is None else _store(made, out)


def lt_(input: Operand, other: Operand) -> Tensor:
    """Whether elements are less. Written into `input`."""
    return _apply_inplace(_lt_op, (input, other), ())


_lu_op = _OPS['lu']


def lu(input: Tensor) -> tuple[Tensor, ...]:
    """The order of rows for which input[rows] = L U, L, U, exchanges of rows, and where U's diagonal is first zero."""
    return _apply_many(_lu_op, (input,), ())


_lu_permutation_op = _OPS['lu_permutation']


def lu_permutation(pivots: Tensor, size: Any) -> Tensor:
    """The order of rows after exchanges that count from 1."""
    return _apply(_lu_permutation_op, (pivots,), (size,))


_masked_fill_op = _OPS['masked_fill']


def masked_fill(input: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """`value` where the mask holds, else `input`."""
    return _apply(_masked_fill_op, (input, mask, value), ())


def masked_fill_(input: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """`value` where the mask holds, else `input`. Written into `input`."""
    return _apply_inplace(_masked_fill_op, (input, mask, value), ())


_masked_gather_op = _OPS['masked_gather']


def masked_gather(g: Tensor, mask: Tensor, shape: Sequence[int]) -> Tensor:
    """The elements where the mask holds, in order, then zeros, under a given shape."""
    return _apply(_masked_gather_op, (g, mask), (shape,))


_masked_scatter_op = _OPS['masked_scatter']


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input`, with the elements where the mask holds taken from `source` in order."""
    return _apply(_masked_scatter_op, (input, mask, source), ())


def masked_scatter_(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input`, with the elements where the mask holds taken from `source` in order. Written into `input`."""
    return _apply_inplace(_masked_scatter_op, (input, mask, source), ())


_masked_select_op = _OPS['masked_select']


def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where the mask holds, in one dimension."""
    made = _apply(_masked_select_op, (input, mask), ())
    return made if out is None else _store(made, out)


_matmul_op = _OPS['matmul']


def matmul(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The matrix product; of vectors the dot product; of higher dimensions batches of products."""
    made = _apply(_matmul_op, (input, other), ())
    return made if out is None else _store(made, out)


_max_all_op = _OPS['max_all']


def max_all(input: Tensor) -> Tensor:
    """The greatest of all elements."""
    return _apply(_max_all_op, (input,), ())


_max_dim_op = _OPS['max_dim']


def max_dim(input: Tensor, dim: int, keepdim: bool = False) -> return_types.max:
    """The greatest elements along a dimension, and their (first) indices."""
    return return_types.max(*_apply_many(_max_dim_op, (input,), (_ints(dim), keepdim)))


_max_pool_op = _OPS['max_pool']


def max_pool(input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> tuple[Tensor, ...]:
    """The greatest element of each window, and its index in the flattened plane."""
    return _apply_many(_max_pool_op, (input,), (kernel_size, stride, padding, dilation, ceil_mode))


_max_pool_backward_op = _OPS['max_pool_backward']


def max_pool_backward(g: Tensor, place: Tensor, shape: Sequence[int], kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Tensor:
    """Each window's gradient at the place of its greatest element."""
    return _apply(_max_pool_backward_op, (g, place), (shape, kernel_size, stride, padding, dilation))


_max_pool_pick_op = _OPS['max_pool_pick']


def max_pool_pick(x: Tensor, place: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Tensor:
    """The element at the given place of each window."""
    return _apply(_max_pool_pick_op, (x, place), (kernel_size, stride, padding, dilation))


_max_pool_places_op = _OPS['max_pool_places']


def max_pool_places(input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> tuple[Tensor, ...]:
    """The greatest element of each window, and the number of its place in the window."""
    return _apply_many(_max_pool_places_op, (input,), (kernel_size, stride, padding, dilation, ceil_mode))


_maximum_op = _OPS['maximum']


def maximum(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The greater of two elements; NaN if either is."""
    made = _apply(_maximum_op, (input, other), ())
    return made if out is None else _store(made, out)


_mean_op = _OPS['mean']


def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The mean over dimensions, or of everything; NaN of nothing."""
    made = _apply(_mean_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims, _as_dtype(dtype)))
    return made if out is None else _store(made, out)


_median_all_op = _OPS['median_all']


def median_all(input: Tensor) -> Tensor:
    """The lower median of all elements."""
    return _apply(_median_all_op, (input,), ())


_median_dim_op = _OPS['median_dim']


def median_dim(input: Tensor, dim: int, keepdim: bool = False) -> return_types.median:
    """The lower medians along a dimension, and their indices."""
    return return_types.median(*_apply_many(_median_dim_op, (input,), (_ints(dim), keepdim)))


_min_all_op = _OPS['min_all']


def min_all(input: Tensor) -> Tensor:
    """The least of all elements."""
    return _apply(_min_all_op, (input,), ())


_min_dim_op = _OPS['min_dim']


def min_dim(input: Tensor, dim: int, keepdim: bool = False) -> return_types.min:
    """The least elements along a dimension, and their (first) indices."""
    return return_types.min(*_apply_many(_min_dim_op, (input,), (_ints(dim), keepdim)))


_minimum_op = _OPS['minimum']


def minimum(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The less of two elements; NaN if either is."""
    made = _apply(_minimum_op, (input, other), ())
    return made if out is None else _store(made, out)


_mish_op = _OPS['mish']


def mish(input: Tensor) -> Tensor:
    """`x` times tanh(softplus(x))."""
    return _apply(_mish_op, (input,), ())


def mish_(input: Tensor) -> Tensor:
    """`x` times tanh(softplus(x)). Written into `input`."""
    return _apply_inplace(_mish_op, (input,), ())


_mm_op = _OPS['mm']


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices."""
    made = _apply(_mm_op, (input, mat2), ())
    return made if out is None else _store(made, out)


_mode_op = _OPS['mode']


def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, axis: Dims = None, out: tuple[Tensor, ...] | None = None) -> return_types.mode:
    """The most frequent elements along a dimension, the least of equally frequent ones, and the last index of each."""
    made = return_types.mode(*_apply_many(_mode_op, (input,), (_ints(dim if axis is None else axis), keepdim)))
    return made if out is None else _store_all(made, out)


_modified_bessel_k0_op = _OPS['modified_bessel_k0']


def modified_bessel_k0(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind, of order 0."""
    return _apply(_modified_bessel_k0_op, (input,), ())


_modified_bessel_k1_op = _OPS['modified_bessel_k1']


def modified_bessel_k1(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind, of order 1."""
    return _apply(_modified_bessel_k1_op, (input,), ())


_mse_loss_op = _OPS['mse_loss']


def mse_loss(input: Tensor, target: Tensor, reduction: str = 'mean') -> Tensor:
    """The squared difference."""
    return _apply(_mse_loss_op, (input, target), (reduction,))


_mul_op = _OPS['mul']


def mul(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The product."""
    made = _apply(_mul_op, (input, other), ())
    return made if out is None else _store(made, out)


def mul_(input: Operand, other: Operand) -> Tensor:
    """The product. Written into `input`."""
    return _apply_inplace(_mul_op, (input, other), ())


_multinomial_op = _OPS['multinomial']


def multinomial(input: Tensor, seed: Operand, offset: Operand, num_samples: int, replacement: bool) -> Tensor:
    """Indices drawn in proportion to each row: by exponential races, or with replacement by the inverse of the sums."""
    return _apply(_multinomial_op, (input, seed, offset), (num_samples, replacement))


_mv_op = _OPS['mv']


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix and a vector."""
    made = _apply(_mv_op, (input, vec), ())
    return made if out is None else _store(made, out)


_nadam_step_op = _OPS['nadam_step_']


def nadam_step_(params: Sequence[Tensor], grads: Sequence[Tensor], exp_avgs: Sequence[Tensor], exp_avg_sqs: Sequence[Tensor], lr: Operand, gradient_size: Operand, mean_size: Operand, correction: Operand, beta1: Any, beta2: Any, eps: float, weight_decay: Any, decoupled: Any, maximize: Any) -> None:
    """One step of NAdam: a step along the gradient and one along its running mean, of the given sizes."""
    _apply_mutation(_nadam_step_op, (params, grads, exp_avgs, exp_avg_sqs, lr, gradient_size, mean_size, correction), (beta1, beta2, eps, weight_decay, decoupled, maximize))


_nan_to_num_op = _OPS['nan_to_num']


def nan_to_num(input: Tensor, nan: Any = 0.0, posinf: Any = None, neginf: Any = None, *, out: Tensor | None = None) -> Tensor:
    """NaN and infinities replaced by numbers; by the dtype's limits where none are given."""
    made = _apply(_nan_to_num_op, (input,), (nan, posinf, neginf))
    return made if out is None else _store(made, out)


def nan_to_num_(input: Tensor, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """NaN and infinities replaced by numbers; by the dtype's limits where none are given. Written into `input`."""
    return _apply_inplace(_nan_to_num_op, (input,), (nan, posinf, neginf))


_nanmean_op = _OPS['nanmean']


def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The mean of the elements that are not NaN."""
    made = _apply(_nanmean_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims, _as_dtype(dtype)))
    return made if out is None else _store(made, out)


_nanmedian_dim_op = _OPS['nanmedian_dim']


def nanmedian_dim(input: Tensor, dim: int, keepdim: bool = False) -> return_types.nanmedian:
    """The lower medians of the numbers along a dimension, and their indices; NaN where there is none."""
    return return_types.nanmedian(*_apply_many(_nanmedian_dim_op, (input,), (_ints(dim), keepdim)))


_nansum_op = _OPS['nansum']


def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The sum of the elements that are not NaN."""
    made = _apply(_nansum_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims, _as_dtype(dtype)))
    return made if out is None else _store(made, out)


_ne_op = _OPS['ne']


def ne(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether elements differ."""
    made = _apply(_ne_op, (input, other), ())
    return made if out is None else _store(made, out)


def ne_(input: Operand, other: Operand) -> Tensor:
    """Whether elements differ. Written into `input`."""
    return _apply_inplace(_ne_op, (input, other), ())


_neg_op = _OPS['neg']


def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The negative."""
    made = _apply(_neg_op, (input,), ())
    return made if out is None else _store(made, out)


def neg_(input: Tensor) -> Tensor:
    """The negative. Written into `input`."""
    return _apply_inplace(_neg_op, (input,), ())


_nextafter_op = _OPS['nextafter']


def nextafter(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The next number that the dtype has after `input`, towards `other`."""
    made = _apply(_nextafter_op, (input, other), ())
    return made if out is None else _store(made, out)


def nextafter_(input: Operand, other: Operand) -> Tensor:
    """The next number that the dtype has after `input`, towards `other`. Written into `input`."""
    return _apply_inplace(_nextafter_op, (input, other), ())


_nll_backward_op = _OPS['nll_backward']


def nll_backward(g: Tensor, target: Tensor, weight: Tensor | None = None, *, shape: Sequence[int], reduction: str, ignore_index: int) -> Tensor:
    """The gradient of nll_loss, which does not depend on its input."""
    return _apply(_nll_backward_op, (g, target, weight), (shape, reduction, ignore_index))


_nll_loss_op = _OPS['nll_loss']


def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = 'mean', ignore_index: int = -100) -> Tensor:
    """The negative log-probability of the target class."""
    return _apply(_nll_loss_op, (input, target, weight), (reduction, ignore_index))


_nonzero_op = _OPS['nonzero']


def nonzero(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The indices of the elements that are not zero, one row each."""
    made = _apply(_nonzero_op, (input,), ())
    return made if out is None else _store(made, out)


_normal_op = _OPS['normal']


def normal(input: Tensor, seed: Operand, offset: Operand, mean: Any, std: Any) -> Tensor:
    """Normal numbers, in the shape of `input`."""
    return _apply(_normal_op, (input, seed, offset), (mean, std))


def normal_(input: Tensor, seed: Operand, offset: Operand, mean: Any, std: Any) -> Tensor:
    """Normal numbers, in the shape of `input`. Written into `input`."""
    return _apply_inplace(_normal_op, (input, seed, offset), (mean, std))


_one_hot_op = _OPS['one_hot']


def one_hot(input: Tensor, num_classes: Any) -> Tensor:
    """1 where the new last dimension's position is the value, else 0, as int64."""
    return _apply(_one_hot_op, (input,), (num_classes,))


_ones_op = _OPS['ones']


def ones(shape: Sequence[int], dtype: DType | None, *, session: Session) -> Tensor:
    """Ones."""
    return _apply(_ones_op, (), (shape, dtype), session)


_outer_op = _OPS['outer']


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """All products of the elements of two vectors."""
    made = _apply(_outer_op, (input, vec2), ())
    return made if out is None else _store(made, out)


_pad_backward_op = _OPS['pad_backward']


def pad_backward(g: Tensor, shape: Sequence[int], pad: Any, mode: str) -> Tensor:
    """The gradient of a mirrored, repeated or circular border."""
    return _apply(_pad_backward_op, (g,), (shape, pad, mode))


_permute_op = _OPS['permute']


def permute(input: Tensor, dims: Sizes) -> Tensor:
    """The dimensions in another order."""
    return _apply(_permute_op, (input,), (_ints(dims),))


_poisson_op = _OPS['poisson']


def poisson(input: Tensor, seed: Operand, offset: Operand) -> Tensor:
    """Poisson distributed numbers of these rates."""
    return _apply(_poisson_op, (input, seed, offset), ())


_polygamma_op = _OPS['polygamma']


def polygamma(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of digamma, (-1)^(n + 1) n! zeta(n + 1, x)."""
    made = _apply(_polygamma_op, (input,), (n,))
    return made if out is None else _store(made, out)


def polygamma_(input: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma, (-1)^(n + 1) n! zeta(n + 1, x). Written into `input`."""
    return _apply_inplace(_polygamma_op, (input,), (n,))


_pow_op = _OPS['pow']


def pow(input: Operand, exponent: Operand, *, out: Tensor | None = None) -> Tensor:
    """`input` to the power of `exponent`."""
    made = _apply(_pow_op, (input, exponent), ())
    return made if out is None else _store(made, out)


def pow_(input: Operand, exponent: Operand) -> Tensor:
    """`input` to the power of `exponent`. Written into `input`."""
    return _apply_inplace(_pow_op, (input, exponent), ())


_prelu_op = _OPS['prelu']


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """The element where it is positive, a learnt slope (one, or one for each channel) times it elsewhere."""
    return _apply(_prelu_op, (input, weight), ())


_prod_op = _OPS['prod']


def prod(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The product along a dimension, or of everything."""
    made = _apply(_prod_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims, _as_dtype(dtype)))
    return made if out is None else _store(made, out)


_product_of_others_op = _OPS['product_of_others']


def product_of_others(input: Tensor, dim: int) -> Tensor:
    """For each element the product of all others along a dimension: right also where elements are zero."""
    return _apply(_product_of_others_op, (input,), (_ints(dim),))


_put_op = _OPS['put']


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with source elements written, or added, at positions of the flattened input."""
    return _apply(_put_op, (input, index, source), (accumulate,))


def put_(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with source elements written, or added, at positions of the flattened input. Written into `input`."""
    return _apply_inplace(_put_op, (input, index, source), (accumulate,))


_qr_op = _OPS['qr']


def qr(input: Tensor, mode: str = 'reduced', *, out: tuple[Tensor, ...] | None = None) -> return_types.linalg_qr:
    """An orthogonal Q and an upper triangular R with Q R = input."""
    made = return_types.linalg_qr(*_apply_many(_qr_op, (input,), (mode,)))
    return made if out is None else _store_all(made, out)


_rad2deg_op = _OPS['rad2deg']


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians as degrees."""
    made = _apply(_rad2deg_op, (input,), ())
    return made if out is None else _store(made, out)


def rad2deg_(input: Tensor) -> Tensor:
    """Radians as degrees. Written into `input`."""
    return _apply_inplace(_rad2deg_op, (input,), ())


_radam_step_op = _OPS['radam_step_']


def radam_step_(params: Sequence[Tensor], grads: Sequence[Tensor], exp_avgs: Sequence[Tensor], exp_avg_sqs: Sequence[Tensor], lr: Operand, correction: Operand, rectification: Operand, beta1: Any, beta2: Any, eps: float, weight_decay: Any, decoupled: Any, maximize: Any) -> None:
    """One step of RAdam; `rectification` 0 means a step that is not adaptive."""
    _apply_mutation(_radam_step_op, (params, grads, exp_avgs, exp_avg_sqs, lr, correction, rectification), (beta1, beta2, eps, weight_decay, decoupled, maximize))


_rand_op = _OPS['rand']


def rand(seed: Operand, offset: Operand, shape: Sequence[int], dtype: DType | None, *, session: Session) -> Tensor:
    """Uniform numbers in [0, 1)."""
    return _apply(_rand_op, (seed, offset), (shape, dtype), session)


_randint_op = _OPS['randint']


def randint(seed: Operand, offset: Operand, low: Any, high: Any, shape: Sequence[int], dtype: DType | None, *, session: Session) -> Tensor:
    """Integers from `low` up to, not including, `high`."""
    return _apply(_randint_op, (seed, offset), (low, high, shape, dtype), session)


_randn_op = _OPS['randn']


def randn(seed: Operand, offset: Operand, shape: Sequence[int], dtype: DType | None, *, session: Session) -> Tensor:
    """Standard normal numbers."""
    return _apply(_randn_op, (seed, offset), (shape, dtype), session)


_random_op = _OPS['random']


def random(input: Tensor, seed: Operand, offset: Operand, low: Any, high: Any) -> Tensor:
    """Integers from `low` up to, not including, `high`, in the shape and dtype of `input`."""
    return _apply(_random_op, (input, seed, offset), (low, high))


def random_(input: Tensor, seed: Operand, offset: Operand, low: Any, high: Any) -> Tensor:
    """Integers from `low` up to, not including, `high`, in the shape and dtype of `input`. Written into `input`."""
    return _apply_inplace(_random_op, (input, seed, offset), (low, high))


_randperm_op = _OPS['randperm']


def randperm(seed: Operand, offset: Operand, n: int, dtype: DType | None, *, session: Session) -> Tensor:
    """The integers below n in random order."""
    return _apply(_randperm_op, (seed, offset), (n, dtype), session)


_real_op = _OPS['real']


def real(input: Tensor) -> Tensor:
    """The real parts, sharing memory."""
    return _apply(_real_op, (input,), ())


_reciprocal_op = _OPS['reciprocal']


def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One divided by each element."""
    made = _apply(_reciprocal_op, (input,), ())
    return made if out is None else _store(made, out)


def reciprocal_(input: Tensor) -> Tensor:
    """One divided by each element. Written into `input`."""
    return _apply_inplace(_reciprocal_op, (input,), ())


_reflection_pad_op = _OPS['reflection_pad']


def reflection_pad(input: Tensor, pad: Any) -> Tensor:
    """A border that mirrors the inside without repeating the edge."""
    return _apply(_reflection_pad_op, (input,), (pad,))


_relu_op = _OPS['relu']


def relu(input: Tensor) -> Tensor:
    """The positive part."""
    return _apply(_relu_op, (input,), ())


def relu_(input: Tensor) -> Tensor:
    """The positive part. Written into `input`."""
    return _apply_inplace(_relu_op, (input,), ())


_relu6_op = _OPS['relu6']


def relu6(input: Tensor) -> Tensor:
    """Bounded between 0 and 6."""
    return _apply(_relu6_op, (input,), ())


def relu6_(input: Tensor) -> Tensor:
    """Bounded between 0 and 6. Written into `input`."""
    return _apply_inplace(_relu6_op, (input,), ())


_relu_backward_op = _OPS['relu_backward']


def relu_backward(g: Tensor, out: Tensor) -> Tensor:
    """`g` where `out` is positive."""
    made = _apply(_relu_backward_op, (g, out), ())
    return made if out is None else _store(made, out)


_remainder_op = _OPS['remainder']


def remainder(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The remainder of division rounded down: it has the divisor's sign, and a zero that of the dividend."""
    made = _apply(_remainder_op, (input, other), ())
    return made if out is None else _store(made, out)


def remainder_(input: Operand, other: Operand) -> Tensor:
    """The remainder of division rounded down: it has the divisor's sign, and a zero that of the dividend. Written into `input`."""
    return _apply_inplace(_remainder_op, (input, other), ())


_repeat_op = _OPS['repeat']


def repeat(input: Tensor, repeats: Any) -> Tensor:
    """The tensor laid side by side, `repeats` times along each dimension."""
    return _apply(_repeat_op, (input,), (repeats,))


_repeat_interleave_op = _OPS['repeat_interleave']


def repeat_interleave(input: Tensor, repeats: Any, dim: Dims = None) -> Tensor:
    """Each element (or each position of `dim`) repeated in place."""
    return _apply(_repeat_interleave_op, (input,), (repeats, _ints(dim)))


_replication_pad_op = _OPS['replication_pad']


def replication_pad(input: Tensor, pad: Any) -> Tensor:
    """A border that repeats the edge."""
    return _apply(_replication_pad_op, (input,), (pad,))


_required_op = _OPS['required']


def required(input: Tensor, holds: Tensor, message: Any) -> Tensor:
    """A copy of the input; ArgumentError with the message, later on a GPU, unless all of `holds` is true."""
    return _apply(_required_op, (input, holds), (message,))


_reshape_op = _OPS['reshape']


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements under another shape, copied."""
    return _apply(_reshape_op, (input,), (shape,))


_rms_norm_op = _OPS['rms_norm']


def rms_norm(input: Tensor, weight: Tensor | None = None, *, normalized_shape: Sequence[int], eps: float | None = None) -> Tensor:
    """Divided by the root of the mean square over the last dimensions, then scaled."""
    return _apply(_rms_norm_op, (input, weight), (normalized_shape, eps))


_rmsprop_step_op = _OPS['rmsprop_step_']


def rmsprop_step_(params: Sequence[Tensor], grads: Sequence[Tensor], square_avgs: Sequence[Tensor], grad_avgs: Sequence[Tensor], momentum_buffers: Sequence[Tensor], lr: Operand, alpha: Scalar, eps: float, weight_decay: Any, momentum: Any, centered: Any, maximize: Any) -> None:
    """One step of RMSprop."""
    _apply_mutation(_rmsprop_step_op, (params, grads, square_avgs, grad_avgs, momentum_buffers, lr), (alpha, eps, weight_decay, momentum, centered, maximize))


_roll_op = _OPS['roll']


def roll(input: Tensor, shifts: Any, dims: Sizes | None = None) -> Tensor:
    """Elements moved around the end of a dimension; over the flattened tensor without `dims`."""
    return _apply(_roll_op, (input,), (_ints(shifts), _ints(dims)))


_rot90_op = _OPS['rot90']


def rot90(input: Tensor, k: int = 1, dims: Sizes = (0, 1)) -> Tensor:
    """The plane of two dimensions turned by `k` quarters."""
    return _apply(_rot90_op, (input,), (k, _ints(dims)))


_round_op = _OPS['round']


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """To the nearest integer (or decimal place), halves to even."""
    made = _apply(_round_op, (input,), (decimals,))
    return made if out is None else _store(made, out)


def round_(input: Tensor, *, decimals: int = 0) -> Tensor:
    """To the nearest integer (or decimal place), halves to even. Written into `input`."""
    return _apply_inplace(_round_op, (input,), (decimals,))


_rsqrt_op = _OPS['rsqrt']


def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One divided by the square root."""
    made = _apply(_rsqrt_op, (input,), ())
    return made if out is None else _store(made, out)


def rsqrt_(input: Tensor) -> Tensor:
    """One divided by the square root. Written into `input`."""
    return _apply_inplace(_rsqrt_op, (input,), ())


_scale_all_op = _OPS['scale_all_']


def scale_all_(tensors: Sequence[Tensor], factor: Operand) -> None:
    """Multiply every tensor by one number, or by a tensor of one element."""
    _apply_mutation(_scale_all_op, (tensors, factor), ())


_scaled_dot_product_attention_op = _OPS['scaled_dot_product_attention']


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Operand, attn_mask: Tensor | None = None, is_causal: bool = False, scale: Any = None) -> Tensor:
    """softmax(query key^T * scale + mask) value. Zeros for rows that see nothing."""
    return _apply(_scaled_dot_product_attention_op, (query, key, value, attn_mask), (is_causal, scale))


_scaled_modified_bessel_k0_op = _OPS['scaled_modified_bessel_k0']


def scaled_modified_bessel_k0(x: Tensor) -> Tensor:
    """`modified_bessel_k0(x)` times `exp(x)`."""
    return _apply(_scaled_modified_bessel_k0_op, (x,), ())


_scaled_modified_bessel_k1_op = _OPS['scaled_modified_bessel_k1']


def scaled_modified_bessel_k1(x: Tensor) -> Tensor:
    """`modified_bessel_k1(x)` times `exp(x)`."""
    return _apply(_scaled_modified_bessel_k1_op, (x,), ())


_scatter_op = _OPS['scatter']


def scatter(input: Tensor, index: Tensor, src: Tensor, dim: int | None = None, reduce: str | None = None, *, axis: Dims = None) -> Tensor:
    """`input` with elements of `src`, or one number, written at positions along a dimension."""
    return _apply(_scatter_op, (input, index, src), (_ints(_one_of(dim, axis)), reduce))


def scatter_(input: Tensor, index: Tensor, src: Tensor, dim: int | None = None, reduce: str | None = None, *, axis: Dims = None) -> Tensor:
    """`input` with elements of `src`, or one number, written at positions along a dimension. Written into `input`."""
    return _apply_inplace(_scatter_op, (input, index, src), (_ints(_one_of(dim, axis)), reduce))


_scatter_add_op = _OPS['scatter_add']


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with elements of `src` added at positions along a dimension, counting duplicates."""
    return _apply(_scatter_add_op, (input, index, src), (_ints(dim),))


def scatter_add_(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with elements of `src` added at positions along a dimension, counting duplicates. Written into `input`."""
    return _apply_inplace(_scatter_add_op, (input, index, src), (_ints(dim),))


_scatter_reduce_op = _OPS['scatter_reduce']


def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str | None, *, include_self: bool = True) -> Tensor:
    """`input` combined with elements of `src` at positions along a dimension: sum, prod, mean, amax or amin."""
    return _apply(_scatter_reduce_op, (input, index, src), (reduce, _ints(dim), include_self))


def scatter_reduce_(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str | None, *, include_self: bool = True) -> Tensor:
    """`input` combined with elements of `src` at positions along a dimension: sum, prod, mean, amax or amin. Written into `input`."""
    return _apply_inplace(_scatter_reduce_op, (input, index, src), (reduce, _ints(dim), include_self))


_searchsorted_op = _OPS['searchsorted']


def searchsorted(sorted_sequence: Tensor, input: Tensor, right: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Where elements would be inserted into a sorted sequence (or into its rows) to keep it sorted."""
    made = _apply(_searchsorted_op, (sorted_sequence, input), (right,))
    return made if out is None else _store(made, out)


_select_op = _OPS['select']


def select(input: Tensor, dim: int, index: Any) -> Tensor:
    """One position of a dimension, which goes away."""
    return _apply(_select_op, (input,), (_ints(dim), index))


_selu_op = _OPS['selu']


def selu(input: Tensor) -> Tensor:
    """The self-normalising exponential unit."""
    return _apply(_selu_op, (input,), ())


def selu_(input: Tensor) -> Tensor:
    """The self-normalising exponential unit. Written into `input`."""
    return _apply_inplace(_selu_op, (input,), ())


_settle_op = _OPS['settle']


def settle(input: Tensor, place: Tensor) -> Tensor:
    """The memory of `input`, in the place in the graph of `place`."""
    return _apply(_settle_op, (input, place), ())


_sgd_step_op = _OPS['sgd_step_']


def sgd_step_(params: Sequence[Tensor], grads: Sequence[Tensor], momentum_buffers: Sequence[Tensor], lr: Operand, first: Operand, momentum: Any, dampening: Any, weight_decay: Any, nesterov: Any, maximize: Any) -> None:
    """One step of stochastic gradient descent; `first` is 1 when the momentum buffers are new."""
    _apply_mutation(_sgd_step_op, (params, grads, momentum_buffers, lr, first), (momentum, dampening, weight_decay, nesterov, maximize))


_sgn_op = _OPS['sgn']


def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sign; of complex numbers the direction, z / |z|."""
    made = _apply(_sgn_op, (input,), ())
    return made if out is None else _store(made, out)


def sgn_(input: Tensor) -> Tensor:
    """The sign; of complex numbers the direction, z / |z|. Written into `input`."""
    return _apply_inplace(_sgn_op, (input,), ())


_shifted_chebyshev_polynomial_t_op = _OPS['shifted_chebyshev_polynomial_t']


def shifted_chebyshev_polynomial_t(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the first kind, of 2 x - 1) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_shifted_chebyshev_polynomial_t_op, (x, n), ())


_shifted_chebyshev_polynomial_u_op = _OPS['shifted_chebyshev_polynomial_u']


def shifted_chebyshev_polynomial_u(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the second kind, of 2 x - 1) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_shifted_chebyshev_polynomial_u_op, (x, n), ())


_shifted_chebyshev_polynomial_v_op = _OPS['shifted_chebyshev_polynomial_v']


def shifted_chebyshev_polynomial_v(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the third kind, of 2 x - 1) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_shifted_chebyshev_polynomial_v_op, (x, n), ())


_shifted_chebyshev_polynomial_w_op = _OPS['shifted_chebyshev_polynomial_w']


def shifted_chebyshev_polynomial_w(x: Tensor, n: Tensor) -> Tensor:
    """The Chebyshev (of the fourth kind, of 2 x - 1) polynomial of degree `n`: cut to an integer; 0 for a negative one."""
    return _apply(_shifted_chebyshev_polynomial_w_op, (x, n), ())


_sigmoid_op = _OPS['sigmoid']


def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 / (1 + exp(-x))."""
    made = _apply(_sigmoid_op, (input,), ())
    return made if out is None else _store(made, out)


def sigmoid_(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)). Written into `input`."""
    return _apply_inplace(_sigmoid_op, (input,), ())


_sigmoid_backward_op = _OPS['sigmoid_backward']


def sigmoid_backward(g: Tensor, out: Tensor) -> Tensor:
    """The gradient of sigmoid from its result, g * out * (1 - out)."""
    made = _apply(_sigmoid_backward_op, (g, out), ())
    return made if out is None else _store(made, out)


_sign_op = _OPS['sign']


def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-1, 0 or 1; 0 for NaN."""
    made = _apply(_sign_op, (input,), ())
    return made if out is None else _store(made, out)


def sign_(input: Tensor) -> Tensor:
    """-1, 0 or 1; 0 for NaN. Written into `input`."""
    return _apply_inplace(_sign_op, (input,), ())


_silu_op = _OPS['silu']


def silu(input: Tensor) -> Tensor:
    """`x` times sigmoid(x)."""
    return _apply(_silu_op, (input,), ())


def silu_(input: Tensor) -> Tensor:
    """`x` times sigmoid(x). Written into `input`."""
    return _apply_inplace(_silu_op, (input,), ())


_silu_backward_op = _OPS['silu_backward']


def silu_backward(g: Tensor, input: Tensor) -> Tensor:
    """The gradient of silu in one pass over its input."""
    return _apply(_silu_backward_op, (g, input), ())


_sin_op = _OPS['sin']


def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sine."""
    made = _apply(_sin_op, (input,), ())
    return made if out is None else _store(made, out)


def sin_(input: Tensor) -> Tensor:
    """The sine. Written into `input`."""
    return _apply_inplace(_sin_op, (input,), ())


_sinh_op = _OPS['sinh']


def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic sine."""
    made = _apply(_sinh_op, (input,), ())
    return made if out is None else _store(made, out)


def sinh_(input: Tensor) -> Tensor:
    """The hyperbolic sine. Written into `input`."""
    return _apply_inplace(_sinh_op, (input,), ())


_slice_op = _OPS['slice']


def slice(input: Tensor, dim: int, start: Any, end: Any, step: Any = 1) -> Tensor:
    """Every `step`-th position from `start` up to `end` of a dimension."""
    return _apply(_slice_op, (input,), (_ints(dim), start, end, step))


_slogdet_op = _OPS['slogdet']


def slogdet(input: Tensor) -> return_types.slogdet:
    """The determinant's sign and the logarithm of its absolute value."""
    return return_types.slogdet(*_apply_many(_slogdet_op, (input,), ()))


_smooth_l1_loss_op = _OPS['smooth_l1_loss']


def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = 'mean', beta: Scalar = 1.0) -> Tensor:
    """Squared below `beta`, absolute above."""
    return _apply(_smooth_l1_loss_op, (input, target), (reduction, beta))


_softmax_op = _OPS['softmax']


def softmax(input: Tensor, dim: int | None = None, dtype: DType | None = None, *, axis: Dims = None) -> Tensor:
    """exp(x) over its sum along a dimension."""
    return _apply(_softmax_op, (input,), (_ints(_one_of(dim, axis)), _as_dtype(dtype)))


_softmax_backward_op = _OPS['softmax_backward']


def softmax_backward(g: Tensor, out: Tensor, dim: int) -> Tensor:
    """The gradient of softmax from its result: out * (g - sum(g * out))."""
    made = _apply(_softmax_backward_op, (g, out), (_ints(dim),))
    return made if out is None else _store(made, out)


_softplus_op = _OPS['softplus']


def softplus(input: Tensor, beta: Scalar = 1.0, threshold: Any = 20.0) -> Tensor:
    """log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold."""
    return _apply(_softplus_op, (input,), (beta, threshold))


_softshrink_op = _OPS['softshrink']


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Pulled towards zero by `lambd`, zero within it."""
    return _apply(_softshrink_op, (input,), (lambd,))


_solve_op = _OPS['solve']


def solve(A: Tensor, B: Tensor) -> Tensor:
    """`X` with A X = B. LinAlgError for a singular A."""
    return _apply(_solve_op, (A, B), ())


_sort_op = _OPS['sort']


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False, axis: Dims = None, out: tuple[Tensor, ...] | None = None) -> return_types.sort:
    """The elements in order along a dimension, and where they were."""
    made = return_types.sort(*_apply_many(_sort_op, (input,), (_ints(dim if axis is None else axis), descending, stable)))
    return made if out is None else _store_all(made, out)


_spherical_bessel_j0_op = _OPS['spherical_bessel_j0']


def spherical_bessel_j0(x: Tensor) -> Tensor:
    """The spherical Bessel function of the first kind, of order 0: `sin(x) / x`, 1 at 0 and 0 at infinity."""
    return _apply(_spherical_bessel_j0_op, (x,), ())


_split_op = _OPS['split']


def split(input: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive parts of a dimension: all of one size, or of the given sizes."""
    return _apply_many(_split_op, (input,), (split_size, _ints(dim)))


_sqrt_op = _OPS['sqrt']


def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square root."""
    made = _apply(_sqrt_op, (input,), ())
    return made if out is None else _store(made, out)


def sqrt_(input: Tensor) -> Tensor:
    """The square root. Written into `input`."""
    return _apply_inplace(_sqrt_op, (input,), ())


_square_op = _OPS['square']


def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element times itself."""
    made = _apply(_square_op, (input,), ())
    return made if out is None else _store(made, out)


def square_(input: Tensor) -> Tensor:
    """Each element times itself. Written into `input`."""
    return _apply_inplace(_square_op, (input,), ())


_squeeze_op = _OPS['squeeze']


def squeeze(input: Tensor, dim: Dims = None, *, axis: Dims = None) -> Tensor:
    """Without the dimensions of size 1, or without those among `dim`."""
    return _apply(_squeeze_op, (input,), (_ints(dim if axis is None else axis),))


_stack_op = _OPS['stack']


def stack(tensors: Sequence[Tensor], dim: int = 0, *, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The tensors joined along a new dimension."""
    made = _apply(_stack_op, (tensors,), (_ints(dim if axis is None else axis),))
    return made if out is None else _store(made, out)


_standard_gamma_op = _OPS['standard_gamma']


def standard_gamma(input: Tensor, seed: Operand, offset: Operand) -> Tensor:
    """Gamma distributed numbers of these shapes and rate 1."""
    return _apply(_standard_gamma_op, (input, seed, offset), ())


_standard_gamma_grad_op = _OPS['standard_gamma_grad']


def standard_gamma_grad(input: Tensor, sample: Tensor) -> Tensor:
    """How fast a gamma distributed number grows with its shape, at a fixed quantile: - (dP / da) / (dP / dx)."""
    return _apply(_standard_gamma_grad_op, (input, sample), ())


_std_op = _OPS['std']


def std(input: Tensor, dim: Dims = None, correction: Any = 1, keepdim: bool = False, *, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The standard deviation: the root of the variance."""
    made = _apply(_std_op, (input,), (_ints(dim if axis is None else axis), correction, keepdim))
    return made if out is None else _store(made, out)


_std_mean_op = _OPS['std_mean']


def std_mean(input: Tensor, dim: Dims = None, correction: Any = 1, keepdim: bool = False, *, axis: Dims = None) -> tuple[Tensor, ...]:
    """The standard deviation and the mean."""
    return _apply_many(_std_mean_op, (input,), (_ints(dim if axis is None else axis), correction, keepdim))


_sub_op = _OPS['sub']


def sub(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The difference `input - other`."""
    made = _apply(_sub_op, (input, other), ())
    return made if out is None else _store(made, out)


def sub_(input: Operand, other: Operand) -> Tensor:
    """The difference `input - other`. Written into `input`."""
    return _apply_inplace(_sub_op, (input, other), ())


_sum_op = _OPS['sum']


def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None, keepdims: bool | None = None, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The sum over dimensions, or of everything; of integers in int64."""
    made = _apply(_sum_op, (input,), (_ints(dim if axis is None else axis), keepdim if keepdims is None else keepdims, _as_dtype(dtype)))
    return made if out is None else _store(made, out)


_sum_to_op = _OPS['sum_to']


def sum_to(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The sum over the dimensions that broadcasting `shape` to the input's shape would add or stretch."""
    return _apply(_sum_to_op, (input,), (shape,))


_svd_op = _OPS['svd']


def svd(input: Tensor, full_matrices: bool = True) -> return_types.linalg_svd:
    """U, the singular values in falling order, and V transposed."""
    return return_types.linalg_svd(*_apply_many(_svd_op, (input,), (full_matrices,)))


_take_op = _OPS['take']


def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elements at positions of the flattened input, in the index's shape."""
    made = _apply(_take_op, (input, index), ())
    return made if out is None else _store(made, out)


_take_along_dim_op = _OPS['take_along_dim']


def take_along_dim(input: Tensor, indices: Tensor, dim: Dims = None, *, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """Elements at positions along a dimension, one per element of `indices`; of the flattened input for None."""
    made = _apply(_take_along_dim_op, (input, indices), (_ints(dim if axis is None else axis),))
    return made if out is None else _store(made, out)


_tan_op = _OPS['tan']


def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tangent."""
    made = _apply(_tan_op, (input,), ())
    return made if out is None else _store(made, out)


def tan_(input: Tensor) -> Tensor:
    """The tangent. Written into `input`."""
    return _apply_inplace(_tan_op, (input,), ())


_tanh_op = _OPS['tanh']


def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic tangent."""
    made = _apply(_tanh_op, (input,), ())
    return made if out is None else _store(made, out)


def tanh_(input: Tensor) -> Tensor:
    """The hyperbolic tangent. Written into `input`."""
    return _apply_inplace(_tanh_op, (input,), ())


_tanh_backward_op = _OPS['tanh_backward']


def tanh_backward(g: Tensor, out: Tensor) -> Tensor:
    """The gradient of tanh from its result, g * (1 - out * out)."""
    made = _apply(_tanh_backward_op, (g, out), ())
    return made if out is None else _store(made, out)


_threshold_op = _OPS['threshold']


def threshold(input: Tensor, threshold: Any, value: Any) -> Tensor:
    """The element where it is above the threshold, else `value`."""
    return _apply(_threshold_op, (input,), (threshold, value))


def threshold_(input: Tensor, threshold: Any, value: Any) -> Tensor:
    """The element where it is above the threshold, else `value`. Written into `input`."""
    return _apply_inplace(_threshold_op, (input,), (threshold, value))


_to_op = _OPS['to']


def to(input: Tensor, dtype: DType | None) -> Tensor:
    """A copy with another dtype."""
    return _apply(_to_op, (input,), (dtype,))


_topk_op = _OPS['topk']


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, axis: Dims = None, out: tuple[Tensor, ...] | None = None) -> return_types.topk:
    """The k greatest (or least) elements along a dimension, in order, and their indices."""
    made = return_types.topk(*_apply_many(_topk_op, (input,), (k, _ints(dim if axis is None else axis), largest, sorted)))
    return made if out is None else _store_all(made, out)


_total_norm_op = _OPS['total_norm']


def total_norm(tensors: Sequence[Tensor], ord: Any = 2.0) -> Tensor:
    """The norm of all tensors as if they were one vector: the norm of their norms."""
    return _apply(_total_norm_op, (tensors,), (ord,))


_transpose_op = _OPS['transpose']


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    return _apply(_transpose_op, (input,), (dim0, dim1))


_tril_op = _OPS['tril']


def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The elements on and below a diagonal of each matrix, zeros above."""
    made = _apply(_tril_op, (input,), (diagonal,))
    return made if out is None else _store(made, out)


def tril_(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and below a diagonal of each matrix, zeros above. Written into `input`."""
    return _apply_inplace(_tril_op, (input,), (diagonal,))


_tril_indices_op = _OPS['tril_indices']


def tril_indices(row: Any, col: Any, offset: int = 0, dtype: DType | None = _dtypes.int64, *, session: Session) -> Tensor:
    """Rows and columns of the elements on and below a diagonal: shape (2, count)."""
    return _apply(_tril_indices_op, (), (row, col, offset, dtype), session)


_triu_op = _OPS['triu']


def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The elements on and above a diagonal of each matrix, zeros below."""
    made = _apply(_triu_op, (input,), (diagonal,))
    return made if out is None else _store(made, out)


def triu_(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and above a diagonal of each matrix, zeros below. Written into `input`."""
    return _apply_inplace(_triu_op, (input,), (diagonal,))


_triu_indices_op = _OPS['triu_indices']


def triu_indices(row: Any, col: Any, offset: int = 0, dtype: DType | None = _dtypes.int64, *, session: Session) -> Tensor:
    """Rows and columns of the elements on and above a diagonal: shape (2, count)."""
    return _apply(_triu_indices_op, (), (row, col, offset, dtype), session)


_trunc_op = _OPS['trunc']


def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The integer part."""
    made = _apply(_trunc_op, (input,), ())
    return made if out is None else _store(made, out)


def trunc_(input: Tensor) -> Tensor:
    """The integer part. Written into `input`."""
    return _apply_inplace(_trunc_op, (input,), ())


_unbind_op = _OPS['unbind']


def unbind(input: Tensor, dim: int = 0, *, axis: Dims = None) -> tuple[Tensor, ...]:
    """Every position of a dimension, as tensors without that dimension."""
    return _apply_many(_unbind_op, (input,), (_ints(dim if axis is None else axis),))


_unfold_op = _OPS['unfold']


def unfold(input: Tensor, dimension: int, size: Any, step: Any) -> Tensor:
    """Windows of `size`, `step` apart, along a dimension; the window is a new last dimension."""
    return _apply(_unfold_op, (input,), (dimension, size, step))


_unfold_backward_op = _OPS['unfold_backward']


def unfold_backward(g: Tensor, shape: Sequence[int], dimension: int, size: Any, step: Any) -> Tensor:
    """The sum of overlapping windows, back in the shape they were taken from."""
    return _apply(_unfold_backward_op, (g,), (shape, dimension, size, step))


_uniform_op = _OPS['uniform']


def uniform(input: Tensor, seed: Operand, offset: Operand, low: Any, high: Any) -> Tensor:
    """Uniform numbers between `low` and `high`, in the shape of `input`."""
    return _apply(_uniform_op, (input, seed, offset), (low, high))


def uniform_(input: Tensor, seed: Operand, offset: Operand, low: Any, high: Any) -> Tensor:
    """Uniform numbers between `low` and `high`, in the shape of `input`. Written into `input`."""
    return _apply_inplace(_uniform_op, (input, seed, offset), (low, high))


_unique_op = _OPS['unique']


def unique(input: Tensor, sorted: bool = True, return_inverse: Any = False, return_counts: Any = False, dim: Dims = None) -> tuple[Tensor, ...]:
    """The distinct elements in order, which of them each element is, and how often each occurs."""
    return _apply_many(_unique_op, (input,), (sorted, return_inverse, return_counts, _ints(dim)))


_unsqueeze_op = _OPS['unsqueeze']


def unsqueeze(input: Tensor, dim: int | None = None, *, axis: Dims = None) -> Tensor:
    """One more dimension, of size 1, at `dim`."""
    return _apply(_unsqueeze_op, (input,), (_ints(_one_of(dim, axis)),))


_upsample_bilinear_op = _OPS['upsample_bilinear']


def upsample_bilinear(input: Tensor, size: Any, align_corners: bool) -> Tensor:
    """Linear interpolation along each of the last dimensions."""
    return _apply(_upsample_bilinear_op, (input,), (size, align_corners))


_upsample_bilinear_backward_op = _OPS['upsample_bilinear_backward']


def upsample_bilinear_backward(g: Tensor, shape: Sequence[int], size: Any, align_corners: bool) -> Tensor:
    """Gradients spread with the same weights."""
    return _apply(_upsample_bilinear_backward_op, (g,), (shape, size, align_corners))


_upsample_nearest_op = _OPS['upsample_nearest']


def upsample_nearest(input: Tensor, size: Any) -> Tensor:
    """Each position shows the nearest one of the input (rounded down)."""
    return _apply(_upsample_nearest_op, (input,), (size,))


_upsample_nearest_backward_op = _OPS['upsample_nearest_backward']


def upsample_nearest_backward(g: Tensor, shape: Sequence[int], size: Any) -> Tensor:
    """The sum over all positions that showed each one of the input."""
    return _apply(_upsample_nearest_backward_op, (g,), (shape, size))


_var_op = _OPS['var']


def var(input: Tensor, dim: Dims = None, correction: Any = 1, keepdim: bool = False, *, axis: Dims = None, out: Tensor | None = None) -> Tensor:
    """The variance: squared deviations over (count - correction)."""
    made = _apply(_var_op, (input,), (_ints(dim if axis is None else axis), correction, keepdim))
    return made if out is None else _store(made, out)


_var_mean_op = _OPS['var_mean']


def var_mean(input: Tensor, dim: Dims = None, correction: Any = 1, keepdim: bool = False, *, axis: Dims = None) -> tuple[Tensor, ...]:
    """The variance and the mean."""
    return _apply_many(_var_mean_op, (input,), (_ints(dim if axis is None else axis), correction, keepdim))


_vector_norm_op = _OPS['vector_norm']


def vector_norm(input: Tensor, ord: Any = 2.0, dim: Dims = None, keepdim: bool = False, dtype: DType | None = None) -> Tensor:
    """(sum |x|^ord)^(1/ord) over dimensions; the count of non-zeros for 0, the extremes for infinities."""
    return _apply(_vector_norm_op, (input,), (ord, _ints(dim), keepdim, dtype))


_view_op = _OPS['view']


def view(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements under another shape, sharing memory; one size may be -1."""
    return _apply(_view_op, (input,), (shape,))


_view_as_complex_op = _OPS['view_as_complex']


def view_as_complex(input: Tensor) -> Tensor:
    """Pairs in the last dimension as complex numbers, sharing memory."""
    return _apply(_view_as_complex_op, (input,), ())


_view_as_real_op = _OPS['view_as_real']


def view_as_real(input: Tensor) -> Tensor:
    """Real and imaginary parts as a last dimension of two, sharing memory."""
    return _apply(_view_as_real_op, (input,), ())


_view_backward_op = _OPS['view_backward']


def view_backward(g: Tensor, shape: Sequence[int], chain: Any) -> Tensor:
    """Zeros of `shape` with `g` in the part that a chain of view ops shows."""
    return _apply(_view_backward_op, (g,), (shape, chain))


_view_dtype_op = _OPS['view_dtype']


def view_dtype(input: Tensor, dtype: DType | None) -> Tensor:
    """The same memory, its bits read as another dtype; the last dimension grows or shrinks with the elements' size."""
    return _apply(_view_dtype_op, (input,), (dtype,))


_view_scatter_op = _OPS['view_scatter']


def view_scatter(input: Tensor, src: Tensor, chain: Any) -> Tensor:
    """A copy of `input` with `src` in the part that a chain of view ops shows."""
    return _apply(_view_scatter_op, (input, src), (chain,))


_von_mises_op = _OPS['von_mises']


def von_mises(input: Tensor, seed: Operand, offset: Operand) -> Tensor:
    """Angles from -pi to pi with the von Mises distribution around 0 of these concentrations."""
    return _apply(_von_mises_op, (input, seed, offset), ())


_where_op = _OPS['where']


def where(condition: Operand, input: Operand, other: Operand) -> Tensor:
    """Elements of `input` where the condition holds, else of `other`."""
    return _apply(_where_op, (condition, input, other), ())


_xlogy_op = _OPS['xlogy']


def xlogy(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """`x` * log(y), zero where x is zero."""
    made = _apply(_xlogy_op, (input, other), ())
    return made if out is None else _store(made, out)


def xlogy_(input: Operand, other: Operand) -> Tensor:
    """`x` * log(y), zero where x is zero. Written into `input`."""
    return _apply_inplace(_xlogy_op, (input, other), ())


_zero_op = _OPS['zero']


def zero(input: Tensor) -> Tensor:
    """Zeros in the shape and dtype of `input`."""
    return _apply(_zero_op, (input,), ())


def zero_(input: Tensor) -> Tensor:
    """Zeros in the shape and dtype of `input`. Written into `input`."""
    return _apply_inplace(_zero_op, (input,), ())


_zero_all_op = _OPS['zero_all_']


def zero_all_(tensors: Sequence[Tensor]) -> None:
    """Fill every tensor with zeros."""
    _apply_mutation(_zero_all_op, (tensors,), ())


_zeros_op = _OPS['zeros']


def zeros(shape: Sequence[int], dtype: DType | None, *, session: Session) -> Tensor:
    """Zeros."""
    return _apply(_zeros_op, (), (shape, dtype), session)


_zeta_op = _OPS['zeta']


def zeta(input: Operand, other: Operand) -> Tensor:
    """The Hurwitz zeta function: the sum of `(other + k) ** -input` over k >= 0, differentiable by `other`."""
    return _apply(_zeta_op, (input, other), ())


absolute = abs
absolute_ = abs_
arccos = acos
arccos_ = acos_
arccosh = acosh
arccosh_ = acosh_
arcsin = asin
arcsin_ = asin_
arcsinh = asinh
arcsinh_ = asinh_
arctan = atan
arctan_ = atan_
arctan2 = atan2
arctan2_ = atan2_
arctanh = atanh
arctanh_ = atanh_
concat = cat
concatenate = cat
clip = clamp
clip_ = clamp_
divide = div
divide_ = div_
true_divide = div
true_divide_ = div_
greater_equal = ge
greater_equal_ = ge_
greater = gt
greater_ = gt_
inverse = inv
less_equal = le
less_equal_ = le_
less = lt
less_ = lt_
multiply = mul
multiply_ = mul_
not_equal = ne
not_equal_ = ne_
negative = neg
negative_ = neg_
ger = outer
expit = sigmoid
expit_ = sigmoid_
subtract = sub
subtract_ = sub_
swapaxes = transpose
swapdims = transpose
fix = trunc
fix_ = trunc_
