"""Tensors as Python objects: read, compared, iterated, copied; and sizes, devices and dtypes."""

# ruff: noqa: E711, RUF005, UP031  (the operators are what is tried)

import copy
import math
import operator
import pickle
import weakref

import numpy as np

from tests.programs.helpers import leaf, raises_in_order

# -- reading -----------------------------------------------------------------------------------------------------------


def items(t):
    return [
        t.tensor(1.5).item(), t.tensor([[2]]).item(), t.tensor(True).item(), t.tensor(1 + 2j).item(),
        t.tensor(1.5).bfloat16().item(), type(t.tensor(1).item()).__name__, type(t.tensor(True).item()).__name__,
        type(t.tensor(1.0).half().item()).__name__,
    ]  # fmt: skip


def conversions(t):
    return [
        int(t.tensor(2.7)), float(t.tensor([3])), complex(t.tensor(1.5)), bool(t.tensor([0.0])),
        [10, 20, 30][t.tensor(1)], list(range(t.tensor(3))), f"{t.tensor(1.23456):.2f}", f"{t.tensor(3):03d}",
        math.sqrt(t.tensor(4.0)), round(float(t.tensor(1.256)), 2), "%.1f" % t.tensor(2.55),
        [1, 2, 3][: t.tensor(2)], "ab" * t.tensor(2),
    ]  # fmt: skip


def swapped(t):
    a, b = t.arange(2.0), t.ones(3, dtype=t.int64)
    a.note, first = 1, id(a)
    t.utils.swap_tensors(a, b)
    m, p = t.nn.Linear(1, 2), t.nn.Parameter(t.ones(2, 1))
    weight = m.weight
    (p * 3).sum().backward()
    t.utils.swap_tensors(weight, p)
    made = [
        a,
        b,
        b.note,
        hasattr(a, "note"),
        id(a) == first,
        m.weight is weight,
        m.weight.detach(),
        weight.grad,
        p.grad,
    ]
    plain = t.zeros(2, 1)
    t.utils.swap_tensors(weight, plain)
    m(t.ones(1, 1))
    return [*made, type(weight).__name__, type(plain).__name__, weight.requires_grad, plain.requires_grad]


def swapping_what_is_referred_to(t):
    a = t.ones(1)
    kept = weakref.ref(a)
    return [*raises_in_order(lambda: t.utils.swap_tensors(a, t.ones(2))), kept() is a]


def conversions_that_are_refused(t):
    x = t.ones(2)
    return raises_in_order(
        lambda: x.item(),
        lambda: int(x),
        lambda: float(x),
        lambda: bool(x),
        lambda: bool(t.zeros(0)),
        lambda: [1, 2][t.tensor(1.0)],
        lambda: [1, 2][t.tensor([0, 1])],
        lambda: len(t.tensor(1)),
        lambda: iter(t.tensor(1)),
        lambda: f"{x:.2f}",
        lambda: round(x),
        lambda: divmod(x, 2),
        lambda: 1 < x < 2,
        lambda: x and x,
        lambda: t.zeros(0).item(),
        lambda: hash(x) == id(x),
    )


def lists(t):
    return [
        str(t.arange(4).reshape(2, 2).tolist()), str(t.tensor(1.5).tolist()), str(t.tensor([True]).tolist()),
        str(t.zeros(2, 0).tolist()), str(t.tensor([1.5]).bfloat16().tolist()), str(t.tensor([1j]).tolist()),
    ]  # fmt: skip


def numpy_arrays(t):
    x = t.arange(3.0)
    shared = x.numpy()
    shared[0] = 9
    return [
        x, np.asarray(x).dtype.name, np.array(x, dtype=np.int32), x.__array__(np.float64),
        np.asarray(t.tensor([True])), x.detach().numpy(force=True), np.concatenate([x, x]), np.add(x, 1), np.sin(x),
        isinstance(np.sin(x), t.Tensor), np.float64(2) * x, x * np.float32(2), x + np.ones(3),
        str((x + np.ones(3)).dtype), x == np.ones(3), np.stack([x, x]),
    ]  # fmt: skip


