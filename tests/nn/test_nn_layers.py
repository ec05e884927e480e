"""Every layer against PyTorch's: output, gradients, repr and state dict."""

import inspect

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import array, assert_same_layer, assert_same_script, drawn, integers
from tests.replay import ask

IMAGE, SIGNAL, ROWS, VOLUME = array(2, 4, 6, 5), array(2, 4, 7), array(3, 4), array(1, 2, 5, 4, 6)

LAYERS = {
    "Identity": (lambda nn: nn.Identity(3, x=4), ROWS),
    "Linear": (lambda nn: nn.Linear(4, 3), array(2, 5, 4)),
    "Linear without bias": (lambda nn: nn.Linear(4, 3, bias=False), array(4)),
    "Bilinear": (lambda nn: nn.Bilinear(4, 2, 3), ROWS, array(3, 2, seed=1)),
    "Conv1d": (lambda nn: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), SIGNAL),
    "Conv1d same": (lambda nn: nn.Conv1d(4, 2, 4, padding="same"), SIGNAL),
    "Conv1d reflect same": (lambda nn: nn.Conv1d(4, 2, 4, padding="same", padding_mode="reflect"), SIGNAL),
    "Conv1d unbatched": (lambda nn: nn.Conv1d(4, 2, 3), array(4, 7)),
    "Conv2d": (lambda nn: nn.Conv2d(4, 3, (3, 2), padding=(1, 0)), IMAGE),
    "Conv2d depthwise": (lambda nn: nn.Conv2d(4, 8, 3, groups=4, bias=False), IMAGE),
    "Conv2d valid": (lambda nn: nn.Conv2d(4, 2, 2, padding="valid", stride=2), IMAGE),
    "Conv2d circular": (lambda nn: nn.Conv2d(4, 2, 3, padding=(2, 1), padding_mode="circular"), IMAGE),
    "Conv2d replicate": (lambda nn: nn.Conv2d(4, 2, 3, padding=1, padding_mode="replicate"), IMAGE),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(4, 6, 3, stride=2, output_padding=1, groups=2), SIGNAL),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, dilation=2), IMAGE),
    "Conv3d": (lambda nn: nn.Conv3d(2, 3, (1, 2, 3), padding=1), VOLUME),
    "ConvTranspose3d": (lambda nn: nn.ConvTranspose3d(2, 3, 2, stride=2), array(2, 3, 2, 2)),
    "MaxPool1d": (lambda nn: nn.MaxPool1d(3, stride=2, padding=1), SIGNAL),
    "MaxPool2d": (lambda nn: nn.MaxPool2d((2, 3), ceil_mode=True), IMAGE),
    "MaxPool2d indices": (lambda nn: nn.MaxPool2d(2, stride=1, dilation=2, return_indices=True), IMAGE),
    "AvgPool1d": (lambda nn: nn.AvgPool1d(3, padding=1, count_include_pad=False), SIGNAL),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), IMAGE),
    "AvgPool2d divisor": (lambda nn: nn.AvgPool2d(2, divisor_override=3), array(4, 6, 5)),
    "MaxPool3d": (lambda nn: nn.MaxPool3d(2, stride=1), VOLUME),
    "AvgPool3d": (lambda nn: nn.AvgPool3d((2, 1, 3)), VOLUME),
    "LPPool1d": (lambda nn: nn.LPPool1d(2, 3), np.abs(SIGNAL)),
    "LPPool2d": (lambda nn: nn.LPPool2d(2, 2), np.abs(IMAGE)),
    "AdaptiveAvgPool1d": (lambda nn: nn.AdaptiveAvgPool1d(3), SIGNAL),
    "AdaptiveAvgPool2d": (lambda nn: nn.AdaptiveAvgPool2d((None, 3)), IMAGE),
    "AdaptiveMaxPool1d": (lambda nn: nn.AdaptiveMaxPool1d(2), SIGNAL),
    "AdaptiveMaxPool2d": (lambda nn: nn.AdaptiveMaxPool2d(4, return_indices=True), IMAGE),
    "LPPool3d": (lambda nn: nn.LPPool3d(2, 2), np.abs(VOLUME)),
    "AdaptiveAvgPool3d": (lambda nn: nn.AdaptiveAvgPool3d((2, None, 4)), VOLUME),
    "AdaptiveMaxPool3d": (lambda nn: nn.AdaptiveMaxPool3d(2), VOLUME),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(4), ROWS),
    "BatchNorm1d cumulative": (lambda nn: nn.BatchNorm1d(4, momentum=None), SIGNAL),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(4, momentum=0.3), IMAGE),
    "BatchNorm2d bare": (lambda nn: nn.BatchNorm2d(4, affine=False, track_running_stats=False), IMAGE),
    "BatchNorm2d without bias": (lambda nn: nn.BatchNorm2d(4, bias=False), IMAGE),
    "LayerNorm": (lambda nn: nn.LayerNorm((6, 5), bias=False), IMAGE),
    "LayerNorm bare": (lambda nn: nn.LayerNorm(4, elementwise_affine=False), ROWS),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), IMAGE),
    "InstanceNorm1d": (lambda nn: nn.InstanceNorm1d(4), array(4, 7)),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(4, affine=True, track_running_stats=True), IMAGE),
    "BatchNorm3d": (lambda nn: nn.BatchNorm3d(2), VOLUME),
    "InstanceNorm3d": (lambda nn: nn.InstanceNorm3d(2), VOLUME),
    "RMSNorm": (lambda nn: nn.RMSNorm(4), ROWS),
    "LocalResponseNorm": (lambda nn: nn.LocalResponseNorm(3, alpha=0.5), IMAGE),
    "Embedding": (lambda nn: nn.Embedding(6, 3, padding_idx=-2), integers(2, 5, high=6)),
    "Embedding max_norm": (lambda nn: nn.Embedding(6, 3, max_norm=1.0), integers(7, high=5)),
    "Embedding by frequency": (lambda nn: nn.Embedding(6, 3, scale_grad_by_freq=True), integers(9, high=5)),
    "Flatten": (lambda nn: nn.Flatten(1, 2), IMAGE),
    "Unflatten": (lambda nn: nn.Unflatten(1, (2, 2)), IMAGE),
    "ZeroPad1d": (lambda nn: nn.ZeroPad1d((1, 2)), SIGNAL),
    "ZeroPad2d": (lambda nn: nn.ZeroPad2d((1, -1, 0, 2)), IMAGE),
    "ConstantPad1d": (lambda nn: nn.ConstantPad1d(2, 3.5), SIGNAL),
    "ConstantPad2d": (lambda nn: nn.ConstantPad2d((1, 0, 2, 3), -1.0), IMAGE),
    "ReflectionPad1d": (lambda nn: nn.ReflectionPad1d(2), SIGNAL),
    "ReflectionPad2d": (lambda nn: nn.ReflectionPad2d((1, 2, 3, 0)), IMAGE),
    "ReplicationPad1d": (lambda nn: nn.ReplicationPad1d((3, 1)), SIGNAL),
    "ReplicationPad2d": (lambda nn: nn.ReplicationPad2d(2), IMAGE),
    "CircularPad1d": (lambda nn: nn.CircularPad1d((2, 3)), SIGNAL),
    "CircularPad2d": (lambda nn: nn.CircularPad2d((1, -1, 2, 0)), IMAGE),
    "ZeroPad3d": (lambda nn: nn.ZeroPad3d(1), VOLUME),
    "ConstantPad3d": (lambda nn: nn.ConstantPad3d(1, 2.0), VOLUME),
    "ReflectionPad3d": (lambda nn: nn.ReflectionPad3d((1, 2, 0, 1, 2, 0)), VOLUME),
    "ReplicationPad3d": (lambda nn: nn.ReplicationPad3d(1), VOLUME),
    "CircularPad3d": (lambda nn: nn.CircularPad3d((1, 2, 0, 1, 2, -1)), VOLUME),
    "Upsample trilinear": (lambda nn: nn.Upsample(size=(3, 5, 7), mode="trilinear"), VOLUME),
    "Upsample trilinear 1.3": (lambda nn: nn.Upsample(scale_factor=1.3, mode="trilinear"), VOLUME),
    "Upsample nearest": (lambda nn: nn.Upsample(scale_factor=2), IMAGE),
    "Upsample nearest 1.7": (lambda nn: nn.Upsample(scale_factor=1.7), SIGNAL),
    "Upsample exact": (lambda nn: nn.Upsample(size=(4, 9), mode="nearest-exact"), IMAGE),
    "Upsample linear": (lambda nn: nn.Upsample(size=11, mode="linear"), SIGNAL),
    "Upsample bilinear": (lambda nn: nn.Upsample(size=(3, 9), mode="bilinear"), IMAGE),
    "Upsample bilinear 1.7": (lambda nn: nn.Upsample(scale_factor=(1.7, 0.6), mode="bilinear"), IMAGE),
    "Upsample bicubic": (lambda nn: nn.Upsample(size=(9, 4), mode="bicubic"), IMAGE),
    "Upsample aligned bicubic": (lambda nn: nn.Upsample(size=(9, 4), mode="bicubic", align_corners=True), IMAGE),
    "Upsample area": (lambda nn: nn.Upsample(size=(3, 7), mode="area"), IMAGE),
    "UpsamplingNearest2d": (lambda nn: nn.UpsamplingNearest2d(size=(7, 3)), IMAGE),
    "UpsamplingBilinear2d": (lambda nn: nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    "PixelShuffle": (lambda nn: nn.PixelShuffle(2), array(2, 8, 3, 2)),
    "PixelUnshuffle": (lambda nn: nn.PixelUnshuffle(2), array(3, 4, 6)),
    "ChannelShuffle": (lambda nn: nn.ChannelShuffle(2), IMAGE),
    "CosineSimilarity": (lambda nn: nn.CosineSimilarity(), ROWS, array(3, 4, seed=1)),
    "PairwiseDistance": (lambda nn: nn.PairwiseDistance(keepdim=True), ROWS, array(3, 4, seed=1)),
    "Dropout in evaluation": (lambda nn: nn.Dropout(0.3).eval(), ROWS),
    "Dropout1d in evaluation": (lambda nn: nn.Dropout1d(0.3).eval(), SIGNAL),
    "Dropout2d in evaluation": (lambda nn: nn.Dropout2d(0.3, inplace=True).eval(), IMAGE),
    "Dropout3d in evaluation": (lambda nn: nn.Dropout3d(0.3).eval(), VOLUME),
    "AlphaDropout in evaluation": (lambda nn: nn.AlphaDropout(0.3).eval(), ROWS),
}

