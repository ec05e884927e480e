"""`torch.func`: functions of functions. Gradients and Jacobians by reverse mode; `vmap` calls once for each sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from teletensor_core.errors import ArgumentTypeError, GradientError

from teletensor import missing as _missing
from teletensor import ops
from teletensor.autograd import functional
from teletensor.backward import grad as _grad
from teletensor.batching import vmap
from teletensor.grad_mode import enable_grad
from teletensor.tensor import Tensor

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "stack_module_state", "vjp", "vmap",
]  # fmt: skip

Function = Callable[..., Any]


def functional_call(
    module: Any, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: dict[str, Any] | None = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """`module(*args, **kwargs)` with other tensors in place of its parameters and buffers, by their names.

    One tensor that the module knows by several names is replaced under all of them, unless `tie_weights` is False. With
    `strict` every name has to be given, and no other.
    """
    given: dict[str, Tensor] = {}
    for part in (
        [parameter_and_buffer_dicts] if isinstance(parameter_and_buffer_dicts, dict) else parameter_and_buffer_dicts
    ):
        given.update(part)
    known = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    if strict and set(given) != set(known):
        raise GradientError(
            f"functional_call: missing keys {sorted(set(known) - set(given))}, unexpected "
            f"{sorted(set(given) - set(known))}"
        )
    if tie_weights:
        by_tensor = {id(known[name]): tensor for name, tensor in given.items() if name in known}
        given = {name: by_tensor[id(x)] for name, x in known.items() if id(x) in by_tensor}
    before = [(*_place(module, name), tensor) for name, tensor in given.items()]
    replaced = [(owner, leaf, owner[leaf]) for owner, leaf, _ in before]
    positional = args if isinstance(args, tuple) else () if args is None else (args,)
    try:
        for owner, leaf, tensor in before:
            owner[leaf] = tensor
        return module(*positional, **(kwargs or {}))
    finally:
        for owner, leaf, tensor in replaced:
            owner[leaf] = tensor


def _place(module: Any, name: str) -> tuple[dict[str, Any], str]:
    """The dictionary that holds a parameter or buffer, and its key there."""
    path, _, leaf = name.rpartition(".")
    owner = module.get_submodule(path)
    for held in (owner._parameters, owner._buffers):
        if leaf in held:
            return held, leaf
    raise GradientError(f"functional_call: the module has no parameter or buffer {name!r}")


def stack_module_state(models: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several models of one class, stacked: new leaves, for `vmap` over the models.

    Raises GradientError without models, and for models of different classes, modes or `requires_grad`.
    """
    if not models:
        raise GradientError("stack_module_state: Expected at least one model, got 0.")
    if len({model.training for model in models}) > 1:
        raise GradientError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(model) for model in models}) > 1:
        raise GradientError("stack_module_state: Expected all models to be of the same class.")
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    return _stacked(parameters), _stacked(buffers)


