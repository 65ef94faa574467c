"""`make services` finds the programs that the tests drive, brings them, or says how to name one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tools import services
from tools.services import CHROMIUM, POSTGRES, REDIS, SERVICES, Service, ServiceMissingError, missing_services

ROOT = Path(__file__).parents[2]


def make_program(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def make_postgres(folder: Path) -> str:
    for name in ("initdb", "postgres"):
        make_program(folder / "bin" / name)
    (folder / "lib").mkdir()
    (folder / "lib" / "btree_gist.so").touch()
    return str(folder / "bin")


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_everything_needed_is_here(service: Service) -> None:
    assert service.require()


def test_nothing_at_hand_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "POSTGRES_FOLDERS", ())
    assert missing_services({"PATH": str(tmp_path)}) == [POSTGRES, REDIS, CHROMIUM]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_what_is_missing_says_how_to_name_it(service: Service, tmp_path: Path) -> None:
    nowhere = dict.fromkeys(service.variables[:1], str(tmp_path / "nowhere"))
    with pytest.raises(ServiceMissingError, match=f"make services.*{service.variables[0]}"):
        service.require({"PATH": str(tmp_path)} | nowhere)


def test_named_servers_win() -> None:
    env = {"HMS_TEST_POSTGRES_URL": "postgresql://db/postgres", "HMS_TEST_REDIS_URL": "redis://cache/3"}
    assert POSTGRES.require(env) == "postgresql://db/postgres"
    assert REDIS.require(env) == "redis://cache/3"


def test_named_programs_win(tmp_path: Path) -> None:
    chromium = make_program(tmp_path / "browser" / "my-chromium")
    folder = make_postgres(tmp_path / "postgres")
    assert CHROMIUM.require({"HMS_TEST_CHROMIUM": str(chromium)}) == str(chromium)
    assert POSTGRES.require({"HMS_TEST_POSTGRES_BIN": folder}) == folder


def test_postgres_without_contrib_is_not_enough(tmp_path: Path) -> None:
    folder = make_postgres(tmp_path)
    (tmp_path / "lib" / "btree_gist.so").unlink()
    assert POSTGRES.find({"HMS_TEST_POSTGRES_BIN": folder}) is None


def test_newest_postgres_is_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("9.6", "13", "17"):
        make_postgres(tmp_path / version)
    monkeypatch.setattr(services, "POSTGRES_FOLDERS", (f"{tmp_path}/*/bin",))
    assert POSTGRES.require({"PATH": str(tmp_path)}) == f"{tmp_path}/17/bin"


def run_services(programs: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m tools.services` where only the given programs exist and PostgreSQL is named."""
    given = {"PATH": str(programs), "HMS_TEST_POSTGRES_URL": "postgresql://db/postgres", **env}
    command = [sys.executable, "-m", "tools.services"]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_without_apt_get_it_ends_with_a_message(tmp_path: Path) -> None:
    done = run_services(tmp_path, HMS_TEST_REDIS_URL="redis://cache/3")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Chromium was not found: run `make services`, or set HMS_TEST_CHROMIUM"


def test_missing_packages_are_installed(tmp_path: Path) -> None:
    make_program(tmp_path / "env", 'shift; exec "$@"')
    make_program(tmp_path / "sh", 'exec /bin/sh "$@"')
    make_program(tmp_path / "sudo", 'shift; [ "$1" = true ] || exec "$@"')
    log = tmp_path / "log"
    install = f'echo "$@" >>{log}; [ "$2" = update ] || for name in redis-server chromium; do'
    make_program(tmp_path / "apt-get", f"{install} /bin/cp {tmp_path}/sh {tmp_path}/$name; done")
    done = run_services(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert log.read_text().splitlines() == [
        "-qq update",
        "-qq install --yes --no-install-recommends redis-server chromium",
    ]
    assert (os.access(tmp_path / "chromium", os.X_OK), run_services(tmp_path).stdout) == (True, "")
