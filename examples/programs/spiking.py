"""A spiking network: neurons that leak and fire, with a surrogate in place of the spike's derivative."""

import torch
from seeded import integers, normal, uniform


class Spike(torch.autograd.Function):
    scale = 10.0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        out = torch.zeros_like(x)
        out[x > 0] = 1.0
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output.clone() / (Spike.scale * torch.abs(x) + 1.0) ** 2


def spike_trains(times, steps, units):
    """A spike at each unit's time, as a sparse pattern written by index."""
    trains = torch.zeros(len(times), steps, units)
    batch, unit = torch.meshgrid(torch.arange(len(times)), torch.arange(units), indexing="ij")
    trains[batch, times, unit] = 1.0
    return trains


def run(inputs, w1, w2, alpha=0.8, beta=0.9):
    current = torch.einsum("abc,cd->abd", (inputs, w1))
    batch, steps, hidden = current.shape
    synapse, membrane = torch.zeros(batch, hidden), torch.zeros(batch, hidden)
    spikes = []
    for t in range(steps):
        over = membrane - 1.0
        out = Spike.apply(over)
        reset = torch.zeros_like(membrane)
        fired = over > 0
        reset[fired] = torch.ones_like(membrane)[fired]
        synapse = alpha * synapse + current[:, t]
        membrane = beta * membrane + synapse - reset
        spikes.append(out)
    spikes = torch.stack(spikes, dim=1)
    readout, flow, recorded = torch.zeros(batch, w2.shape[1]), torch.zeros(batch, w2.shape[1]), []
    for t in range(steps):
        flow = alpha * flow + spikes[:, t] @ w2
        readout = beta * readout + flow
        recorded.append(readout)
    return torch.stack(recorded, dim=1), spikes


steps, units, hidden, classes = 20, 12, 16, 3
labels = integers(classes, 24, seed=1)
times = (6 * labels[:, None] + 3 * uniform(24, units, seed=2)).long().clamp(0, steps - 1)
inputs = spike_trains(times, steps, units)
w1 = (normal(units, hidden, seed=3) * 0.5).requires_grad_()
w2 = (normal(hidden, classes, seed=4) * 0.3).requires_grad_()
optimizer = torch.optim.Adamax([w1, w2], lr=0.02, betas=(0.9, 0.999))
loss_fn, log_softmax = torch.nn.NLLLoss(), torch.nn.LogSoftmax(dim=1)
for epoch in range(21):
    recorded, spikes = run(inputs, w1, w2)
    best, _ = torch.max(recorded, 1)
    regularizer = 1e-5 * torch.sum(spikes) + 1e-5 * torch.mean(torch.sum(torch.sum(spikes, dim=0), dim=0) ** 2)
    loss = loss_fn(log_softmax(best), labels) + regularizer
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        accuracy = torch.eq(labels, best.argmax(1)).float().mean()
        print(f"epoch {epoch}: loss {loss.item():.3f} accuracy {accuracy:.2f} spikes {int(spikes.sum())}")
print(w1.grad.norm() > 0, spikes.shape, spikes.unique().tolist())
