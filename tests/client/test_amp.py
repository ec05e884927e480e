"""Autocast and the scaler of gradients."""

import math

import pytest
import teletensor as torch
from teletensor import nn


def test_autocast_is_for_one_kind_of_device(session):
    here, there = torch.ones(2, 2, device="cpu"), torch.ones(2, 2)
    with torch.autocast("cuda"):
        assert (here @ here).dtype is torch.float32
        assert (there @ there).dtype is torch.float16
        assert there.exp().dtype is torch.float32
        assert (there + there).dtype is torch.float32
    with torch.autocast("cpu"):
        assert (here @ here).dtype is torch.bfloat16
        assert (there @ there).dtype is torch.float32


def test_autocast_leaves_float64_and_integers():
    with torch.autocast("cpu"):
        x, n = torch.ones(2, 2, dtype=torch.float64), torch.ones(2, 2, dtype=torch.int64)
        assert (x @ x).dtype is torch.float64
        assert (n @ n).dtype is torch.int64


def test_autocast_decorates():
    @torch.autocast("cpu")
    def product(x):
        return x @ x

    assert product(torch.ones(2, 2)).dtype is torch.bfloat16
    assert not torch.is_autocast_enabled("cpu")


def test_a_layer_trains_under_autocast():
    torch.manual_seed(0)
    layer = nn.Linear(4, 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(torch.ones(3, 4))
        loss = nn.functional.mse_loss(out, torch.zeros_like(out))
    loss.backward()
    assert (out.dtype, loss.dtype, layer.weight.grad.dtype) == (torch.bfloat16, torch.float32, torch.float32)


def test_autocast_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="unsupported autocast device_type 'nowhere'"):
        torch.autocast("nowhere")
    with pytest.warns(UserWarning, match="it is switched off"), torch.autocast("cpu", dtype=torch.float64):
        assert (torch.ones(1, 1) @ torch.ones(1, 1)).dtype is torch.float32


def scaler(**options):
    return torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2, **options)


def step(scaler, optimizer, loss):
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()


def test_a_scaled_step_is_the_step():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    step(scaler(), torch.optim.SGD([x], lr=0.5), (x * x).sum())
    assert x.tolist() == [0.0, 0.0]


def test_the_scale_grows_after_good_steps_and_falls_after_a_bad_one():
    x = torch.tensor([1.0], requires_grad=True)
    s, optimizer = scaler(), torch.optim.SGD([x], lr=0.0)
    scales = []
    for factor in (1.0, 1.0, math.inf, 1.0):
        step(s, optimizer, (x * factor).sum())
        scales.append(s.get_scale())
    assert scales == [8.0, 16.0, 8.0, 8.0]


def test_a_step_with_an_infinite_gradient_is_left_out():
    x = torch.tensor([1.0], requires_grad=True)
    step(scaler(), torch.optim.SGD([x], lr=1.0), (x * math.inf).sum())
    assert x.tolist() == [1.0]


def test_gradients_are_unscaled_for_clipping():
    x = torch.tensor([3.0, 4.0], requires_grad=True)
    s, optimizer = scaler(), torch.optim.SGD([x], lr=1.0)
    s.scale((x * x).sum() / 2).backward()
    s.unscale_(optimizer)
    assert x.grad.tolist() == [3.0, 4.0]
    with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called"):
        s.unscale_(optimizer)
    nn.utils.clip_grad_norm_([x], 1.0)
    s.step(optimizer)
    assert x.tolist() == pytest.approx([2.4, 3.2])


def test_a_step_costs_one_round_trip(session):
    x = torch.ones(3, requires_grad=True)
    s, optimizer = torch.amp.GradScaler("cuda"), torch.optim.SGD([x], lr=0.1)
    before = session.stats()
    step(s, optimizer, (x * x).sum())
    assert (session.stats() - before).round_trips == 1


def test_without_a_worker_the_scaler_is_off():
    with pytest.warns(UserWarning, match="CUDA is not available.  Disabling"):
        s = torch.amp.GradScaler()
    loss = torch.ones(1)
    assert s.scale(loss) is loss
    assert (s.is_enabled(), s.get_scale(), s.state_dict()) == (False, 1.0, {})


def test_the_state_goes_on():
    s, other = scaler(), scaler()
    s.update(4.0)
    other.load_state_dict(s.state_dict())
    assert other.get_scale() == 4.0


def test_custom_functions_see_the_casts():
    seen = []

    class Product(torch.autograd.Function):
        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
        def forward(ctx, x):
            seen.append(((x @ x).dtype, torch.is_autocast_enabled("cpu")))
            return x * 2

        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            seen.append(torch.is_autocast_enabled("cpu"))
            return g * 2

    x = torch.ones(2, 2, requires_grad=True)
    with torch.autocast("cpu"):
        Product.apply(x).sum().backward()
    assert seen == [(torch.float32, False), True]
