"""Steps of Adam's variants. What depends on the number of steps alone is computed by the client, and is an operand."""

from teletensor_core.kernels.optimizers import gradient
from teletensor_core.kernels.pieces import pieces_of_lists
from teletensor_core.ops.optimizers import _step
from teletensor_core.registry import TensorList, op


def _moments(xp, p, g, m, v, lr, beta1, beta2, weight_decay, decoupled, maximize):
    """The gradient after decay; both running means are updated."""
    if decoupled and weight_decay:
        p *= 1 - lr * weight_decay
    d = gradient(p, g, 0 if decoupled else weight_decay, maximize)
    m += (d - m) * (1 - beta1)
    v *= beta2
    v += d * d * (1 - beta2)
    return d


@op(**_step, mutates=("params", "exp_avgs", "exp_infs"))
def adamax_step_(
    xp,
    params: TensorList,
    grads: TensorList,
    exp_avgs: TensorList,
    exp_infs: TensorList,
    step_size,
    *,
    beta1,
    beta2,
    eps,
    weight_decay,
    maximize,
):
    """One step of Adamax; `step_size` is the learning rate with the bias correction."""
    for p, g, m, largest in pieces_of_lists(xp, params, grads, exp_avgs, exp_infs):
        d = gradient(p, g, weight_decay, maximize)
        m += (d - m) * (1 - beta1)
        largest *= beta2
        xp.maximum(largest, (xp.absolute(d) + eps).astype(largest.dtype), out=largest)
        p -= (m / largest * step_size).astype(p.dtype)


@op(**_step, mutates=("params", "exp_avgs", "exp_avg_sqs"))
def nadam_step_(
    xp,
    params: TensorList,
    grads: TensorList,
    exp_avgs: TensorList,
    exp_avg_sqs: TensorList,
    lr,
    gradient_size,
    mean_size,
    correction,
    *,
    beta1,
    beta2,
    eps,
    weight_decay,
    decoupled,
    maximize,
):
    """One step of NAdam: a step along the gradient and one along its running mean, of the given sizes."""
    for p, g, m, v in pieces_of_lists(xp, params, grads, exp_avgs, exp_avg_sqs):
        d = _moments(xp, p, g, m, v, lr, beta1, beta2, weight_decay, decoupled, maximize)
        divisor = xp.sqrt(v / correction) + eps
        p -= (d / divisor * gradient_size).astype(p.dtype)
        p -= (m / divisor * mean_size).astype(p.dtype)


@op(**_step, mutates=("params", "exp_avgs", "exp_avg_sqs"))
def radam_step_(
    xp,
    params: TensorList,
    grads: TensorList,
    exp_avgs: TensorList,
    exp_avg_sqs: TensorList,
    lr,
    correction,
    rectification,
    *,
    beta1,
    beta2,
    eps,
    weight_decay,
    decoupled,
    maximize,
):
    """One step of RAdam; `rectification` 0 means a step that is not adaptive."""
    for p, g, m, v in pieces_of_lists(xp, params, grads, exp_avgs, exp_avg_sqs):
        _moments(xp, p, g, m, v, lr, beta1, beta2, weight_decay, decoupled, maximize)
        update = m / correction * lr
        if rectification:
            update *= rectification / (xp.sqrt(v) + eps)
        p -= update.astype(p.dtype)
