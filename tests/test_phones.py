"""Numbers as people type them, and as the world writes them."""

import pytest

from hms.phones import country_of, e164, example, is_country, is_e164


@pytest.mark.parametrize(
    ("typed", "country", "written"),
    [
        ("+91 98450 12345", "", "+919845012345"),
        ("098450-12345", "IN", "+919845012345"),
        ("9845012345", "in", "+919845012345"),
        ("(030) 1234567", "DE", "+49301234567"),
        ("0049 30 1234567", "DE", "+49301234567"),
        ("011 91 98450 12345", "US", "+919845012345"),
        ("+1 415 555 0123", "IN", "+14155550123"),
        ("9845012345", "", None),
        ("12345", "IN", None),
        ("+91 12", "IN", None),
        ("+9198450123456789", "IN", None),
        ("call me", "IN", None),
        ("+91 98450 12345 or 12346", "IN", None),
        ("+91 98450 12345\r\nBcc: x", "IN", None),
        ("٩٨٤٥٠١٢٣٤٥", "IN", None),
        ("", "IN", None),
    ],
)
def test_a_number_is_kept_as_the_world_writes_it(typed: str, country: str, written: str | None) -> None:
    assert e164(typed, country) == written
    assert written is None or (is_e164(written) and e164(written, "") == written)


@pytest.mark.parametrize(
    ("timezone", "locale", "chosen", "country"),
    [
        ("Asia/Kolkata", "en", "", "IN"),
        ("Asia/Calcutta", "en", "", "IN"),
        ("Asia/Kolkata", "en-GB", "", "GB"),
        ("Asia/Kolkata", "en-GB", "ae", "AE"),
        ("America/Sao_Paulo", "pt", "", "BR"),
        ("UTC", "en", "", ""),
        ("UTC", "zh_Hans_CN", "", "CN"),
    ],
)
def test_a_hospitals_country_is_chosen_or_follows_from_where_it_is(
    timezone: str, locale: str, chosen: str, country: str
) -> None:
    assert country_of(timezone, locale, chosen) == country


def test_the_example_is_of_the_hospitals_country() -> None:
    assert example("IN").startswith("+91 ")
    assert example("").startswith("+44 ")
    assert (is_country("in"), is_country("ZZ")) == (True, False)
