"""Functions that PyTorch has at the top level beside those of `nn.functional`: the same work, called otherwise."""

from teletensor.native.copies import (
    alias_copy,
    as_strided_copy,
    detach_copy,
    diagonal_copy,
    expand_copy,
    permute_copy,
    select_copy,
    slice_copy,
    split_copy,
    split_with_sizes_copy,
    squeeze_copy,
    t_copy,
    transpose_copy,
    unbind_copy,
    unfold_copy,
    unsqueeze_copy,
    view_as_complex_copy,
    view_as_real_copy,
    view_copy,
)
from teletensor.native.dropouts import (
    alpha_dropout,
    alpha_dropout_,
    dropout,
    dropout_,
    feature_alpha_dropout,
    feature_alpha_dropout_,
    feature_dropout,
    feature_dropout_,
    native_dropout,
)
from teletensor.native.layers import (
    adaptive_max_pool1d,
    affine_grid_generator,
    constant_pad_nd,
    conv_tbc,
    convolution,
    grid_sampler,
    grid_sampler_2d,
    grid_sampler_3d,
    rrelu,
    rrelu_,
)
from teletensor.native.losses import (
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    ctc_loss,
    hinge_embedding_loss,
    kl_div,
    margin_ranking_loss,
    poisson_nll_loss,
    triplet_margin_loss,
)
from teletensor.native.normalization import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
)
from teletensor.native.recurrent import (
    gru,
    gru_cell,
    lstm,
    lstm_cell,
    rnn_relu,
    rnn_relu_cell,
    rnn_tanh,
    rnn_tanh_cell,
)
from teletensor.native.tables import (
    embedding,
    embedding_bag,
    embedding_renorm_,
)

__all__ = [
    "adaptive_max_pool1d", "affine_grid_generator", "alias_copy", "alpha_dropout", "alpha_dropout_", "as_strided_copy",
    "batch_norm", "binary_cross_entropy_with_logits", "constant_pad_nd", "conv_tbc", "convolution",
    "cosine_embedding_loss", "ctc_loss", "detach_copy", "diagonal_copy", "dropout", "dropout_", "embedding",
    "embedding_bag", "embedding_renorm_", "expand_copy", "feature_alpha_dropout", "feature_alpha_dropout_",
    "feature_dropout", "feature_dropout_", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d", "group_norm", "gru",
    "gru_cell", "hinge_embedding_loss", "instance_norm", "kl_div", "layer_norm", "lstm", "lstm_cell",
    "margin_ranking_loss", "native_dropout", "permute_copy", "poisson_nll_loss", "rnn_relu",
    "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "rrelu", "rrelu_", "select_copy", "slice_copy", "split_copy",
    "split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy", "triplet_margin_loss", "unbind_copy",
    "unfold_copy", "unsqueeze_copy", "view_as_complex_copy", "view_as_real_copy", "view_copy",
]  # fmt: skip
