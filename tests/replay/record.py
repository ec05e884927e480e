"""Record PyTorch's answers: `python -m tests.replay.record [TESTS ...]`, for whole test modules or folders of them."""

import sys

import pytest

from tests.replay import asking, store

FOLDERS = ("tests/nn", "tests/optim", "tests/data", "tests/training", "tests/serialization")


def main(targets: list[str]) -> int:
    """Run the tests with PyTorch, keeping what it says, and write a file for each module; 1 without PyTorch 2.13."""
    if not asking.LIVE:
        print(f"the answers are those of PyTorch {asking.VERSION}, which is not installed", file=sys.stderr)
        return 1
    asking.recording = {}
    code = pytest.main([*(targets or FOLDERS), "-q", "-p", "no:cacheprovider"])
    for module, answers in sorted(asking.recording.items()):
        path = store.save(module, answers)
        print(f"{path.relative_to(store.ROOT)}: {len(answers)} answers, {path.stat().st_size:,} bytes")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
