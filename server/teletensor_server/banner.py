"""What a worker says on a terminal when it has started."""

from __future__ import annotations

from teletensor_server.auth import Tokens
from teletensor_server.settings import Settings


def banner(grpc: str, admin: str, device: str, tokens: Tokens, settings: Settings) -> str:
    """Addresses, where the token is, and a line to try. The token itself only on the start that made it."""
    lines = [
        "",
        f"  teletensor worker on {device}",
        f"    clients   {grpc}{' (TLS)' if settings.tls else ''}",
        f"    admin     {admin}",
        f"    token     {_token_line(tokens)}",
        "",
        "  Try it:",
        f"    {_example(grpc, tokens, settings)}",
        "",
        "  Ctrl-C ends it once running commands have finished; twice, at once.",
        "",
    ]
    return "\n".join(lines)


def _token_line(tokens: Tokens) -> str:
    if tokens.client is None:
        return "none: everybody on this machine is let in"
    if tokens.path is None:
        return f"{mask(tokens.client)} (as given)"
    if tokens.created:
        return f"{tokens.client} (shown this once; kept in {tokens.path})"
    return f"{mask(tokens.client)} (in {tokens.path})"


def _example(grpc: str, tokens: Tokens, settings: Settings) -> str:
    token = (
        ""
        if tokens.client is None
        else f'TELETENSOR_TOKEN="$(cat {tokens.path})" '
        if tokens.path
        else "TELETENSOR_TOKEN=... "
    )
    authority = ", tls_ca='ca.pem'" if settings.tls else ""
    code = f"import teletensor as torch; torch.connect('{grpc}'{authority}); print(torch.randn(2, 3))"
    return f'{token}python -c "{code}"'


def mask(token: str) -> str:
    """Enough of a token to tell it from another."""
    return f"{token[:4]}…" if len(token) >= 16 else "…"
