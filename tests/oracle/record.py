"""Record PyTorch's answers anew: `python -m tests.oracle.record [FAMILY ...]`."""

import sys

import torch

from tests.oracle import answers
from tests.oracle.ask import VERSION, ask
from tests.oracle.cases import all_cases, families


def main(names: list[str]) -> int:
    """Write the files of the named families, or of all; refuses another PyTorch than the one that is the oracle."""
    if torch.__version__.split("+")[0] != VERSION:
        print(f"the answers are those of PyTorch {VERSION}; this is {torch.__version__}", file=sys.stderr)
        return 1
    torch.set_num_threads(1)
    for name in names or families():
        recorded = {case.key: ask(case) for case in all_cases(name)}
        path = answers.save(name, recorded)
        print(f"{path.name}: {len(recorded)} answers, {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
