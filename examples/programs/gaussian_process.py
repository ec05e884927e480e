"""A Gaussian process: hyperparameters by the marginal likelihood, Cholesky solves, the posterior, Laplace's evidence."""

import math

import torch
from seeded import normal
from torch.distributions import MultivariateNormal


def kernel(a, b, log_scale, log_size):
    return log_size.exp() * torch.exp(-0.5 * torch.cdist(a, b).square() / log_scale.exp().square())


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_default_dtype(torch.float64)
    x = torch.linspace(-3, 3, 20, device=device).unsqueeze(1)
    y = torch.sin(1.5 * x).squeeze(1) + 0.1 * normal(20, seed=34).double().to(device)
    log_scale, log_size, log_noise = (torch.tensor(v, device=device, requires_grad=True) for v in (0.5, 0.0, -2.0))
    optimizer = torch.optim.RMSprop([log_scale, log_size, log_noise], lr=0.05)
    eye = torch.eye(20, device=device)

    def likelihood():
        # The distance between equal points has no gradient at its root: keep them apart by the diagonal's weight.
        gaps = (x - x.T).square()
        K = log_size.exp() * torch.exp(-0.5 * gaps / log_scale.exp().square()) + log_noise.exp() * eye
        L = torch.linalg.cholesky(K)
        alpha = torch.cholesky_solve(y.unsqueeze(1), L)
        fit = 0.5 * (y @ alpha.squeeze(1))
        return fit + L.diagonal().log().sum() + 10 * math.log(2 * math.pi), K, L, alpha

    for step in range(30):
        optimizer.zero_grad()
        loss, K, L, alpha = likelihood()
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            print(f"step {step}: negative log likelihood {loss.item():.4f}")
    with torch.no_grad():
        loss, K, L, alpha = likelihood()
        checked = -MultivariateNormal(torch.zeros(20, device=device), K).log_prob(y)
        print(f"by the distribution {checked.item():.4f}, by hand {loss.item():.4f}")
        new = torch.tensor([[0.5], [5.0]], device=device)
        cross = kernel(x, new, log_scale, log_size)
        mean = cross.T @ alpha.squeeze(1)
        v = torch.linalg.solve_triangular(L, cross, upper=False)
        variance = log_size.exp() - v.square().sum(0)
    print("mean", [round(m, 4) for m in mean.tolist()], "variance", [round(t, 4) for t in variance.tolist()])
    hessian = torch.autograd.functional.hessian(
        lambda p: torch.logsumexp(torch.stack([p.square().sum(), (p - 1).square().sum()]), 0),
        torch.zeros(2, device=device),
    )
    print(
        "Laplace",
        [[round(t, 4) for t in row] for row in hessian.tolist()],
        f"{torch.logdet(hessian + torch.eye(2, device=device)).item():.4f}",
    )


if __name__ == "__main__":
    main()
