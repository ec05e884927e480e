"""A character language model: embedding, two LSTM layers, truncated backpropagation, perplexity and greedy sampling."""

import math

import torch
import torch.nn as nn
from seeded import fill

TEXT = "the quick brown fox jumps over the lazy dog and the quick dog jumps over the brown fox " * 4


class RNNModel(nn.Module):
    def __init__(self, tokens, width=24, layers=2):
        super().__init__()
        self.encoder = nn.Embedding(tokens, width)
        self.rnn = nn.LSTM(width, width, layers, dropout=0.0)
        self.decoder = nn.Linear(width, tokens)
        self.decoder.weight = self.encoder.weight

    def forward(self, input, hidden):
        output, hidden = self.rnn(self.encoder(input), hidden)
        return self.decoder(output.view(-1, output.size(2))), hidden

    def init_hidden(self, batch):
        weight = next(self.parameters())
        return (weight.new_zeros(2, batch, 24), weight.new_zeros(2, batch, 24))


def repackage_hidden(hidden):
    if isinstance(hidden, torch.Tensor):
        return hidden.detach()
    return tuple(repackage_hidden(v) for v in hidden)


def batchify(data, batch):
    length = data.size(0) // batch
    return data.narrow(0, 0, length * batch).view(batch, -1).t().contiguous()


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    letters = sorted(set(TEXT))
    index = {c: i for i, c in enumerate(letters)}
    data = batchify(torch.tensor([index[c] for c in TEXT], dtype=torch.long), 8).to(device)
    model = fill(RNNModel(len(letters)), seed=11).to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for epoch in range(4):
        hidden, total, steps = model.init_hidden(8), 0.0, 0
        for start in range(0, data.size(0) - 1, 10):
            length = min(10, data.size(0) - 1 - start)
            source, target = data[start : start + length], data[start + 1 : start + 1 + length].reshape(-1)
            hidden = repackage_hidden(hidden)
            output, hidden = model(source, hidden)
            loss = criterion(output, target)
            model.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            optimizer.step()
            total, steps = total + loss.item(), steps + 1
        print(f"epoch {epoch}: perplexity {math.exp(total / steps):.3f}")
    with torch.no_grad():
        hidden, token, said = model.init_hidden(1), data[:1, :1], []
        for _ in range(12):
            output, hidden = model(token, hidden)
            token = output.softmax(dim=-1).topk(1).indices
            said.append(letters[token.item()])
    print("it says:", repr("".join(said)))


if __name__ == "__main__":
    main()
