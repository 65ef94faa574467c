"""The public holidays of countries and their regions, as a maintained library knows them."""

from collections.abc import Iterable, Sequence
from functools import cache

from hms.domain.errors import Code, Detail, DomainError
from hms.domain.holidays import PublicHoliday


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """Return the codes (ISO 3166-1, two letters) of all known countries, each with the codes of its regions."""
    import holidays  # noqa: PLC0415 -- heavy: loads at the first import

    known = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(regions) for code, regions in sorted(known.items())}


def of_country(country: str, subdivision: str | None, years: Iterable[int], language: str) -> list[PublicHoliday]:
    """Return the public holidays of a country, or of one of its regions, in order.

    Names come in ``language`` where they are known in it, else in English, else in the country's own. Raises
    UNKNOWN_COUNTRY or UNKNOWN_SUBDIVISION naming those that exist, VALIDATION for years that nothing is known of.
    """
    import holidays  # noqa: PLC0415 -- heavy: loads at the first import

    code = country.strip().upper()
    known = countries()
    if code not in known:
        reason = f"must be one of {', '.join(known)}"
        message = f"No public holidays are known for {country!r}. Known countries: {', '.join(known)}."
        raise DomainError(Code.UNKNOWN_COUNTRY, message, [Detail("country", reason)])
    region = _region(code, subdivision, known[code])
    asked = sorted(set(years))
    entity = holidays.country_holidays(code)
    found = holidays.country_holidays(
        code, subdiv=region, years=asked, language=_language(language, entity.supported_languages)
    )
    days = [PublicHoliday(day, name[:200]) for day, name in sorted(found.items())]
    if lacking := sorted(set(asked) - {holiday.day.year for holiday in days}):
        words = ", ".join(str(year) for year in lacking)
        reason = f"no public holidays of {code} are known for {words}"
        raise DomainError(Code.VALIDATION, f"{reason.capitalize()}. Choose other years.", [Detail("years", reason)])
    return days


def _region(country: str, subdivision: str | None, known: Sequence[str]) -> str | None:
    wanted = (subdivision or "").strip()
    if not wanted:
        return None
    for code in known:
        if code.upper() == wanted.upper().removeprefix(f"{country}-"):
            return code
    if known:
        reason, words = f"must be one of {', '.join(known)}", f"Known regions: {', '.join(known)}."
    else:
        reason, words = "must be left out", "None of its regions is known; leave the region out."
    message = f"{country} has no region {subdivision!r}. {words}"
    raise DomainError(Code.UNKNOWN_SUBDIVISION, message, [Detail("subdivision", reason)])


def _language(wanted: str, known: Sequence[str]) -> str | None:
    """Choose among what the library has: exactly that language, its plain form or a sister, English, its own."""
    exact = wanted.replace("-", "_")
    plain = exact.partition("_")[0]
    for code in (exact, plain):
        if code in known:
            return code
    for start in (plain, "en"):
        for code in known:
            if code.partition("_")[0] == start:
                return code
    return None
