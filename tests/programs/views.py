"""Views and writes in place: what aliases what, which versions catch, which writes are differentiable."""


def _leaf(torch, *values):
    return torch.tensor(values, requires_grad=True)


def a_view_sees_writes(torch):
    x = torch.zeros(2, 3)
    row, column, flat = x[0], x[:, 1], x.view(-1)
    row.fill_(1)
    column += 5
    flat[5] = 9
    return [x, row, column, flat]


def elements_of_a_vector_see_writes(torch):
    x, m, z = torch.zeros(3), torch.zeros(2, 2), torch.zeros(1, 1)
    for each in x:
        each.fill_(2)
    first, *_, last = x.unbind()
    first.mul_(5)
    x[2] = -1
    for row in m:
        for each in row:
            each += 1
    m.T.unbind()[0].unbind()[1].fill_(9)
    z.diagonal().unbind()[0].add_(1)
    with torch.no_grad():
        leaf = _leaf(torch, 1.0, 2.0)
        leaf.unbind()[1].neg_()
    return [x, first, last, m, z, leaf.detach(), torch.arange(3).unbind()[1].add_(1)]


def a_reshape_of_a_transpose_is_a_copy(torch):
    x = torch.arange(6).view(2, 3)
    y = x.t().reshape(6)
    y.zero_()
    return x


def view_of_a_transpose(torch):
    torch.arange(6).view(2, 3).t().view(6)


def chained_views(torch):
    x = torch.arange(24.0).view(2, 3, 4)
    x.permute(2, 0, 1)[1:3].transpose(0, 1)[0, :, 2].mul_(100)
    return x


def expanded_memory_is_shared(torch):
    x = torch.zeros(3, 1)
    y = x.expand(3, 4)
    x += 2
    return y


def writing_through_a_view_is_differentiable(torch):
    x = _leaf(torch, 1.0, 2.0, 3.0)
    y = x * 2
    y[1:] *= 10
    y.sum().backward()
    return [y, x.grad]


def index_assignment_is_differentiable(torch):
    x, v = _leaf(torch, 1.0, 2.0, 3.0), _leaf(torch, 5.0)
    y = x * 2
    y[1] = v[0] * 3
    (y * y).sum().backward()
    return [y, x.grad, v.grad]


def slice_assignment_is_differentiable(torch):
    x, v = _leaf(torch, 1.0, 2.0, 3.0, 4.0), _leaf(torch, 5.0, 6.0)
    y = x.clone()
    y[1:3] = v
    (y**3).sum().backward()
    return [x.grad, v.grad]


def mask_assignment_is_differentiable(torch):
    x = _leaf(torch, 1.0, -2.0, 3.0)
    y = x * 1
    y[y < 0] = 0.5
    (y * y).sum().backward()
    return [y, x.grad]


def tensor_index_assignment_is_differentiable(torch):
    x, v = _leaf(torch, 1.0, 2.0, 3.0), _leaf(torch, 5.0, 6.0)
    y = x.clone()
    y[torch.tensor([2, 0])] = v
    (y * y).sum().backward()
    return [y, x.grad, v.grad]


def index_put_accumulates(torch):
    x, v = _leaf(torch, 1.0, 2.0, 3.0), _leaf(torch, 5.0, 6.0)
    y = x.clone().index_put_((torch.tensor([1, 1]),), v, accumulate=True)
    (y * y).sum().backward()
    return [y, x.grad, v.grad]


def a_view_made_before_the_write_follows_it(torch):
    x = _leaf(torch, 1.0, 2.0, 3.0)
    y = x * 1
    view = y[:2]
    y.mul_(3)
    (view * view).sum().backward()
    return [view, x.grad]


def a_base_follows_a_write_to_its_view(torch):
    x = _leaf(torch, 1.0, 2.0, 3.0)
    y = x * 1
    view = y[:2]
    view.mul_(3)
    y.sum().backward()
    return [y, x.grad]


def two_views_written_in_turn(torch):
    x = _leaf(torch, 1.0, 2.0, 3.0, 4.0)
    y = x * 1
    a, b = y[:3], y[1:]
    a.mul_(2)
    b.add_(a.sum())
    (y * y).sum().backward()
    return [a, b, y, x.grad]


def writing_into_a_leaf(torch):
    _leaf(torch, 1.0).add_(1)


def writing_into_a_view_of_a_leaf(torch):
    _leaf(torch, 1.0, 2.0)[:1].add_(1)


