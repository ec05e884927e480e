"""The models that the training tests train, written once for either library, and the data that they are trained on."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

VOCABULARY, CONTEXT = 24, 12


@dataclass(frozen=True)
class Task:
    """A model to make, samples to train it on, and the loss; `make(library)` and `loss(library, model, *batch)`."""

    make: Any
    samples: tuple[np.ndarray, ...]
    loss: Any
    batch_size: int


def _of_classes(labels: np.ndarray, *shape: int, seed: int) -> np.ndarray:
    """Noise round the number of each sample's class."""
    noise = np.random.RandomState(seed).standard_normal((len(labels), *shape))
    return (noise + labels.reshape(-1, *[1] * len(shape))).astype(np.float32)


def mlp(library: Any, dropout: float = 0.0) -> Any:
    nn = library.nn
    return nn.Sequential(
        nn.Linear(10, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 4)
    )


def cnn(library: Any, dropout: float = 0.0) -> Any:
    # A bias before batch norm, as one of the keys of attention, has no gradient but rounding noise, which adaptive
    # optimisers scale up to whole steps: no two libraries agree on those.
    nn = library.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1, bias=False),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout2d(dropout),
        nn.Conv2d(6, 8, 3, stride=2, padding=1),
        nn.LeakyReLU(0.1),
        nn.AvgPool2d(2, padding=1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(32, 4),
    )


def transformer(library: Any, dropout: float = 0.0) -> Any:
    """A causal language model: embeddings, two blocks of attention and feed-forward, tied weights."""
    nn = library.nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
            self.attention = nn.MultiheadAttention(16, 2, dropout, bias=False, batch_first=True)
            self.feed_forward = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16), nn.Dropout(dropout))

        def forward(self, x: Any, mask: Any) -> Any:
            h = self.norm1(x)
            h, _ = self.attention(h, h, h, attn_mask=mask, need_weights=False)
            x = x + h
            return x + self.feed_forward(self.norm2(x))

    class LanguageModel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(VOCABULARY, 16), nn.Embedding(CONTEXT, 16)
            self.blocks = nn.ModuleList([Block(), Block()])
            self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, VOCABULARY, bias=False)
            self.head.weight = self.tokens.weight
            future = library.ones(CONTEXT, CONTEXT, dtype=library.bool).triu(1)
            self.register_buffer("mask", future, persistent=False)

        def forward(self, tokens: Any) -> Any:
            length = tokens.shape[1]
            x = self.tokens(tokens) + self.places(library.arange(length, device=tokens.device))
            for block in self.blocks:
                x = block(x, self.mask[:length, :length])
            return self.head(self.norm(x))

    return LanguageModel()


def text(length: int) -> np.ndarray:
    """Tokens of a language with a grammar: each follows from the two before it, with some noise."""
    random = np.random.RandomState(5)
    tokens = [1, 2]
    for noise in random.uniform(size=length - 2):
        follows = (3 * tokens[-1] + tokens[-2] + 1) % VOCABULARY
        tokens.append(follows if noise < 0.9 else int(noise * 1e6) % VOCABULARY)
    return np.array(tokens, np.int64)


def _windows() -> tuple[np.ndarray, ...]:
    tokens = text(240)
    return (np.stack([tokens[i : i + CONTEXT + 1] for i in range(0, len(tokens) - CONTEXT, 3)]),)


def _classify(library: Any, model: Any, x: Any, y: Any) -> Any:
    return library.nn.functional.cross_entropy(model(x), y)


def _predict_next(library: Any, model: Any, window: Any) -> Any:
    logits = model(window[:, :-1])
    return library.nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), window[:, 1:].reshape(-1))


_CLASSES = np.random.RandomState(3).randint(0, 4, 96, dtype=np.int64)

TASKS = {
    "mlp": Task(mlp, (_of_classes(_CLASSES, 10, seed=1), _CLASSES), _classify, 16),
    "cnn": Task(cnn, (_of_classes(_CLASSES, 1, 8, 8, seed=2), _CLASSES), _classify, 16),
    "transformer": Task(transformer, _windows(), _predict_next, 8),
}


def draw_weights(library: Any, model: Any) -> None:
    """Parameters that depend on nothing but their names and shapes: the same in either library."""
    for name, parameter in model.named_parameters():
        fan = parameter.shape[-1] if parameter.ndim > 1 else 4
        values = np.random.RandomState(zlib.crc32(name.encode())).uniform(-1, 1, tuple(parameter.shape)) / fan**0.5
        if name.endswith("weight") and parameter.ndim == 1:
            values = values + 1
        with library.no_grad():
            parameter.copy_(library.tensor(values, dtype=parameter.dtype))