def _stacked(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    made = {}
    for name, first in states[0].items():
        each = [state[name] for state in states]
        if len({x.requires_grad for x in each}) > 1:
            raise GradientError(f"Expected {name} from each model to have the same .requires_grad")
        made[name] = ops.stack([x.detach() for x in each]).requires_grad_(first.requires_grad)
    return made


# -- gradients ---------------------------------------------------------------------------------------------------------


def grad_and_value(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient of `func` by some of its arguments, and its value; with `has_aux`, (value,
    aux).
    """

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        chosen = (argnums,) if isinstance(argnums, int) else argnums
        leaves: list[Tensor] = []
        with enable_grad():
            watched = {i: _watched(args[i], leaves) for i in chosen}
            result = func(*[watched.get(i, x) for i, x in enumerate(args)], **kwargs)
            output, aux = result if has_aux else (result, None)
            _check_scalar(output)
            grads = iter(_grad(output, leaves, create_graph=_tracked(args), allow_unused=True, materialize_grads=True))
        made = tuple(_rebuilt(args[i], grads) for i in chosen)
        value = output if _tracked(args) else output.detach()
        return (made[0] if isinstance(argnums, int) else made), ((value, aux) if has_aux else value)

    return wrapper


def _check_scalar(output: Any) -> None:
    told = "grad_and_value(f)(*args): Expected f(*args) to return"
    if not isinstance(output, Tensor):
        raise GradientError(f"{told} a Tensor, got {type(output)}")
    if output.ndim:
        raise GradientError(
            f"{told} a scalar Tensor, got tensor with {output.ndim} dims. Maybe you wanted to use the vjp or jacrev "
            "APIs instead?"
        )


def grad(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """A function that gives the gradient of `func` by some of its arguments; with `has_aux`, (gradient, aux)."""
    both = grad_and_value(func, argnums, has_aux)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        made, value = both(*args, **kwargs)
        return (made, value[1]) if has_aux else made

    return wrapper


def _tracked(args: Any) -> bool:
    """Whether a gradient flows into any of the arguments: then the result has to be differentiable too."""
    if isinstance(args, Tensor):
        return args.requires_grad
    if isinstance(args, dict):
        return any(map(_tracked, args.values()))
    return isinstance(args, (list, tuple)) and any(map(_tracked, args))


def _watched(x: Any, leaves: list[Tensor]) -> Any:
    """An argument with its tensors (in dictionaries, lists and tuples) as new variables, noted in `leaves`."""
    if isinstance(x, Tensor):
        leaf = ops.alias(x) if x.requires_grad else x.detach().requires_grad_(True)
        leaves.append(leaf)
        return leaf
    if isinstance(x, dict):
        return {key: _watched(value, leaves) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)([_watched(value, leaves) for value in x])
    raise ArgumentTypeError(f"expected tensors, or dictionaries, lists or tuples of them, got {type(x).__name__}")


def _rebuilt(x: Any, grads: Any) -> Any:
    """The gradients in the form of the argument."""
    if isinstance(x, dict):
        return {key: _rebuilt(value, grads) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)([_rebuilt(value, grads) for value in x])
    return next(grads)


def vjp(func: Function, *primals: Tensor, has_aux: bool = False) -> Any:
    """The value of `func`, and a function that gives the product of a cotangent with its Jacobian by each input."""
    leaves: list[Tensor] = []
    with enable_grad():
        watched = [_watched(x, leaves) for x in primals]
        result = func(*watched)
    output, aux = result if has_aux else (result, None)

    def pull(cotangents: Any) -> Any:
        outs = list(output) if isinstance(output, (list, tuple)) else [output]
        given = list(cotangents) if isinstance(cotangents, (list, tuple)) else [cotangents]
        made = iter(_grad(outs, leaves, given, retain_graph=True, allow_unused=True, materialize_grads=True))
        return tuple(_rebuilt(x, made) for x in primals)

    shown = tuple(x.detach() for x in output) if isinstance(output, tuple) else output.detach()
    return (shown, pull, aux) if has_aux else (shown, pull)


def jvp(
    func: Function, primals: tuple[Tensor, ...], tangents: tuple[Tensor, ...], *, strict: bool = False,
    has_aux: bool = False,
) -> Any:  # fmt: skip
    """The value of `func`, and the product of its Jacobian with `tangents`; with `has_aux`, its second result too."""
    aux: list[Any] = []

    def value(*args: Tensor) -> Any:
        output, rest = func(*args)
        aux.append(rest)
        return output

    tracked = _tracked(primals) or _tracked(tangents)
    made = functional.jvp(value if has_aux else func, tuple(primals), tuple(tangents), tracked, strict)
    return (*made, aux[0]) if has_aux else made


def linearize(func: Function, *primals: Tensor) -> tuple[Any, Function]:
    """The value of `func`, and a function that gives the product of its Jacobian there with tangents."""

    def push(*tangents: Tensor) -> Any:
        return jvp(func, primals, tangents)[1]

    return func(*primals), push


def jacrev(
    func: Function, argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Function:
    """A function that gives the Jacobian of `func` by some of its arguments; with `has_aux`, (Jacobian, aux).

    Arguments and results are tensors, or dictionaries, lists and tuples of them: the Jacobian has the result's form,
    and in the place of each of its tensors that of the argument. Rows are computed one by one: `chunk_size` changes
    nothing.
    """

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        chosen = (argnums,) if isinstance(argnums, int) else argnums
        leaves: list[Tensor] = []
        with enable_grad():
            watched = {i: _watched(args[i], leaves) for i in chosen}
            result = func(*[watched.get(i, x) for i, x in enumerate(args)], **kwargs)
        output, aux = result if has_aux else (result, None)

        def by_arguments(out: Tensor) -> Any:
            rows = iter(functional.rows(out, leaves, create_graph=_tracked(args)))
            made = tuple(_rebuilt(args[i], rows) for i in chosen)
            return made[0] if isinstance(argnums, int) else made

        made = _of_each(output, by_arguments)
        return (made, aux) if has_aux else made

    return wrapper


def _of_each(result: Any, of_one: Function) -> Any:
    """What `of_one` gives for each tensor of a result, in the result's form."""
    if isinstance(result, Tensor):
        return of_one(result)
    if isinstance(result, dict):
        return {key: _of_each(value, of_one) for key, value in result.items()}
    if isinstance(result, (list, tuple)):
        return type(result)([_of_each(value, of_one) for value in result])
    raise ArgumentTypeError(f"expected the function to give tensors, got {type(result).__name__}")


def jacfwd(
    func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Function:
    """What `jacrev` gives: PyTorch's is by forward mode, which costs less for few inputs."""
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """A function that gives the second derivatives of `func` by some of its arguments: the Jacobian of the Jacobian."""
    return jacrev(jacrev(func, argnums), argnums)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