def writing_into_a_leaf_without_recording(torch):
    x = _leaf(torch, 1.0, 2.0)
    with torch.no_grad():
        x.add_(10)
    (x * x).sum().backward()
    return [x, x.grad]


def writing_into_data(torch):
    x = _leaf(torch, 1.0, 2.0)
    x.data.mul_(5)
    (x * x).sum().backward()
    return [x, x.grad]


def overwritten_saved_tensor(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = x * 1
    z = (y * y).sum()
    y.add_(1)
    z.backward()


def overwritten_saved_result(torch):
    y = _leaf(torch, 1.0, 2.0).exp()
    z = y.sum()
    y.zero_()
    z.backward()


def overwritten_tensor_that_is_not_needed(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = x + 1
    z = (y + 2).sum()
    y.zero_()
    z.backward()
    return x.grad


def overwriting_through_detach_is_noticed(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = x * 1
    z = (y * y).sum()
    y.detach().add_(1)
    z.backward()


def version_counts(torch):
    x = torch.zeros(3)
    before = x._version
    x.add_(1)
    x[0] = 5
    view = x[1:]
    view.zero_()
    return [before, x._version, view._version]


def in_place_relu_on_a_result(torch):
    x = _leaf(torch, -1.0, 2.0)
    y = (x * 3).relu_()
    (y * y).sum().backward()
    return x.grad


def in_place_chain(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = (x * 1).mul_(2).add_(1).pow_(2).div_(3)
    y.sum().backward()
    return [y, x.grad]


def in_place_with_a_broadcast_operand(torch):
    x, b = _leaf(torch, [1.0, 2.0], [3.0, 4.0]), _leaf(torch, 5.0, 6.0)
    y = (x * 1).mul_(b)
    y.sum().backward()
    return [x.grad, b.grad]


def in_place_cannot_grow(torch):
    torch.ones(3).add_(torch.ones(2, 3))


def in_place_cannot_change_category(torch):
    torch.ones(3, dtype=torch.int64).add_(0.5)


def integer_division_in_place(torch):
    torch.ones(3, dtype=torch.int64).div_(2)


def self_overlapping_copy(torch):
    x = torch.arange(6.0)
    x[1:] = x[:-1].clone()
    return x


def setitem_broadcasts(torch):
    x = torch.zeros(2, 3)
    x[:, 1:] = torch.tensor([7.0, 8.0])
    x[0] = 1
    return x


def setitem_of_another_shape(torch):
    torch.zeros(2, 3)[:, 1:] = torch.ones(3)


def setitem_casts(torch):
    x = torch.zeros(3, dtype=torch.int64)
    x[0] = 2.9
    x[1:] = torch.tensor([1.5, -1.5])
    return x


def split_parts_are_views(torch):
    x = torch.arange(6.0)
    a, b = x.split(3)
    a.zero_()
    b += 1
    return x


def unbind_and_chunk_are_views(torch):
    x = torch.zeros(2, 4)
    x.unbind(0)[1].fill_(3)
    x.chunk(2, dim=1)[0].add_(1)
    return x


def squeeze_and_unsqueeze_are_views(torch):
    x = torch.zeros(1, 3)
    x.squeeze(0)[0] = 1
    x.unsqueeze(-1)[0, 2, 0] = 2
    return x


def diagonal_is_a_view(torch):
    x = torch.zeros(3, 3)
    x.diagonal().copy_(torch.tensor([1.0, 2.0, 3.0]))
    return x


def real_and_imag_are_views(torch):
    z = torch.zeros(2, dtype=torch.complex64)
    z.real.fill_(1)
    z.imag[0] = 2
    return z


def strides_and_contiguity(torch):
    x = torch.zeros(2, 3, 4)
    made = [x, x.transpose(0, 2), x[:, 1], x[:, ::2], x.expand(5, 2, 3, 4), x.permute(1, 2, 0).contiguous()]
    return [str((tuple(y.stride()), y.is_contiguous())) for y in made]


def unfold_windows_share_memory(torch):
    x = torch.arange(5.0)
    windows = x.unfold(0, 3, 1)
    x[2] = 100
    return windows


def copy_between_dtypes(torch):
    x = torch.zeros(3, dtype=torch.float16)
    x.copy_(torch.tensor([1, 2, 3]))
    return x


def zero_grad_of_a_shared_view(torch):
    w = _leaf(torch, 1.0, 2.0)
    (w.view(2, 1) * 3).sum().backward()
    g = w.grad
    g.zero_()
    return [w.grad, g]
