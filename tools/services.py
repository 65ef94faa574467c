"""Find the programs that the tests drive, or bring them.

The tests run against a real PostgreSQL (with contrib), a real Redis and a real
Chromium. `python -m tools.services` looks for each; on Debian and its children,
as root or with a passwordless sudo, it installs what is missing. Elsewhere it
says which environment variable names a program or server of your own:

HMS_TEST_POSTGRES_BIN   folder that holds initdb and postgres
HMS_TEST_POSTGRES_URL   a running server instead: postgresql://superuser@host/postgres
HMS_TEST_REDIS_SERVER   the redis-server (or valkey-server) binary
HMS_TEST_REDIS_URL      a running server instead; its numbered database is emptied
HMS_TEST_CHROMIUM       the Chromium or Chrome binary
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class ServiceMissingError(RuntimeError):
    """A program that the tests need is not there; the message says what to do."""


@dataclass(frozen=True)
class Service:
    """One program the tests need: how it is found, and what to install if it isn't."""

    name: str
    find: Callable[[Mapping[str, str]], str | None]
    packages: tuple[str, ...]
    variables: tuple[str, ...]

    def require(self, env: Mapping[str, str] | None = None) -> str:
        """Return where it is: a path, or the address of a server the environment names."""
        found = self.find(os.environ if env is None else env)
        if found is None:
            raise ServiceMissingError(self.missing())
        return found

    def missing(self) -> str:
        """Say that it is missing, and the ways to name one."""
        return f"{self.name} was not found: run `make services`, or set {' or '.join(self.variables)}"


def find_postgres(env: Mapping[str, str]) -> str | None:
    """Return a server's address, or the newest folder that holds initdb, postgres and btree_gist."""
    if url := env.get("HMS_TEST_POSTGRES_URL"):
        return url
    if named := env.get("HMS_TEST_POSTGRES_BIN"):
        return named if is_postgres_folder(Path(named)) else None
    folders = [folder for pattern in POSTGRES_FOLDERS for folder in Path("/").glob(pattern[1:])]
    folders.sort(key=version_of, reverse=True)
    if on_path := shutil.which("initdb", path=env.get("PATH")):
        folders.insert(0, Path(on_path).resolve().parent)
    return next((str(folder) for folder in folders if is_postgres_folder(folder)), None)


def version_of(folder: Path) -> float:
    """Read the version out of a folder such as /usr/lib/postgresql/15/bin."""
    numbers = re.findall(r"\d+(?:\.\d+)?", str(folder))
    return float(numbers[-1]) if numbers else 0.0


def is_postgres_folder(folder: Path) -> bool:
    """Tell whether a folder holds a whole server, contrib included."""
    if not all((folder / name).exists() for name in ("initdb", "postgres")):
        return False
    libraries = folder.parent / "lib"
    if (folder / "pg_config").exists():
        asked = [str(folder / "pg_config"), "--pkglibdir"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        libraries = Path(done.stdout.strip())
    return any(libraries.glob("btree_gist.*"))


def find_redis(env: Mapping[str, str]) -> str | None:
    """Return a server's address or the redis-server (valkey-server) binary."""
    if url := env.get("HMS_TEST_REDIS_URL"):
        return url
    return first_binary(env, "HMS_TEST_REDIS_SERVER", ("redis-server", "valkey-server"))


def find_chromium(env: Mapping[str, str]) -> str | None:
    """Return the Chromium or Chrome binary."""
    return first_binary(env, "HMS_TEST_CHROMIUM", CHROMIUM_NAMES)


def first_binary(env: Mapping[str, str], variable: str, names: tuple[str, ...]) -> str | None:
    """Return the binary a variable names, else the first of some names on the PATH."""
    wanted = (env[variable],) if env.get(variable) else names
    found = (shutil.which(name, path=env.get("PATH")) for name in wanted)
    return next((path for path in found if path), None)


POSTGRES = Service(
    "PostgreSQL with contrib (btree_gist)",
    find_postgres,
    ("postgresql", "postgresql-contrib"),
    ("HMS_TEST_POSTGRES_BIN", "HMS_TEST_POSTGRES_URL"),
)
REDIS = Service("Redis", find_redis, ("redis-server",), ("HMS_TEST_REDIS_SERVER", "HMS_TEST_REDIS_URL"))
CHROMIUM = Service("Chromium", find_chromium, ("chromium",), ("HMS_TEST_CHROMIUM",))
SERVICES = (POSTGRES, REDIS, CHROMIUM)


def missing_services(env: Mapping[str, str]) -> list[Service]:
    """List the services that are not at hand."""
    return [service for service in SERVICES if service.find(env) is None]


def apt_command() -> list[str] | None:
    """Return how to call apt-get without a question, or None where that can't be done."""
    if shutil.which("apt-get") is None:
        return None
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    if os.geteuid() == 0:
        return quiet
    may_sudo = (
        shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode
    )
    return ["sudo", "-n", *quiet] if may_sudo else None


def install(services: list[Service], apt: list[str]) -> None:
    """Install services by apt-get, and start none of them: the tests start their own."""
    packages = [package for service in services for package in service.packages]
    prefix = apt[: apt.index("apt-get")]
    print(f"Installing {' '.join(packages)}", flush=True)
    if POSTGRES in services:
        keep_stopped(prefix)
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run([*apt, *step], stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            sys.exit(f"apt-get {step[0]} failed ({done.returncode})")


def keep_stopped(prefix: list[str]) -> None:
    """Tell Debian's PostgreSQL to make no cluster of its own when it is installed."""
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if settings.exists():
        return
    script = f"mkdir -p {settings.parent} && echo 'create_main_cluster = false' > {settings}"
    subprocess.run([*prefix, "sh", "-c", script], check=False)


def main() -> None:
    """Look for every service, install what is missing, and end with 1 if something still is."""
    missing = missing_services(os.environ)
    apt = apt_command()
    if missing and apt:
        install(missing, apt)
        missing = missing_services(os.environ)
    for service in missing:
        print(service.missing(), file=sys.stderr)
    if missing and not apt:
        print("(apt-get can't be used here without a password)", file=sys.stderr)
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
