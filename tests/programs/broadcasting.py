"""Arithmetic between tensors and numbers: promotion, broadcasting, operators and their reflections."""

_VALUES = {
    "bool": [True, False],
    "uint8": [1, 200],
    "int8": [1, -100],
    "int32": [1, -3],
    "int64": [1, -3],
    "float16": [0.5, -2.0],
    "bfloat16": [0.5, -2.0],
    "float32": [0.5, -2.0],
    "float64": [0.5, -2.0],
    "complex64": [0.5 + 1j, -2.0],
}

# Where PyTorch gives complex32, which we do not have.
_COMPLEX32 = [("complex64", "float16", {"shape": ()})]


def _tensor(torch, dtype, shape=None):
    x = torch.tensor(_VALUES[dtype], dtype=getattr(torch, dtype))
    return x[0] if shape == () else x


def _every_pair(torch, run, **kinds):
    made = []
    for a in _VALUES:
        for b in _VALUES:
            if (a, b, kinds) in _COMPLEX32:
                continue
            try:
                made.append(run(_tensor(torch, a, **kinds), _tensor(torch, b)))
            except RuntimeError:
                made.append(f"{a} {b} refused")
    return made


def sums_of_every_pair_of_dtypes(torch):
    return _every_pair(torch, lambda a, b: a + b)


def products_with_a_0d_tensor(torch):
    return _every_pair(torch, lambda a, b: a * b, shape=())


def quotients_of_every_pair(torch):
    return _every_pair(torch, lambda a, b: a / (b * b + b * b))


def comparisons_of_every_pair(torch):
    return _every_pair(torch, lambda a, b: a == b)


def every_dtype_with_numbers(torch):
    made = []
    for dtype in _VALUES:
        for number in (True, 2, 1.5, 1j) if dtype != "float16" else (True, 2, 1.5):
            made.append(_tensor(torch, dtype) * number)
            made.append(number + _tensor(torch, dtype))
    return made


def result_types(torch):
    pairs = [(a, b) for a in _VALUES for b in _VALUES]
    made = [str(torch.promote_types(getattr(torch, a), getattr(torch, b))) for a, b in pairs]
    made += [str(torch.result_type(_tensor(torch, a), n)) for a in _VALUES for n in (True, 1, 1.0)]
    return made + [str(torch.result_type(_tensor(torch, a), 1j)) for a in _VALUES if a != "float16"]


def can_cast(torch):
    return [torch.can_cast(getattr(torch, a), getattr(torch, b)) for a in _VALUES for b in _VALUES]


def reflected_operators(torch):
    x = torch.tensor([1.0, 2.0, 4.0])
    i = torch.tensor([1, 2, 4])
    return [2 - x, 2 / x, 2**x, 7 // i, 7 % i, 3 & i, 3 | i, 3 ^ i, 1 << i, 64 >> i, 2 + i, 3 * x, 2 - i]


def comparisons_with_numbers(torch):
    x = torch.tensor([1.0, 2.0, float("nan")])
    return [x < 2, x < 2, x >= 2, x != 2, x == x, x >= 1]


def unary_operators(torch):
    x = torch.tensor([1, -2, 3])
    return [-x, +x, abs(x), ~x, ~torch.tensor([True, False])]


def floor_division_and_remainder_signs(torch):
    a, b = torch.tensor([7, -7, 7, -7]), torch.tensor([2, 2, -2, -2])
    x, y = a.double(), b.double()
    return [a // b, a % b, x // y, x % y, torch.fmod(a, b), torch.fmod(x, y), torch.div(a, b, rounding_mode="trunc")]


def overflow_wraps(torch):
    x = torch.tensor([127, -128], dtype=torch.int8)
    return [x + 1, x * 2, -x, torch.tensor([255], dtype=torch.uint8) + 1, x - 1]


def shapes_broadcast(torch):
    made = []
    for a, b in (((3, 1), (1, 4)), ((), (2, 3)), ((2, 1, 3), (4, 1)), ((0, 3), (1,)), ((1,), (0,))):
        made.append(torch.ones(a) + torch.ones(b))
    return made


def shapes_that_do_not_broadcast(torch):
    torch.ones(2, 3) + torch.ones(2)


def more_shapes_that_do_not_broadcast(torch):
    torch.ones(4, 3, 2) * torch.ones(4, 1, 3)


def broadcast_tensors(torch):
    return torch.broadcast_tensors(torch.ones(3, 1), torch.arange(4))


def broadcast_shapes(torch):
    return str(tuple(torch.broadcast_shapes((2, 1), (1, 3), (3,))))


def alpha_of_add_and_sub(torch):
    x = torch.tensor([1.0, 2.0])
    return [torch.add(x, x, alpha=3), torch.sub(x, x, alpha=0.5), x.add(2, alpha=2), torch.rsub(x, 5)]


def float_alpha_for_integers(torch):
    torch.add(torch.ones(2, dtype=torch.int64), torch.ones(2, dtype=torch.int64), alpha=0.5)


def subtracting_bools(torch):
    torch.tensor([True]) - torch.tensor([False])


def negating_bools(torch):
    -torch.tensor([True])


def special_values(torch):
    x = torch.tensor([float("inf"), float("-inf"), float("nan"), 0.0])
    return [x + 1, x * 0, 1 / x, x.isfinite(), x.isnan(), x.nan_to_num(), x.sign(), x.exp(), x.sqrt()]


def division_by_zero(torch):
    return torch.tensor([1.0, -1.0, 0.0]) / 0


def integer_division_by_zero(torch):
    torch.tensor([1]) // 0


def powers(torch):
    x = torch.tensor([1, 2, 3])
    return [x**2, x**0.5, x.double() ** -1, 2.0**x, x**x, torch.pow(2, x), (-x.double()) ** 3]


def negative_integer_power(torch):
    torch.tensor([2]) ** -1


def matrix_products(torch):
    a, b, v = torch.arange(6.0).view(2, 3), torch.arange(12.0).view(3, 4), torch.arange(3.0)
    return [a @ b, a @ v, v @ b, v @ v, torch.matmul(a.expand(5, 2, 3), b), a.mm(b), a.mv(v)]


def reductions_of_nothing(torch):
    x = torch.zeros(0, 3)
    return [x.sum(), x.sum(0), x.prod(), x.mean(), x.any(), x.all(), x.sum(1)]


def max_of_nothing(torch):
    torch.zeros(0).max()


def default_dtype_double(torch):
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return [torch.tensor([1.5]), torch.ones(2), torch.tensor([1]) / 2, torch.arange(0, 1, 0.5), torch.tensor(1j)]
    finally:
        torch.set_default_dtype(before)
