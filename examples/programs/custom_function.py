"""Autograd functions of one's own: a Legendre polynomial, a straight-through sign, gradient reversal, a checked one."""

import math

import torch
from seeded import normal
from torch.autograd import Function, gradcheck
from torch.autograd.function import once_differentiable


class LegendrePolynomial3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


class SignSTE(Function):
    @staticmethod
    def forward(ctx, x):
        return x.sign()

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        return g.clone()


class ReverseGradient(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        assert ctx.needs_input_grad == (True, False)
        return -ctx.scale * g, None


class LinearFunction(Function):
    @staticmethod
    def forward(input, weight, bias):
        return input.mm(weight.t()) + bias.unsqueeze(0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, _ = inputs
        ctx.save_for_backward(input, weight)

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        grad_input = grad_output.mm(weight) if ctx.needs_input_grad[0] else None
        grad_weight = grad_output.t().mm(input) if ctx.needs_input_grad[1] else None
        return grad_input, grad_weight, grad_output.sum(0)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x = torch.linspace(-math.pi, math.pi, 500, device=device)
    y = torch.sin(x)
    a, b, c, d = (torch.full((), v, device=device, requires_grad=True) for v in (0.0, -1.0, 0.0, 0.3))
    for t in range(200):
        y_pred = a + b * LegendrePolynomial3.apply(c + d * x)
        loss = (y_pred - y).pow(2).sum()
        if t % 100 == 99:
            print(t, f"{loss.item():.4f}")
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c, d):
                p -= 5e-6 * p.grad
                p.grad = None
    print(f"Result: y = {a.item():.4f} + {b.item():.4f} * P3({d.item():.4f} x)")

    w = normal(4, seed=29).to(device).requires_grad_()
    (SignSTE.apply(w) * torch.arange(4.0, device=device)).sum().backward()
    print("straight through", w.grad.tolist())
    w.grad = None
    ReverseGradient.apply(w, 0.5).sum().backward()
    print("reversed", w.grad.tolist())
    inputs = [normal(*s, seed=i).double().to(device).requires_grad_() for i, s in enumerate([(3, 4), (2, 4), (2,)])]
    print("gradcheck", gradcheck(LinearFunction.apply, inputs))
    v = torch.tensor([0.3, -0.7], dtype=torch.float64, device=device, requires_grad=True)
    (g,) = torch.autograd.grad(LegendrePolynomial3.apply(v).sum(), v, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), v)
    print("second derivative", [round(t, 4) for t in h.tolist()])


if __name__ == "__main__":
    main()
