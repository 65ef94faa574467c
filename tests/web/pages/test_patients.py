"""A patient's pages: own visits only, booking with fresh times after a refusal, news, calendar file."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from hms.domain.appointments import Status
from hms.domain.people import PatientStatus
from hms.models import Appointment, Patient
from tests.support.clinic import TODAY, Clinic
from tests.support.factories import actor_of, make_patient

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
