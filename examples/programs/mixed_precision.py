"""Mixed precision with a GradScaler, gradient accumulation, an averaged model, and the switches such programs set."""

import contextlib

import torch
from seeded import fill, normal
from torch import nn
from torch.optim.swa_utils import AveragedModel


def main():
    use_cuda = torch.cuda.is_available()
    device = torch.device("cuda" if use_cuda else "cpu")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.set_float32_matmul_precision("high")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    model = fill(nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 4)), seed=46).to(device)
    average = AveragedModel(model, avg_fn=lambda averaged, new, count: 0.9 * averaged + 0.1 * new)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scaler = torch.amp.GradScaler(device.type, enabled=use_cuda)
    context = torch.autocast(device_type=device.type, dtype=torch.bfloat16)
    x, y = normal(64, 8, seed=47).to(device), (torch.arange(64) % 4).to(device)
    with context:
        hidden = model[0](x)
        print(hidden.dtype, (hidden.float() @ hidden.float().T).dtype, nn.functional.softmax(hidden, dim=-1).dtype)
    accumulate = 4
    for step in range(8):
        for part, target in zip(x.chunk(accumulate), y.chunk(accumulate)):
            ahead = context if step % 2 else contextlib.nullcontext()
            with ahead:
                loss = nn.functional.cross_entropy(model(part), target) / accumulate
            scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        average.update_parameters(model)
        if step % 3 == 0:
            print(
                f"step {step}: loss {loss.item() * accumulate:.2f}, norm {norm.item():.2f}, scale {scaler.get_scale()}"
            )
    with torch.no_grad():
        print(f"averaged {nn.functional.cross_entropy(average(x), y).item():.3f}, updates {average.n_averaged.item()}")
    print("memory", torch.cuda.max_memory_allocated() if not use_cuda else "on the GPU")


if __name__ == "__main__":
    main()
