"""The kiosk's page: errors beside the field, no word about who is known, nothing of a signed-in colleague."""

from __future__ import annotations

from typing import Any

import pytest

from hms.models import Appointment, Hospital
from tests.support.clinic import Clinic
from tests.support.visits import reload

PATH = "/kiosk/HMS001"
BORN = {"day": "29", "month": "2", "year": "1980"}


@pytest.fixture
def tablet(clinic: Clinic) -> Any:
    """Give a browser at the clinic's entrance, where the kiosk is switched on."""
    with clinic.runtime.database.writing() as session:
        session.get_one(Hospital, clinic.hospital.id).settings = {"kiosk_check_in": True}
    return clinic.app.test_client()


def test_checks_in_and_says_where_to_wait(clinic: Clinic, tablet: Any) -> None:
    assert 'name="mrn"' in tablet.get(PATH).text
    mrn = clinic.patients["Divya"].mrn.removeprefix("HMS001-")
    answer = tablet.post(PATH, data={"mrn": f" {mrn.lower()}", **BORN})
    assert answer.status_code == 200
    for words in ("You are checked in", "11:00", "Dr. Anagha", "Please take a seat"):
        assert words in answer.text
    assert "Divya" not in answer.text
    assert reload(clinic.runtime, Appointment, clinic.visits["Divya"]).status == "CHECKED_IN"
    assert answer.headers["Cache-Control"] == "no-store"


def test_unknown_number_and_wrong_birth_date_look_alike(clinic: Clinic, tablet: Any) -> None:
    mrn = clinic.patients["Divya"].mrn
    wrong = tablet.post(PATH, data={"mrn": mrn, **BORN, "year": "1984"})
    unknown = tablet.post(PATH, data={"mrn": "HMS001-NOBODY000000", **BORN, "year": "1984"})
    assert wrong.status_code == unknown.status_code == 422
    assert "We could not check you in" in wrong.text
    assert wrong.text.replace(mrn, "") == unknown.text.replace("HMS001-NOBODY000000", "")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"mrn": "", **BORN}, "Enter your patient number"),
        ({"mrn": "X", "day": "31", "month": "2", "year": "1980"}, "Enter the day, month and year"),
        ({"mrn": "X", "day": "٣", "month": "2", "year": "1980"}, "Enter the day, month and year"),
        ({"mrn": "X", "day": "1", "month": "1", "year": "2027"}, "Enter the day, month and year"),
        ({"mrn": "X", "day": "1", "month": "1", "year": "1"}, "Enter the day, month and year"),
        ({}, "Enter your patient number"),
    ],
)
def test_what_is_missing_is_said_beside_the_field(tablet: Any, typed: dict[str, str], says: str) -> None:
    answer = tablet.post(PATH, data=typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{typed.get("year", "")}"' in answer.text


def test_guessing_is_slowed_down(clinic: Clinic, tablet: Any) -> None:
    mrn = clinic.patients["Divya"].mrn
    for year in range(1990, 1995):
        assert tablet.post(PATH, data={"mrn": mrn, **BORN, "year": str(year), "day": "28"}).status_code == 422
    answer = tablet.post(PATH, data={"mrn": mrn, **BORN})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 800
    assert "reception will help you" in answer.text


@pytest.mark.usefixtures("tablet")
def test_shows_nothing_of_who_is_signed_in(clinic: Clinic) -> None:
    shown = clinic.client(clinic.reception).get(PATH)
    assert shown.status_code == 200
    assert "Rosa" not in shown.text
    assert 'href="/board"' not in shown.text


def test_is_not_there_unless_switched_on(clinic: Clinic) -> None:
    browser = clinic.app.test_client()
    for code in ("HMS001", "HMS999"):
        assert browser.get(f"/kiosk/{code}").status_code == 404
        assert browser.post(f"/kiosk/{code}", data={"mrn": "X", **BORN}).status_code == 404
    assert browser.post(PATH, headers={"Origin": "https://elsewhere.example"}).status_code == 403
