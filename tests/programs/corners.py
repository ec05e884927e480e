"""Corners of textbook programs: masks without dimensions, repeated memory, factors, signs of zero, empty means."""


def masks_without_dimensions(torch):
    x, yes, no = torch.arange(6).view(2, 3), torch.tensor(True), torch.tensor(False)
    return [x[yes], x[no], x[yes, 0], x[1, yes], x[torch.tensor([0, 1]), yes], torch.tensor(5)[yes], x[..., yes]]


def a_byte_without_dimensions_is_a_mask(torch):
    return torch.arange(3)[torch.tensor(1, dtype=torch.uint8)]


def writing_through_masks_without_dimensions(torch):
    x = torch.zeros(3)
    x[torch.tensor(False)] = 1.0
    x[torch.tensor(True)] += 2.0
    return x


def bad_indices_name_the_dimension_they_are_for(torch):
    x = torch.zeros(2, 3, 4)
    texts = []
    for key in [(0, 5), (0, 0, 9), (slice(None), -4), (None, 0, 7)]:
        try:
            x[key]
        except IndexError as error:
            texts.append(str(error).partition("(")[0].strip())
    return texts


def writing_single_elements_of_repeated_memory(torch):
    x = torch.arange(3.0)
    rows = x.expand(2, 3)
    rows[0, 1] = 7
    rows[1].add_(1)
    return [x, rows]


def writing_what_was_repeated_without_need(torch):
    x = torch.zeros(2, 3)
    x.expand(2, 3).add_(1)
    x[:1].expand(1, 3).mul_(5)
    return x


def numbers_that_just_fit(torch):
    return [
        torch.tensor([-255, 255, 0], dtype=torch.uint8),
        torch.tensor(-1, dtype=torch.uint8),
        torch.tensor([2**70], dtype=torch.float32),
        torch.tensor([1, 2.5], dtype=torch.complex64),
        torch.tensor([True, False], dtype=torch.float32),
        torch.tensor([0, 3.5, 1j], dtype=torch.bool),
        torch.tensor([1e40]),
        torch.full((2,), -1, dtype=torch.uint8),
        torch.full((2,), float("inf"), dtype=torch.float16),
        torch.full((2,), 2.9, dtype=torch.int32),
        torch.full((2,), 1 + 0j, dtype=torch.float32),
        torch.zeros(2, dtype=torch.bool).fill_(3),
        torch.zeros(2).fill_(float("nan")),
        torch.zeros(2, dtype=torch.int64).fill_(-2.5),
        torch.zeros(2).masked_fill(torch.tensor([True, False]), torch.tensor(float("inf"))),
        torch.zeros(2, dtype=torch.int32).fill_(torch.tensor(2.5)),
    ]


def integer_powers(torch):
    x = torch.tensor([-2, -1, 0, 1, 3])
    return [x**0, x**3, x.to(torch.uint8) ** 2, x.to(torch.int8) ** 3, x ** torch.tensor([0, -1, 2, -3, 1]), x**0.5]


def factors_follow_the_result(torch):
    i, f, b = torch.tensor([1, 2]), torch.tensor([0.5, 1.5]), torch.tensor([True, False])
    return [
        torch.add(f, i, alpha=1.5),
        torch.add(i, f, alpha=2),
        torch.sub(f, i, alpha=0.5),
        torch.add(i, 2.0, alpha=1.5),
        torch.add(b, b, alpha=2),
        torch.add(b, b, alpha=True),
        f.clone().sub_(i, alpha=1.5),
        torch.rsub(i, f, alpha=1.5),
    ]


def means_of_nothing(torch):
    x = torch.zeros(0, 3)
    return [x.mean(), x.mean(0), x.mean(1), torch.zeros(3, 0).mean(0), x.sum(0), x.prod(0)]


def names_of_numpy(torch):
    x = torch.arange(6.0).view(2, 3)
    return [
        x.sum(0, keepdims=True), x.sum(axis=0, keepdims=True), x.mean(axis=1), torch.mean(x, 1, keepdims=True),
        *x.max(axis=1, keepdims=True), *torch.min(x, axis=0), x.argmax(axis=0), x.std(axis=1, keepdims=True),
        x.var(1, keepdims=True), x.amax(axis=1, keepdims=True), x.prod(axis=0), (x > 1).any(axis=0, keepdims=True),
        torch.cat((x, x), axis=1), torch.stack([x, x], axis=-1), torch.concat([x, x], axis=0),
        x.cumsum(axis=0), torch.cumprod(x, axis=1), x.softmax(axis=0), torch.log_softmax(x, axis=1),
        x.unsqueeze(axis=0), x[:1].squeeze(axis=0), *x.sort(axis=0, descending=True), x.argsort(axis=1),
        *x.topk(1, axis=0), *x.unbind(axis=1), *x.cummax(axis=1), x.logsumexp(axis=1), x.count_nonzero(axis=0),
    ]  # fmt: skip


def neither_name_of_a_dimension(torch):
    torch.arange(3).cumsum()


def what_hardshrink_drops_is_plain_zero(torch):
    return torch.signbit(torch.nn.functional.hardshrink(torch.tensor([-0.3, 0.2, -2.0])))


def names_of_errors_say_what_was_wrong(torch):
    """Reading numbers out of tensors that hold several has to do with shapes alone."""
    texts = []
    for read in (lambda x: x.item(), bool, int):
        try:
            read(torch.tensor([1, 2]))
        except (RuntimeError, ValueError) as error:
            texts.append(str(error))
    return texts


def autograd_takes_no_notice_of_writes_to_data(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y, z = x * x, x.exp()
    x.data.add_(1)
    z.data.zero_()
    (y + z).sum().backward()
    return [x, x.grad, z, x._version]


def autograd_notices_writes_to_what_was_detached(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    x.detach().add_(1)
    y.sum().backward()


def bits_read_as_another_dtype(torch):
    x = torch.tensor([1.0, -2.0])
    bits = x.view(torch.int32)
    bits[1] = 0x40490FDB
    halves = torch.arange(8, dtype=torch.uint8).view(2, 4)
    guess = (0x5F3759DF - (torch.tensor([4.0]).view(torch.int32) >> 1)).view(torch.float32)
    return [x, bits, halves.view(torch.int32), halves[:, :2].view(torch.int16), x.view(torch.float32), guess]
