"""Which tensors share memory, and where in it they begin."""


def _views(t, a):
    return [
        a[1], a[1:], a[:, 2], a.T, a.view(-1), a.view(2, 6)[1], a[::2], a.t()[1], a.unsqueeze(0), a.detach(), a.data,
        a[1][2], a.narrow(1, 1, 2), a.select(0, 2), a.split(2)[1], a.chunk(2, 1)[1], a.unbind(0)[2], a.diagonal(),
        a.diagonal(1), a.expand(2, 3, 4), a.permute(1, 0)[1:], a.as_strided((2, 2), (1, 2), 3), a[1:, 1:][1],
        a[1:].as_strided((2,), (1,), 5), a.unfold(1, 2, 1)[0, 1], a.squeeze(), a[None, 1:], a[..., 1], a.flatten()[5:],
        a.movedim(0, 1), a.reshape(4, 3)[1], t.swapaxes(a, 0, 1)[2], a[1:2].expand(3, 4)[2], a.real, a.contiguous(),
        a.view_as(a), a.view(t.int32), a[1].detach()[2:], a.detach()[2], a.to(t.float32), a[2].data,
    ]  # fmt: skip


def offsets_and_addresses(t):
    a = t.arange(12.0).reshape(3, 4)
    views = _views(t, a)
    copies = [a.clone(), a + 0, a.T.reshape(-1), a[:, 1].contiguous(), a.double(), t.arange(12.0), a[[1]]]
    shared = a.untyped_storage().data_ptr()
    return [
        *[x.storage_offset() for x in views], *[x.data_ptr() - a.data_ptr() for x in views],
        *[x.untyped_storage().data_ptr() == shared for x in views], *[x.untyped_storage().nbytes() for x in views],
        *[x.is_set_to(a) for x in views], *[x.storage_offset() for x in copies],
        *[x.data_ptr() == a.data_ptr() for x in copies], *[x.untyped_storage().data_ptr() == shared for x in copies],
        len({x.data_ptr() for x in (*copies, a)}), t.zeros(0).data_ptr(), a.data_ptr() != 0,
    ]  # fmt: skip


def parts_of_complex_numbers(t):
    c = t.view_as_complex(t.arange(8.0).reshape(2, 2, 2))
    return [
        c.real.storage_offset(), c.imag.storage_offset(), c.imag.data_ptr() - c.data_ptr(), c[1].imag.storage_offset(),
        t.view_as_real(c)[1].storage_offset(), c[1].storage_offset(),
    ]  # fmt: skip


def storages(t):
    a, b = t.arange(6.0).reshape(2, 3), t.ones(6)
    s, typed = a.untyped_storage(), a.storage()
    return [
        type(s).__name__, s.size(), len(s), s.nbytes(), s.element_size(), s.data_ptr() == a.data_ptr(),
        s.data_ptr() == b.untyped_storage().data_ptr(), s is a[1].untyped_storage(), s == a.T.untyped_storage(),
        hash(s) == hash(a[1].untyped_storage()), s._cdata == a[1].untyped_storage()._cdata, t.is_storage(s),
        type(typed).__name__, typed.data_ptr() == a.data_ptr(), typed.size(), len(typed), typed.nbytes(), typed[3],
        typed.tolist(), a[1].storage()[0], str(typed.dtype), typed.element_size(), t.is_storage(typed), t.is_storage(a),
        a.element_size(), a.nbytes, a.itemsize, a.half().element_size(),
    ]  # fmt: skip


def what_keeps_its_memory(t):
    x = t.ones(3)
    before, found = x.data_ptr(), []
    x.add_(1)
    found.append(x.data_ptr() == before)
    x[1:] = 5
    found.append(x.mul_(2).data_ptr() == before)
    x.data = t.zeros(3)
    found.append(x.data_ptr() == before)
    x.set_(t.arange(6.0)[2:4])
    found += [x.storage_offset(), x.untyped_storage().nbytes()]
    y = t.ones(2, 3)
    before = y.data_ptr()
    y.t_().unsqueeze_(0)
    return [*found, y.data_ptr() == before, y[0, 1].storage_offset(), y[:, 1:].storage_offset()]


def parameters_that_are_tied(t):
    q = t.ones(3)
    w = t.nn.Parameter(q)
    one, two = t.nn.Linear(2, 2), t.nn.Linear(2, 2)
    two.weight = one.weight
    values = one.state_dict().values()
    sets = [{p.data_ptr() for m in (one, two) for p in m.parameters()}, {v.data_ptr() for v in values}]
    return [
        w.data_ptr() == q.data_ptr(), w.data.data_ptr() == q.data_ptr(), w.detach().data_ptr() == q.data_ptr(),
        (w + 0).data_ptr() == q.data_ptr(), one.weight.data_ptr() == two.weight.data_ptr(), *[len(s) for s in sets],
        one.state_dict()["weight"].data_ptr() == one.weight.data_ptr(),
    ]  # fmt: skip


def a_long_way(t):
    x = t.arange(400.0)
    for _ in range(150):
        x = x[2:].view(-1)
    return [x.storage_offset(), x.data_ptr() - x.untyped_storage().data_ptr(), x[0]]
