"""A patient's pages: own visits only, booking with fresh times after a refusal, news, calendar file."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Any

import pytest

from hms.domain.appointments import Status
from hms.domain.people import PatientStatus
from hms.models import Appointment, Patient, PatientGuardian
from hms.web.pages import home
from tests.support.callers import counted_statements
from tests.support.clinic import TODAY, Clinic
from tests.support.factories import actor_of, add, make_patient

TOMORROW = TODAY + timedelta(days=1)


def times_page(clinic: Clinic) -> str:
    return f"/book/{clinic.doctors[1].id}?day={TOMORROW}"


def step(clinic: Clinic, start: str) -> str:
    return f"/book/{clinic.doctors[1].id}/{TOMORROW}/{start}"


def test_home_shows_the_next_visit_and_only_own_ones(clinic: Clinic) -> None:
    html = clinic.client(clinic.patients["Divya"]).get("/").text
    assert "Thursday 22 January, 11:00" in html
    assert "Today" in html
    assert "Grace" not in html


def test_books_by_doctor_day_and_time(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    doctors = divya.get("/book").text
    assert "Cardiology" in doctors
    assert "11:00" in doctors  # the cardiologist's earliest free time today
    assert step(clinic, "09:30") in divya.get(times_page(clinic)).text
    assert "Friday 23 January, 09:30" in divya.get(step(clinic, "09:30")).text
    booked = divya.post(step(clinic, "09:30"), {"reason": "Palpitations"})
    assert booked.status_code == 303
    home = divya.get(booked.headers["Location"]).text
    assert "Booked: " in home
    assert "Friday 23 January, 09:30" in home


def test_taken_time_comes_back_with_fresh_times_and_what_was_typed(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    divya.get(step(clinic, "09:30"))
    rival = make_patient(clinic.runtime, clinic.hospital)
    clinic.book(actor_of(rival), clinic.doctors[1], TOMORROW, time(9, 30))
    answer = divya.post(step(clinic, "09:30"), {"reason": "Palpitations & worry"})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert f'{step(clinic, "09:30")}"' not in answer.text
    assert f"{step(clinic, '10:00')}?reason=Palpitations+%26+worry" in answer.text.replace("%20", "+")
    assert "Palpitations &amp; worry" in divya.get(f"{step(clinic, '10:00')}?reason=Palpitations+%26+worry").text
    assert divya.get(step(clinic, "09:30")).status_code == 409  # its own last step too


def test_blocked_patient_reads_what_to_do(clinic: Clinic) -> None:
    with clinic.runtime.database.writing() as session:
        row = session.get(Patient, clinic.patients["Divya"].id)
        assert row is not None
        row.status = PatientStatus.BLOCKED
    answer = clinic.client(clinic.patients["Divya"]).post(step(clinic, "09:30"))
    assert answer.status_code == 409
    assert "blocked from booking" in answer.text


def test_cancels_own_visit_after_asking(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    path = f"/my/visits/{clinic.visits['Divya']}/cancel"
    assert "at short notice" in divya.get(path).text
    answer = divya.post(path, {"version": 1})
    assert answer.status_code == 303
    assert "Cancelled: " in divya.get(answer.headers["Location"]).text
    with clinic.runtime.reading() as session:
        row = session.get(Appointment, clinic.visits["Divya"])
        assert row is not None
        assert row.status is Status.CANCELLED


def test_another_patients_visit_does_not_exist(clinic: Clinic) -> None:
    divya, grace = clinic.client(clinic.patients["Divya"]), clinic.visits["Grace"]
    for answer in (
        divya.get(f"/my/visits/{grace}/cancel"),
        divya.post(f"/my/visits/{grace}/cancel"),
        divya.post(f"/my/visits/{grace}/confirm"),
        divya.get(f"/visits/{grace}/calendar.ics"),
    ):
        assert answer.status_code == 404
    assert "Grace" not in divya.get(f"/?booked={grace}").text


def test_confirms_and_keeps_a_calendar_file(clinic: Clinic) -> None:
    divya, visit = clinic.client(clinic.patients["Divya"]), clinic.visits["Divya"]
    assert divya.post(f"/my/visits/{visit}/confirm", {"version": 1}).status_code == 303
    assert "Confirmed" in divya.get("/").text
    file = divya.get(f"/visits/{visit}/calendar.ics")
    assert file.mimetype == "text/calendar"
    assert f"UID:{visit}@hms" in file.text
    assert "DTSTART:20260122T053000Z" in file.text


def test_news_are_counted_and_can_be_read(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    assert 'class="count">1<' in divya.get("/").text
    assert "Appointment Booked" in divya.get("/notifications").text
    assert divya.post("/notifications/read").status_code == 303
    assert 'class="count"' not in divya.get("/notifications").text


def test_staff_have_no_booking_pages_of_patients(clinic: Clinic) -> None:
    desk: Any = clinic.client(clinic.reception)
    assert desk.get("/book").status_code == 403
    assert desk.get("/").headers["Location"] == "/board"


def test_moves_a_visit_in_the_steps_of_a_booking(clinic: Clinic) -> None:
    divya, visit = clinic.client(clinic.patients["Divya"]), clinic.visits["Divya"]
    moving = f"?move={visit}"
    assert f"/book/{clinic.doctors[0].id}{moving}" in divya.get("/").text
    assert "You are moving the visit" in divya.get(f"/book{moving}").text
    assert f"{step(clinic, '09:30')}{moving}" in divya.get(f"{times_page(clinic)}&move={visit}").text
    last = divya.get(f"{step(clinic, '09:30')}{moving}").text
    assert "<s>Thursday 22 January, 11:00</s>" in last
    assert "Move the visit" in last
    answer = divya.post(f"{step(clinic, '09:30')}{moving}", {"version": 1})
    assert answer.status_code == 303
    home = divya.get(answer.headers["Location"]).text
    assert "now expects you on Friday 23 January at 09:30" in home
    assert "Thursday 22 January, 11:00" not in home
    stale = divya.post(f"{step(clinic, '10:00')}{moving}", {"version": 1})
    assert stale.status_code == 409
    assert "This visit was not moved" in stale.text


def test_button_pressed_twice_books_and_moves_once(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    first, second = (divya.post(step(clinic, "09:30")) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    moving = f"{step(clinic, '10:00')}?move={first.headers['Location'].partition('=')[2]}"
    first, second = (divya.post(moving, {"version": 1}) for _ in range(2))
    assert (second.status_code, second.headers["Location"]) == (303, first.headers["Location"])
    assert "/?moved=" in first.headers["Location"]


def test_visit_that_has_begun_or_is_anothers_cannot_be_moved(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    for query in (f"?move={clinic.visits['Grace']}", "?move=nonsense", f"?for={clinic.patients['Grace'].id}", "?for=x"):
        assert divya.get(f"/book{query}").status_code == 404, query
        assert divya.post(f"{step(clinic, '09:30')}{query}").status_code == 404, query
    clinic.clock.advance(timedelta(minutes=25))
    assert divya.get(f"/book?move={clinic.visits['Divya']}").status_code == 409
    assert "?move=" not in divya.get("/").text


def test_books_for_a_child_and_sees_their_visits(clinic: Clinic) -> None:
    owner = clinic.patients["Divya"]
    child = make_patient(clinic.runtime, clinic.hospital, first_name="Kiran", last_name="Rao")
    link = PatientGuardian(
        hospital_id=clinic.hospital.id, user_id=owner.user_id, patient_id=child.id, created_at=clinic.clock.now()
    )
    divya = clinic.client(owner)
    assert "For whom" not in divya.get("/book").text
    add(clinic.runtime, link)
    whom = f"?for={child.id}"
    assert f'href="/book{whom}"' in divya.get("/book").text
    assert f"/book/{clinic.doctors[1].id}{whom}" in divya.get(f"/book{whom}").text
    assert "Kiran Rao" in divya.get(f"{step(clinic, '09:30')}{whom}").text
    assert divya.post(f"{step(clinic, '09:30')}{whom}").status_code == 303
    home = divya.get("/").text
    assert "Kiran Rao" in home
    with clinic.runtime.reading() as session:
        visits = session.query(Appointment).filter_by(patient_id=child.id).all()
    assert [visit.start_time for visit in visits] == [time(9, 30)]
    assert divya.get(f"/my/visits/{visits[0].id}/cancel").status_code == 200
    moved = divya.post(f"{step(clinic, '10:00')}?move={visits[0].id}", {"version": 1})
    assert "?moved=" in moved.headers["Location"]
    assert divya.post(f"/my/visits/{visits[0].id}/cancel", {"version": 2}).status_code == 303


def test_past_visits_go_back_page_by_page(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    divya.post(f"/my/visits/{clinic.visits['Divya']}/cancel", {"version": 1})
    divya.post(step(clinic, "09:30"))
    assert "Past and cancelled" in divya.get("/").text
    assert "Older visits" not in divya.get("/").text
    monkeypatch.setattr(home, "PAST_SHOWN", 2)
    for start in ("10:00", "10:30"):
        booked = divya.post(step(clinic, start)).headers["Location"].partition("=")[2]
        divya.post(f"/my/visits/{booked}/cancel", {"version": 1})
    newest = divya.get("/").text
    assert "Fri 23 Jan 2026, 10:30" in newest
    assert "Thu 22 Jan 2026, 11:00" not in newest
    older = re.findall(r'href="(/\?before=[^"#]+)', newest)
    assert "Thu 22 Jan 2026, 11:00" in divya.get(older[0].replace("&amp;", "&")).text


def test_pages_of_patients_ask_little(clinic: Clinic) -> None:
    divya = clinic.client(clinic.patients["Divya"])
    doctor = clinic.doctors[1].id
    divya.get(f"/book/{doctor}")  # the first look generates the days
    for path, most in (
        ("/", 4),
        ("/book", 3),
        (f"/book/{doctor}", 5),
        (step(clinic, "09:30"), 4),
        (f"/my/visits/{clinic.visits['Divya']}/cancel", 3),
    ):
        with counted_statements(clinic.runtime) as statements:
            assert divya.get(path).status_code == 200
        assert len(statements) <= most, (path, statements)
