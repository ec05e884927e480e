"""Where PyTorch warns, so does teletensor, at the user's own line."""

import numpy as np
import pytest
import teletensor as torch


def test_a_tensor_of_a_tensor():
    with pytest.warns(UserWarning, match="To copy construct from a tensor, it is recommended to use") as found:
        torch.tensor(torch.ones(1))
    assert found[0].filename == __file__


def test_the_gradient_of_what_is_no_leaf():
    x = torch.ones(1, requires_grad=True)
    y, z = x * 2, x * 3
    with pytest.warns(UserWarning, match="that is not a leaf Tensor is being accessed") as found:
        assert y.grad is None
    assert found[0].filename == __file__
    z.retain_grad()
    assert z.grad is None
    assert x.grad is None


def test_the_transpose_of_what_is_no_matrix():
    with pytest.warns(UserWarning, match="x.T. on tensors of dimension other than 2") as found:
        assert torch.ones(2, 3, 4).T.shape == (4, 3, 2)
    assert found[0].filename == __file__
    assert torch.ones(2, 3).T.shape == (3, 2)


def test_an_output_that_is_resized():
    with pytest.warns(UserWarning, match=r"An output with one or more elements was resized since it had shape \[3\]"):
        torch.add(torch.ones(2), 1, out=torch.empty(3))
    torch.add(torch.ones(2), 1, out=torch.empty(0))


def test_an_array_that_cannot_be_written_to():
    array = np.ones(2)
    array.setflags(write=False)
    with pytest.warns(UserWarning, match="The given NumPy array is not writable"):
        torch.from_numpy(array)


def test_anomaly_detection_says_that_it_is_on():
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"), torch.autograd.detect_anomaly():
        pass


def test_anomaly_detection_shows_the_forward_call():
    x = torch.tensor([-1.0], requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = x.sqrt()
    with (
        pytest.warns(UserWarning, match=r"(?s)Error detected in SqrtBackward0.*y = x\.sqrt\(\)"),
        pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output"),
    ):
        y.sum().backward()
