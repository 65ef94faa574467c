"""Open the house for one command and close it again."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import select

from hms import migrations
from hms.access.actors import Actor
from hms.clock import Clocks
from hms.models import Hospital
from hms.processes import demo_clock
from hms.runtime import Runtime, build
from hms.settings import ConfigurationError, Settings


@contextmanager
def opened(settings: Settings | None = None, *, clocks: Clocks | None = None) -> Iterator[Runtime]:
    """Give a runtime on the initialised database that the settings name; raise ConfigurationError otherwise."""
    settings = settings or Settings()
    settings.check()
    log_to_stderr(settings)
    if not settings.database_url and not (settings.data_dir / "hms.db").exists():
        raise ConfigurationError(f"There is no database in {settings.data_dir} yet. Run: hms init")
    if not migrations.is_current(settings.effective_database_url):
        raise ConfigurationError("The database is not at this release's schema yet. Run: hms migrate")
    runtime = build(settings, clocks=clocks or demo_clock.clocks_for(settings))
    try:
        yield runtime
    finally:
        runtime.close()


def hospital_actor(runtime: Runtime, code: str | None) -> Actor:
    """Return the system acting in the hospital named, or in the only one there is."""
    with runtime.reading() as session:
        hospitals = list(session.scalars(select(Hospital).order_by(Hospital.code)))
    codes = ", ".join(hospital.code for hospital in hospitals)
    if not hospitals:
        raise ConfigurationError("There is no hospital yet. Run: hms init")
    if code is None and len(hospitals) > 1:
        raise ConfigurationError(f"There are several hospitals ({codes}): say which one with --hospital CODE.")
    for hospital in hospitals:
        if code is None or hospital.code == code.upper():
            return Actor.system(hospital.id)
    raise ConfigurationError(f"There is no hospital {code}. There is: {codes}.")


def log_to_stderr(settings: Settings) -> None:
    """Keep standard output for what a command answers; log lines go to standard error."""
    level = max(logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO), logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
