"""Reading with every form of index."""


def _x(torch):
    return torch.arange(24.0).view(2, 3, 4)


def integers_and_slices(torch):
    x = _x(torch)
    return [x[0], x[-1, 2], x[1, 2, 3], x[:, 1], x[..., 0], x[0, ..., 1:3], x[:, ::2], x[:, -2:], x[0, 1:1], x[:, 5:]]


def none_and_ellipsis(torch):
    x = _x(torch)
    return [x[None].sum(0), x[:, None, 1], x[..., None], x[None, ..., None, 0], x[...]]


def booleans_as_indices(torch):
    x = _x(torch)
    return [x[True], x[False], torch.tensor(5.0)[True], torch.tensor(5.0)[None]]


def index_tensors(torch):
    x, i, j = _x(torch), torch.tensor([1, 0, 1]), torch.tensor([[0, 2], [1, -1]])
    return [x[i], x[:, j], x[:, :, torch.tensor([3, 3])], x[i, j[0, 0]], x[i[:2], j], x[..., i], x[0, i, i], x[i, :, i]]


def lists_and_ranges(torch):
    x = _x(torch)
    return [x[[1, 0]], x[:, [0, 2], [1, 3]], x[[0], [1], [2]], x[:, range(2)], x[[]]]


def an_index_tensor_without_dimensions(torch):
    x = _x(torch)
    return [x[torch.tensor(1)], x[:, torch.tensor(2)], x[torch.tensor(0), torch.tensor(1)]]


def masks(torch):
    x = _x(torch)
    rows = torch.tensor([True, False, True])
    return [x[x > 10], x[:, rows], x[torch.tensor([False, True])], x[:, :, torch.tensor([True, False, False, True])]]


def a_mask_over_two_dimensions(torch):
    x = _x(torch)
    return [x[x.sum(-1) > 20], x[:, x[0] > 5], x[0][x[0] < 3]]


def masks_beside_other_indices(torch):
    x = _x(torch)
    return [x[0, torch.tensor([True, False, True])], x[torch.tensor([0, 1]), torch.tensor([True, True, False])]]


def numpy_indices(torch):
    import numpy as np

    x = _x(torch)
    return [x[np.array([1, 0])], x[:, np.int64(1)], x[np.array([True, False])]]


def newaxis_after_an_index_tensor(torch):
    x = _x(torch)
    return [x[torch.tensor([0, 1]), None], x[None, torch.tensor([1])], x[:, torch.tensor([0, 1]), None, 2]]


def gradients_of_index_tensors(torch):
    x = torch.arange(6.0).view(2, 3).requires_grad_()
    (x[torch.tensor([0, 0, 1])] * torch.tensor([1.0, 10.0, 100.0]).unsqueeze(-1)).sum().backward()
    return x.grad


def gradients_of_masks(torch):
    x = torch.arange(6.0).view(2, 3).requires_grad_()
    (x[x > 2] ** 2).sum().backward()
    return x.grad


def too_many_indices(torch):
    _x(torch)[0, 0, 0, 0]


def out_of_range(torch):
    _x(torch)[2]


def out_of_range_in_a_tensor(torch):
    _x(torch)[torch.tensor([0, 2])]


def out_of_range_in_a_list(torch):
    _x(torch)[:, [3]]


def a_mask_of_another_shape(torch):
    _x(torch)[torch.tensor([True, False, True])]


def a_float_index(torch):
    _x(torch)[torch.tensor([0.5])]


def a_python_float_index(torch):
    _x(torch)[1.5]


def a_string_index(torch):
    _x(torch)["a"]


def negative_step(torch):
    _x(torch)[::-1]


def index_tensors_that_do_not_broadcast(torch):
    _x(torch)[torch.tensor([0, 1]), torch.tensor([0, 1, 2])]


def indexing_a_number(torch):
    torch.tensor(1.0)[0]


def writes_with_every_form(torch):
    made = []
    for key in (0, slice(1, 3), (Ellipsis, 1), ([0, 1], [2, 0]), torch.tensor([1, 1]), (slice(None), torch.tensor(0))):
        x = torch.zeros(3, 4)
        x[key] = 7
        made.append(x)
    return made


def writes_of_rows(torch):
    x = torch.zeros(3, 4)
    x[[0, 2]] = torch.arange(4.0)
    x[:, [1]] = torch.tensor([[10.0], [20.0], [30.0]])
    x[torch.tensor([False, True, False])] = 5
    return x


def writes_of_masked_values(torch):
    x = torch.arange(6.0)
    x[x > 2] = torch.tensor([10.0, 20.0, 30.0])
    return x


def writes_of_too_many_masked_values(torch):
    x = torch.arange(6.0)
    x[x > 2] = torch.ones(2)


def gather_and_friends(torch):
    x, i = _x(torch)[0], torch.tensor([[0, 1, 2, 1]])
    return [
        x.gather(0, i),
        x.index_select(1, torch.tensor([3, 0])),
        x.take(torch.tensor([0, 5, -1])),
        torch.take_along_dim(x, x.argsort(1, descending=True), 1),
        x.scatter(0, i, 9.0),
        x.scatter_add(0, i, torch.ones(1, 4)),
        torch.zeros(3, 4).index_add(0, torch.tensor([0, 0, 2]), x),
        x.masked_fill(x > 5, -1.0),
        x.masked_select(x > 5),
        x.nonzero(),
    ]
