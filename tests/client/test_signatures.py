"""Functions and methods that programs use take PyTorch's arguments, by its names and in its order."""

import operator
import warnings

import numpy as np
import pytest
import teletensor

from tests.client.signatures import Call, refusal, schemas, written
from tests.client.usage import find, has, scores

torch = pytest.importorskip("torch", reason="compares with PyTorch's own signatures, and it is not installed")

# Parameters that ours do not take, and why.
LEFT_OUT = {
    "torch.einsum": {"path": "einsum contracts from left to right", "tensors": "PyTorch documents *operands"},
    "torch.gather": {"sparse_grad": "there are no sparse tensors"},
    "Tensor.gather": {"sparse_grad": "there are no sparse tensors"},
    "Tensor.uniform_": {"from": "cannot be written in Python"},
    "Tensor.random_": {"from": "cannot be written in Python"},
    "torch.split": {"split_sizes": "PyTorch documents split_size_or_sections"},
    "Tensor.split": {"split_sizes": "PyTorch documents split_size"},
    "torch.isin": {"element": "PyTorch documents elements", "test_element": "PyTorch documents test_elements"},
    "Tensor.copy_": {"other": "PyTorch documents src"},
    "Tensor.type_as": {"other": "PyTorch documents tensor"},
    "torch.save": dict.fromkeys(
        ("pickle_module", "pickle_protocol", "_use_new_zipfile_serialization", "_disable_byteorder_record"),
        "nothing is pickled",
    ),
}
# PyTorch's native op of that name is another function.
OTHER_OPS = {"Tensor.backward"}


def functions() -> list[str]:
    """The functions and methods of the list that are here."""
    found = []
    for name in scores():
        kind, _, rest = name.partition(".")
        if kind not in ("torch", "Tensor") or "." in rest or name in OTHER_OPS or not has(teletensor, name):
            continue
        value = find(teletensor, name)
        if callable(value) and not isinstance(value, type):
            found.append(name)
    return found


def calls(name: str) -> list[Call]:
    return list(schemas(torch, name.rpartition(".")[2])) or list(written(find(torch, name)))


@pytest.mark.parametrize("name", [name for name in functions() if calls(name)])
def test_takes_pytorchs_arguments(name):
    function = find(teletensor, name)
    skip = LEFT_OUT.get(name, {})
    for call in calls(name):
        if skip.keys() & set(call.positional[: call.required]):
            continue
        assert refusal(function, call, frozenset(skip)) is None


