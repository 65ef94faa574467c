"""Phone numbers as the world writes them (E.164), by the one library that knows every country's lengths."""

import re

_TYPED = re.compile(r"[+0-9 ()./\-\u00a0\u2010-\u2015]{3,40}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def e164(typed: str, country: str) -> str | None:
    """Return a number such as +919845012345; None for one that cannot be dialled, or that holds more than a number.

    ``country`` (ISO 3166-1, two letters; may be empty): whose number it is when it is written without a country code.
    Only country and length are looked at: which ranges are given out changes faster than any hospital updates, and a
    desk must never be unable to write down a number that works.
    """
    import phonenumbers  # noqa: PLC0415 -- heavy: loads at the first number

    if not _TYPED.fullmatch(typed.strip()):
        return None
    try:
        number = phonenumbers.parse(typed, country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if _E164.fullmatch(written) else None


def is_e164(number: str) -> bool:
    """Tell whether a stored number has the form that can be dialled from anywhere."""
    return _E164.fullmatch(number) is not None


def country_of(timezone: str, locale: str, chosen: str = "") -> str:
    """Return the country whose numbers are written without a code: the chosen one, the locale's, or the time zone's.

    Empty when none of them tells.
    """
    from babel.core import get_global  # noqa: PLC0415 -- heavy: loads at the first hospital

    if chosen:
        return chosen.upper()
    region = re.search(r"[-_]([A-Za-z]{2})(?:[-_.]|$)", locale)
    if region:
        return region[1].upper()
    zone = get_global("zone_aliases").get(timezone, timezone)
    found = str(get_global("zone_territories").get(zone, ""))
    return "" if found in {"ZZ", "001"} else found  # UTC belongs to nobody


def is_country(code: str) -> bool:
    """Tell whether phone numbers of a country (ISO 3166-1, two letters) are known."""
    import phonenumbers  # noqa: PLC0415 -- heavy: loads at the first number

    return code.upper() in phonenumbers.SUPPORTED_REGIONS


def example(country: str) -> str:
    """Return a made-up number of a country, as it is shown to those who shall type one."""
    import phonenumbers  # noqa: PLC0415 -- heavy: loads at the first number

    number = phonenumbers.example_number_for_type(country.upper(), phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return "+44 20 7946 0000"
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
