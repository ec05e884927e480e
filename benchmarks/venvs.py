"""Virtual environments for the peers, made once under .cache/bench with pinned packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache" / "bench"
# What each environment holds; one that needs PyTorch sees that of the first, which is large.
PINNED: dict[str, tuple[str, ...]] = {
    "torch": ("torch==2.13.0", "numpy==2.4.6"),
    "ray": ("ray==2.60.0",),
    "rpyc": ("rpyc==6.0.2",),
}
_OVER_TORCH = ("ray", "rpyc")


def python(name: str) -> Path | None:
    """The interpreter of an environment, made if need be; "" is this one. None when it cannot be installed."""
    if not name:
        return Path(sys.executable)
    if name in _OVER_TORCH and python("torch") is None:
        return None
    folder = CACHE / name
    stamp, wanted = folder / "pinned", "\n".join(PINNED[name])
    found = folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return found
    print(f"installing {', '.join(PINNED[name])} into {folder} ...", file=sys.stderr, flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([found, "-m", "pip", "install", "-q", *PINNED[name]], check=True)
    except subprocess.CalledProcessError as error:
        print(f"without {name}: {error}", file=sys.stderr, flush=True)
        return None
    if name in _OVER_TORCH:
        (_packages(folder) / "torch.pth").write_text(f"{_packages(CACHE / 'torch')}\n")
    stamp.write_text(wanted)
    return found


def _packages(folder: Path) -> Path:
    return next(folder.glob("lib/python*/site-packages"))
