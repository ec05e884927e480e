"""Tensors from data, in a default dtype, and written with `out=`."""

import numpy as np

from tests.programs.helpers import leaf, raises_in_order

# -- from data ---------------------------------------------------------------------------------------------------------


def dtypes_of_data(t):
    data = [
        1, 1.5, True, 1j, [1, 2.5], [True, 1], [1, 1j], [], [[]], [[1], [2]], (1, 2), range(3), [range(2), (3, 4)],
        np.float32(1), np.float64(1), [np.float64(1)], [np.int32(1)], [np.float32(1), 2.0], np.arange(2),
        np.ones(2, "f2"), np.zeros((0, 2)), np.array(3), np.array([True]), [np.bool_(True)], -(2**63), 2**63 - 1,
        [1e400], (), [[1.0, 2], [3, 4]],
    ]  # fmt: skip
    made = [t.tensor(d) for d in data]
    return [*made, *[str(x.dtype) for x in made]]


def dtypes_asked_for(t):
    return [
        t.tensor(1.5, dtype=t.int32), t.tensor([0, 2], dtype=t.bool), t.tensor(-1, dtype=t.uint8),
        t.tensor(70000.0, dtype=t.half), t.tensor([1, 2], dtype=float), t.tensor([1.7], dtype=int),
        t.tensor([0.5], dtype=bool), t.tensor(1, dtype=t.complex64), t.tensor(np.array([1.5, -1.5]), dtype=t.int64),
        t.tensor([1e300], dtype=t.float32),
    ]  # fmt: skip


def data_that_is_refused(t):
    bad = [
        "a", ["a"], None, [None], {1}, {}, [[1, 2], [3]], [1, [2]], [[1], [2, 3]], 2**63, [2**64], object(), [1, "a"],
        np.array(["a"]), np.array([1, "a"], dtype=object), (x for x in [1]), [[1, 2], 3],
    ]  # fmt: skip
    return raises_in_order(*[lambda b=b: t.tensor(b) for b in bad], lambda: t.tensor(300, dtype=t.uint8))


def tensors_in_lists(t):
    return [t.tensor([t.tensor(1.5), t.tensor(2.5)]), t.tensor([[t.tensor(1), 2], [3, t.tensor(4)]])]


def tensors_of_many_in_lists(t):
    return t.tensor([t.ones(2), t.ones(2)])


def tensor_of_a_tensor_is_a_copy(t):
    x = t.ones(2)
    y = t.tensor(x)
    y[0] = 5
    return [x, y]


def requires_grad_of_integers(t):
    return t.tensor([1, 2], requires_grad=True)


def as_tensor_shares_memory(t):
    array = np.zeros(3, "f4")
    x = t.as_tensor(array)
    x[0] = 7
    array[1] = 8
    return [x, array.tolist() == [7, 8, 0], t.as_tensor(x) is x, t.as_tensor(x, dtype=t.float64) is x]


def from_numpy_shares_memory(t):
    array = np.arange(6.0).reshape(2, 3)
    x = t.from_numpy(array.T)
    x[0, 0] = 7
    return [x, float(array[0, 0]), x.is_contiguous(), list(x.stride())]


def from_numpy_refuses(t):
    return raises_in_order(
        lambda: t.from_numpy(np.ones(3)[::-1]),
        lambda: t.from_numpy(np.float32(1)),
        lambda: t.from_numpy([1]),
        lambda: t.from_numpy(np.array(["a"])),
        lambda: t.from_numpy(np.array([1], dtype=">i4")),
    )


def legacy_constructors(t):
    return [
        t.Tensor(), t.Tensor([1, 2]), t.Tensor([[1.5], [2]]), t.Tensor(2, 0), list(t.Tensor(t.Size([2, 3])).shape),
        t.FloatTensor([1, 2]), t.LongTensor([1, 2]), t.LongTensor([1.5]), t.DoubleTensor(np.ones(2)),
        t.BoolTensor([True, False]), list(t.IntTensor(2, 3).shape), t.Tensor(np.ones(2, dtype=int)),
        t.Tensor(range(3)), t.ByteTensor([1, 255]),
    ]  # fmt: skip


