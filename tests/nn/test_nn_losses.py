"""Every loss against PyTorch's, as a layer: value and gradients, for each reduction."""

import sys

import numpy as np
import pytest
import teletensor as tt

from tests.nn.nn_oracle import SIDES, array, assert_same, assert_same_layer, assert_same_script, integers, tensors

A, B, C = array(5, 3), array(5, 3, seed=1), array(5, 3, seed=2)
SHARE = array(5, 3, low=0.05, high=0.95)
LABELS = integers(5, high=3)
SIGNS = np.where(integers(5, high=2) == 0, -1, 1)
WEIGHT = array(3, low=0.5, high=2.0)
LOG_SHARE = np.log(SHARE / SHARE.sum(1, keepdims=True))
TARGET_SHARE = array(5, 3, seed=4, low=0.1, high=0.3)


def _weight(nn, value=WEIGHT):
    library = sys.modules[nn.__name__.partition(".")[0]]
    return library.tensor(value)


LOSSES = {
    "MSELoss": (lambda nn, r: nn.MSELoss(reduction=r), A, B),
    "L1Loss": (lambda nn, r: nn.L1Loss(reduction=r), A, B),
    "SmoothL1Loss": (lambda nn, r: nn.SmoothL1Loss(reduction=r, beta=0.7), A, B),
    "SmoothL1Loss without beta": (lambda nn, r: nn.SmoothL1Loss(reduction=r, beta=0.0), A, B),
    "HuberLoss": (lambda nn, r: nn.HuberLoss(reduction=r, delta=0.7), A, B),
    "CrossEntropyLoss": (lambda nn, r: nn.CrossEntropyLoss(reduction=r), A, LABELS),
    "CrossEntropyLoss weighted": (
        lambda nn, r: nn.CrossEntropyLoss(_weight(nn), reduction=r, ignore_index=1, label_smoothing=0.2), A, LABELS,
    ),
    "CrossEntropyLoss of images": (
        lambda nn, r: nn.CrossEntropyLoss(reduction=r), array(2, 3, 4, 4), integers(2, 4, 4, high=3),
    ),
    "CrossEntropyLoss of shares": (
        lambda nn, r: nn.CrossEntropyLoss(_weight(nn), reduction=r, label_smoothing=0.1), A, SHARE,
    ),
    "CrossEntropyLoss unbatched": (lambda nn, r: nn.CrossEntropyLoss(reduction=r), array(3), np.array(2)),
    "NLLLoss": (lambda nn, r: nn.NLLLoss(_weight(nn), reduction=r, ignore_index=2), LOG_SHARE, LABELS),
    "BCELoss": (lambda nn, r: nn.BCELoss(_weight(nn), reduction=r), SHARE, TARGET_SHARE),
    "BCEWithLogitsLoss": (
        lambda nn, r: nn.BCEWithLogitsLoss(reduction=r, pos_weight=_weight(nn)), A * 4, TARGET_SHARE,
    ),
    "KLDivLoss": (lambda nn, r: nn.KLDivLoss(reduction="batchmean" if r == "mean" else r), LOG_SHARE, TARGET_SHARE),
    "KLDivLoss of logs": (
        lambda nn, r: nn.KLDivLoss(reduction="batchmean" if r == "mean" else r, log_target=True), LOG_SHARE, B,
    ),
    "CosineEmbeddingLoss": (lambda nn, r: nn.CosineEmbeddingLoss(0.1, reduction=r), A, B, SIGNS),
    "MarginRankingLoss": (lambda nn, r: nn.MarginRankingLoss(0.3, reduction=r), A[:, 0], B[:, 0], SIGNS),
    "HingeEmbeddingLoss": (lambda nn, r: nn.HingeEmbeddingLoss(1.2, reduction=r), A[:, 0], SIGNS),
    "TripletMarginLoss": (lambda nn, r: nn.TripletMarginLoss(reduction=r), A, B, C),
    "TripletMarginLoss swapped": (lambda nn, r: nn.TripletMarginLoss(2.0, p=1.0, swap=True, reduction=r), A, B, C),
    "TripletMarginWithDistanceLoss": (lambda nn, r: nn.TripletMarginWithDistanceLoss(reduction=r), A, B, C),
    "GaussianNLLLoss": (lambda nn, r: nn.GaussianNLLLoss(full=True, eps=0.3, reduction=r), A, B, SHARE),
    "GaussianNLLLoss of one variance": (lambda nn, r: nn.GaussianNLLLoss(reduction=r), A, B, SHARE[:, 0]),
    "PoissonNLLLoss": (lambda nn, r: nn.PoissonNLLLoss(full=True, reduction=r), A, np.abs(B) * 2),
    "PoissonNLLLoss of rates": (lambda nn, r: nn.PoissonNLLLoss(log_input=False, reduction=r), SHARE, np.abs(B)),
    "SoftMarginLoss": (lambda nn, r: nn.SoftMarginLoss(reduction=r), A[:, 0], SIGNS),
    "MultiLabelSoftMarginLoss": (lambda nn, r: nn.MultiLabelSoftMarginLoss(_weight(nn), reduction=r), A, SHARE),
    "MultiMarginLoss": (lambda nn, r: nn.MultiMarginLoss(2, 1.5, _weight(nn), reduction=r), A, LABELS),
}  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_computes_what_pytorch_computes(name, reduction):
    make, *inputs = LOSSES[name]
    assert_same_layer(lambda nn: make(nn, reduction), *inputs)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_looks_like_pytorchs(name):
    def run(library):
        loss = LOSSES[name][0](library.nn, "sum")
        return [repr(loss), list(loss.state_dict())]

    assert_same_script(run)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
def test_a_regression_loss_can_be_weighted(name, reduction):
    def run(library, a, b, weight):
        return getattr(library.nn.functional, name)(a, b, weight=weight, reduction=reduction)

    assert_same(run, A, B, SHARE)


def test_a_target_that_broadcasts_is_warned_of():
    expected = ((A - B[:, :1]) ** 2).mean()
    for library, nn in SIDES:
        a, b = tensors(library, (A, B[:, :1]))
        with pytest.warns(UserWarning, match=r"Using a target size \(torch.Size\(\[5, 1\]\)\)"):
            result = nn.functional.mse_loss(a, b)
        np.testing.assert_allclose(result.item(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [((False, None), "sum"), ((None, False), "none"), ((True, True), "mean"), ((False, False), "none")],
)
def test_the_old_flags_mean_a_reduction(flags, expected):
    with pytest.warns(UserWarning, match=f"please use reduction='{expected}' instead"):
        loss = tt.nn.L1Loss(*flags)
    assert loss.reduction == expected
