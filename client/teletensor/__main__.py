"""`python -m teletensor`: the `teletensor` command."""

import sys

from teletensor.cli import main

if __name__ == "__main__":
    sys.exit(main())
