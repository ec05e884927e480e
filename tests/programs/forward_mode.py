"""Dual tensors: values with tangents."""

from importlib import import_module

from tests.programs.helpers import leaf, raises_in_order


def _forward_ad(t):
    return import_module(f"{t.__name__}.autograd.forward_ad")


def products_of_a_function(t):
    ad, x, v = _forward_ad(t), t.tensor([0.5, -1.0, 2.0]), t.tensor([1.0, 0.0, -2.0])
    with ad.dual_level():
        dual = ad.make_dual(x, v)
        out = (dual.sin() * t.ones(3)).cumsum(0)
        primal, tangent = ad.unpack_dual(out)
        inside = [primal, tangent, ad.unpack_dual(dual).tangent, ad.unpack_dual(x).tangent]
        inside += [*ad.unpack_dual(t.stack([dual, x]))]
    return [*inside, ad.unpack_dual(out).tangent, ad.unpack_dual(x).primal is x]


def several_duals(t):
    ad, x, y = _forward_ad(t), t.tensor([1.0, 2.0]), t.tensor([[3.0, 1.0], [0.0, -1.0]])
    with ad.dual_level():
        a, b = ad.make_dual(x, t.ones(2)), ad.make_dual(y, t.eye(2))
        return [ad.unpack_dual(b @ a).tangent, ad.unpack_dual(a.exp()).tangent, ad.unpack_dual(y @ x).tangent]


def of_parameters(t):
    ad, m = _forward_ad(t), t.nn.Linear(2, 2)
    x = t.tensor([[1.0, -1.0]])
    with t.no_grad():
        m.weight.copy_(t.eye(2) * 3)
        m.bias.fill_(1.0)
    with ad.dual_level():
        duals = {name: ad.make_dual(p, t.ones_like(p) * (1 + p.ndim)) for name, p in m.named_parameters()}
        out = t.func.functional_call(m, duals, (x,)).square()
        primal, tangent = ad.unpack_dual(out)
    tangent.sum().backward()
    return [primal.detach(), tangent.detach(), tangent.requires_grad, m.weight.grad, m.bias.grad]


def as_a_decorator(t):
    ad = _forward_ad(t)

    @ad.dual_level()
    def slope(x):
        return ad.unpack_dual(ad.make_dual(x, t.ones_like(x)) ** 3).tangent

    return [slope(t.tensor(2.0)), slope(t.tensor([1.0, 3.0]).double())]


def of_a_function_with_jvp(t):
    ad = _forward_ad(t)

    class Exp(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.made = x.exp()
            return ctx.made.clone()

        @staticmethod
        def jvp(ctx, tangent):
            made = tangent * ctx.made
            del ctx.made
            return made

    x, y = t.tensor([0.0, 1.0]), leaf(t, 0.0, 2.0)
    with ad.dual_level():
        made = [ad.unpack_dual(2 * Exp.apply(ad.make_dual(x, t.tensor([1.0, -2.0])))).tangent]
        made.append(ad.unpack_dual(Exp.apply(ad.make_dual(y, t.ones(2)))).tangent.detach())
    return made


def bad_calls(t):
    ad = _forward_ad(t)
    found = raises_in_order(lambda: ad.make_dual(t.ones(1), t.ones(1)), lambda: ad.exit_dual_level())
    with ad.dual_level():
        found += raises_in_order(
            lambda: ad.make_dual(t.ones(1, dtype=t.int64), t.ones(1)),
            lambda: ad.make_dual(t.ones(1), t.ones(1, dtype=t.int64)), lambda: ad.make_dual(t.ones(2), t.ones(3)),
            lambda: ad.enter_dual_level(),
        )  # fmt: skip
    return found


def products_with_more(t):
    x, w = t.tensor([1.0, 2.0]), leaf(t, 3.0, -1.0)
    out, tangent, aux = t.func.jvp(lambda a: (a * a, a.sum()), (x,), (t.ones(2),), has_aux=True)
    second = t.func.jvp(lambda a: (a**3).sum(), (w,), (t.ones(2),))[1]
    second.backward()
    return [out, tangent, aux, second.detach(), w.grad]