ACTIVATIONS = {
    "ReLU": lambda nn: nn.ReLU(),
    "ReLU6": lambda nn: nn.ReLU6(),
    "LeakyReLU": lambda nn: nn.LeakyReLU(0.2),
    "PReLU": lambda nn: nn.PReLU(),
    "PReLU of channels": lambda nn: nn.PReLU(4),
    "ELU": lambda nn: nn.ELU(1.5),
    "SELU": lambda nn: nn.SELU(),
    "CELU": lambda nn: nn.CELU(0.7),
    "GELU": lambda nn: nn.GELU(),
    "GELU tanh": lambda nn: nn.GELU("tanh"),
    "SiLU": lambda nn: nn.SiLU(),
    "Mish": lambda nn: nn.Mish(),
    "Sigmoid": lambda nn: nn.Sigmoid(),
    "Tanh": lambda nn: nn.Tanh(),
    "Hardtanh": lambda nn: nn.Hardtanh(-0.5, 1.5),
    "Hardsigmoid": lambda nn: nn.Hardsigmoid(),
    "Hardswish": lambda nn: nn.Hardswish(),
    "Softplus": lambda nn: nn.Softplus(2.0, 3.0),
    "Softsign": lambda nn: nn.Softsign(),
    "Softshrink": lambda nn: nn.Softshrink(0.4),
    "Hardshrink": lambda nn: nn.Hardshrink(0.4),
    "LogSigmoid": lambda nn: nn.LogSigmoid(),
    "Tanhshrink": lambda nn: nn.Tanhshrink(),
    "Threshold": lambda nn: nn.Threshold(0.1, 20.0),
    "Softmax": lambda nn: nn.Softmax(1),
    "LogSoftmax": lambda nn: nn.LogSoftmax(-1),
    "Softmin": lambda nn: nn.Softmin(0),
    "Softmax2d": lambda nn: nn.Softmax2d(),
    "GLU": lambda nn: nn.GLU(1),
}

