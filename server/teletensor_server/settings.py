"""What a worker can be told: each setting is an option of `teletensor serve` and a variable TELETENSOR_<NAME>."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from teletensor_protos.tokens import TokenFileError, check_token, default_token_file, read_or_create_token

from teletensor_server.auth import Tokens
from teletensor_server.host import host_memory
from teletensor_server.info import SessionLimits

MIN_EXPOSED_TOKEN = 16
_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 1 << 10,
    "mi": 1 << 20,
    "gi": 1 << 30,
    "ti": 1 << 40,
}


class ConfigError(Exception):
    """The settings do not make a worker; the message says what to change."""


def parse_bytes(value: Any) -> Any:
    """Bytes from "512", "16MiB" or "8 GB"; anything else is left for the validation to refuse."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", value.lower())
    if match is None:
        raise ValueError("takes a number of bytes, such as 512, 16MiB or 8GB")
    return int(float(match[1]) * _UNITS[match[2] or ""])


Bytes = Annotated[int, BeforeValidator(parse_bytes), Field(ge=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Settings of a worker: arguments first, then TELETENSOR_... variables, then defaults."""

    model_config = SettingsConfigDict(env_prefix="TELETENSOR_", hide_input_in_errors=True, extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address that the gRPC service listens on.")
    port: Port = Field(50051, description="Port of the gRPC service; 0 takes a free one.")
    admin_host: str = Field("127.0.0.1", description="Address that the admin service listens on.")
    admin_port: Port = Field(8080, description="Port of the admin service (REST); 0 takes a free one.")
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="What to compute on: auto, cpu or cuda:N."
    )
    cuda_graphs: bool = Field(
        False, description="Run compiled programs as CUDA graphs. Has never been run on a GPU: see docs/gpu.md."
    )

    token: SecretStr | None = Field(None, description="Token of clients. Better in the environment or in a file.")
    token_file: Path | None = Field(
        None,
        description="File with the token, made on the first start. [default: in the configuration directory]",
    )
    admin_token: SecretStr | None = Field(None, description="Token of the admin service. [default: the clients' token]")
    read_token: SecretStr | None = Field(None, description="Token for reading in the admin service.")
    insecure_no_auth: bool = Field(False, description="Let everybody on this machine in, without a token.")
    tls_cert: Path | None = Field(None, description="Certificate (PEM) of both services; switches TLS on.")
    tls_key: Path | None = Field(None, description="Private key (PEM) of the certificate.")
    tls_client_ca: Path | None = Field(None, description="Accept only clients that this authority (PEM) vouches for.")

    max_sessions: int = Field(32, ge=1, le=4096, description="Sessions that may be open at a time.")
    session_bytes: Bytes | None = Field(
        None,
        description="Tensor bytes per session, such as 8GiB; 0: no limit. [default: 80% of the memory, on cpu]",
    )
    max_tensors: int = Field(1_000_000, ge=0, description="Tensors per session; 0: no limit.")
    message_bytes: Bytes = Field(16 << 20, ge=4 << 20, le=1 << 30, description="Largest message, such as 16MiB.")
    window_bytes: Bytes = Field(64 << 20, ge=4 << 20, description="Bytes that a client may have on their way.")
    window_commands: int = Field(65_536, ge=16_384, description="Commands that a client may have on their way.")
    shared_memory_bytes: Bytes = Field(
        32 << 20, description="Memory shared with a client on this machine, for each session; 0: none."
    )
    max_signatures: int = Field(65_536, ge=16, description="Different calls that a session may define.")
    max_programs: int = Field(256, ge=1, le=65_536, description="Compiled programs that a session may have.")
    lease_seconds: float = Field(600.0, gt=0, description="How long a session outlives its connection.")
    drain_seconds: float = Field(30.0, ge=0, description="How long running commands may take after SIGTERM.")

    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: json, or console on a terminal.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    ready_file: Path | None = Field(
        None, description="JSON file (mode 0600) with addresses, token and pid, written once both services listen."
    )

    @field_validator("token", "admin_token", "read_token")
    @classmethod
    def _check_token(cls, token: SecretStr | None) -> SecretStr | None:
        return None if token is None else SecretStr(check_token(token.get_secret_value()))

    @property
    def tls(self) -> bool:
        """Whether both services speak TLS."""
        return self.tls_cert is not None

    @property
    def on_loopback(self) -> bool:
        """Whether both services can be reached from this machine only."""
        return is_loopback(self.host) and is_loopback(self.admin_host)

    def limits(self, on_cpu: bool) -> SessionLimits:
        """What each session may use, on the device that was chosen."""
        default = int(0.8 * host_memory()) if on_cpu else 0
        return SessionLimits(
            session_bytes=default if self.session_bytes is None else self.session_bytes,
            tensors=self.max_tensors,
            message_bytes=self.message_bytes,
            window_bytes=self.window_bytes,
            window_commands=self.window_commands,
            signatures=self.max_signatures,
            programs=self.max_programs,
        )

    def tokens(self) -> Tokens:
        """The tokens to accept; makes the token file on the first start. Raises ConfigError."""
        if self.insecure_no_auth:
            return Tokens(None)
        path, created = None, False
        if self.token is not None:
            token = self.token.get_secret_value()
        else:
            path = self.token_file or default_token_file()
            try:
                token, created = read_or_create_token(path)
            except TokenFileError as error:
                raise ConfigError(str(error)) from None
        self._refuse_short_token(token)
        return Tokens(token, _reveal(self.admin_token), _reveal(self.read_token), path=path, created=created)

    def _refuse_short_token(self, token: str) -> None:
        if len(token) < MIN_EXPOSED_TOKEN and not self.on_loopback:
            raise ConfigError(
                f"the token has {len(token)} characters; off this machine it needs {MIN_EXPOSED_TOKEN} or more"
            )

    def check(self) -> None:
        """Refuse what would be unsafe or cannot work. Raises ConfigError."""
        self._check_tls()
        if self.insecure_no_auth and (self.token or self.admin_token or self.read_token or self.tls_client_ca):
            raise ConfigError(
                "--insecure-no-auth lets everybody in: leave out either it, or the tokens and the client CA"
            )
        exposed = [host for host in (self.host, self.admin_host) if not is_loopback(host)]
        if exposed and self.insecure_no_auth:
            raise ConfigError(
                f"refusing to listen on {exposed[0]} without authentication: whoever reaches it could run anything; "
                "leave out --insecure-no-auth, or listen on 127.0.0.1"
            )
        if exposed and not (self.tls or self.token or self.token_file):
            raise ConfigError(
                f"refusing to listen on {exposed[0]} without a token or TLS of your own: give --tls-cert and "
                "--tls-key, or --token-file (or TELETENSOR_TOKEN) on a network that you trust, or listen on 127.0.0.1 "
                "and reach it through an SSH tunnel (ssh -L 50051:localhost:50051 HOST)"
            )

    def _check_tls(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError("TLS takes both --tls-cert and --tls-key")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ConfigError("--tls-client-ca needs --tls-cert and --tls-key")
        for path in (self.tls_cert, self.tls_key, self.tls_client_ca):
            if path is not None and not os.access(path, os.R_OK):
                raise ConfigError(f"cannot read {path}")


def load(**given: Any) -> Settings:
    """Settings from what was given and the environment. Raises ConfigError, which never shows values."""
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems = (
            f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors(include_input=False)
        )
        raise ConfigError("; ".join(problems)) from None
    settings.check()
    return settings


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine only."""
    if not host:
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        pass
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(address.split("%")[0]).is_loopback for address in found)


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
