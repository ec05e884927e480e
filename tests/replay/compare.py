"""Whether two plain results are alike: floats within a tolerance, everything else exactly."""

from typing import Any

import numpy as np

_FLOATS = (float, np.ndarray)


def assert_alike(ours: Any, theirs: Any, tolerance: float = 2e-5, where: str = "result") -> None:
    """Raise AssertionError, saying where they differ, unless the two are alike.

    A float may be `tolerance` off, absolutely and relatively. An error must derive from the other's built-in class.
    """
    if isinstance(theirs, np.ndarray):
        _assert_close_arrays(ours, theirs, tolerance, where)
    elif isinstance(theirs, float):
        assert isinstance(ours, float), f"{where}: {ours!r} is no float like {theirs!r}"
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance, err_msg=where)
    elif isinstance(theirs, dict):
        assert isinstance(ours, dict), f"{where}: {ours!r} is not {theirs!r}"
        assert list(ours) == list(theirs), f"{where}: keys {list(ours)}, PyTorch has {list(theirs)}"
        for key, each in theirs.items():
            if key == "error":
                assert each[0] in ours[key], f"{where}: {ours} is no {each[0]}"
            else:
                assert_alike(ours[key], each, tolerance, f"{where}[{key!r}]")
    elif isinstance(theirs, list):
        assert isinstance(ours, list), f"{where}: {ours!r} is not {theirs!r}"
        assert len(ours) == len(theirs), f"{where}: {len(ours)} parts, PyTorch has {len(theirs)}: {ours!r}, {theirs!r}"
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_alike(a, b, tolerance, f"{where}[{i}]")
    else:
        assert type(ours) is type(theirs), f"{where}: {ours!r}, PyTorch has {theirs!r}"
        assert ours == theirs, f"{where}: {ours!r}, PyTorch has {theirs!r}"


def _assert_close_arrays(ours: Any, theirs: Any, tolerance: float, where: str) -> None:
    assert isinstance(ours, np.ndarray), f"{where}: {ours!r} is no tensor like {theirs!r}"
    assert ours.dtype == theirs.dtype, f"{where}: dtype {ours.dtype}, PyTorch has {theirs.dtype}"
    assert ours.shape == theirs.shape, f"{where}: shape {ours.shape}, PyTorch has {theirs.shape}"
    if theirs.dtype.kind in "biu":
        np.testing.assert_array_equal(ours, theirs, err_msg=where)
        return
    wide = np.complex128 if theirs.dtype.kind == "c" else np.float64
    np.testing.assert_allclose(
        ours.astype(wide), theirs.astype(wide), rtol=tolerance, atol=tolerance, err_msg=where, verbose=True
    )