def numpy_of_what_requires_grad(t):
    return raises_in_order(lambda: leaf(t, 1.0).numpy(), lambda: np.asarray(leaf(t, 1.0)))


# -- containers and comparisons ----------------------------------------------------------------------------------------


def iteration(t):
    x = t.arange(6).reshape(3, 2)
    a, b, c = x
    return [
        len(x), *list(x), a, b, c, *[i for i, _ in enumerate(x)], *reversed(x), *zip(x, x, strict=True),
        sum(t.arange(4)), max(t.tensor([1, 3, 2])), *sorted(t.tensor([3, 1, 2])),
    ]  # fmt: skip


def membership(t):
    x = t.tensor([1.0, 2.0])
    return [1 in x, 3 in x, t.tensor(2.0) in x]


def membership_of_a_text(t):
    return "a" in t.ones(2)


def comparisons(t):
    x = t.tensor([1.0, 2.0, 3.0])
    return [
        x == 2, x != 2, x < 2, x <= 2, x > 2, x >= 2, x > 2, x == 2, x == x, (x > 1) & (x < 3), ~(x > 1),
        (x > 1) | (x < 1), (x > 1) ^ (x > 2), x == None, x != None, x == "a", x == [1, 2, 3],
        t.tensor([1, 2]) == t.tensor([1.0, 3.0]),
    ]  # fmt: skip


def comparisons_that_are_refused(t):
    x = t.ones(2)
    return raises_in_order(lambda: x < None, lambda: x < "a", lambda: x + [1, 2], lambda: x + "a", lambda: x @ 2,
                            lambda: x + None, lambda: -t.tensor([True]), lambda: x << 1, lambda: x & 1)  # fmt: skip


def operators(t):
    x, n = t.tensor([5.0, -3.0]), t.tensor([5, -3])
    return [
        x + 1, 1 + x, x - 1, 1 - x, x * 2, 2 * x, x / 2, 2 / x, x // 2, 7 // x, x % 3, 7 % x, x**2, 2**x, -x, +x,
        abs(x), n // 2, n % 3, n / 2, n << 1, n >> 1, 1 << t.tensor([1, 2]), n & 6, 6 & n, n | 1, n ^ 2, ~n, x @ x,
        x.__rmatmul__(x), operator.floordiv(n, -2), operator.mod(n, -3), n.__rsub__(1), x.__rtruediv__(1), True + n,
        n * True, 1.5 * n, n * 1j,
    ]  # fmt: skip


def in_place_operators(t):
    out = []
    for name in ("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"):
        x = y = t.tensor([5.0, -3.0])
        y = getattr(operator, name)(y, 2)
        out += [y, y is x]
    for name in ("iand", "ior", "ixor", "ilshift", "irshift"):
        out.append(getattr(operator, name)(t.tensor([5, 3]), 1))
    return out


def in_place_operators_that_are_refused(t):
    n = t.tensor([1, 2])
    return raises_in_order(
        t, lambda: operator.iadd(n, 0.5), lambda: operator.itruediv(n, 2), lambda: n.add_(t.ones(3, 2)),
        lambda: leaf(t, 1.0).add_(1), lambda: leaf(t, 1.0, 2.0)[0].mul_(2), lambda: n.exp_(),
    )  # fmt: skip


# -- copies ------------------------------------------------------------------------------------------------------------


def deep_copies(t):
    x = leaf(t, 1.0, 2.0)
    (x * 3).sum().backward()
    y, both = copy.deepcopy(x), copy.deepcopy([x, x])
    y.data.mul_(10)
    return [x, y, y.grad, y.requires_grad, both[0] is both[1], y.is_leaf, copy.copy(x) is x]


