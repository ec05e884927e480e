"""Blocks as columns, sampling by grids, and bags of embeddings, against PyTorch's."""

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import (
    array,
    assert_same,
    assert_same_error,
    assert_same_layer,
    assert_same_script,
    drawn,
    integers,
    tensors,
)

IMAGE, VOLUME = array(2, 3, 6, 7), array(1, 2, 4, 5, 6)
BLOCKS = {
    "square": ((2,), {}),
    "wide": (((2, 3),), {"stride": (1, 2)}),
    "padded": ((3,), {"padding": (2, 1), "stride": 2}),
    "dilated": (((2, 3),), {"dilation": (2, 1), "padding": 1}),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_unfold(name):
    args, options = BLOCKS[name]
    assert_same(lambda t, x: t.nn.functional.unfold(x, *args, **options), IMAGE)
    assert_same(lambda t, x: t.nn.functional.unfold(x, *args, **options), IMAGE[0])


@pytest.mark.parametrize("name", BLOCKS)
def test_fold_adds_what_unfold_takes_apart(name):
    args, options = BLOCKS[name]
    columns = nn.functional.unfold(tt.tensor(IMAGE), *args, **options).numpy()
    assert_same(lambda t, x: t.nn.functional.fold(x, (6, 7), *args, **options), columns)
    assert_same(lambda t, x: t.nn.functional.fold(x, (6, 7), *args, **options), columns[0].copy())


def test_layers_of_blocks():
    assert_same_layer(lambda nn: nn.Unfold((2, 3), dilation=2, padding=1, stride=2), IMAGE)
    assert_same_layer(lambda nn: nn.Fold((4, 5), kernel_size=(2, 2)), array(2, 12, 12))
    for make in (lambda nn: nn.Unfold(3), lambda nn: nn.Fold((4, 5), 2, padding=1)):
        assert_same_script(lambda t, make=make: repr(make(t.nn)))


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_grid_sample(mode, padding, aligned):
    def run(library, image, grid):
        return library.nn.functional.grid_sample(image, grid, mode, padding, aligned)

    # Wide of the image in places; not on the edges between elements, where gradients jump.
    assert_same(run, IMAGE, array(2, 4, 5, 2, seed=1, low=-1.9, high=1.9), tolerance=1e-4)
    assert_same(run, VOLUME, array(1, 3, 4, 5, 3, seed=2, low=-1.9, high=1.9), tolerance=1e-4)


@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid behavior has changed for unit-size")
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 3, 1, 5), (2, 1, 3, 4, 5)])
def test_affine_grid(size, aligned):
    n = len(size) - 2
    assert_same(lambda t, theta: t.nn.functional.affine_grid(theta, size, aligned), array(2, n, n + 1))


def test_a_rotated_image_is_what_pytorch_rotates():
    def run(library, image, theta):
        functional = library.nn.functional
        return functional.grid_sample(image, functional.affine_grid(theta, image.shape, False), align_corners=False)

    theta = np.array([[[0.8, -0.6, 0.1], [0.6, 0.8, -0.2]]] * 2, np.float32)
    assert_same(run, IMAGE, theta, tolerance=1e-4)


def test_calls_that_pytorch_refuses_in_other_words():
    with pytest.raises(RuntimeError, match="Expected 3D or 4D"):
        nn.functional.unfold(tt.ones(2), 2)
    with pytest.raises(ValueError, match="offsets has to be None"):
        nn.functional.embedding_bag(tt.tensor([[0]]), tt.ones(2, 2), tt.tensor([0]))


def test_alignment_that_is_not_named_is_warned_of():
    with pytest.warns(UserWarning, match="align_corners=False since"):
        grid = nn.functional.affine_grid(tt.zeros(1, 2, 3), (1, 1, 2, 2))
    with pytest.warns(UserWarning, match="align_corners=False since"):
        nn.functional.grid_sample(tt.ones(1, 1, 2, 2), grid)
    with pytest.raises(RuntimeError, match="bicubic interpolation only supports 4D"):
        nn.functional.grid_sample(tt.ones(1, 1, 2, 2, 2), tt.zeros(1, 2, 2, 2, 3), "bicubic", align_corners=True)


OFFSETS = np.array([0, 3, 3, 7])


