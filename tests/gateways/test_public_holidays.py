from __future__ import annotations

from datetime import date

import pytest

from hms.domain.errors import Code, DomainError
from hms.gateways import public_holidays


def names(country: str, region: str | None = None, year: int = 2026, language: str = "en") -> dict[date, str]:
    return {day.day: day.name for day in public_holidays.of_country(country, region, [year], language)}


def refusal(country: str, region: str | None = None, year: int = 2026) -> DomainError:
    with pytest.raises(DomainError) as caught:
        names(country, region, year)
    return caught.value


def test_country_and_region_have_their_own_days() -> None:
    national, bavarian = names("DE"), names("de", "de-by")
    assert date(2026, 10, 3) in national
    assert date(2026, 1, 6) not in national
    assert set(national) < set(bavarian)
    assert list(bavarian) == sorted(bavarian)


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "New Year's Day"), ("de-AT", "Neujahr"), ("de", "Neujahr"), ("xx", "New Year's Day")],
)
def test_names_come_in_the_hospitals_language_where_they_are_known(language: str, name: str) -> None:
    assert names("DE", language=language)[date(2026, 1, 1)] == name


def test_what_is_unknown_is_refused_with_what_is_known() -> None:
    error = refusal("XX")
    assert (error.code, error.details[0].field) == (Code.UNKNOWN_COUNTRY, "country")
    assert ", DE, " in error.message
    assert len(public_holidays.countries()) > 200
    error = refusal("DE", "XX")
    assert (error.code, error.details[0].field) == (Code.UNKNOWN_SUBDIVISION, "subdivision")
    assert "BY" in error.message
    error = refusal("SG", "XX")
    assert "leave the region out" in error.message
    assert refusal("DE", year=1700).details[0].field == "years"