def deep_copy_of_a_model(t):
    model = t.nn.Sequential(t.nn.Linear(1, 1), t.nn.Linear(1, 1))
    model[1].weight = model[0].weight
    other = copy.deepcopy(model)
    with t.no_grad():
        other[0].weight.fill_(5)
    return [other[1].weight is other[0].weight, bool((model[0].weight == 5).any()), type(other[0].weight).__name__]


def pickles(t):
    x = t.tensor([[1.5, 2.5]], dtype=t.float64, requires_grad=True)
    y = pickle.loads(pickle.dumps(x))
    z = pickle.loads(pickle.dumps(t.nn.Parameter(t.ones(2))))
    return [y, y.requires_grad, str(y.dtype), z, type(z).__name__, pickle.loads(pickle.dumps(t.ones(2).bfloat16()))]


# -- sizes, devices, dtypes --------------------------------------------------------------------------------------------


def dtypes_pickle(t):
    return [pickle.loads(pickle.dumps(d)) is d for d in (t.bool, t.uint8, t.float32, t.bfloat16, t.complex64)]


def sizes(t):
    s = t.Size([2, 3, 4])
    return [
        repr(s), s.numel(), repr(s[1:]), s[0], repr(s + (5,)), type(s + (5,)).__name__, s == (2, 3, 4), list(s),
        repr(t.Size()), hash(s) == hash((2, 3, 4)), repr(t.ones(2, 3).shape), t.ones(2, 3).shape == t.Size([2, 3]),
        repr(s * 2), type(s * 2).__name__, len(s), *s, 3 in s, s.index(3), s.count(4),
    ]  # fmt: skip


def devices(t):
    d = t.device("cuda", 1)
    return [
        repr(d), str(d), d.type, d.index, repr(t.device("cuda:1")), d == t.device("cuda:1"),
        hash(d) == hash(t.device("cuda:1")), str(t.device("cpu")), t.device("cpu").index,
        repr(t.device(t.device("cpu"))), d != t.device("cpu"), d == "cuda:1", repr(t.device(type="cuda", index=0)),
    ]  # fmt: skip


def devices_that_are_refused(t):
    return raises_in_order(
        t, lambda: t.device("nowhere"), lambda: t.device("cuda:x"), lambda: t.device("cuda:1", 2), lambda: t.device(),
        lambda: t.device("cuda:-1"), lambda: t.device(None), lambda: t.device(1.5),
    )  # fmt: skip


def device_as_context(t):
    with t.device("cpu"):
        x = t.ones(2)
    return [str(x.device), str(t.get_default_device())]


def dtypes(t):
    return [
        repr(t.float32), t.float is t.float32, t.double is t.float64, t.half is t.float16, t.long is t.int64,
        t.int is t.int32, t.short is t.int16, t.cfloat is t.complex64, t.float32.is_floating_point,
        t.int64.is_floating_point, t.complex64.is_complex, t.uint8.is_signed, t.float64.itemsize,
        str(t.float32.to_complex()), str(t.complex128.to_real()), copy.deepcopy(t.int8) is t.int8,
    ]  # fmt: skip


def limits(t):
    out = []
    for name in ("float16", "bfloat16", "float32", "float64"):
        info = t.finfo(getattr(t, name))
        out += [info.bits, info.eps, info.max, info.min, info.tiny, info.smallest_normal, info.resolution, info.dtype]
    for name in ("uint8", "int8", "int16", "int32", "int64"):
        info = t.iinfo(getattr(t, name))
        out += [info.bits, info.max, info.min, info.dtype]
    return [*out, t.finfo().dtype, t.finfo(t.complex64).dtype]


def limits_that_are_refused(t):
    return raises_in_order(lambda: t.finfo(t.int32), lambda: t.iinfo(t.float32), lambda: t.iinfo(t.bool))


