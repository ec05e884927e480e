"""Attention and the transformer encoder against PyTorch's."""

import importlib

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn
from teletensor.nn import attention
from teletensor.nn import functional as F

from tests.nn.nn_oracle import array, assert_close, assert_same, assert_same_layer, assert_same_script, drawn, tensors

QUERY, KEY, VALUE = array(2, 4, 5, 6), array(2, 2, 7, 6, seed=1), array(2, 2, 7, 3, seed=2)
SEQUENCE = array(5, 2, 8)
PADDING = np.array([[False, False, False, True, True], [False] * 5])
CAUSAL = np.triu(np.ones((5, 5), bool), 1)


@pytest.mark.parametrize(
    ("options", "mask"),
    [
        ({}, None),
        ({"is_causal": True}, None),
        ({"scale": 0.3}, None),
        ({}, np.tril(np.ones((5, 7), bool))),
        ({}, array(5, 7, seed=3)),
    ],
    ids=["plain", "causal", "scaled", "bool mask", "float mask"],
)
def test_scaled_dot_product_attention(options, mask):
    def run(library, q, k, v, m):
        return library.nn.functional.scaled_dot_product_attention(q, k, v, m, enable_gqa=True, **options)

    assert_same(run, QUERY, KEY, VALUE, mask)


def test_attention_with_dropout_drops_weights():
    ones = tt.ones(1, 1, 40, 8)
    out = F.scaled_dot_product_attention(ones, ones, ones, dropout_p=0.5, is_causal=True)
    assert out.std().item() > 0.05
    assert abs(out.mean().item() - 1) < 0.2


MODULES = {
    "self": ({}, {}, 1),
    "batch first": ({"batch_first": True}, {}, 1),
    "without bias": ({"bias": False}, {"need_weights": False}, 1),
    "cross": ({"kdim": 3, "vdim": 4}, {"average_attn_weights": False}, 3),
    "appended": ({"add_bias_kv": True, "add_zero_attn": True}, {}, 1),
    "padded": ({"add_bias_kv": True, "add_zero_attn": True}, {"key_padding_mask": PADDING}, 1),
    "causal": ({}, {"attn_mask": CAUSAL}, 1),
    "causal hint": ({}, {"attn_mask": CAUSAL, "is_causal": True, "need_weights": False}, 1),
    "both masks": ({}, {"attn_mask": array(4, 5, 5), "key_padding_mask": array(2, 5)}, 1),
}


@pytest.mark.parametrize("name", MODULES)
def test_multihead_attention(name):
    options, call, inputs = MODULES[name]
    sources = [SEQUENCE, array(5, 2, 3), array(5, 2, 4)]
    if options.get("batch_first"):
        sources = [np.swapaxes(SEQUENCE, 0, 1).copy()]

    def run(library):
        m = drawn(library, lambda nn: nn.MultiheadAttention(8, 2, **options))
        given = tensors(library, sources[:inputs], requires_grad=True)
        output, weights = m(*(given * 3)[:3], **dict(zip(call, tensors(library, call.values()), strict=True)))
        (output * output).sum().backward()
        return [output, weights, [x.grad for x in given], [p.grad for p in m.parameters()]]

    assert_same_script(run, tolerance=1e-4)


def test_multihead_attention_without_a_batch():
    def run(library):
        m = drawn(library, lambda nn: nn.MultiheadAttention(8, 2))
        (x,) = tensors(library, [SEQUENCE[:, 0].copy()])
        return m(x, x, x, key_padding_mask=library.tensor(PADDING[0]))

    assert_same_script(run)


def test_multihead_attention_drops_weights_in_training_only():
    m = nn.MultiheadAttention(8, 2, dropout=0.5)
    (x,) = tensors(tt, [SEQUENCE])
    assert (m(x, x, x)[1] == 0).any().item()
    m.eval()
    assert_close(m(x, x, x), m(x, x, x))


def test_static_keys_and_values_replace_the_projected_ones():
    def run(library):
        m = drawn(library, lambda nn: nn.MultiheadAttention(8, 2))
        x, k, v = tensors(library, [SEQUENCE, array(4, 6, 4), array(4, 6, 4, seed=1)])
        return library.nn.functional.multi_head_attention_forward(
            x, x, x, 8, 2, m.in_proj_weight, m.in_proj_bias, None, None, False, 0.0, m.out_proj.weight,
            m.out_proj.bias, static_k=k, static_v=v,
        )  # fmt: skip

    assert_same_script(run)


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}, {"bias": False}])
def test_a_transformer_encoder_layer(options):
    assert_same_layer(lambda nn: nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, **options), SEQUENCE, tolerance=1e-4)


def test_a_transformer_encoder_with_masks():
    def run(library):
        def make(nn):
            layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)
            return nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)

        m = drawn(library, make)
        x, mask, padding = tensors(library, [SEQUENCE, CAUSAL, PADDING])
        return [list(m.state_dict()), repr(m), m(x, mask=mask, src_key_padding_mask=padding)]

    assert_same_script(run, tolerance=1e-4)


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}])
def test_a_transformer_decoder_layer(options):
    memory = array(6, 2, 8, seed=1)
    assert_same_layer(
        lambda nn: nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0, **options), SEQUENCE, memory, tolerance=1e-4
    )


def test_a_transformer_with_masks():
    def run(library):
        m = drawn(library, lambda nn: nn.Transformer(8, 2, 1, 2, 16, dropout=0.0, batch_first=True))
        source, target, padding = tensors(library, [array(2, 5, 8), array(2, 4, 8, seed=1), PADDING])
        mask = m.generate_square_subsequent_mask(4)
        output = m(source, target, tgt_mask=mask, memory_key_padding_mask=padding, tgt_is_causal=True)
        return [list(m.state_dict()), repr(m), mask, output]

    assert_same_script(run, tolerance=1e-4)


def test_a_chosen_backend_changes_nothing():
    def run(library, q, k, v):
        attention = _module("attention", library)
        names = {name: int(value) for name, value in attention.SDPBackend.__members__.items()}
        with attention.sdpa_kernel([attention.SDPBackend.MATH]):
            return names, library.nn.functional.scaled_dot_product_attention(q, k, v)

    assert_same_script(lambda library: run(library, *tensors(library, [array(2, 3, 4, seed=s) for s in range(3)])))


def test_a_backend_that_is_none_is_refused():
    with (
        pytest.raises(AssertionError, match="Backend must be an instance of SDPBackend"),
        attention.sdpa_kernel("math"),
    ):
        pass


def _module(name, library):
    return importlib.import_module(f"{library.nn.__name__}.{name}")
