"""`teletensor run`: an unmodified PyTorch program, with teletensor in PyTorch's place, here or on a worker."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from teletensor_core.errors import TeletensorError
from teletensor_protos.tokens import TokenFileError, read_token

from teletensor import connection, script
from teletensor.alias import as_torch
from teletensor.command_error import CommandError
from teletensor.remote import RemoteSession
from teletensor.spawned import inherit_torch

_DESCRIPTION = """\
Run a PyTorch program as `python` would, with teletensor in PyTorch's place: `import torch` and everything below it
gives teletensor's modules, also where PyTorch is installed. What is missing is an error at the line that uses it."""
_EPILOG = """\
examples:
  teletensor run train.py --epochs 3                      compute in this process
  teletensor run --on gpu-host:50051 train.py --epochs 3  compute on a worker
  teletensor run train.py --on gpu-host:50051 --epochs 3  the same
  teletensor run -m package.train --epochs 3              a module, as python -m

After the script, --on and --token-file are still teletensor's; everything after `--` is the script's.

On a worker with a GPU the script finds it as "cuda". On a worker without, the worker is the script's "cpu", so that a
script which asks torch.cuda.is_available() first computes there too; samples are fetched and joined in this process."""
# Of teletensor's options, those that are also taken after the script.
_ALSO_AFTER = ("--on", "--token-file")


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "run", help="run a PyTorch program with teletensor in PyTorch's place", description=_DESCRIPTION,
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="teletensor run [options] SCRIPT [--on HOST:PORT] [--] [argument ...]\n"
        "       teletensor run [options] -m MODULE [argument ...]",
    )  # fmt: skip
    parser.add_argument(
        "--on", metavar="HOST:PORT", default=os.environ.get("TELETENSOR_URL") or "local",
        help='the worker to compute on (default: TELETENSOR_URL); "local" for this process',
    )  # fmt: skip
    parser.add_argument("--token", help="its token; better in TELETENSOR_TOKEN, or a file")
    parser.add_argument("--token-file", type=Path, help="file with it (default: TELETENSOR_TOKEN_FILE, or this user's)")
    parser.add_argument("--tls-ca", type=Path, help="certificate authority to trust (PEM) (default: TELETENSOR_TLS_CA)")
    parser.add_argument("--tls-cert", type=Path, help="certificate to show (PEM), if the worker asks for one")
    parser.add_argument("--tls-key", type=Path, help="its key (PEM)")
    parser.add_argument(
        "--cpu", choices=("auto", "local", "worker"), default="auto",
        help='what the script means by "cpu" (default: auto, the worker if that has no GPU, else this process)',
    )  # fmt: skip
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds to wait for the worker (default: 10)")
    parser.add_argument("-m", dest="is_module", action="store_true", help="SCRIPT is the name of a module")
    parser.add_argument(
        "program", nargs=argparse.PARSER, metavar="SCRIPT", help="the program, and after it the program's own arguments"
    )
    parser.set_defaults(do=run)


def run(options: argparse.Namespace) -> None:
    """Run the program. What it raises is raised, after its traceback was shown. CommandError when it cannot start."""
    arguments = _taken_apart(options)
    as_torch()
    inherit_torch()
    session = None if options.on == "local" else connect(options)
    start = script.run_module if options.is_module else script.run_file
    start(options.program[0], arguments, _end(session))


def _taken_apart(options: argparse.Namespace) -> list[str]:
    """The program's own arguments, after teletensor's options among them were taken."""
    own: list[str] = []
    rest = iter(options.program[1:])
    for argument in rest:
        if argument == "--":
            # Python would not take it either, right after the script: it is what divides the two.
            return [*own, *rest] if not own else [*own, argument, *rest]
        name, equals, value = argument.partition("=")
        if name not in _ALSO_AFTER:
            own.append(argument)
            continue
        given = value if equals else next(rest, None)
        if given is None:
            raise CommandError(f"run: {name} needs a value")
        setattr(options, name.removeprefix("--").replace("-", "_"), given)
    return own


def connect(options: argparse.Namespace) -> RemoteSession:
    """The session that the options ask for. CommandError without one."""
    names = ("cpu", "timeout", "tls_ca", "tls_cert", "tls_key")
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    try:
        token = options.token or (read_token(Path(options.token_file)) if options.token_file else None)
        return connection.connect(options.on, token=token, default_device="cpu", **given)
    except FileNotFoundError as error:
        raise CommandError(f"there is no token file {error.filename}") from None
    except (TeletensorError, TokenFileError, ValueError) as error:
        raise CommandError(str(error)) from None


def _end(session: RemoteSession | None) -> Callable[[], None]:
    """What to do when the program has ended well: hear of errors nobody has read, and whether it used the worker."""

    def end() -> None:
        if session is None or session.closed:
            return
        used = session.stats().commands > 0
        session.synchronize()
        if not used:
            print(
                f"teletensor: nothing ran on {session.device} of the worker: the script used only cpu; it can move to "
                f'"{session.device}", or be run with --cpu worker',
                file=sys.stderr,
            )

    return end