# Functions that PyTorch parses by hand, called in every form.
FORMS = [
    lambda t: t.zeros(2, 3),
    lambda t: t.zeros((2, 3)),
    lambda t: t.zeros([2, 3]),
    lambda t: t.zeros(size=(2, 3)),
    lambda t: t.zeros(()),
    lambda t: t.zeros(2, dtype=t.int64),
    lambda t: t.zeros(2, dtype=float),
    lambda t: t.zeros(t.Size([2])),
    lambda t: t.zeros(t.tensor(3)),
    lambda t: t.zeros(np.int64(3)),
    lambda t: t.ones(2, device="cpu", requires_grad=True),
    lambda t: t.empty(2, 0, layout=t.strided),
    lambda t: t.empty((0,), memory_format=t.contiguous_format, pin_memory=False),
    lambda t: t.full((2,), 3),
    lambda t: t.full(size=(2,), fill_value=1.5, dtype=t.float64),
    lambda t: t.full((2,), True),
    lambda t: t.zeros_like(t.ones(2), dtype=t.int8, memory_format=t.preserve_format),
    lambda t: t.full_like(input=t.ones(2), fill_value=4),
    lambda t: t.zeros(2, out=t.empty(2)),
    lambda t: t.arange(5),
    lambda t: t.arange(1, 5),
    lambda t: t.arange(1, 5, 2),
    lambda t: t.arange(end=5),
    lambda t: t.arange(start=1, end=5),
    lambda t: t.arange(0, 1, 0.25),
    lambda t: t.arange(3, dtype=t.float32),
    lambda t: t.arange(5, 0, -2),
    lambda t: t.arange(t.tensor(3)),
    lambda t: t.arange(0.0, 3.0, dtype=t.int64),
    lambda t: t.linspace(0, 1, 5),
    lambda t: t.linspace(start=0, end=1, steps=3),
    lambda t: t.logspace(0, 2, 3),
    lambda t: t.eye(3),
    lambda t: t.eye(2, 3),
    lambda t: t.eye(n=2, m=1, dtype=t.bool),
    lambda t: t.tensor([1, 2]),
    lambda t: t.tensor(data=[[1.0]], dtype=t.float64),
    lambda t: t.tensor(3),
    lambda t: t.as_tensor([1, 2], dtype=t.float32),
    lambda t: t.as_tensor(data=np.ones(2), device="cpu"),
    lambda t: t.from_numpy(np.arange(3)),
    lambda t: t.asarray([1, 2]),
    lambda t: t.scalar_tensor(2),
    lambda t: t.frombuffer(bytearray(8), dtype=t.int32),
    lambda t: t.tril_indices(2, 3),
    lambda t: t.triu_indices(2, 3, 1),
    lambda t: t.ones(2).new_zeros(3),
    lambda t: t.ones(2).new_zeros((3, 1)),
    lambda t: t.ones(2).new_zeros(size=(3,)),
    lambda t: t.ones(2, dtype=t.int32).new_tensor([1, 2]),
    lambda t: t.ones(2).new_full((2,), 7, dtype=t.int64),
    lambda t: t.ones(2).new([1, 2]),
    lambda t: t.ones(2).new_ones(2, 1),
    lambda t: t.ones(2).new_empty(0),
    lambda t: t.ones(2).int(),
    lambda t: t.ones(2).bool(),
    lambda t: t.ones(2).type(t.float64),
    lambda t: t.ones(2).type("torch.LongTensor"),
    lambda t: t.ones(2).type(),
    lambda t: t.ones(2).type(t.IntTensor),
    lambda t: t.ones(2).to(t.float64),
    lambda t: t.ones(2).to("cpu"),
    lambda t: t.ones(2).to("cpu", t.int64),
    lambda t: t.ones(2).to(dtype=t.int8, non_blocking=True, copy=True),
    lambda t: t.ones(2).to(t.zeros(1, dtype=t.int16)),
    lambda t: t.ones(2).to(device=t.device("cpu")),
    lambda t: t.ones(2).to(float),
    lambda t: t.ones(2).to(None),
    lambda t: t.ones(2, 3).size(),
    lambda t: t.ones(2, 3).size(1),
    lambda t: t.ones(2, 3).size(dim=-1),
    lambda t: t.ones(2, 3).stride(0),
    lambda t: t.ones(6).view(2, 3),
    lambda t: t.ones(6).view(-1, 2),
    lambda t: t.ones(6).view((3, 2)),
    lambda t: t.ones(6).view(size=(3, 2)),
    lambda t: t.ones(6).reshape([2, -1]),
    lambda t: t.reshape(t.ones(6), (2, 3)),
    lambda t: t.reshape(input=t.ones(6), shape=(2, 3)),
    lambda t: t.ones(2, 3).permute(1, 0),
    lambda t: t.ones(2, 3).permute((1, 0)),
    lambda t: t.ones(2, 3).permute(dims=(1, 0)),
    lambda t: t.permute(t.ones(2, 3), (1, 0)),
    lambda t: t.ones(2, 1).expand(2, 3),
    lambda t: t.ones(2, 1).expand(-1, 4),
    lambda t: t.ones(2, 1).expand(size=(2, 5)),
    lambda t: t.ones(2).repeat(3),
    lambda t: t.ones(2).repeat(2, 1),
    lambda t: t.ones(2).repeat(repeats=(2, 1)),
    lambda t: t.ones(2).tile(2),
    lambda t: t.tile(t.ones(2), dims=(2, 2)),
    lambda t: t.arange(4).flip(0),
    lambda t: t.arange(4).flip(dims=(0,)),
    lambda t: t.flip(t.arange(4), [0]),
    lambda t: t.ones(2, 3).sum(),
    lambda t: t.ones(2, 3).sum(0),
    lambda t: t.ones(2, 3).sum((0, 1), True),
    lambda t: t.ones(2, 3).sum(dim=1, keepdim=True, dtype=t.float64),
    lambda t: t.sum(t.ones(2, 3), axis=1),
    lambda t: t.arange(6.0).view(2, 3).max(),
    lambda t: t.arange(6.0).view(2, 3).max(1),
    lambda t: t.max(t.ones(2), t.zeros(2)),
    lambda t: t.max(t.ones(2), other=t.zeros(2)),
    lambda t: t.arange(6.0).view(2, 3).min(dim=0, keepdim=True),
    lambda t: t.arange(4.0).var(),
    lambda t: t.arange(4.0).var(0),
    lambda t: t.arange(4.0).var(False),
    lambda t: t.arange(4.0).std(0, False, True),
    lambda t: t.arange(4.0).std(unbiased=False),
    lambda t: t.std(t.arange(4.0), dim=0),
    lambda t: t.var(t.arange(4.0), dim=0, correction=2, keepdim=True),
    lambda t: t.arange(4.0).var(dim=0, unbiased=True),
    lambda t: t.arange(6).split(2),
    lambda t: t.arange(6).split([1, 5]),
    lambda t: t.arange(6).split(split_size=4),
    lambda t: t.split(t.arange(6), split_size_or_sections=4, dim=0),
    lambda t: t.split(tensor=t.arange(6), split_size_or_sections=3),
    lambda t: t.unique(t.tensor([2, 1, 2])),
    lambda t: t.unique(t.tensor([2, 1, 2]), True, True),
    lambda t: t.tensor([2, 1, 2]).unique(return_counts=True),
    lambda t: t.hann_window(5),
    lambda t: t.hann_window(4, periodic=False),
    lambda t: t.where(t.tensor([True, False]), 1.0, 2.0),
    lambda t: t.where(t.tensor([True, False])),
    lambda t: t.tensor([0, 3]).nonzero(),
    lambda t: t.nonzero(t.tensor([0, 3]), as_tuple=True),
    lambda t: t.einsum("ij,jk->ik", t.ones(2, 3), t.ones(3, 2)),
    lambda t: t.einsum("i,i", [t.ones(2), t.ones(2)]),
    lambda t: t.einsum(t.ones(2, 3), [0, 1], t.ones(3, 2), [1, 2], [0, 2]),
    lambda t: t.ones(1, 3, 1).squeeze((0, 2)),
    lambda t: t.clamp(t.arange(4), 1, 2),
    lambda t: t.arange(4).clamp(min=2),
    lambda t: t.arange(4).clamp(max=t.tensor(1)),
    lambda t: t.ones(2).add(t.ones(2), alpha=3),
    lambda t: t.sub(t.ones(2), 1, alpha=2),
    lambda t: t.ones(3).div(2, rounding_mode="floor"),
    lambda t: t.cat((t.ones(1), t.zeros(1))),
    lambda t: t.cat(tensors=[t.ones(1)], dim=0),
    lambda t: t.stack([t.ones(1)] * 2, -1),
    lambda t: t.zeros(3).scatter(0, t.tensor([1]), 5.0),
    lambda t: t.zeros(3).scatter_(0, t.tensor([1]), src=t.ones(1)),
    lambda t: t.zeros(3).scatter(dim=0, index=t.tensor([1]), value=5.0),
    lambda t: t.zeros(3).index_add(0, t.tensor([1]), t.ones(1), alpha=2),
    lambda t: t.tensor([3, 1]).sort(),
    lambda t: t.tensor([3, 1]).sort(descending=True),
    lambda t: t.sort(t.tensor([3, 1]), 0, True),
    lambda t: t.tensor([3, 1]).sort(stable=True),
    lambda t: t.tensor([3, 1]).argsort(dim=0, descending=True),
    lambda t: t.tensor([3, 1, 2]).topk(2),
    lambda t: t.topk(t.tensor([3, 1, 2]), k=1, largest=False),
    lambda t: t.ones(2).norm(),
    lambda t: t.norm(t.ones(2, 2), p=1, dim=0),
    lambda t: t.ones(2, 2).norm(dim=1, keepdim=True),
    lambda t: t.meshgrid(t.arange(2), t.arange(3), indexing="xy"),
    lambda t: t.meshgrid([t.arange(2), t.arange(3)], indexing="ij"),
    lambda t: t.ones(1).item(),
    lambda t: t.ones(2, 2).tolist(),
    lambda t: t.ones(2).numpy(),
    lambda t: t.ones(3).resize_(2),
    lambda t: t.ones(2, 3).unsqueeze_(0),
    lambda t: t.ones(1, 3).squeeze_(),
    lambda t: t.ones(2, 3).t_(),
]


