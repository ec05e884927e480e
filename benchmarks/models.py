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
                values = np.full(shape, 0.0 if "bias" in name else 1.0)
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


def _digits(library: Any) -> Any:
    nn = library.nn
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 2 * 2, 10),
    )  # fmt: skip


def _gpt(library: Any, width: int = 128, vocabulary: int = 128, context: int = 64, layers: int = 4) -> Any:
    nn = library.nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
            self.queries_keys_values, self.joined = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            batch, length, _ = x.shape
            parts = self.queries_keys_values(self.before_attention(x)).split(width, dim=2)
            q, k, v = (part.view(batch, length, 4, width // 4).transpose(1, 2) for part in parts)
            seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.joined(seen.transpose(1, 2).contiguous().view(batch, length, width))
            return x + self.mlp(self.before_mlp(x))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.Sequential(*[Block() for _ in range(layers)])
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places.weight[: tokens.shape[1]]
            return self.head(self.norm(self.blocks(x)))

    return GPT()


def _lstm(library: Any, width: int = 64) -> Any:
    nn = library.nn

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cells, self.head = nn.LSTM(28, width, batch_first=True), nn.Linear(width, 10)

        def forward(self, rows: Any) -> Any:
            return self.head(self.cells(rows)[0][:, -1])

    return Classifier()


def _transformer(library: Any, width: int = 128, vocabulary: int = 256, context: int = 64) -> Any:
    nn = library.nn

    class LanguageModel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            block = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.1, "gelu", batch_first=True, norm_first=True)
            self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
            self.head = nn.Linear(width, vocabulary)
            self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(context), persistent=False)

        def forward(self, tokens: Any) -> Any:
            x = self.tokens(tokens) + self.places.weight
            return self.head(self.blocks(x, mask=self.mask, is_causal=True))

    return LanguageModel()


def _classify(library: Any, model: Any, x: Any, y: Any) -> Any:
    return library.nn.functional.cross_entropy(model(x), y)


def _next_token(library: Any, model: Any, text: Any) -> Any:
    logits = model(text[:, :-1])
    return library.nn.functional.cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())


_TEXT = np.random.RandomState(0).randint(0, 256, (8, 65), dtype=np.int64)
_LETTERS = np.random.RandomState(0).randint(0, 128, (8, 65), dtype=np.int64)
WORKLOADS = [
    Workload("MLP, 784-256-256-10, batch 64", _mlp, _images(64, 784), _classify),
    Workload("CNN, 2 convolutions, 28 x 28, batch 32", _cnn, _images(32, 1, 28, 28), _classify),
    Workload("digits CNN, 2 convolutions, 8 x 8, batch 64", _digits, _images(64, 1, 8, 8), _classify),
    Workload("GPT, 4 blocks of 128, 8 x 64 letters", _gpt, (_LETTERS,), _next_token),
    Workload("LSTM, 28 rows of 28, 64 wide, batch 32", _lstm, _images(32, 28, 28), _classify),
    Workload("transformer, 2 blocks of 128, 8 x 64 tokens", _transformer, (_TEXT,), _next_token),
]
