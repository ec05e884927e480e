"""Embeddings."""

from teletensor.nn.sparse import Embedding

__all__ = ["Embedding"]