def plain(x):
    """Tensors as arrays, in tuples as lists."""
    if isinstance(x, (list, tuple)) and not hasattr(x, "numel"):
        return [plain(each) for each in x]
    return np.asarray(x.detach()) if hasattr(x, "detach") else x


@pytest.mark.parametrize("form", FORMS, ids=[str(i) for i in range(len(FORMS))])
def test_is_called_as_pytorch_is(form):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine, theirs = form(teletensor), form(torch)
    np.testing.assert_equal(plain(mine), plain(theirs))
    dtypes = [getattr(x, "dtype", None) for x in (mine, theirs)]
    assert str(dtypes[0]) == str(dtypes[1])
    assert [getattr(x, "requires_grad", None) for x in (mine, theirs)].count(True) in (0, 2)


@pytest.mark.parametrize(
    "form",
    [
        lambda t: t.rand(2, 3),
        lambda t: t.rand(size=(2, 3)),
        lambda t: t.randn((2,), dtype=t.float64),
        lambda t: t.randint(5, (2,)),
        lambda t: t.randint(1, 5, (2,)),
        lambda t: t.randint(high=5, size=(2,)),
        lambda t: t.randint(low=1, high=5, size=(2,)),
        lambda t: t.randint(5, size=(2,)),
        lambda t: t.randint(0, 5, [2]),
        lambda t: t.randperm(5),
        lambda t: t.randperm(5, dtype=t.int32),
        lambda t: t.rand_like(t.ones(2)),
        lambda t: t.randn_like(t.ones(2), dtype=t.float64),
        lambda t: t.randint_like(t.ones(2), 3, 5),
        lambda t: t.normal(0.0, 1.0, (2, 2)),
        lambda t: t.normal(t.zeros(2), 1.0),
        lambda t: t.normal(t.zeros(2), t.ones(2)),
        lambda t: t.normal(mean=0.0, std=1.0, size=(2,)),
        lambda t: t.bernoulli(t.ones(2)),
        lambda t: t.ones(3).bernoulli_(0.5),
        lambda t: t.multinomial(t.ones(4), 2),
        lambda t: t.multinomial(t.ones(2, 4), num_samples=5, replacement=True),
        lambda t: t.ones(3).uniform_(),
        lambda t: t.ones(3).uniform_(1, 2),
        lambda t: t.ones(3).uniform_(to=2.0),
        lambda t: t.ones(3).normal_(mean=1.0),
        lambda t: t.ones(3).exponential_(2.0),
        lambda t: t.ones(3).random_(),
        lambda t: t.ones(3).random_(5),
        lambda t: t.ones(3).random_(2, 5),
        lambda t: t.ones(3).geometric_(0.5),
        lambda t: t.ones(3).log_normal_(),
        lambda t: t.ones(3).cauchy_(),
        lambda t: t.rand(2, generator=t.Generator()),
    ],
)
def test_random_numbers_are_asked_for_as_of_pytorch(form):
    mine, theirs = form(teletensor), form(torch)
    assert (tuple(mine.shape), str(mine.dtype)) == (tuple(theirs.shape), str(theirs.dtype))


def test_operators_are_special_methods():
    x, y = teletensor.tensor([5.0, -3.0]), teletensor.tensor([2.0, 2.0])
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "eq", "ne", "gt", "ge"):
        function = getattr(operator, name)
        mine, theirs = function(x, y).tolist(), function(torch.tensor([5.0, -3.0]), torch.tensor([2.0, 2.0])).tolist()
        assert mine == theirs, name
