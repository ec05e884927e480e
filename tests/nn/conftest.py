"""The tests of `teletensor.nn` draw the same random numbers in every run."""

import pytest
import teletensor as tt


@pytest.fixture(autouse=True)
def seeded():
    tt.manual_seed(0)
