"""A sparsely gated mixture of experts: noisy top-k gates, samples sent to their experts and put together again."""

import torch
import torch.nn.functional as F
from seeded import fill, integers, normal
from torch import nn
from torch.distributions.normal import Normal


class SparseDispatcher:
    def __init__(self, num_experts, gates):
        self._gates, self._num_experts = gates, num_experts
        sorted_experts, index_sorted_experts = torch.nonzero(gates).sort(0)
        _, self._expert_index = sorted_experts.split(1, dim=1)
        self._batch_index = torch.nonzero(gates)[index_sorted_experts[:, 1], 0]
        self._part_sizes = (gates > 0).sum(0).tolist()
        self._nonzero_gates = torch.gather(gates[self._batch_index.flatten()], 1, self._expert_index)

    def dispatch(self, inp):
        return torch.split(inp[self._batch_index].squeeze(1), self._part_sizes, dim=0)

    def combine(self, expert_out):
        stitched = torch.cat(expert_out, 0).mul(self._nonzero_gates)
        zeros = torch.zeros(self._gates.size(0), expert_out[-1].size(1), requires_grad=True, device=stitched.device)
        return zeros.index_add(0, self._batch_index, stitched.float())


class MoE(nn.Module):
    def __init__(self, input_size, output_size, num_experts, hidden_size, k=2):
        super().__init__()
        self.num_experts, self.k = num_experts, k
        self.experts = nn.ModuleList(
            [
                nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, output_size))
                for _ in range(num_experts)
            ]
        )
        self.w_gate = nn.Parameter(torch.zeros(input_size, num_experts), requires_grad=True)
        self.w_noise = nn.Parameter(torch.zeros(input_size, num_experts), requires_grad=True)
        self.register_buffer("mean", torch.tensor([0.0]))
        self.register_buffer("std", torch.tensor([1.0]))
        assert self.k <= self.num_experts

    def cv_squared(self, x):
        return x.float().var() / (x.float().mean() ** 2 + 1e-10)

    def _prob_in_top_k(self, clean, noisy, stddev, top):
        batch, m = clean.size(0), top.size(1)
        flat = top.flatten()
        position = torch.arange(batch, device=clean.device) * m + self.k
        threshold_if_in = torch.unsqueeze(torch.gather(flat, 0, position), 1)
        threshold_if_out = torch.unsqueeze(torch.gather(flat, 0, position - 1), 1)
        normal = Normal(self.mean, self.std)
        if_in = normal.cdf((clean - threshold_if_in) / stddev)
        if_out = normal.cdf((clean - threshold_if_out) / stddev)
        return torch.where(torch.gt(noisy, threshold_if_in), if_in, if_out)

    def gating(self, x, noise):
        clean = x @ self.w_gate
        stddev = F.softplus(x @ self.w_noise) + 1e-2
        noisy = clean + noise * stddev
        top_logits, top_indices = noisy.topk(self.k + 1, dim=1)
        top_k_gates = F.softmax(top_logits[:, : self.k], dim=1)
        gates = torch.zeros_like(noisy, requires_grad=True).scatter(1, top_indices[:, : self.k], top_k_gates)
        return gates, self._prob_in_top_k(clean, noisy, stddev, top_logits).sum(0)

    def forward(self, x, noise, loss_coef=1e-2):
        gates, load = self.gating(x, noise)
        loss = (self.cv_squared(gates.sum(0)) + self.cv_squared(load)) * loss_coef
        dispatcher = SparseDispatcher(self.num_experts, gates)
        parts = dispatcher.dispatch(x)
        return dispatcher.combine([self.experts[i](parts[i]) for i in range(self.num_experts)]), loss, gates


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = fill(MoE(10, 4, num_experts=6, hidden_size=16, k=2), seed=1).to(device)
    print(sorted(dict(net.named_buffers())), sum(p.numel() for p in net.parameters()))
    optim = torch.optim.Adam(net.parameters(), lr=1e-2)
    x, y = normal(40, 10, seed=2).to(device), integers(4, 40, seed=3).to(device)
    for step in range(20):
        y_hat, aux_loss, gates = net(x, normal(40, 6, seed=100 + step).to(device))
        loss = F.cross_entropy(y_hat, y)
        optim.zero_grad()
        (loss + aux_loss).backward()
        optim.step()
        if step % 5 == 4:
            print(f"Training Results - loss: {loss.item():.4f}, aux_loss: {aux_loss.item():.5f}")
    print("samples of each expert:", (gates > 0).sum(0).tolist())
    first = torch.argmax(gates, dim=-1)
    order, counts = torch.argsort(first, stable=True), torch.bincount(first, minlength=6)
    print(order[:8].tolist(), counts.cumsum(0).tolist(), torch.searchsorted(first[order], torch.arange(6)).tolist())


if __name__ == "__main__":
    main()