@pytest.mark.parametrize("options", [{}, {"padding_idx": 2}, {"include_last_offset": True}], ids=["", "padded", "last"])
@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_embeddings(mode, options):
    def run(library):
        layer = drawn(library, lambda nn: nn.EmbeddingBag(6, 3, mode=mode, **options))
        # The last offset is the end.
        starts = np.array([0, 3, 3, 9]) if "include_last_offset" in options else OFFSETS
        numbers, offsets, matrix = tensors(library, [integers(9, high=6), starts, integers(4, 5, high=6, seed=1)])
        parts = [layer(numbers, offsets), layer(matrix)]
        sum((part * part).sum() for part in parts).backward()
        return [repr(layer), parts, layer.weight.grad, list(layer.state_dict())]

    assert_same_script(run)


def test_weighted_bags_and_tables_that_are_given():
    def run(library):
        numbers, offsets = tensors(library, [integers(9, high=6), OFFSETS])
        weight, table = tensors(library, [array(9), array(6, 3)], requires_grad=True)
        out = library.nn.functional.embedding_bag(numbers, table, offsets, mode="sum", per_sample_weights=weight)
        (out * out).sum().backward()
        layer = library.nn.EmbeddingBag.from_pretrained(table.detach(), mode="max")
        return [out, weight.grad, table.grad, layer(numbers, offsets), layer.weight.requires_grad, repr(layer)]

    assert_same_script(run)


ERRORS = {
    "unfold nothing": lambda t, nn, F: F.unfold(t.ones(1, 1, 2, 2), 3),
    "fold dimensions": lambda t, nn, F: F.fold(t.ones(2), (2, 2), 2),
    "fold channels": lambda t, nn, F: F.fold(t.ones(1, 3, 1), (2, 2), 2),
    "fold blocks": lambda t, nn, F: F.fold(t.ones(1, 4, 3), (2, 2), 2),
    "grid mode": lambda t, nn, F: F.grid_sample(t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 2), "cubic"),
    "grid padding": lambda t, nn, F: F.grid_sample(t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 2), padding_mode="a"),
    "grid dimensions": lambda t, nn, F: F.grid_sample(t.ones(1, 2, 2), t.ones(1, 2, 1), align_corners=False),
    "grid batch": lambda t, nn, F: F.grid_sample(t.ones(1, 1, 2, 2), t.ones(2, 2, 2, 2), align_corners=False),
    "grid size": lambda t, nn, F: F.grid_sample(t.ones(1, 1, 2, 2), t.ones(1, 2, 2, 3), align_corners=False),
    "affine dtype": lambda t, nn, F: F.affine_grid(t.ones(1, 2, 3, dtype=t.int64), (1, 1, 2, 2), False),
    "affine shape": lambda t, nn, F: F.affine_grid(t.ones(1, 3, 3), (1, 1, 2, 2), False),
    "affine size": lambda t, nn, F: F.affine_grid(t.ones(1, 2, 3), (1, 2, 2), False),
    "bag mode": lambda t, nn, F: F.embedding_bag(t.tensor([0]), t.ones(2, 2), t.tensor([0]), mode="a"),
    "bag offsets": lambda t, nn, F: F.embedding_bag(t.tensor([0]), t.ones(2, 2)),
    "bag offsets dimensions": lambda t, nn, F: F.embedding_bag(t.tensor([0]), t.ones(2, 2), t.tensor([[0]])),
    "bag dimensions": lambda t, nn, F: F.embedding_bag(t.tensor(0), t.ones(2, 2)),
    "bag weights": lambda t, nn, F: F.embedding_bag(
        t.tensor([[0]]), t.ones(2, 2), mode="sum", per_sample_weights=t.ones(1)
    ),
    "bag weights of a mean": lambda t, nn, F: F.embedding_bag(
        t.tensor([[0]]), t.ones(2, 2), per_sample_weights=t.ones(1, 1)
    ),
    "bag padding": lambda t, nn, F: nn.EmbeddingBag(3, 2, padding_idx=7),
    "bag table": lambda t, nn, F: nn.EmbeddingBag(3, 2, _weight=t.ones(3, 3)),
    "bag vector": lambda t, nn, F: nn.EmbeddingBag.from_pretrained(t.ones(3)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    assert_same_error(ERRORS[name])
