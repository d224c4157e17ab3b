"""Settings of a service: the environment and the command line, one definition for both and for `--help`."""

from __future__ import annotations

import re
import sys
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, CliApp, SettingsConfigDict, SettingsError

# A wrong URL is printed for the operator, but never the password in it.
_CREDENTIALS = re.compile(r"//[^/\s]*@")
SERVICE_NAME = r"^[A-Za-z0-9_-]+$"
"""A service's name is a token of subjects and of the bucket's keys."""
STREAM_NAME = r"^[^\s.*>/\\]+$"
"""A stream's name, and a consumer's, is a token of subjects and a folder of the broker's."""
SUBJECT = r"^[^\s.*>]+(\.[^\s.*>]+)*(\.[*>])?$"
"""Tokens between dots, and at the end perhaps a wildcard for all that is below."""
_IN_WORDS = {
    SERVICE_NAME: "give letters, digits, - and _",
    STREAM_NAME: "give a name without blanks, dots, slashes, * and >",
    SUBJECT: "give a subject such as bluesky.posts: tokens without blanks between single dots",
}
"""What a pattern asks for, as its own wording helps nobody."""
A_DAY = 86_400
"""Seconds. Longer the broker is told to wait for nothing; its clock counts nanoseconds in 64 bits."""
_SCHEMES = {"nats", "tls", "ws", "wss"}


class Settings(BaseSettings):
    """What every service can be told: `nats_url` is `NATS_URL` in the environment and `--nats-url` as a flag."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_avoid_json=True,
        cli_hide_none_type=True,
        nested_model_default_partial_update=False,
        allow_inf_nan=False,
    )

    nats_url: str = Field("nats://localhost:4222", description="broker, or several separated by commas")
    service_name: str = Field(
        "service", pattern=SERVICE_NAME, description="the name in logs, on the broker and in the cursor's key"
    )
    health_check_host: str = Field("0.0.0.0", description="address of the health and metrics endpoints")  # noqa: S104 - probes come from outside the container
    health_check_port: int = Field(8080, ge=0, le=65535, description="port of the health and metrics endpoints")
    metrics_enabled: bool = Field(True, description="serve /metrics")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="the least severe line logged")
    log_format: Literal["json", "console"] = Field("json", description="one JSON object a line, or for a reader")
    max_retries: int = Field(
        3,
        ge=1,
        description="failed publishes of one message before /ready turns false; it is retried for ever",
    )
    num_stream_replicas: int = Field(
        1,
        ge=1,
        le=5,
        description="copies of each stream in the cluster",
        validation_alias=AliasChoices("num_stream_replicas", "nats_stream_num_replicas"),
    )
    drain_seconds: float = Field(25.0, gt=0, description="longest time from SIGTERM to the end, work handed over")

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @field_validator("nats_url")
    @classmethod
    def _names_servers(cls, url: str) -> str:
        servers = [urlsplit(part if "://" in part else f"nats://{part}") for part in parts(url)]
        if not servers or not all(server.scheme in _SCHEMES and server.hostname for server in servers):
            raise ValueError("give servers such as nats://localhost:4222, separated by commas")
        for server in servers:
            _ = server.port  # raises ValueError with its own words where it is none
        return url

    @property
    def nats_servers(self) -> list[str]:
        """`nats_url`, taken apart."""
        return parts(self.nats_url)

    @property
    def nats_inbox_prefix(self) -> str:
        """Where answers come to: `_INBOX.<user>` if `nats_url` has a user and a password. So the broker can let a user
        read its own answers alone."""
        given = (urlsplit(server) for server in self.nats_servers)
        user = next((server.username for server in given if server.username and server.password), "")
        return f"_INBOX.{user}" if re.fullmatch(SERVICE_NAME, user) else "_INBOX"


def parts(listed: str) -> list[str]:
    """What stands between the commas, without blanks; nothing of what is empty."""
    return [part.strip() for part in listed.split(",") if part.strip()]


AnySettings = TypeVar("AnySettings", bound=Settings)


def load(kind: type[AnySettings], arguments: list[str] | None = None) -> AnySettings:
    """Read the settings, the command line before the environment. Exits with code 2 and one line for each
    setting that cannot be used, with its name and what is wrong."""
    try:
        return CliApp.run(kind, cli_args=sys.argv[1:] if arguments is None else arguments)
    except ValidationError as invalid:
        for error in invalid.errors():
            name = "_".join(str(part) for part in error["loc"]).upper()
            what = _IN_WORDS.get(error.get("ctx", {}).get("pattern", "")) or error["msg"].removeprefix("Value error, ")
            given = _CREDENTIALS.sub("//…@", repr(error.get("input")))
            # Settings that do not fit together are named in the words of the check itself.
            print(f"{name}: {what} (given: {given})" if name else what, file=sys.stderr)
    except SettingsError as invalid:
        print(invalid, file=sys.stderr)
    raise SystemExit(2)
