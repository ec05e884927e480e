"""Every op, one family a file. Importing this package fills the registry and numbers the ops."""

import importlib
import pkgutil

from teletensor_core import registry

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

registry.seal()
