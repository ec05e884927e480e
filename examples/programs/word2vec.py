"""Word vectors by skip-grams with negative sampling, sparse in words but not in gradients, and their neighbours."""

import collections

import torch
import torch.nn as nn
import torch.nn.functional as F
from seeded import integers, normal

TEXT = """the king rules the land and the queen rules the land the king loves the queen the dog chases the cat
and the cat chases the mouse the mouse fears the cat and the cat fears the dog""".split()


class SkipGram(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.center = nn.Embedding.from_pretrained(normal(words, width, seed=16, std=0.3), freeze=False)
        self.context = nn.Embedding.from_pretrained(normal(words, width, seed=17, std=0.3), freeze=False)

    def forward(self, center, context, negatives):
        c = self.center(center)
        positive = F.logsigmoid((c * self.context(context)).sum(-1))
        score = torch.bmm(self.context(negatives), c.unsqueeze(2)).squeeze(2)
        return -(positive + F.logsigmoid(-score).sum(-1)).mean()


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    counts = collections.Counter(TEXT)
    vocabulary = [word for word, _ in counts.most_common()]
    index = {word: i for i, word in enumerate(vocabulary)}
    pairs = [
        (index[TEXT[i]], index[TEXT[j]])
        for i in range(len(TEXT))
        for j in range(max(0, i - 2), min(len(TEXT), i + 3))
        if i != j
    ]
    centers, contexts = (torch.tensor(column, device=device) for column in zip(*pairs))
    model = SkipGram(len(vocabulary), 16).to(device)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
    for epoch in range(30):
        negatives = integers(len(vocabulary), len(pairs), 4, seed=epoch).to(device)
        loss = model(centers, contexts, negatives)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 10 == 0:
            print(f"epoch {epoch}: loss {loss.item():.4f}")
    vectors = F.normalize(model.center.weight.detach(), dim=1)
    similar = vectors @ vectors.T
    for word in ("king", "cat"):
        values, order = similar[index[word]].topk(3)
        near = ", ".join(f"{vocabulary[i]} {v:.3f}" for v, i in zip(values[1:].tolist(), order[1:].tolist()))
        print(f"near {word}: {near}")


if __name__ == "__main__":
    main()