INPLACE = {
    "ReLU": lambda nn: nn.ReLU(True),
    "ReLU6": lambda nn: nn.ReLU6(True),
    "LeakyReLU": lambda nn: nn.LeakyReLU(0.2, True),
    "ELU": lambda nn: nn.ELU(1.5, True),
    "SELU": lambda nn: nn.SELU(True),
    "CELU": lambda nn: nn.CELU(0.7, True),
    "SiLU": lambda nn: nn.SiLU(True),
    "Mish": lambda nn: nn.Mish(True),
    "Hardtanh": lambda nn: nn.Hardtanh(inplace=True),
    "Hardsigmoid": lambda nn: nn.Hardsigmoid(True),
    "Hardswish": lambda nn: nn.Hardswish(True),
    "Threshold": lambda nn: nn.Threshold(0.1, 20.0, True),
}

MAKERS = {name: make for name, (make, *_) in LAYERS.items()} | ACTIVATIONS
MAKERS |= {f"{name} in place": make for name, make in INPLACE.items()}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_computes_what_pytorch_computes(name):
    make, *inputs = LAYERS[name]
    assert_same_layer(make, *inputs)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_computes_what_pytorch_computes(name):
    assert_same_layer(ACTIVATIONS[name], IMAGE * 2)


@pytest.mark.parametrize("name", INPLACE)
def test_an_activation_in_place_changes_its_input_and_keeps_the_gradient(name):
    assert_same_layer(lambda nn: nn.Sequential(nn.Linear(5, 3), INPLACE[name](nn)), IMAGE)


