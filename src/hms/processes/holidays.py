"""Import a country's public holidays in one step: look them up, then close them."""

from collections.abc import Iterable

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.gateways import public_holidays
from hms.queries import hospitals
from hms.runtime import Runtime
from hms.services import holidays
from hms.services.holidays import HolidayChange, ImportCountry


def import_country(
    runtime: Runtime,
    actor: Actor,
    country: str,
    subdivision: str | None,
    years: Iterable[int],
    *,
    preview: bool = False,
) -> HolidayChange:
    """Close a country's public holidays of some years; with ``preview``, only say what would happen.

    Names come in the hospital's language where they are known in it. Raises UNKNOWN_COUNTRY, UNKNOWN_SUBDIVISION.
    """
    require(actor, Permission.MANAGE_HOLIDAYS)
    locale = runtime.read(hospitals.one, actor).locale
    days = public_holidays.of_country(country, subdivision, years, locale)
    command = ImportCountry(country=country.upper(), subdivision=subdivision, days=days)
    act = runtime.rehearse if preview else runtime.transact
    return act(actor, holidays.import_country, command)
