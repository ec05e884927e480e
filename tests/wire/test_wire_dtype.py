"""float32 tensors that travel with fewer bytes, where a program asks for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import teletensor as tt
from teletensor.remote import RemoteSession
from teletensor_core import dtypes

from tests.wire.inside import in_thread
from tests.wire.test_round_trips import Counted

DATA = np.random.default_rng(0).standard_normal((64, 1024), np.float32)


def rounded(dtype: tt.dtype) -> np.ndarray:
    return DATA.astype(dtype.np).astype(np.float32)


@pytest.mark.parametrize("dtype", [tt.bfloat16, tt.float16])
@pytest.mark.parametrize(
    "put",
    [
        lambda device: tt.from_numpy(DATA).to(device),
        lambda device: tt.tensor(DATA, device=device),
        lambda device: tt.as_tensor(DATA, device=device),
        lambda device: tt.from_numpy(DATA.astype(np.float64)).to(device, tt.float32),
    ],
    ids=["to", "tensor", "as_tensor", "cast"],
)
def test_half_the_bytes_travel(session: RemoteSession, put: Callable[[object], tt.Tensor], dtype: tt.dtype) -> None:
    with Counted(session) as counted, tt.wire_dtype(dtype):
        x = put(session.device)
        session.synchronize()
    assert x.dtype is tt.float32
    assert x.is_leaf
    assert not x.requires_grad
    moved = counted.cost.bytes_sent + counted.cost.bytes_shared
    assert DATA.nbytes // 2 <= moved < DATA.nbytes // 2 + 1000
    np.testing.assert_array_equal(x.cpu().numpy(), rounded(dtype))


def test_it_is_off_unless_it_is_asked_for(session: RemoteSession) -> None:
    np.testing.assert_array_equal(tt.tensor(DATA, device=session.device).cpu().numpy(), DATA)
    with tt.wire_dtype(tt.bfloat16):
        with tt.wire_dtype(None):
            np.testing.assert_array_equal(tt.tensor(DATA, device=session.device).cpu().numpy(), DATA)
        elsewhere = in_thread(lambda: tt.tensor(DATA, device=session.device).cpu().numpy())
        np.testing.assert_array_equal(elsewhere(), DATA)
        np.testing.assert_array_equal(tt.tensor(DATA, device=session.device).cpu().numpy(), rounded(tt.bfloat16))
    np.testing.assert_array_equal(tt.tensor(DATA, device=session.device).cpu().numpy(), DATA)


@pytest.mark.parametrize("what", [np.arange(5000), DATA.astype(np.float64), DATA[0, :1000], DATA.astype(np.complex64)])
def test_what_keeps_every_bit(session: RemoteSession, what: np.ndarray) -> None:
    with tt.wire_dtype(tt.bfloat16):
        np.testing.assert_array_equal(tt.from_numpy(what).to(session.device).cpu().numpy(), what)


def test_what_comes_back_keeps_every_bit(session: RemoteSession) -> None:
    x = tt.tensor(DATA, device=session.device)
    with tt.wire_dtype(tt.bfloat16):
        np.testing.assert_array_equal(x.cpu().numpy(), DATA)
        np.testing.assert_array_equal(tt.to_host([x])[0].numpy(), DATA)


def test_a_tensor_with_a_gradient_travels_as_it_is(session: RemoteSession) -> None:
    x = tt.tensor(DATA, device="cpu", requires_grad=True)
    with tt.wire_dtype(tt.bfloat16):
        there = x.to(session.device)
    np.testing.assert_array_equal(there.detach().cpu().numpy(), DATA)
    (there * there).sum().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), 2 * DATA)


def test_it_decorates_and_comes_to_an_end_with_an_error(session: RemoteSession) -> None:
    @tt.wire_dtype(tt.bfloat16)
    def fail() -> None:
        np.testing.assert_array_equal(tt.tensor(DATA, device=session.device).cpu().numpy(), rounded(tt.bfloat16))
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    np.testing.assert_array_equal(tt.tensor(DATA, device=session.device).cpu().numpy(), DATA)


def test_other_dtypes_are_refused() -> None:
    for dtype in set(dtypes.ALL) - {dtypes.bfloat16, dtypes.float16}:
        with pytest.raises(ValueError, match="bfloat16 or float16"):
            tt.wire_dtype(dtype)
    with pytest.raises(TypeError, match="takes a dtype"):
        tt.wire_dtype("bfloat16")  # type: ignore[arg-type]


def test_batches_of_a_loader_travel_with_half_the_bytes(session: RemoteSession) -> None:
    data = tt.utils.data.TensorDataset(tt.from_numpy(DATA), tt.arange(64, device="cpu"))
    loader = tt.utils.data.DataLoader(data, 16)
    with tt.wire_dtype(tt.bfloat16):
        batches = list(loader)
    found = np.concatenate([x.cpu().numpy() for x, _ in batches])
    np.testing.assert_array_equal(found, rounded(tt.bfloat16))
    assert [y.tolist() for _, y in batches] == np.arange(64).reshape(4, 16).tolist()
