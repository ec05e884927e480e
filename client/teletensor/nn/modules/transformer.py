"""Transformers."""

from teletensor.nn.transformer import TransformerEncoder, TransformerEncoderLayer

__all__ = ["TransformerEncoder", "TransformerEncoderLayer"]
