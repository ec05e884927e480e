"""Classes that do PyTorch's functions themselves: subclasses of `Tensor`, classes with `__torch_function__`, modes."""

import functools
import inspect
import pickle

from tests.programs.helpers import raises_in_order


def _logging(t, log):
    """A subclass that notes by which names it is asked."""

    class Logging(t.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            log.append(func.__name__)
            return super().__torch_function__(func, types, args, kwargs)

    return Logging


def _kinds(*values):
    return [type(x).__name__ for x in values]


# -- subclasses --------------------------------------------------------------------------------------------------------


def a_subclass_stays_what_it_is(t):
    class Sub(t.Tensor):
        pass

    F, x, p = t.nn.functional, t.arange(6.0).reshape(2, 3).as_subclass(Sub), t.ones(2, 3)
    made = [
        x + 1, 1 - x, p * x, x * p, 2**x, x @ p.T, p.T @ x, -x, x > 1, x == p, x[0], x[:, 1:], x[x > 1], x.sum(), x.T,
        x.mean(0), x.to(t.float64), x.double(), x.detach(), x.clone(), x.data, x.view(3, 2), x.reshape(-1), x.cpu(),
        t.add(p, x), t.stack([x, p]), t.cat((p, x)), t.where(p > 0, p, x), F.relu(x), F.softmax(x, -1), t.zeros_like(x),
        F.linear(p, x), F.mse_loss(x, p), t.nn.Linear(3, 2)(x), t.einsum("ij->ji", x), t.linalg.norm(x), x.new_zeros(2),
        next(iter(x)), *x.unbind(), *t.split(x, 1), x.max(0).values, x.sort().indices, t.as_tensor(x),
        x.add_(1), x.requires_grad_(), x.expand(1, 2, 3), t.broadcast_tensors(x, p)[1], x.real, x.mT, x.squeeze(),
    ]  # fmt: skip
    plain = [t.tensor(x.detach()), t.ones(2), x.numel(), x.shape, x.tolist(), x.grad, x.ndim]
    return [*_kinds(*made), *_kinds(*plain), *made[:8]]


def names_of_what_is_asked(t):
    log = []
    x, p = t.tensor([[1.0, 2.0], [3.0, 4.0]]).as_subclass(_logging(t, log)), t.ones(2, 2)
    n = t.tensor([1, 2]).as_subclass(type(x))
    F = t.nn.functional
    calls = (
        lambda: [x + p, p + x, 1 + x, x - 1, 1 - x, x * 2, x / 2, x % 2, x @ p, p @ x, -x, abs(x)],
        lambda: [n & 1, 1 & n, n ^ 1, n << 1, ~n, x < 1, x >= p, p < x, x == p],
        lambda: [x[0], len(x), float(x[0, 0]), bool(x[0, 0]), 1.0 in x, reversed(x)],
        lambda: [x.shape, x.dtype, x.T, x.grad, x.data, x.is_leaf, x.ndim, x.device],
        lambda: [x.add(p), p.add(x), x.sum(dim=0), x.add_(1), x.to(t.float64), x.clone(), x.item, x.tolist()],
        lambda: [t.add(x, p), t.add(input=x, other=p), t.stack([x, x]), t.cat((p, x)), t.clamp(x, min=0)],
        lambda: [F.relu(x), F.softmax(x, -1), F.linear(p, x), F.mse_loss(x, p), F.dropout(x, 0.5, False)],
        lambda: t.nn.Sequential(t.nn.Linear(2, 2), t.nn.ReLU(), t.nn.LayerNorm(2))(x),
        lambda: [(x * 2).sum().backward(), hash(x) == id(x), t.is_tensor(x), isinstance(x, t.Tensor)],
        lambda: [repr(x), x.__setitem__(0, 5.0), t.sort(x), t.unique(x), t.nn.init.uniform_(x), x.requires_grad_()],
    )  # fmt: skip
    found = []
    for call in calls:
        log.clear()
        try:
            call()
        except RuntimeError as error:
            log.append(str(error))
        found.append(" ".join(log))
    return found


def metadata_that_is_handed_on(t):
    class Metadata(t.Tensor):
        @staticmethod
        def __new__(cls, data, note=None, **options):
            return t.as_tensor(data, **options).as_subclass(cls)

        def __init__(self, data, note=None):
            self.note = note

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            made = super().__torch_function__(func, types, args, kwargs or {})
            notes = [a.note for a in args if isinstance(a, cls) and getattr(a, "note", None) is not None]
            if isinstance(made, cls) and notes:
                made.note = notes[0]
            return made

    x = Metadata([1.0, 2.0], note="here")
    y = (x * 2 + t.ones(2)).exp()
    return [y.note, type(y).__name__, y, t.add(t.ones(2), x).note, x[0].note, x.dtype is t.float32]


def made_in_every_way(t):
    class Sub(t.Tensor):
        @staticmethod
        def __new__(cls, data, tag, *args, **kwargs):
            return super().__new__(cls, data, *args, **kwargs)

        def __init__(self, data, tag):
            self.tag = tag

    class Initialised(t.Tensor):
        def __init__(self, data):
            super().__init__()
            self.tag = "set"

    class Refused(t.Tensor):
        def __init__(self, data):
            super().__init__(data)

    a, b, base = Sub([1, 2], "t"), Initialised([1.0]), t.ones(2)
    c = t.Tensor._make_subclass(Initialised, base)
    d = t.Tensor._make_subclass(Initialised, base, True)
    c[0] = 7
    refused = raises_in_order(lambda: Refused([1.0]), lambda: base.as_subclass(int), lambda: t.Tensor(1.5))
    return [
        a, a.tag, str(a.dtype), hasattr(a + 1, "tag"), b, b.tag, base, d.requires_grad, d.is_leaf, type(d).__name__,
        (d * 2).grad_fn.name(), t.Tensor(2, 3).shape, *refused,
        type(pickle.loads(pickle.dumps(t.nn.Parameter(base)))).__name__,
    ]  # fmt: skip


def shown(t):
    class Sub(t.Tensor):
        pass

    class Own(t.nn.Parameter):
        pass

    x, p = t.arange(3.0).as_subclass(Sub), t.nn.Parameter(t.ones(2))
    return [
        repr(x), str(x + 1), f"{x}", repr(x[0]), repr(t.zeros(0, 3).as_subclass(Sub)), repr(Own(t.ones(2))), repr(p),
        repr(t.ones(40).reshape(2, 20).as_subclass(Sub)), repr((x.requires_grad_() * 2).sum()),
    ]  # fmt: skip


def gradients_through_a_subclass(t):
    class Sub(t.Tensor):
        pass

    x = t.tensor([1.0, 2.0]).as_subclass(Sub).requires_grad_()
    w = t.nn.Parameter(t.tensor([3.0, 4.0]))
    loss = ((x * w) ** 2).sum()
    loss.backward()
    (again,) = t.autograd.grad((x**3).sum(), x)
    return [loss, x.grad, w.grad, type(loss).__name__, type(w.grad).__name__, again, x.is_leaf, loss.grad_fn.name()]


def no_writes_into_a_leaf_that_is_a_view(t):
    x = t.ones(2)[:].requires_grad_()
    return raises_in_order(lambda: x.add_(1), lambda: x.detach().add_(1).shape)


def two_subclasses(t):
    class One(t.Tensor):
        pass

    class Two(One):
        pass

    class Other(t.Tensor):
        pass

    one, two, other = (t.ones(2).as_subclass(kind) for kind in (One, Two, Other))
    return [*_kinds(one + two, two + one, t.add(one, two)), *raises_in_order(lambda: t.add(one, other).shape)]


def parameters_of_ones_own(t):
    class Tagged(t.nn.Parameter):
        def __new__(cls, data, tag=None):
            self = super().__new__(cls, data)
            self.tag = tag
            return self

    module = t.nn.Module()
    module.p = Tagged(t.ones(2), tag="x")
    (module.p * 2).sum().backward()
    t.optim.SGD(module.parameters(), lr=0.5).step()
    return [
        type(module.p).__name__, module.p.tag, *[n for n, _ in module.named_parameters()], module.p,
        type(module.p + 1).__name__, type(module.p.data).__name__, type(t.nn.UninitializedParameter()).__name__,
    ]  # fmt: skip


# -- classes that are no tensors ---------------------------------------------------------------------------------------


def a_scalar_that_stands_for_a_matrix(t):
    handled = {}

    def implements(function):
        def decorate(implementation):
            functools.update_wrapper(implementation, function)
            handled[function] = implementation
            return implementation

        return decorate

    class Scalar:
        def __init__(self, n, value):
            self._n, self._value = n, value

        def __repr__(self):
            return f"Scalar(n={self._n}, value={self._value})"

        def tensor(self):
            return self._value * t.eye(self._n)

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func not in handled or not all(issubclass(kind, (t.Tensor, Scalar)) for kind in types):
                return NotImplemented
            return handled[func](*args, **(kwargs or {}))

    @implements(t.mean)
    def mean(input):
        return float(input._value) / input._n

    @implements(t.add)
    def add(input, other):
        if isinstance(input, Scalar) and isinstance(other, Scalar):
            return Scalar(input._n, input._value + other._value)
        return t.add(*(x.tensor() if isinstance(x, Scalar) else x for x in (input, other)))

    @implements(t.Tensor.add)
    def add_method(self, other):
        return t.add(self, other)

    @implements(t.nn.functional.mse_loss)
    def mse_loss(input, target, **options):
        return t.nn.functional.mse_loss(input.tensor(), target)

    s = Scalar(2, 3)
    messages = []
    for call in (lambda: t.mul(s, 3), lambda: t.nn.functional.relu(s), lambda: t.ones(2) * s, lambda: t.flatten(s)):
        try:
            call()
        except TypeError as error:
            messages.append(str(error).splitlines()[0].replace(f"{Scalar}", "Scalar"))
    return [
        t.mean(s), repr(t.add(s, s)), t.add(s, t.ones(2, 2)), t.add(t.ones(2, 2), s), t.ones(2, 2) + s, mean.__name__,
        t.nn.functional.mse_loss(s, t.zeros(2, 2)), *messages, t.overrides.is_tensor_like(s), t.is_tensor(s),
    ]  # fmt: skip


def metadata_around_a_tensor(t):
    class Metadata:
        def __init__(self, data, metadata=None, **options):
            self._t = t.as_tensor(data, **options)
            self._metadata = metadata

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            metadata = tuple(a._metadata for a in args if hasattr(a, "_metadata"))
            args = [getattr(a, "_t", a) for a in args]
            return Metadata(func(*args, **(kwargs or {})), metadata=metadata[0])

    m, x = Metadata([[1.0], [2.0]], metadata="Ministry"), t.tensor([[3.0, 4.0], [5.0, 6.0]])
    made = [t.add(x, m), t.mul(x, m), t.exp(m), t.nn.functional.relu(m), x * m, x @ m, t.sum(m, dim=0), t.matmul(x, m)]
    return [*[y._t for y in made], *[y._metadata for y in made]]


def who_is_asked_first(t):
    asked = []

    def kind(name, *bases):
        def ask(cls, func, types, args=(), kwargs=None):
            asked.append(f"{name} of {' '.join(k.__name__ for k in types)}")
            return NotImplemented

        return type(name, bases, {"__torch_function__": classmethod(ask)})

    a = kind("A", object)
    b, c = kind("B", a), kind("C", object)
    for operands in ((a(), b()), (a(), c(), b()), (c(), a(), a()), ([a(), c()], b())):
        try:
            t.stack([*operands] if not isinstance(operands[0], list) else operands[0])
        except TypeError:
            asked.append("nobody")
    return asked


# -- modes and switches ------------------------------------------------------------------------------------------------


def modes(t):
    class Noting(t.overrides.TorchFunctionMode):
        def __init__(self):
            super().__init__()
            self.names = []

        def __torch_function__(self, func, types, args=(), kwargs=None):
            self.names.append(func.__name__)
            return func(*args, **(kwargs or {}))

    class Doubling(t.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            made = func(*args, **(kwargs or {}))
            return made * 2 if func is t.add else made

    x = t.ones(2)
    with Noting() as outer:
        y = t.add(t.ones(2), 1).mul(2) + x.sum()
        with Noting() as inner, Doubling():
            z = t.add(x, x)
        t.zeros(2), t.tensor([1.0]), t.arange(3), t.cat([x, x]), t.nn.functional.relu(x)
    with t.overrides.BaseTorchFunctionMode():
        w = x + 1
    return [" ".join(outer.names), " ".join(inner.names), y, z, w, t.add(x, x)]


def switches(t):
    log = []
    x = t.ones(2).as_subclass(_logging(t, log))
    with t._C.DisableTorchFunctionSubclass():
        one = [type(x + 1).__name__, len(log)]
    with t._C.DisableTorchFunction():
        two = [type(t.add(x, 1)).__name__, len(log)]
    three = [type(x + 1).__name__, *log]

    class Silent(t.Tensor):
        __torch_function__ = t._C._disabled_torch_function_impl

    return [*one, *two, *three, type(t.ones(2).as_subclass(Silent) + 1).__name__]


def functions_of_ones_own(t):
    o, log = t.overrides, []
    sub = _logging(t, log)

    def scaled(x, factor=2):
        if o.has_torch_function_unary(x):
            return o.handle_torch_function(scaled, (x,), x, factor=factor)
        return x * factor

    x = t.ones(2)
    made = [scaled(x), scaled(x.as_subclass(sub), factor=3)]
    s = x.as_subclass(sub)
    return [
        *made, " ".join(log), type(made[1]).__name__, o.has_torch_function((x, s)), o.has_torch_function((x, 1)),
        o.has_torch_function_variadic(x, s), o.has_torch_function_unary(t.nn.Parameter(x)), o.is_tensor_like(s),
        o.is_tensor_like([1]),
    ]  # fmt: skip


def names_and_lists_of_functions(t):
    o, F, T = t.overrides, t.nn.functional, t.Tensor
    asked = (
        t.add, T.add, T.shape.__get__, F.relu, T.__getitem__, T.grad.__get__, T.__rsub__, t.cat, T.sum,
        T.requires_grad_,
    )  # fmt: skip
    overridable = o.get_overridable_functions()
    return [
        *[o.resolve_name(f) for f in asked], *[o.is_tensor_method_or_property(f) for f in asked], o.resolve_name(len),
        t.add in overridable[t], t.is_tensor in o.get_ignored_functions(), t.add in o.get_testing_overrides(),
        t.ones in o.get_ignored_functions(), T.add in overridable[T], F.relu in overridable[F],
        T.grad.__get__ in o.get_default_nowrap_functions(), t.add is t.add, T.add is t.add, T.add is T.add,
        t.add == T.add, len({t.add: 1, T.add: 2}), o.get_testing_overrides()[t.add](1, 2),
        "input" in inspect.signature(F.relu).parameters,
    ]  # fmt: skip
