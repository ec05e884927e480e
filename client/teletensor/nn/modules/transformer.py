"""Transformers."""

from teletensor.nn.transformer import TransformerEncoder, TransformerEncoderLayer
from teletensor.nn.transformer_decoder import Transformer, TransformerDecoder, TransformerDecoderLayer

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]
