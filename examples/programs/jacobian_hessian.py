"""Jacobians and Hessians: Newton's method, Gauss-Newton, curvature without the matrix, sensitivity of a network."""

import torch
from seeded import fill, normal
from torch import nn
from torch.autograd.functional import hessian, hvp, jacobian


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def newton(x, steps=12):
    for _ in range(steps):
        gradient = torch.func.grad(rosenbrock)(x)
        x = x - torch.linalg.solve(hessian(rosenbrock, x), gradient)
    return x


def decay(parameters, t):
    return parameters[0] * torch.exp(-parameters[1] * t) + parameters[2]


def gauss_newton(t, y, parameters, steps=8):
    for _ in range(steps):
        residual = decay(parameters, t) - y
        slope = jacobian(lambda p: decay(p, t), parameters)
        parameters = parameters - torch.linalg.lstsq(slope, residual.unsqueeze(1)).solution.squeeze(1)
    return parameters


def largest_curvature(x, steps=30):
    """By power iteration on products with the Hessian."""
    v = torch.ones_like(x)
    for _ in range(steps):
        product = hvp(rosenbrock, x, v)[1]
        v = product / product.norm()
    return (v @ hvp(rosenbrock, x, v)[1]).item()


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    start = torch.tensor([-1.2, 1.0], dtype=torch.float64, device=device)
    print(hessian(rosenbrock, start))
    found = newton(start)
    print(f"Newton: {[round(v, 4) for v in found.tolist()]}, value below 1e-12: {rosenbrock(found).item() < 1e-12}")
    exact = torch.linalg.eigvalsh(hessian(rosenbrock, start))[-1].item()
    print(f"largest curvature {largest_curvature(start):.3f} of {exact:.3f}")
    t = torch.linspace(0, 4, 20, dtype=torch.float64, device=device)
    truth = torch.tensor([2.0, 1.5, 0.5], dtype=torch.float64, device=device)
    y = decay(truth, t) + 0.01 * normal(20, seed=1).double().to(device)
    print("Gauss-Newton", [round(v, 3) for v in gauss_newton(t, y, torch.ones_like(truth)).tolist()])
    network = fill(nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)), seed=2).double().to(device)
    x = normal(3, seed=3).double().to(device)
    by_rows = jacobian(network, x)
    print(by_rows, torch.allclose(by_rows, torch.func.jacrev(network)(x)))
    print(f"log volume {torch.logdet(by_rows @ by_rows.T).item():.4f}")


if __name__ == "__main__":
    main()
