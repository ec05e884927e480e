"""Calls that must fail, with PyTorch's exception and PyTorch's words."""

import pytest

from tests.nn.nn_oracle import assert_same_error


def _transformer(nn):
    return nn.Transformer(4, 2, 1, 1, 8, batch_first=True)


CALLS = {
    "dropout probability": lambda t, nn, F: F.dropout(t.ones(1), 2.0),
    "dropout layer": lambda t, nn, F: nn.Dropout(3.0),
    "batch norm of one value": lambda t, nn, F: F.batch_norm(t.ones(1, 2), None, None, training=True),
    "batch norm without statistics": lambda t, nn, F: F.batch_norm(t.ones(2, 2), None, None),
    "instance norm of one value": lambda t, nn, F: F.instance_norm(t.ones(1, 2, 1)),
    "group norm of one value": lambda t, nn, F: F.group_norm(t.ones(1, 2), 2),
    "group norm of a vector": lambda t, nn, F: F.group_norm(t.ones(1), 2),
    "BatchNorm1d dimensions": lambda t, nn, F: nn.BatchNorm1d(2)(t.ones(2)),
    "BatchNorm2d dimensions": lambda t, nn, F: nn.BatchNorm2d(2)(t.ones(2)),
    "InstanceNorm1d dimensions": lambda t, nn, F: nn.InstanceNorm1d(2)(t.ones(2)),
    "InstanceNorm2d features": lambda t, nn, F: nn.InstanceNorm2d(2, affine=True)(t.ones(2, 1, 1, 1)),
    "GroupNorm channels": lambda t, nn, F: nn.GroupNorm(3, 4),
    "Conv2d groups in": lambda t, nn, F: nn.Conv2d(3, 4, 3, groups=2),
    "Conv2d groups out": lambda t, nn, F: nn.Conv2d(4, 3, 3, groups=2),
    "Conv2d no groups": lambda t, nn, F: nn.Conv2d(3, 4, 3, groups=0),
    "Conv2d strided same": lambda t, nn, F: nn.Conv2d(3, 4, 3, padding="same", stride=2),
    "ConvTranspose2d padding mode": lambda t, nn, F: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    "ConvTranspose2d size": lambda t, nn, F: nn.ConvTranspose2d(1, 1, 3)(t.ones(1, 1, 3, 3), output_size=(9, 9)),
    "ConvTranspose2d sizes": lambda t, nn, F: nn.ConvTranspose2d(1, 1, 3)(t.ones(1, 1, 3, 3), output_size=(9,)),
    "conv2d padding": lambda t, nn, F: F.conv2d(t.ones(1, 1, 4, 4), t.ones(1, 1, 3, 3), padding="foo"),
    "conv2d stride": lambda t, nn, F: F.conv2d(t.ones(1, 1, 4, 4), t.ones(1, 1, 3, 3), stride=(1, 2, 3)),
    "max_pool2d kernel": lambda t, nn, F: F.max_pool2d(t.ones(1, 1, 4, 4), (2, 2, 2)),
    "Embedding padding": lambda t, nn, F: nn.Embedding(3, 2, padding_idx=7),
    "Embedding weight": lambda t, nn, F: nn.Embedding(3, 2, _weight=t.ones(3, 3)),
    "embedding padding": lambda t, nn, F: F.embedding(t.tensor([0]), t.ones(3, 2), padding_idx=7),
    "Embedding from a vector": lambda t, nn, F: nn.Embedding.from_pretrained(t.ones(3)),
    "reduction": lambda t, nn, F: F.mse_loss(t.ones(1), t.ones(1), reduction="x"),
    "reduction of cross_entropy": lambda t, nn, F: F.cross_entropy(t.ones(1, 2), t.tensor([1]), reduction="x"),
    "BCE shapes": lambda t, nn, F: F.binary_cross_entropy(t.ones(2), t.ones(3)),
    "BCE with logits shapes": lambda t, nn, F: F.binary_cross_entropy_with_logits(t.ones(2), t.ones(3)),
    "loss weight": lambda t, nn, F: F.mse_loss(t.ones(2), t.ones(2), weight=t.ones(3)),
    "gaussian variance": lambda t, nn, F: F.gaussian_nll_loss(t.ones(2), t.ones(2), t.ones(5)),
    "gaussian negative variance": lambda t, nn, F: F.gaussian_nll_loss(t.ones(2), t.ones(2), -1.0),
    "gaussian reduction": lambda t, nn, F: F.gaussian_nll_loss(t.ones(2), t.ones(2), 1.0, reduction="x"),
    "ranking": lambda t, nn, F: F.margin_ranking_loss(t.ones(2), t.ones(2, 1), t.ones(2)),
    "triplet margin": lambda t, nn, F: F.triplet_margin_loss(t.ones(2), t.ones(2), t.ones(2), margin=-1),
    "cosine targets": lambda t, nn, F: F.cosine_embedding_loss(t.ones(2, 2), t.ones(2, 2), t.ones(2, 2)),
    "huber delta": lambda t, nn, F: F.huber_loss(t.ones(2), t.ones(2), delta=-1),
    "smooth beta": lambda t, nn, F: F.smooth_l1_loss(t.ones(2), t.ones(2), beta=-1),
    "pad mode": lambda t, nn, F: F.pad(t.ones(1, 2), (1, 1), mode="x"),
    "pad pairs": lambda t, nn, F: F.pad(t.ones(1, 2), (1, 1, 1)),
    "pad too many": lambda t, nn, F: F.pad(t.ones(1, 2), (1,) * 6),
    "pad reflect of a vector": lambda t, nn, F: F.pad(t.ones(2), (1, 1), mode="reflect"),
    "pad circular too far": lambda t, nn, F: F.pad(t.ones(1, 1, 2), (3, 3), mode="circular"),
    "pad reflect by a value": lambda t, nn, F: F.pad(t.ones(1, 2), (1, 1), mode="reflect", value=1.0),
    "interpolate to nothing": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2)),
    "interpolate to both": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2), size=3, scale_factor=2),
    "interpolate sizes": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2), size=(3, 3, 3)),
    "interpolate scales": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2), scale_factor=(3, 3, 3)),
    "interpolate mode": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2), size=3, mode="x"),
    "interpolate aligned nearest": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2), size=3, align_corners=True),
    "interpolate bilinear 1d": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2), size=3, mode="bilinear"),
    "interpolate linear 2d": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2), size=3, mode="linear"),
    "interpolate a matrix": lambda t, nn, F: F.interpolate(t.ones(2, 2), size=3),
    "interpolate recomputed": lambda t, nn, F: F.interpolate(t.ones(1, 1, 2, 2), size=3, recompute_scale_factor=True),
    "pixel_shuffle channels": lambda t, nn, F: F.pixel_shuffle(t.ones(1, 3, 2, 2), 2),
    "pixel_shuffle dimensions": lambda t, nn, F: F.pixel_shuffle(t.ones(3, 2), 2),
    "pixel_unshuffle height": lambda t, nn, F: F.pixel_unshuffle(t.ones(1, 3, 3, 2), 2),
    "channel_shuffle": lambda t, nn, F: F.channel_shuffle(t.ones(1, 3, 2, 2), 2),
    "one_hot dtype": lambda t, nn, F: F.one_hot(t.tensor([1.0]), 3),
    "gelu": lambda t, nn, F: F.gelu(t.ones(3), approximate="x"),
    "bilinear": lambda t, nn, F: F.bilinear(t.ones(2, 3), t.ones(2, 3), t.ones(4, 3, 2)),
    "Bilinear": lambda t, nn, F: nn.Bilinear(0, 1, 2),
    "Unflatten": lambda t, nn, F: nn.Unflatten(1, 3),
    "attention heads": lambda t, nn, F: nn.MultiheadAttention(5, 2),
    "attention nothing": lambda t, nn, F: nn.MultiheadAttention(0, 2),
    "attention dimensions": lambda t, nn, F: nn.MultiheadAttention(4, 2)(t.ones(1), t.ones(1), t.ones(1)),
    "attention width": lambda t, nn, F: nn.MultiheadAttention(4, 2)(t.ones(1, 1, 3), t.ones(1, 1, 4), t.ones(1, 1, 4)),
    "attention mask": lambda t, nn, F: nn.MultiheadAttention(4, 2)(*[t.ones(1, 1, 4)] * 3, attn_mask=t.ones(3, 3)),
    "attention hint": lambda t, nn, F: nn.MultiheadAttention(4, 2)(*[t.ones(1, 1, 4)] * 3, is_causal=True),
    "attention padding": lambda t, nn, F: nn.MultiheadAttention(4, 2)(
        *[t.ones(1, 1, 4)] * 3, key_padding_mask=t.ones(3, 3)
    ),
    "sdpa mask and hint": lambda t, nn, F: F.scaled_dot_product_attention(
        *[t.ones(1, 2, 4)] * 3, t.ones(2, 2), is_causal=True
    ),
    "transformer activation": lambda t, nn, F: nn.TransformerEncoderLayer(4, 2, activation="x"),
    "transformer batch": lambda t, nn, F: _transformer(nn)(t.ones(1, 2, 4), t.ones(3, 2, 4)),
    "transformer width": lambda t, nn, F: _transformer(nn)(t.ones(1, 2, 4), t.ones(1, 2, 3)),
    "gain": lambda t, nn, F: nn.init.calculate_gain("x"),
    "gain slope": lambda t, nn, F: nn.init.calculate_gain("leaky_relu", True),
    "xavier of a vector": lambda t, nn, F: nn.init.xavier_uniform_(t.ones(3)),
    "kaiming mode": lambda t, nn, F: nn.init.kaiming_uniform_(t.ones(3, 3), mode="x"),
    "eye of a vector": lambda t, nn, F: nn.init.eye_(t.ones(3)),
    "orthogonal of a vector": lambda t, nn, F: nn.init.orthogonal_(t.ones(3)),
    "sparse of a vector": lambda t, nn, F: nn.init.sparse_(t.ones(3), 0.1),
    "dirac of a vector": lambda t, nn, F: nn.init.dirac_(t.ones(3)),
    "dirac groups": lambda t, nn, F: nn.init.dirac_(t.ones(3, 3, 3), 2),
    "no sequences": lambda t, nn, F: nn.utils.rnn.pad_sequence([]),
    "sequence side": lambda t, nn, F: nn.utils.rnn.pad_sequence([t.ones(2), t.ones(3)], padding_side="x"),
    "not sequences": lambda t, nn, F: nn.utils.rnn.pad_sequence(3),
    "vector": lambda t, nn, F: nn.utils.vector_to_parameters([], []),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    assert_same_error(CALLS[name])
