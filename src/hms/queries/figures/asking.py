"""Who may ask for figures, of which doctor, and in which weeks the hospital reckons."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import find
from hms.domain.figures import Wanted
from hms.models import Doctor, Hospital


def allow(session: Session, actor: Actor, wanted: Wanted) -> None:
    """Raise FORBIDDEN for others than admins, NOT_FOUND for a doctor of another hospital."""
    require(actor, Permission.SEE_FIGURES)
    if wanted.doctor_id is not None:
        find(session, actor, Doctor, wanted.doctor_id)


def first_weekday(session: Session, actor: Actor) -> int:
    """Return on which day the hospital's weeks begin, by its locale; 0 is Monday."""
    locale = session.scalar(select(Hospital.locale).where(Hospital.id == actor.hospital_id))
    return _first_weekday(locale or "en")


@lru_cache(maxsize=64)
def _first_weekday(locale: str) -> int:
    """Ask CLDR; a locale that it does not know, or one without a country, has weeks from Monday on."""
    try:
        return Locale.parse(locale.replace("-", "_")).first_week_day
    except (UnknownLocaleError, ValueError):
        return 0
