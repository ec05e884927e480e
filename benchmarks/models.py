"""Models of the sizes that people train on a CPU, written once for either library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A model to make, one batch, and the loss: `make(library)`, `loss(library, model, *batch)`."""

    name: str
    make: Any
    batch: tuple[np.ndarray[Any, Any], ...]
    loss: Any


def fill(library: Any, model: Any) -> Any:
    """The model with weights that are the same in every library."""
    random = np.random.RandomState(0)
    with library.no_grad():
        for name, parameter in model.named_parameters():
            shape = tuple(parameter.shape)
            if len(shape) == 1:
                values = np.full(shape, 0.0 if name.endswith("bias") else 1.0)
            else:
                values = random.standard_normal(shape) * 0.7 / math.sqrt(math.prod(shape[1:]))
            parameter.copy_(library.tensor(values.astype(np.float32)))
    return model


def _images(*shape: int) -> tuple[np.ndarray[Any, Any], ...]:
    random = np.random.RandomState(0)
    return random.standard_normal(shape).astype(np.float32), random.randint(0, 10, shape[0], dtype=np.int64)


def _mlp(library: Any) -> Any:
    nn = library.nn
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def _cnn(library: Any) -> Any:
    nn = library.nn
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def _gpt(library: Any, width: int = 128, layers: int = 4, vocabulary: int = 256, context: int = 64) -> Any:
    nn, F = library.nn, library.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.joined = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            batch, length, _ = x.shape
            q, k, v = (
                part.view(batch, length, 4, width // 4).transpose(1, 2)
                for part in self.qkv(self.before(x)).split(width, dim=2)
            )
            heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.joined(heads.transpose(1, 2).reshape(batch, length, width))
            return x + self.narrow(F.gelu(self.wide(self.after(x))))

    class LanguageModel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.norm(self.blocks(self.tokens(tokens) + self.places.weight)))

    return LanguageModel()


def _classify(library: Any, model: Any, x: Any, y: Any) -> Any:
    return library.nn.functional.cross_entropy(model(x), y)


def _next_token(library: Any, model: Any, text: Any) -> Any:
    logits = model(text[:, :-1])
    return library.nn.functional.cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())


_TEXT = np.random.RandomState(0).randint(0, 256, (8, 65), dtype=np.int64)
WORKLOADS = [
    Workload("MLP, 784-256-256-10, batch 64", _mlp, _images(64, 784), _classify),
    Workload("CNN, 2 convolutions, 28 x 28, batch 32", _cnn, _images(32, 1, 28, 28), _classify),
    Workload("GPT, 4 layers of 128, 8 x 64 tokens", _gpt, (_TEXT,), _next_token),
]
