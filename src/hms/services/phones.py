"""Phone numbers on their way in: kept as the world writes them, or refused with words that help."""

from hms import phones
from hms.domain.errors import Code, Detail, DomainError
from hms.queries.hospitals import HospitalRules
from hms.transaction import Work


def country(hospital: HospitalRules) -> str:
    """Return the country whose numbers people of a hospital type without its code; empty: nobody knows."""
    return phones.country_of(hospital.zone.key, hospital.locale, hospital.policy.country)


def dialable(work: Work, typed: str | None) -> str | None:
    """Return a typed number such as +919845012345, None when none was typed; raise VALIDATION."""
    if typed is None or not typed.strip():
        return None
    where = country(work.hospital)
    number = phones.e164(typed, where)
    if number is None:
        reason = f"cannot be dialled. Write it with its country code, such as {phones.example(where)}"
        raise DomainError(Code.VALIDATION, f"This phone number {reason}.", [Detail("phone", reason)])
    return number
