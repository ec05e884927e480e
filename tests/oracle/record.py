"""Record PyTorch's answers anew: `python -m tests.oracle.record [FAMILY or PROGRAMS ...]`."""

import sys
from pathlib import Path

import torch

from tests.oracle import answers
from tests.oracle.ask import VERSION, ask
from tests.oracle.cases import all_cases, families
from tests.programs import oracle as programs


def _record_family(name: str) -> Path:
    return answers.save(name, {case.key: ask(case) for case in all_cases(name)})


def main(names: list[str]) -> int:
    """Write the named files, or all; refuses another PyTorch than the one that is the oracle."""
    if torch.__version__.split("+")[0] != VERSION:
        print(f"the answers are those of PyTorch {VERSION}; this is {torch.__version__}", file=sys.stderr)
        return 1
    torch.set_num_threads(1)
    # A family of ops and a module of programs may have the same name: then both are meant.
    for known, record in ((families(), _record_family), (programs.MODULES, programs.record)):
        for name in known:
            if not names or name in names:
                path = record(name)
                print(f"{path.name}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
