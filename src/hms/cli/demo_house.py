"""Open the demo's house: a data folder of its own, a clock of its own, known accounts on loopback only."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from hms import migrations
from hms.domain.people import Role
from hms.models import Hospital, User
from hms.models.engines import ReadSession
from hms.processes import demo, demo_clock
from hms.processes.demo import DemoAccounts
from hms.processes.demo.roster import ADDRESS_OF, DOMAIN, ZONE
from hms.runtime import Runtime, build
from hms.settings import ConfigurationError, Mode, Settings

DATABASE_FILES = ("hms.db", "hms.db-wal", "hms.db-shm")
MESSAGE_FOLDERS = {"mail": ".eml", "sms": ".txt"}


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """When the day begins (hospital time unless it carries an offset), how fast it runs, whether to begin anew."""

    now: datetime | None = None
    speed: float | None = None
    reset: bool = False


def demo_settings(settings: Settings) -> Settings:
    """Return the settings in demo mode; raise ConfigurationError where a demo has no business."""
    if settings.mode is Mode.PRODUCTION:
        raise ConfigurationError("HMS_MODE is production: the demo does not start. Unset it, or leave out --demo.")
    changed = settings.model_copy(update={"mode": Mode.DEMO})
    changed.check()
    return changed


def open_demo(settings: Settings, options: DemoOptions) -> tuple[Runtime, DemoAccounts]:
    """Set clock and database up as asked, load the hospital if there is none, and return runtime and accounts.

    Its clock stands still until all is there.
    """
    if options.reset:
        _forget(settings)
    _prepare(settings)
    clocks = demo_clock.prepare(settings, ZoneInfo(ZONE), at=options.now, speed=options.speed, reset=options.reset)
    runtime = build(settings, clocks=clocks)
    accounts = demo.present(runtime)
    if accounts is None:
        click.echo("Loading the demo hospital …")
        # In a process of its own, because memory once used for this would stay with the server.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            accounts = apart.submit(load_demo, settings).result()
    runtime.clocks = demo_clock.start(settings)
    return runtime, accounts


def load_demo(settings: Settings) -> DemoAccounts:
    """Load the demo hospital as its clock stands."""
    runtime = build(settings, clocks=demo_clock.clocks_for(settings))
    try:
        return demo.load(runtime)
    finally:
        runtime.close()


def _prepare(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.effective_database_url)
    probe = build(settings)
    try:
        if probe.read(_is_somebody_elses):
            raise ConfigurationError(
                "This database holds a hospital that is not the demo's. Choose another folder with HMS_DATA_DIR, or "
                "leave out --demo."
            )
    finally:
        probe.close()


def _is_somebody_elses(session: ReadSession) -> bool:
    known = f"{ADDRESS_OF[Role.HOSPITAL_ADMIN]}@{DOMAIN}"
    has_hospital = session.scalar(select(Hospital.id).limit(1)) is not None
    return has_hospital and session.scalar(select(User.id).where(User.email == known).limit(1)) is None


def _forget(settings: Settings) -> None:
    """Remove what a demo left, and nothing that is not a demo's."""
    if settings.database_url:
        raise ConfigurationError(
            "--reset only removes the demo's own file. Empty the database of HMS_DATABASE_URL by hand."
        )
    folder = settings.data_dir
    if (folder / DATABASE_FILES[0]).exists():
        if not demo_clock.is_demo(folder):
            raise ConfigurationError(f"{folder} was not made by `hms up --demo`, so --reset leaves it alone.")
        _prepare(settings)
    for name in DATABASE_FILES:
        (folder / name).unlink(missing_ok=True)
    for name, suffix in MESSAGE_FOLDERS.items():
        _empty(folder / name, suffix)


def _empty(folder: Path, suffix: str) -> None:
    for file in folder.glob(f"*{suffix}"):
        file.unlink(missing_ok=True)