def legacy_constructors_refuse(t):
    return raises_in_order(lambda: t.Tensor(3.0), lambda: t.Tensor(True), lambda: t.Tensor("a"))


def legacy_types(t):
    x = t.ones(2)
    return [
        x.type(), x.long().type(), x.bool().type(), x.bfloat16().type(), (x + 1j).type(), x.half().type(),
        isinstance(x, t.FloatTensor), isinstance(x, t.LongTensor), isinstance(x.double(), t.DoubleTensor),
        x.type(t.IntTensor), x.type("torch.ByteTensor"), x.type(t.int16), x.type_as(t.ones(1, dtype=t.int32)),
    ]  # fmt: skip


def default_dtype(t):
    before = t.get_default_dtype()
    try:
        t.set_default_dtype(t.float64)
        return [
            str(before), str(t.tensor(1.5).dtype), str(t.zeros(1).dtype), str((t.arange(2) * 0.5).dtype),
            str(t.tensor(1j).dtype), str(t.randn(1).dtype), str(t.Tensor([1]).dtype), repr(t.tensor([1.5])),
        ]  # fmt: skip
    finally:
        t.set_default_dtype(before)


def default_dtype_that_is_refused(t):
    return raises_in_order(lambda: t.set_default_dtype(t.int64), lambda: t.set_default_dtype("float"))


# -- out= --------------------------------------------------------------------------------------------------------------


def out_of_functions(t):
    x, made = t.tensor([1.0, 4.0]), []
    for name in ("sqrt", "exp", "abs", "neg", "sigmoid", "floor"):
        y = t.empty(2)
        made += [getattr(t, name)(x, out=y) is y, y]
    for name in ("add", "sub", "mul", "div", "maximum", "pow", "eq", "lt", "atan2"):
        y = t.empty(2)
        made += [getattr(t, name)(x, x, out=y) is y, y]
    y = t.empty(0)
    return [
        *made, t.sum(x, 0, out=y), t.cat([x, x], out=t.empty(4)), t.stack([x, x], out=t.empty(2, 2)),
        t.arange(2, out=t.empty(2)), t.matmul(x, x, out=t.empty(())), t.zeros(2, out=t.ones(2)),
        t.where(x > 2, x, t.zeros(2), out=t.empty(2)), t.mm(x.view(2, 1), x.view(1, 2), out=t.empty(2, 2)),
        t.cumsum(x, 0, out=t.empty(2)), t.clamp(x, 2, out=t.empty(2)),
        t.index_select(x, 0, t.tensor([1]), out=t.empty(1)),
    ]  # fmt: skip


def out_of_several(t):
    values, indices = t.empty(2), t.empty(2, dtype=t.int64)
    x = t.tensor([[1.0, 3.0], [4.0, 2.0]])
    found = t.max(x, 1, out=(values, indices))
    again = t.sort(x, 1, out=(t.empty(2, 2), t.empty(2, 2, dtype=t.int64)))
    return [
        values,
        indices,
        found.values is values,
        *again,
        *t.topk(x, 1, out=(t.empty(2, 1), t.empty(2, 1, dtype=t.int64))),
    ]


def out_of_another_dtype(t):
    return [
        t.add(t.ones(2, dtype=t.int64), 1, out=t.empty(2)),
        str(t.add(t.ones(2), 1, out=t.empty(2, dtype=t.float64)).dtype),
    ]


def out_of_another_shape(t):
    y = t.empty(5)
    return [t.add(t.ones(2), 1, out=y), y]


def out_that_is_refused(t):
    return raises_in_order(
        lambda: t.add(t.ones(2), 1, out=t.empty(2, dtype=t.int64)),
        lambda: t.add(leaf(t, 1.0), 1, out=t.empty(1)),
        lambda: t.add(t.ones(1), 1, out=leaf(t, 1.0)),
        lambda: t.add(t.ones(1), 1, out=[1]),
    )
