"""What an operator sets: the environment, read once, frozen. Hospital policy is data and lives in the database."""

import os
import secrets
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Mode(StrEnum):
    """How seriously to take missing secrets."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    DEMO = "demo"


class ConfigurationError(Exception):
    """The environment cannot work as it is; the message tells the operator what to set."""


def _alias(name: str) -> AliasChoices:
    return AliasChoices(name, f"HMS_{name}")


class Settings(BaseSettings):
    """HMS_… environment variables (or ``.env``); mail and cron settings also without the prefix."""

    model_config = SettingsConfigDict(
        env_prefix="HMS_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    mode: Mode = Mode.DEVELOPMENT
    data_dir: Path = Path("var")
    bind: str = "127.0.0.1:8000"
    database_url: str = ""
    redis_url: str = "redis://127.0.0.1:6380/0"
    broker_url: str = "memory://"
    secret_key: SecretStr = SecretStr("")
    public_url: str = ""
    sqlite_synchronous: str = "FULL"
    database_pool_size: int = 10
    trusted_proxies: int = Field(0, ge=0, le=9)
    web_threads: int = 4
    web_processes: int = 2
    worker_threads: int = 4
    job_batch_size: int = Field(500, ge=1, le=2000)
    access_minutes: int = 15
    session_hours: int = 12
    refresh_days: int = 14
    log_level: str = "INFO"
    metrics_token: SecretStr = SecretStr("")
    metrics_bind: str = ""
    cron_api_key: SecretStr = Field(SecretStr(""), validation_alias=_alias("CRON_API_KEY"))
    mail_server: str = Field("", validation_alias=_alias("MAIL_SERVER"))
    mail_port: int = Field(587, validation_alias=_alias("MAIL_PORT"))
    mail_username: str = Field("", validation_alias=_alias("MAIL_USERNAME"))
    mail_password: SecretStr = Field(SecretStr(""), validation_alias=_alias("MAIL_PASSWORD"))
    mail_from: str = Field("", validation_alias=_alias("MAIL_FROM"))
    mail_timeout_seconds: float = Field(15.0, validation_alias=_alias("MAIL_TIMEOUT_SECONDS"))
    sms_url: SecretStr = Field(SecretStr(""), validation_alias=_alias("SMS_URL"))
    demo_password: str = "outpatient-demo"  # noqa: S105 -- known by design, demo mode binds to loopback only

    @field_validator("sqlite_synchronous")
    @classmethod
    def _known_synchronous(cls, value: str) -> str:
        if value.upper() not in {"OFF", "NORMAL", "FULL", "EXTRA"}:
            raise ValueError("HMS_SQLITE_SYNCHRONOUS is OFF, NORMAL, FULL or EXTRA.")
        return value.upper()

    @property
    def effective_database_url(self) -> str:
        """The database to use: the one set, or ``hms.db`` in the data folder."""
        url = self.database_url or f"sqlite:///{(self.data_dir / 'hms.db').absolute()}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def shared_redis_url(self) -> str:
        """The Redis that all processes share beside tasks; empty where there is one process, and so no need of any."""
        return self.redis_url if self.broker_url.startswith(("redis:", "rediss:")) else ""

    @property
    def host(self) -> str:
        """The address part of ``bind``."""
        return self.bind.rpartition(":")[0].strip("[]") or "127.0.0.1"

    @property
    def port(self) -> int:
        """The port part of ``bind``."""
        return int(self.bind.rpartition(":")[2])

    @property
    def base_url(self) -> str:
        """The address that links in messages start with."""
        return (self.public_url or f"http://{self.bind}").rstrip("/")

    def check(self) -> None:
        """Raise ConfigurationError when this mode cannot start with these settings."""
        if self.mode is Mode.PRODUCTION and len(self.secret_key.get_secret_value()) < 32:
            raise ConfigurationError(
                "HMS_SECRET_KEY is missing or shorter than 32 characters. Production needs one, for example from: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if self.mode is Mode.DEMO and not _is_loopback(self.host):
            raise ConfigurationError(
                f"Demo mode shows accounts with a known password, so it only binds to loopback, not to {self.host}. "
                "Set HMS_BIND=127.0.0.1:8000."
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def local_secret(data_dir: Path) -> str:
    """Return the secret kept in the data folder, made at first use and readable by its owner alone."""
    path = data_dir / "secret.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "x", opener=_owner_only, encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
