"""`teletensor serve`, with every setting of a worker as an option, and `teletensor selftest`."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from teletensor_server import settings as settings_module
from teletensor_server.settings import ConfigError, Settings


def serve(arguments: Sequence[str]) -> None:
    """Run a worker: gRPC for clients, REST for operators. Ends in SystemExit with the exit code."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(help=_HELP)(_command())
    app(args=list(arguments), prog_name="teletensor serve")


_HELP = """Run a worker that computes for teletensor clients.

Listens on this machine only, unless told otherwise, and always wants a token: the first start makes one.

Exit codes: 0 ended by a signal, 2 wrong options, 69 a port is taken, 77 a port is not for this user, 78 wrong or unsafe
settings, 143 a second signal.
"""


def _command() -> Callable[..., None]:
    """A function whose parameters are the settings, for typer to make options of."""

    def command(**given: Any) -> None:
        from teletensor_server.serve import EXIT_CONFIG, run

        try:
            settings = settings_module.load(**{name: value for name, value in given.items() if value is not None})
        except ConfigError as error:
            typer.echo(f"teletensor serve: {error}", err=True)
            raise typer.Exit(EXIT_CONFIG) from None
        raise typer.Exit(run(settings))

    parameters = [_parameter(name, field) for name, field in Settings.model_fields.items()]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """The option for a setting. None, its default, means that it was not given and the setting's own default holds."""
    default = "" if field.default is None or "[default" in str(field.description) else f" [default: {field.default}]"
    option = typer.Option(
        "--" + name.replace("_", "-"),
        help=f"{field.description}{default} [env: TELETENSOR_{name.upper()}]",
        show_default=False,
    )
    annotation = Annotated.__class_getitem__((_option_type(field) | None, option))  # type: ignore[attr-defined]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _option_type(field: FieldInfo) -> Any:
    """What typer is to make of the text: numbers with units and choices stay text, for the settings to judge."""
    wanted: Any = field.annotation
    if isinstance(wanted, types.UnionType):
        wanted = next(kind for kind in typing.get_args(wanted) if kind is not types.NoneType)
    return wanted if wanted in (bool, int, float, Path) and not _takes_units(field) else str


def _takes_units(field: FieldInfo) -> bool:
    return any(getattr(extra, "func", None) is settings_module.parse_bytes for extra in field.metadata)


# -- the self-test ----------------------------------------------------------------------------------------------------

EXIT_DIFFERS = 1

_SELFTEST_HELP = """Run every op on this machine's GPU, compare values and gradients with NumPy's, and keep the verdict,
which workers show in their status. Takes minutes the first time, when CuPy compiles its kernels.

Exit codes: 0 passed, 1 some ops differ, 2 wrong options, 69 there is no GPU, 78 CuPy or the GPU cannot be used.
"""


def selftest(arguments: Sequence[str]) -> None:
    """Compare a GPU with NumPy. Ends in SystemExit with the exit code."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(help=_SELFTEST_HELP)(_selftest)
    app(args=list(arguments), prog_name="teletensor selftest")


def _selftest(
    device: Annotated[str, typer.Option(help="What to test: auto or cuda:N.")] = "auto",
    op: Annotated[
        list[str] | None, typer.Option(help="Test this op only, and keep no verdict. May be repeated.")
    ] = None,
) -> None:
    import teletensor_core.ops  # noqa: F401  (fills the registry)
    from teletensor_core.errors import TeletensorError
    from teletensor_core.registry import OPS

    from teletensor_server import selftest as testing
    from teletensor_server.serve import EXIT_CONFIG, EXIT_UNAVAILABLE
    from teletensor_server.worker import Worker

    unknown = [name for name in op or () if name not in OPS]
    if unknown:
        raise typer.BadParameter(f"there is no op called {unknown[0]!r}; docs/ops.md lists them")
    try:
        worker = Worker(device=device)
    except (TeletensorError, ValueError) as error:
        typer.echo(f"teletensor selftest: {error}", err=True)
        raise typer.Exit(EXIT_CONFIG) from None
    subject = testing.Subject.of(worker.device, worker.backend)
    if worker.device == "cpu":
        typer.echo(f"there is no GPU here: workers compute with {subject.library}, which GPUs are compared with")
        raise typer.Exit(EXIT_UNAVAILABLE)
    typer.echo(f"comparing {subject.device} ({subject.device_name}, {subject.library}) with NumPy")
    verdict = testing.examine(worker.backend, op, typer.echo)
    typer.echo(f"GPU self-test: {verdict} ({verdict.cases:,} calls)")
    if not op:
        try:
            typer.echo(f"kept in {testing.remember(subject, verdict)}")
        except OSError as error:
            typer.echo(f"teletensor selftest: workers will not show it: {error}", err=True)
    raise typer.Exit(EXIT_DIFFERS if verdict.failed else 0)
