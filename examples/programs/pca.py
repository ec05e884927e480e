"""Principal components by SVD and by eigenvectors of the covariance, low-rank reconstruction, least squares, whitening."""

import torch
from seeded import normal


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    factors = normal(100, 2, seed=24).double() @ torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    x = (factors @ normal(2, 6, seed=25).double() + normal(100, 6, seed=26, std=0.1).double()).to(device)
    centered = x - x.mean(dim=0, keepdim=True)
    U, S, Vh = torch.linalg.svd(centered, full_matrices=False)
    explained = S.square() / S.square().sum()
    print("explained", [round(v, 4) for v in explained.tolist()])
    values, vectors = torch.linalg.eigh(torch.cov(x.T))
    print("eigenvalues agree:", torch.allclose(values.flip(0), S.square() / (len(x) - 1)))
    print(
        "directions agree:",
        torch.allclose((vectors[:, -1] @ Vh[0]).abs(), torch.ones((), dtype=x.dtype, device=device)),
    )
    scores = centered @ Vh[:2].mH
    low = scores @ Vh[:2]
    print(
        f"error of rank 2: {torch.linalg.norm(centered - low).item():.4f} of {torch.linalg.matrix_norm(centered):.4f}"
    )
    white = U[:, :2] * (len(x) - 1) ** 0.5
    print("whitened", torch.allclose(torch.cov(white.T), torch.eye(2, dtype=x.dtype, device=device)))
    print("correlations", [round(v, 3) for v in torch.corrcoef(x.T)[0].tolist()])
    solution = torch.linalg.lstsq(x, factors.to(device)).solution
    print(f"least squares residual {(x @ solution - factors.to(device)).norm().item():.4f}")
    q, r = torch.linalg.qr(centered)
    print(f"QR: {(q @ r - centered).abs().max() < 1e-10}, rank {torch.linalg.matrix_rank(low).item()}")
    print(
        f"condition {torch.linalg.cond(centered).item():.3f}, log det {torch.logdet(centered.T @ centered).item():.3f}"
    )


if __name__ == "__main__":
    main()
