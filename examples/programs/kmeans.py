"""k-means by cdist and scatter_add, the silhouette of its clusters, and a histogram of their sizes."""

import torch
from seeded import integers, normal


def kmeans(x, k, rounds=10):
    centers = x[torch.linspace(0, len(x) - 1, k, device=x.device).long()].clone()
    for _ in range(rounds):
        assigned = torch.cdist(x, centers).argmin(dim=1)
        sums = torch.zeros_like(centers).scatter_add_(0, assigned[:, None].expand(-1, x.shape[1]), x)
        counts = torch.bincount(assigned, minlength=k).clamp(min=1)
        moved = sums / counts[:, None]
        if torch.allclose(moved, centers):
            break
        centers = moved
    return centers, assigned


def silhouette(x, assigned, k):
    distances = torch.cdist(x, x)
    member = torch.nn.functional.one_hot(assigned, k).to(x.dtype)
    totals, counts = distances @ member, member.sum(0)
    own = totals.gather(1, assigned[:, None]).squeeze(1) / (counts[assigned] - 1)
    others = (totals / counts).masked_fill(member.bool(), float("inf")).amin(dim=1)
    return ((others - own) / torch.maximum(own, others)).mean()


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    label = integers(3, 150, seed=22)
    middles = torch.tensor([[0.0, 0.0], [3.0, 0.5], [1.0, 4.0]])
    x = (middles[label] + normal(150, 2, seed=23, std=0.6)).to(device)
    centers, assigned = kmeans(x, 3)
    order = centers[:, 0].argsort()
    print("centers", [[round(v, 3) for v in row] for row in centers[order].tolist()])
    print("sizes", assigned.unique(return_counts=True)[1][order].tolist())
    print(f"silhouette {silhouette(x, assigned, 3).item():.4f}")
    inertia = (x - centers[assigned]).pow(2).sum().item()
    print(f"inertia {inertia:.3f}, spread {torch.std(x, dim=0, correction=0).tolist()[0]:.4f}")
    print("distances to the middle", torch.histc(x.norm(dim=1), bins=5, min=0, max=5).int().tolist())


if __name__ == "__main__":
    main()
