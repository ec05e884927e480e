"""Graph attention from scratch: messages along edges, a softmax over each node's neighbours by scattering."""

import math

import torch
import torch.nn.functional as F
from seeded import fill, normal, uniform
from torch import Tensor, nn
from torch.nn.parameter import Parameter


def scatter(src: Tensor, index: Tensor, count: int, reduce: str = "sum") -> Tensor:
    wide = index.view(-1, *[1] * (src.dim() - 1)).expand_as(src)
    out = src.new_zeros(count, *src.size()[1:])
    if reduce == "sum":
        return out.scatter_add_(0, wide, src)
    return out.scatter_reduce_(0, wide, src, reduce=reduce, include_self=False)


class GraphAttention(nn.Module):
    def __init__(self, in_features, out_features, heads=2, negative_slope=0.2):
        super().__init__()
        self.heads, self.out_features, self.negative_slope = heads, out_features, negative_slope
        self.weight = Parameter(torch.FloatTensor(in_features, heads * out_features))
        self.att = Parameter(torch.Tensor(1, heads, 2 * out_features))
        self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-stdv, stdv)
        nn.init.xavier_uniform_(self.att, gain=1.414)

    def forward(self, x, edge_index):
        j, i = edge_index
        x = torch.mm(x, self.weight).view(-1, self.heads, self.out_features)
        x_i, x_j = x.index_select(0, i), x.index_select(0, j)
        alpha = F.leaky_relu((torch.cat([x_i, x_j], dim=-1) * self.att).sum(dim=-1), self.negative_slope)
        greatest = scatter(alpha.detach(), i, x.size(0), "amax")
        alpha = (alpha - greatest[i]).exp_()
        alpha = alpha / (scatter(alpha, i, x.size(0))[i] + 1e-16)
        return scatter(x_j * alpha.unsqueeze(-1), i, x.size(0)).flatten(1)

    def __repr__(self):
        heads, width = self.heads, self.weight.size(0)
        return f"{self.__class__.__name__}({width} -> {self.out_features}, heads={heads})"


class GAT(nn.Module):
    def __init__(self, nfeat, nhid, nclass):
        super().__init__()
        self.conv1 = GraphAttention(nfeat, nhid)
        self.conv2 = GraphAttention(2 * nhid, nclass, heads=1)

    def forward(self, x, edge_index):
        return F.log_softmax(self.conv2(F.elu(self.conv1(x, edge_index)), edge_index), dim=1)


def accuracy(output, labels):
    preds = output.max(1)[1].type_as(labels)
    correct = preds.eq(labels).double().sum()
    return correct / len(labels)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    labels = torch.arange(45) // 15
    likely = torch.where(labels[:, None] == labels[None, :], 0.3, 0.03)
    upper = (uniform(45, 45, seed=1) < likely).triu(1)
    adjacency = upper | upper.t() | torch.eye(45, dtype=torch.bool)
    edge_index = adjacency.nonzero().t().contiguous().to(device)
    features = normal(45, 8, seed=2)
    features[torch.arange(45), labels] += 1.0
    features, labels = features.to(device), labels.to(device)
    train = torch.arange(0, 45, 3, device=device)
    degree = scatter(torch.ones(edge_index.size(1), device=device), edge_index[0], 45)
    print(f"{edge_index.size(1)} edges, degrees from {int(degree.min())} to {int(degree.max())}")
    model = fill(GAT(8, 6, 3), seed=3).to(device)
    print(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
    for epoch in range(30):
        optimizer.zero_grad()
        output = model(features, edge_index)
        loss = F.nll_loss(output[train], labels[train])
        loss.backward()
        optimizer.step()
        if (epoch + 1) % 10 == 0:
            print(f"Epoch: {epoch + 1:04d}", f"loss_train: {loss.item():.4f}")
    print(f"Test accuracy: {accuracy(model(features, edge_index), labels).item():.3f}")


if __name__ == "__main__":
    main()