def facts(t):
    x = t.ones(2, 3, dtype=t.float64).T
    return [
        list(x.shape), list(x.size()), x.size(0), x.size(-1), list(x.stride()), x.stride(0), x.dim(), x.ndim,
        x.ndimension(), x.numel(), x.nelement(), x.element_size(), x.itemsize, x.nbytes, x.is_contiguous(),
        x.T.is_contiguous(), x.is_floating_point(), x.is_complex(), x.is_signed(), x.is_cuda, x.is_cpu, x.is_sparse,
        x.is_quantized, x.is_meta, x.get_device(), str(x.layout), x.is_leaf, x.requires_grad, x.is_conj(), x.is_neg(),
        x.output_nr, x._version, x.is_pinned(), t.is_tensor(x), t.is_tensor(1), t.is_storage(x), t.numel(x),
    ]  # fmt: skip


def facts_that_are_refused(t):
    x = t.ones(2)
    return raises_in_order(
        t, lambda: x.size(1), lambda: t.tensor(1).size(0), lambda: x.stride(3), lambda: x.mT, lambda: x.H,
        lambda: t.ones(2, 2, 2).H, lambda: x.imag, lambda: x.no_such_attribute,
    )  # fmt: skip


def transposes(t):
    x, z = t.arange(6).reshape(2, 3), t.tensor([[1 + 2j, 3 - 1j]])
    return [x.T, x.mT, x.H, z.H, z.mH, t.ones(2, 3, 4).mT.shape[1], z.real, z.imag, x.real is x]


def writing_real_and_imaginary_parts(t):
    z = t.tensor([1 + 2j, 3 - 1j])
    z.real = t.tensor([9.0, 8.0])
    z.imag[0] = 7
    return z


# -- shapes in place ---------------------------------------------------------------------------------------------------


def shapes_in_place(t):
    made = []
    for change in ("unsqueeze_(0)", "squeeze_()", "squeeze_(0)", "t_()", "transpose_(0, 1)", "swapaxes_(0, 1)"):
        x = y = t.arange(3).reshape(1, 3)
        name, _, arguments = change.partition("(")
        numbers = [int(n) for n in arguments.strip(")").split(", ") if n]
        y = getattr(y, name)(*numbers)
        made += [x, y is x]
    return made


def shapes_in_place_keep_the_graph(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    y.unsqueeze_(0)
    (y * y).sum().backward()
    return [y, x.grad]


def shape_in_place_of_a_leaf(t):
    leaf(t, 1.0, 2.0).unsqueeze_(0)


def resizes(t):
    x = t.arange(6)
    x.resize_(2, 2)
    y = t.arange(2).resize_(3)
    return [x, y[:2], list(y.shape), t.ones(3).resize_as_(t.ones(1, 2)), t.ones(2).set_(t.zeros(3))]


def data_is_replaced(t):
    x = leaf(t, 1.0, 2.0)
    x.data = t.zeros(3)
    x.data.add_(1)
    return [x, x.requires_grad, x.is_leaf, x.data.requires_grad]


def as_a_subclass(torch):
    class Tagged(torch.Tensor):
        pass

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * 2).as_subclass(Tagged)
    y.tag = "mine"
    y.sum().backward()
    plain = torch.zeros(2)
    plain.as_subclass(Tagged).add_(1)
    wrong = []
    for kind in (int, 3):
        try:
            x.as_subclass(kind)
        except TypeError:
            wrong.append(str(kind))
    return [type(y) is Tagged, y.tag, x.grad, y.is_leaf, plain, *wrong]


def whose_writes_count_together(torch):
    x = torch.zeros(3)
    a, b = x.detach(), x.data
    a.add_(1)
    before = [x._version, a._version, b._version]
    b.add_(1)
    x[0] = 5
    v = x.view(3, 1)
    return [*before, x._version, a._version, b._version, v._version, v._base is x, a._base is None, a._is_view(),
            x.is_shared()]  # fmt: skip
