"""Embeddings."""

from teletensor.nn.bags import EmbeddingBag
from teletensor.nn.sparse import Embedding

__all__ = ["Embedding", "EmbeddingBag"]
