"""The `teletensor` command. What an installed part adds to it is found through entry points."""

from __future__ import annotations

import argparse
import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from teletensor_protos.tokens import TokenFileError, check_token, default_token_file, read_token

from teletensor import run_command
from teletensor.command_error import CommandError

EXIT_FAILED, EXIT_USAGE = 1, 2
_GROUP = "teletensor.commands"
_DEFAULT_URL = "http://127.0.0.1:8080"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    commands = {entry.name: entry for entry in entry_points(group=_GROUP)}
    try:
        if given and given[0] in commands:
            return _run_added(commands[given[0]], given[1:])
        options = _parser(commands).parse_args(given)
        return int(options.do(options) or 0)
    except CommandError as error:
        print(f"teletensor: {error}", file=sys.stderr)
        return EXIT_FAILED


def _run_added(entry: EntryPoint, arguments: list[str]) -> int:
    """Run a command of another part: a callable that takes the arguments."""
    try:
        command = entry.load()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("teletensor"):
            raise
        raise CommandError(
            f"`teletensor {entry.name}` needs {error.name}, part of the server: pip install 'teletensor[server]'"
        ) from None
    return int(command(arguments) or 0)


def _parser(commands: dict[str, EntryPoint]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("teletensor", description="PyTorch's API here, computing on a worker elsewhere.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in commands:
        # Taken before this parser runs; stands here for --help.
        subparsers.add_parser(name, help=_ADDED_HELP.get(name, f"{name} ({commands[name].module})"), add_help=False)
    run_command.add_parser(subparsers)
    _add_status(subparsers)
    versions = subparsers.add_parser("version", help="show the version")
    versions.set_defaults(do=_version)
    return parser


_ADDED_HELP = {"serve": "run a worker", "selftest": "find out whether this machine's GPU computes what NumPy computes"}


def _say(text: str) -> None:
    """Print, and end without a word where nobody reads on, as before `| head`."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python would try again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(EXIT_FAILED) from None


def _version(options: argparse.Namespace) -> None:
    _say(f"teletensor {version('teletensor')}, Python {sys.version.split()[0]}")


# -- status ---------------------------------------------------------------------------------------------------------


def _add_status(subparsers: Any) -> None:
    status = subparsers.add_parser(
        "status", help="show how a worker is doing", description="Show how a worker is doing."
    )
    url = os.environ.get("TELETENSOR_ADMIN_URL") or _DEFAULT_URL
    status.add_argument("url", nargs="?", default=url, metavar="URL", help=f"its admin service (default: {url})")
    status.add_argument("--token", help="its token; better in TELETENSOR_TOKEN, or a file")
    status.add_argument("--token-file", type=Path, help="file with it (default: TELETENSOR_TOKEN_FILE, or this user's)")
    authority = os.environ.get("TELETENSOR_TLS_CA")
    status.add_argument("--tls-ca", type=Path, default=authority, help="certificate authority to trust (PEM)")
    status.add_argument("--tls-cert", type=Path, help="certificate and key to show (PEM), if it asks for one")
    status.add_argument("--timeout", type=float, default=5.0, help="seconds to wait (default: 5)")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument(
        "--quiet", action="store_true", help="print nothing; exit with 0 if it is ready, else 1; needs no token"
    )
    status.set_defaults(do=_status)


def _status(options: argparse.Namespace) -> int:
    if options.quiet:
        return _ready(options)
    status = fetch(options.url, "/v1/status", _token(options), options)
    _say(json.dumps(status, indent=2) if options.json else _describe(status))
    return 0


def _ready(options: argparse.Namespace) -> int:
    """The exit code of a probe, which needs no token."""
    try:
        fetch(options.url, "/readyz", None, options)
    except CommandError:
        return EXIT_FAILED
    return 0


def _token(options: argparse.Namespace) -> str | None:
    """The token that was given, or that is kept for this user; None when there is none."""
    given = options.token or (None if options.token_file else os.environ.get("TELETENSOR_TOKEN"))
    try:
        if given:
            return check_token(given)
        named = options.token_file or os.environ.get("TELETENSOR_TOKEN_FILE")
        return read_token(Path(named) if named else default_token_file())
    except FileNotFoundError as error:
        if named:
            raise CommandError(f"there is no token file {error.filename}") from None
        return None
    except (TokenFileError, ValueError) as error:
        raise CommandError(str(error)) from None


def fetch(url: str, path: str, token: str | None, options: argparse.Namespace) -> dict[str, Any]:
    """What the admin service at `url` answers. Raises CommandError."""
    base = (url if "://" in url else f"http://{url}").rstrip("/")
    _refuse_clear_text(base, token)
    request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {token}"} if token else {})
    # No proxies and no redirects: the token goes to the worker that was named.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_tls(options)), _NoRedirect
    )
    try:
        with opener.open(request, timeout=options.timeout) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise CommandError(f"{base}: {_problem(error)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CommandError(f"no worker answers at {base} ({reason}); is `teletensor serve` running there?") from None
    if not isinstance(answer, dict):
        raise CommandError(f"{base} is not the admin service of a worker")
    return answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **keywords: Any) -> None:
        return None


def _refuse_clear_text(base: str, token: str | None) -> None:
    from teletensor.channel import is_loopback

    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CommandError(f"takes a URL such as {_DEFAULT_URL}, got {base!r}")
    if token and parts.scheme == "http" and not is_loopback(parts.netloc if parts.port else f"{parts.netloc}:80"):
        raise CommandError(f"refusing to send a token in clear text to {parts.netloc}: use https, or an SSH tunnel")


def _tls(options: argparse.Namespace) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.tls_ca)
        if options.tls_cert:
            context.load_cert_chain(options.tls_cert)
    except (OSError, ssl.SSLError) as error:
        raise CommandError(f"cannot use the certificates: {error}") from None
    return context


def _problem(error: urllib.error.HTTPError) -> str:
    """What the service said went wrong."""
    if error.code == 401:
        return "the worker wants a token; give --token-file, or set TELETENSOR_TOKEN"
    try:
        return str(json.loads(error.read(65536))["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {error.code}"


def _describe(status: dict[str, Any]) -> str:
    state = "shutting down" if status["draining"] else "ready"
    rows = {
        "worker": f"teletensor {status['version']}, process {status['pid']}, {state}",
        "device": f"{status['device']} ({status['device_name']}, {status['library']})",
        "self-test": status["gpu_self_test"],
        "graphs": status["cuda_graphs"],
        "uptime": f"{status['uptime_seconds']:,.0f} s",
        "sessions": f"{status['sessions']} of {status['max_sessions']} (opened so far: {status['sessions_opened']})",
        "tensors": f"{status['tensors']:,} ({_size(status['tensor_bytes'])})",
        "ops run": f"{status['ops']:,}",
        "received": _size(status["bytes_received"]),
        "sent": _size(status["bytes_sent"]),
        "memory": _size(status["resident_bytes"]),
        "errors": f"{status['errors']:,}",
    }
    return "\n".join(f"{name:<11}{value}" for name, value in rows.items())


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} TiB"
