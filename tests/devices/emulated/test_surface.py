"""What the strict device knows of CuPy is true of the CuPy that is installed, and of our namespace on it."""

from teletensor_core.backends.numpy import NumPyNamespace

from tests.devices import record_api
from tests.devices.strict import REPLACED


def own(namespace):
    return {name for each in namespace.__mro__ if each is not object for name in vars(each) if name[0] != "_"}


def test_the_record_is_of_the_installed_cupy():
    assert record_api.text(record_api.record()) == record_api.FILE.read_text(), "python -m tests.devices.record_api"


def test_both_namespaces_have_the_same_functions(backend):
    ours = own(type(backend.xp))
    assert own(NumPyNamespace) <= ours
    assert ours - own(NumPyNamespace) == REPLACED
