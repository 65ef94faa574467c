"""The doctors' days side by side: who stands where, what is free, booking at the desk, how it follows changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import event

from hms.domain.absences import AbsenceType
from hms.domain.people import Role
from hms.services import absences
from hms.services.absences import CreateAbsence
from tests.support.clinic import HOSTILE, TODAY, Clinic
from tests.support.factories import actor_of, make_hospital, make_user

HTMX = {"HX-Request": "true"}
FRIDAY = date(2026, 1, 23)


@contextmanager
def reads(clinic: Clinic) -> Iterator[list[str]]:
    """Note what is asked of the database for reading."""
    statements: list[str] = []

    def note(*given: Any) -> None:
        if not given[2].startswith("BEGIN"):
            statements.append(given[2])

    event.listen(clinic.runtime.database.reader, "before_cursor_execute", note)
    yield statements
    event.remove(clinic.runtime.database.reader, "before_cursor_execute", note)


def shown(html: str) -> list[str]:
    return re.findall(r'class="entry-name">([^<]+)<', html)


def test_day_shows_each_doctors_visits_and_free_times(clinic: Clinic) -> None:
    html = clinic.client(clinic.reception).get("/calendar").text
    columns = html.split('class="day-column"')[1:]
    assert len(columns) == 2
    assert {"Chidi Okafor", "Asha Menon"} <= set(shown(columns[0])) | set(shown(columns[1]))
    assert "is-IN_PROGRESS" in html
    assert "is-late" in html
    assert "now-line at-" in html
    assert f"/{TODAY}/15:30/book" in html
    assert f"/{TODAY}/09:30/book" not in html  # past
    assert HOSTILE not in html


def test_day_has_the_same_number_of_statements_whatever_it_holds(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    with reads(clinic) as statements:
        desk.get("/calendar")
        # who asks, their hospital, the version, doctors, holidays, slots, visits, absences
        assert len(statements) <= 8, statements
        tag = desk.get("/calendar/live").headers["ETag"]
        statements.clear()
        assert desk.get("/calendar/live", headers={"If-None-Match": tag}).status_code == 304
        assert len(statements) <= 3, statements


def test_live_part_follows_a_check_in(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    first = desk.get("/calendar/live").headers["ETag"]
    clinic.check_in("Chidi")
    again = desk.get("/calendar/live", headers={"If-None-Match": first})
    assert again.status_code == 200
    assert again.text.count("is-CHECKED_IN") == 2


def test_change_on_a_sheet_over_the_day_answers_with_the_day(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    path = f"/visits/{clinic.visits['Chidi']}/check-in"
    answer = desk.post(path, {"version": 1}, headers={**HTMX, "HX-Current-URL": "http://localhost/calendar"})
    assert answer.status_code == 200
    assert 'class="day-grid"' in answer.text
    assert "Chidi Okafor is here" in answer.text


def test_desk_books_a_free_time_for_a_patient(clinic: Clinic) -> None:
    desk, doctor = clinic.client(clinic.reception), clinic.doctors[0]
    path = f"/calendar/{doctor.id}/{TODAY}/15:30/book"
    found = desk.get(f"{path}?q=grace", headers={**HTMX, "HX-Target": "found"}).text
    assert "Grace Rao" in found
    assert "Hiro" not in found
    nobody = desk.post(path, {"q": "gra", "reason": "Cough"}, headers=HTMX)
    assert nobody.status_code == 422
    assert "Choose the patient first" in nobody.text
    assert 'value="Cough"' in nobody.text
    patient = clinic.patients["Grace"]
    done = desk.post(path, {"patient": patient.id, "reason": "Cough"}, headers=HTMX)
    assert done.headers["HX-Trigger"] == "close-sheet"
    assert "Grace Rao is booked at 15:30" in done.text
    again = desk.post(path, {"patient": clinic.patients["Asha"].id}, headers=HTMX)
    assert again.status_code == 422
    assert 'role="alert"' in again.text


def test_absent_doctor_and_holiday_are_named(clinic: Clinic) -> None:
    away = CreateAbsence(doctor_id=clinic.doctors[0].id, absence_type=AbsenceType.CONFERENCE, first=FRIDAY, last=FRIDAY)
    clinic.runtime.transact(actor_of(clinic.admin), absences.create, away)
    html = clinic.client(clinic.reception).get(f"/calendar?day={FRIDAY}&doctor={clinic.doctors[0].id}").text
    assert "Away: conference" in html
    assert "free-entry" not in html
    month = clinic.client(clinic.reception).get("/calendar/month?month=2026-01").text
    assert ": conference" in month


def test_nonsense_in_the_address_is_today(clinic: Clinic) -> None:
    html = clinic.client(clinic.reception).get("/calendar?day=nonsense&doctor=nonsense").text
    assert "22 January" in html
    assert clinic.client(clinic.reception).get("/calendar/month?month=13").status_code == 200


def test_patients_and_strangers_see_nothing(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    for path in ("/calendar", "/calendar/live", "/calendar/month", "/calendar/slots", "/calendar/week"):
        assert divya.get(path).status_code == 403, path
    other = make_hospital(clinic.runtime, "HMS002")
    stranger = clinic.client(make_user(clinic.runtime, other, Role.HOSPITAL_ADMIN))
    assert "Chidi" not in stranger.get("/calendar").text
    doctor = clinic.doctors[0].id
    assert stranger.get(f"/calendar/slots?doctor={doctor}").text.count("No doctors yet") == 1
    assert stranger.post(f"/calendar/week/{doctor}/review").status_code == 404
    assert stranger.get(f"/calendar/{doctor}/{TODAY}/15:30/book").status_code == 404


def test_month_counts_each_days_load_in_fixed_statements(clinic: Clinic) -> None:
    with reads(clinic) as statements:
        html = clinic.client(clinic.reception).get("/calendar/month").text
        assert len(statements) <= 7, statements  # who, hospital, doctors, holidays, absences, loads
    assert "8 of" in html


def test_slots_are_blocked_with_a_reason_and_given_back(clinic: Clinic) -> None:
    doctor = clinic.doctors[0]
    own = clinic.client(doctor)
    page = own.get("/calendar/slots").text
    slot = re.search(r'/calendar/slots/([0-9a-f-]+)/block"', page)
    assert slot is not None
    done = own.post(f"/calendar/slots/{slot[1]}/block", {"reason": "Ward round"}, headers=HTMX)
    assert "Ward round" in done.text
    assert f"/calendar/slots/{slot[1]}/unblock" in done.text
    back = own.post(f"/calendar/slots/{slot[1]}/unblock", headers=HTMX)
    assert "can be booked again" in back.text
    assert "Ward round" not in back.text
    other = clinic.client(clinic.doctors[1])
    assert other.post(f"/calendar/slots/{slot[1]}/block", headers=HTMX).status_code == 409


def test_number_of_statements_of_the_slots(clinic: Clinic) -> None:
    own = clinic.client(clinic.doctors[0])
    own.get("/calendar/slots")
    with reads(clinic) as statements:
        own.get("/calendar/slots")
        assert len(statements) <= 9, statements


def test_next_day_is_filled_when_somebody_looks(clinic: Clinic) -> None:
    html = clinic.client(clinic.doctors[0]).get(f"/calendar/slots?day={TODAY + timedelta(days=5)}").text
    assert html.count("slot-line") >= 10
    assert time(9).isoformat()[:5] in html
