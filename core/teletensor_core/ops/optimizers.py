"""Optimiser steps: one command over a whole list of parameters, written in place.

The learning rate and the step number are operands, not attributes: they change from step to step.
"""

from typing import Any

from teletensor_core.kernels.optimizers import gradient
from teletensor_core.kernels.pieces import pieces_of_lists
from teletensor_core.registry import TensorList, op

_step: dict[str, Any] = {
    "infer": lambda *operands, **attrs: (),
    "differentiable": False,
    "namespaces": (),
    "opmath": False,
}


@op(**_step, mutates=("params", "momentum_buffers"))
def sgd_step_(
    xp,
    params: TensorList,
    grads: TensorList,
    momentum_buffers: TensorList,
    lr,
    first,
    *,
    momentum,
    dampening,
    weight_decay,
    nesterov,
    maximize,
):
    """One step of stochastic gradient descent; `first` is 1 when the momentum buffers are new."""
    for p, g, buffer in pieces_of_lists(xp, params, grads, momentum_buffers):
        xp.sgd(p, g, buffer, lr, first, momentum, dampening, weight_decay, nesterov, maximize)


@op(**_step, mutates=("params", "exp_avgs", "exp_avg_sqs", "max_exp_avg_sqs"))
def adam_step_(
    xp,
    params: TensorList,
    grads: TensorList,
    exp_avgs: TensorList,
    exp_avg_sqs: TensorList,
    max_exp_avg_sqs: TensorList,
    lr,
    step,
    *,
    beta1,
    beta2,
    eps,
    weight_decay,
    decoupled,
    amsgrad,
    maximize,
):
    """One step of Adam, or with `decoupled` weight decay of AdamW.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014; Loshchilov and Hutter, "Decoupled Weight
    Decay Regularization", 2017.
    """
    size, root = lr / (1 - beta1**step), (1 - beta2**step) ** 0.5
    decay = 0 if decoupled else weight_decay
    shrink = 1 - lr * weight_decay if decoupled and weight_decay else None
    for p, g, m, v, most in pieces_of_lists(xp, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs):
        xp.adam(p, gradient(p, g, decay, maximize), m, v, most, beta1, beta2, eps, size, root, shrink)


@op(**_step, mutates=("params", "square_avgs", "grad_avgs", "momentum_buffers"))
def rmsprop_step_(
    xp,
    params: TensorList,
    grads: TensorList,
    square_avgs: TensorList,
    grad_avgs: TensorList,
    momentum_buffers: TensorList,
    lr,
    *,
    alpha,
    eps,
    weight_decay,
    momentum,
    centered,
    maximize,
):
    """One step of RMSprop."""
    lists = (params, grads, square_avgs, grad_avgs, momentum_buffers)
    for p, g, square, average, buffer in pieces_of_lists(xp, *lists):
        d = gradient(p, g, weight_decay, maximize)
        square *= alpha
        square += d * d * (1 - alpha)
        mean = square
        if centered:
            average += (d - average) * (1 - alpha)
            mean = square - average * average
        update = d / (xp.sqrt(mean) + eps)
        if momentum:
            buffer *= momentum
            buffer += update
            update = buffer
        p -= (update * lr).astype(p.dtype)


@op(**_step, mutates=("params", "state_sums"))
def adagrad_step_(
    xp, params: TensorList, grads: TensorList, state_sums: TensorList, lr, *, eps, weight_decay, maximize
):
    """One step of Adagrad; `lr` already has the learning rate's own decay."""
    for p, g, total in pieces_of_lists(xp, params, grads, state_sums):
        d = gradient(p, g, weight_decay, maximize)
        total += d * d
        p -= (d / (xp.sqrt(total) + eps) * lr).astype(p.dtype)


@op(**_step, mutates=("params", "square_avgs", "acc_deltas"))
def adadelta_step_(
    xp,
    params: TensorList,
    grads: TensorList,
    square_avgs: TensorList,
    acc_deltas: TensorList,
    lr,
    *,
    rho,
    eps,
    weight_decay,
    maximize,
):
    """One step of Adadelta."""
    for p, g, square, moved in pieces_of_lists(xp, params, grads, square_avgs, acc_deltas):
        d = gradient(p, g, weight_decay, maximize)
        square *= rho
        square += d * d * (1 - rho)
        delta = xp.sqrt(moved + eps) / xp.sqrt(square + eps) * d
        moved *= rho
        moved += delta * delta * (1 - rho)
        p -= (delta * lr).astype(p.dtype)
