import stat
from pathlib import Path

import pytest

from hms.settings import ConfigurationError, Mode, Settings, local_secret


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "short", "x" * 31])
def test_production_does_not_start_without_a_real_secret(key: str) -> None:
    with pytest.raises(ConfigurationError, match="HMS_SECRET_KEY"):
        settings(mode="production", secret_key=key).check()


def test_production_starts_with_one() -> None:
    made = settings(mode="production", secret_key="x" * 32)
    made.check()
    assert made.mode is Mode.PRODUCTION


@pytest.mark.parametrize("bind", ["0.0.0.0:8000", "192.0.2.7:80", "[::]:8000", "hms.example:8000"])
def test_demo_binds_to_loopback_only(bind: str) -> None:
    with pytest.raises(ConfigurationError, match="loopback"):
        settings(mode="demo", bind=bind).check()


@pytest.mark.parametrize("bind", ["127.0.0.1:8000", "localhost:9000", "[::1]:8000"])
def test_demo_accepts_loopback(bind: str) -> None:
    made = settings(mode="demo", bind=bind)
    made.check()
    assert made.port in {8000, 9000}


def test_secrets_do_not_show_in_the_representation() -> None:
    shown = repr(settings(secret_key="s3cr3t" * 8, mail_password="pass" * 8, cron_api_key="key" * 8))
    assert "s3cr3t" not in shown
    assert "passpass" not in shown
    assert "keykey" not in shown


def test_mail_settings_are_read_with_and_without_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_SERVER", "smtp.example.org")
    monkeypatch.setenv("HMS_MAIL_PORT", "2525")
    made = settings()
    assert (made.mail_server, made.mail_port) == ("smtp.example.org", 2525)


def test_default_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert settings(data_dir=tmp_path).effective_database_url == f"sqlite:///{tmp_path / 'hms.db'}"


def test_postgresql_addresses_get_the_right_driver() -> None:
    made = settings(database_url="postgresql://hms@db/hms")
    assert made.effective_database_url == "postgresql+psycopg://hms@db/hms"


def test_local_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    first = local_secret(tmp_path / "var")
    assert len(first) >= 48
    assert local_secret(tmp_path / "var") == first
    assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600