@pytest.mark.parametrize("name", [name for name in LAYERS if "Norm" in name])
def test_a_norm_in_evaluation_uses_what_it_learned(name):
    make, *inputs = LAYERS[name]
    assert_same_layer(make, *inputs, evaluate=True)


@pytest.mark.parametrize("name", MAKERS)
def test_a_layer_looks_like_pytorchs(name):
    def run(library):
        layer = MAKERS[name](library.nn)
        state = layer.state_dict()
        public = sorted(name for name in vars(layer) if not name.startswith("_"))
        return [repr(layer), list(state), state._metadata, public]

    assert_same_script(run)


@pytest.mark.parametrize("name", [name for name in nn.__all__ if inspect.isclass(getattr(nn, name))])
def test_a_class_takes_the_arguments_that_pytorchs_takes(name):
    theirs = ask(_arguments, name)
    if [argument[0] for argument in theirs] != ["args", "kwargs"]:
        assert _arguments(tt, name) == theirs


def _arguments(library, name):
    parameters = inspect.signature(getattr(library.nn, name)).parameters.values()
    return [[p.name, p.kind.name, "" if callable(p.default) else repr(p.default)] for p in parameters]


def test_a_transposed_convolution_reaches_the_size_asked_for():
    def run(library):
        layer = drawn(library, lambda nn: nn.ConvTranspose2d(4, 2, 3, stride=3))
        return [layer(library.tensor(IMAGE), size) for size in ((18, 17), (2, 2, 20, 15), None)]

    assert_same_script(run)
