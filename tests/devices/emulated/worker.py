"""The `teletensor` command on the emulated GPU: `python -m tests.devices.emulated.worker serve ...`."""

import sys

from tests.devices import emulator

if __name__ == "__main__":
    emulator.install()
    from teletensor.cli import main

    sys.exit(main())
