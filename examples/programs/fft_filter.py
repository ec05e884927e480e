"""Signals by their spectra: a low-pass filter, convolution by FFT, a learned filter, a 2-D blur and a spectrogram."""

import math

import torch
from seeded import normal


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    time = torch.arange(256, device=device) / 256
    clean = torch.sin(2 * math.pi * 5 * time) + 0.5 * torch.cos(2 * math.pi * 12 * time)
    noisy = clean + normal(256, seed=27, std=0.5).to(device)
    spectrum = torch.fft.rfft(noisy)
    frequencies = torch.fft.rfftfreq(256, d=1 / 256, device=device)
    filtered = torch.fft.irfft(torch.where(frequencies <= 15, spectrum, 0), n=256)
    print(f"noise {(noisy - clean).norm().item():.4f}, after the filter {(filtered - clean).norm().item():.4f}")
    print("loudest", frequencies[spectrum.abs().topk(2).indices].sort().values.tolist())
    print("Parseval", torch.allclose(torch.fft.fft(noisy, norm="ortho").abs().square().sum(), noisy.square().sum()))

    kernel = torch.exp(-(torch.linspace(-2, 2, 17, device=device) ** 2))
    size = 256 + 17 - 1
    by_fft = torch.fft.irfft(torch.fft.rfft(noisy, size) * torch.fft.rfft(kernel, size), size)
    direct = torch.nn.functional.conv1d(noisy[None, None], kernel.flip(0)[None, None], padding=16)[0, 0]
    print("convolution agrees:", torch.allclose(by_fft, direct, atol=1e-4))

    gain = torch.ones(129, device=device, requires_grad=True)
    optimizer = torch.optim.SGD([gain], lr=2e-3)
    for _ in range(20):
        optimizer.zero_grad()
        loss = (torch.fft.irfft(spectrum * gain, n=256) - clean).square().sum()
        loss.backward()
        optimizer.step()
    print(f"learned: loss {loss.item():.4f}, gain at 5 Hz {gain[5].item():.3f}, at 100 Hz {gain[100].item():.3f}")

    image = normal(1, 16, 16, seed=28).to(device)
    shifted = torch.fft.fftshift(torch.fft.fft2(image), dim=(-2, -1))
    rows = torch.fft.fftshift(torch.fft.fftfreq(16, device=device))
    mask = torch.exp(-20 * (rows[:, None] ** 2 + rows[None, :] ** 2))
    blurred = torch.fft.ifft2(torch.fft.ifftshift(shifted * mask, dim=(-2, -1))).real
    print(f"blur: {image.std().item():.4f} to {blurred.std().item():.4f}")

    window = torch.hann_window(64, device=device)
    spectrogram = torch.stft(noisy, 64, hop_length=16, window=window, return_complex=True)
    back = torch.istft(spectrogram, 64, hop_length=16, window=window, length=256)
    print(
        "spectrogram",
        tuple(spectrogram.shape),
        f"{spectrogram.abs().mean().item():.4f}",
        torch.allclose(back, noisy, atol=1e-5),
    )


if __name__ == "__main__":
    main()
