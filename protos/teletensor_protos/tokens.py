"""Token files: where a worker keeps its token, and where a client on the same machine finds it."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from pathlib import Path

MAX_TOKEN_BYTES = 1024
# Where container engines mount secrets: read-only, often readable by all, seen by nobody but the container.
_SECRET_MOUNT = Path("/run/secrets")


class TokenFileError(Exception):
    """A token file cannot be used; the message says why and what to do."""


def default_token_file() -> Path:
    """Where the token is, unless somebody says otherwise: `teletensor/token` in the user's configuration directory."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "teletensor" / "token"


def new_token() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def check_token(token: str) -> str:
    """`token` without surrounding white space. Raises ValueError for what cannot travel in a header."""
    token = token.strip()
    if not token or len(token) > MAX_TOKEN_BYTES:
        raise ValueError(f"a token has 1 to {MAX_TOKEN_BYTES} characters")
    if not all("!" <= character <= "~" for character in token):
        raise ValueError("a token is printable ASCII without spaces")
    return token


def read_token(path: Path) -> str:
    """The token in a file. Raises FileNotFoundError, or TokenFileError for a file that others may read."""
    try:
        with open(path, encoding="utf-8") as file:
            _refuse_open_file(path, os.fstat(file.fileno()).st_mode)
            return check_token(file.read(2 * MAX_TOKEN_BYTES))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TokenFileError(f"cannot read the token file {path}: {error.strerror}") from None
    except ValueError as error:
        raise TokenFileError(f"the token file {path} is damaged: {error}") from None


def _refuse_open_file(path: Path, mode: int) -> None:
    if os.name == "nt" or _SECRET_MOUNT in path.parents:
        return
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise TokenFileError(
            f"the token file {path} has mode {stat.S_IMODE(mode):04o}, so that others may read it; "
            f"run `chmod 600 {path}`, or delete it to get a new token"
        )


def read_or_create_token(path: Path) -> tuple[str, bool]:
    """The token in a file, and whether the file was made just now (mode 0600). Raises TokenFileError."""
    try:
        return read_token(path), False
    except FileNotFoundError:
        pass
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = new_token()
        write_private(path, token + "\n")
    except FileExistsError:
        return read_token(path), False
    except OSError as error:
        raise TokenFileError(f"cannot create the token file {path}: {error.strerror}") from None
    return token, True


def write_private(path: Path, text: str) -> None:
    """Make a file that only its owner can read. Raises FileExistsError when it is there already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
