"""Private calendars: their addresses over HTTP, read by another iCalendar library than the one that writes them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event
from sqlalchemy import select

from hms import logs
from hms.clock import FixedClock
from hms.domain.people import PatientStatus, Role
from hms.models import AuditEntry, CalendarFeed, Patient, User
from hms.queries import calendar_feeds
from hms.runtime import Runtime
from hms.services import bookings
from hms.services.bookings import Book
from tests.support.callers import Caller, HttpHouse, Reply, counted_statements
from tests.support.factories import actor_of, make_doctor, make_hospital, make_patient, make_user


def address(caller: Caller) -> str:
    """Make an address and return its path below /api/v1."""
    reply = caller.post("/calendar-feed")
    assert reply.status == 201
    base, path = reply.data["url"].split("/api/v1", 1)
    assert base.startswith("http")
    return str(path)


def parsed(reply: Reply) -> Calendar:
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    return IcsCalendarStream.calendar_from_ics(reply.raw.decode())


def only(reply: Reply) -> Event:
    [event] = parsed(reply).events
    return event


def change(runtime: Runtime, row: Any, **values: Any) -> None:
    with runtime.database.writing() as session:
        fresh = session.get_one(type(row), row.id)
        for name, value in values.items():
            setattr(fresh, name, value)


def test_patient_finds_doctor_place_and_time_and_nothing_clinical(house: HttpHouse) -> None:
    body = house.booking("10:00", reason="Chest pain", type="SCREENING")
    booked = house.by_patient.post("/appointments", body).data
    house.booked("11:00", house.new_patient())
    reply = house.stranger.get(address(house.by_patient))
    event = only(reply)
    assert event.uid == f"{booked['id']}@hms"
    assert event.dtstart == datetime(2026, 1, 22, 4, 30, tzinfo=UTC)
    assert event.dtend == datetime(2026, 1, 22, 5, 0, tzinfo=UTC)
    assert (event.summary or "").startswith("Dr. Anagha Vijay")
    assert (event.location, event.sequence, event.status) == ("HMS001 General", 0, "CONFIRMED")
    assert b"X-WR-CALNAME:HMS001 General: Roy " in reply.raw
    for secret in (b"Chest", b"SCREENING", b"General medicine", house.patient.mrn.encode()):
        assert secret not in reply.raw, secret
    file = house.by_patient.get(f"/appointments/{booked['id']}/calendar.ics")
    assert f"UID:{event.uid}".encode() in file.raw


def test_doctor_finds_times_and_numbers_and_no_names(house: HttpHouse, runtime: Runtime) -> None:
    colleague = make_doctor(runtime, house.hospital)
    house.booked("10:00")
    body = house.booking("11:00", patientId=str(house.new_patient().id), doctorId=str(colleague.id))
    assert house.reception.post("/appointments", body).status == 201
    reply = house.stranger.get(address(house.by_doctor))
    assert only(reply).summary == f"Appointment {house.patient.mrn}"
    assert only(reply).description in {None, ""}
    for name in (house.patient.first_name, house.patient.last_name, house.patient.phone or "-"):
        assert name.encode() not in reply.raw.replace(b"HMS001 General: Dr. Anagha", b"")


def test_a_cancelled_visit_stays_with_a_higher_sequence(house: HttpHouse, clock: FixedClock) -> None:
    booked = house.booked("10:00")
    path = address(house.by_patient)
    before = only(house.stranger.get(path))
    clock.advance(timedelta(minutes=1))
    assert house.reception.delete(f"/appointments/{booked['id']}").status == 200
    after = only(house.stranger.get(path))
    assert (after.uid, after.status) == (before.uid, "CANCELLED")
    assert (after.sequence or 0) > (before.sequence or 0)
    assert after.dtstamp > before.dtstamp


def test_calendar_is_sent_again_only_when_it_changed(house: HttpHouse) -> None:
    path = address(house.by_patient)
    first = house.stranger.get(path)
    assert parsed(first).events == []
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = {"If-None-Match": first.headers["ETag"]}
    again = house.stranger.get(path, headers=tag)
    assert (again.status, again.raw, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    house.booked("10:00")
    assert len(parsed(house.stranger.get(path, headers=tag)).events) == 1


def test_address_is_replaced_and_taken_back(house: HttpHouse, runtime: Runtime) -> None:
    assert house.by_patient.get("/calendar-feed").data == {"isActive": False, "createdAt": None}
    first = address(house.by_patient)
    second = address(house.by_patient)
    other = address(house.by_doctor)
    assert house.by_patient.get("/calendar-feed").data == {"isActive": True, "createdAt": "2026-01-22T03:25:00.000Z"}
    assert [house.stranger.get(path).status for path in (first, second, other)] == [404, 200, 200]
    for _ in range(2):
        assert house.by_patient.delete("/calendar-feed").data is None
    assert [house.stranger.get(path).status for path in (first, second, other)] == [404, 404, 200]
    assert house.stranger.get(second).code == "NOT_FOUND"
    assert house.by_patient.get("/calendar-feed").data["isActive"] is False
    with runtime.reading() as session:
        about_feeds = select(AuditEntry.action).where(AuditEntry.entity == "calendar_feed").order_by(AuditEntry.seq)
        audited = list(session.scalars(about_feeds))
        [row] = session.scalars(select(CalendarFeed))
    assert audited == [f"calendar_feed.{verb}" for verb in ("created", "replaced", "created", "revoked")]
    assert row.digest not in other
    assert len(row.digest) == 64


def test_nobody_but_doctors_and_patients_has_one(house: HttpHouse) -> None:
    for role in (Role.HOSPITAL_ADMIN, Role.RECEPTIONIST, Role.NURSE):
        caller = house.everybody[role]
        replies = [caller.get("/calendar-feed"), caller.post("/calendar-feed"), caller.delete("/calendar-feed")]
        assert {reply.refusal for reply in replies} == {(403, "FORBIDDEN")}
    assert house.stranger.post("/calendar-feed").refusal == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("closed", ["login", "record"])
def test_a_closed_login_or_record_closes_the_calendar(house: HttpHouse, runtime: Runtime, closed: str) -> None:
    path, other = address(house.by_patient), address(house.by_doctor)
    with runtime.reading() as session:
        user = session.get_one(User, house.patient.user_id)
        patient = session.get_one(Patient, house.patient.id)
    if closed == "login":
        change(runtime, user, is_active=False)
    else:
        change(runtime, patient, status=PatientStatus.INACTIVE)
    assert house.stranger.get(path).status == 404
    assert house.stranger.get(other).status == 200


def test_who_guesses_or_asks_all_the_time_must_wait(house: HttpHouse, machine_clock: FixedClock) -> None:
    path = address(house.by_patient)
    statuses = [house.stranger.get(path).status for _ in range(61)]
    assert (statuses.count(200), statuses[-1]) == (60, 429)
    guesses = [house.stranger.get(f"/calendar-feeds/guess{number}.ics").status for number in range(31)]
    assert (guesses.count(404), guesses[-1]) == (30, 429)
    waiting = house.stranger.get(path)
    assert int(waiting.headers["Retry-After"]) > 0
    machine_clock.advance(timedelta(minutes=16))
    assert house.stranger.get(path).status == 200


@pytest.fixture
def logging_set_up(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:  # noqa: ARG001 -- it takes the place of stderr
    """Log as a process of the house does, whatever earlier tests have set up."""
    logs.configure("INFO")
    yield
    logging.getLogger().handlers.clear()
    logging.captureWarnings(capture=False)


@pytest.mark.usefixtures("logging_set_up")
def test_secret_is_in_no_log_line(house: HttpHouse, capsys: pytest.CaptureFixture[str]) -> None:
    path = address(house.by_patient)
    secret = path.rpartition("/")[2].removesuffix(".ics")
    assert house.stranger.get(path).status == 200
    assert house.stranger.get(f"{path}x").status == 404
    logged = "".join(capsys.readouterr())
    assert "/calendar-feeds/<token>.ics" in logged
    assert secret not in logged


def test_a_calendar_costs_two_statements_whatever_is_in_it(house: HttpHouse, runtime: Runtime) -> None:
    path = address(house.by_doctor)
    for hour in (9, 10, 11, 12):
        house.booked(f"{hour:02}:30", house.new_patient())
    with counted_statements(runtime) as statements:
        assert len(parsed(house.stranger.get(path)).events) == 4
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("America/New_York", ("2026-03-06", "2026-03-09", "2026-10-30", "2026-11-02")),
        ("Australia/Lord_Howe", ("2026-04-03", "2026-04-06", "2026-10-02", "2026-10-05")),
        ("Asia/Kolkata", ("2026-03-06", "2026-11-02")),
    ],
)
def test_times_are_the_hospitals_on_both_sides_of_a_change_of_the_clocks(
    house: HttpHouse, runtime: Runtime, clock: FixedClock, zone: str, days: tuple[str, ...]
) -> None:
    """What another reader makes of it, shown in the hospital's zone, is the wall time that was booked."""
    hospital = make_hospital(runtime, "HMS009", zone, booking_days_ahead=366)
    clock.move_to(datetime(2026, 1, 22, 12, tzinfo=UTC))
    doctor, patient = make_doctor(runtime, hospital), make_patient(runtime, hospital, login=True)
    for day in days:
        wish = Book(doctor_id=doctor.id, day=date.fromisoformat(day), start=time(9, 30))
        runtime.transact(actor_of(patient), bookings.book, wish)
    reply = house.stranger.get(address(house.caller(actor_of(patient))))
    events = list(parsed(reply).timeline)
    local = [event.start_datetime.astimezone(ZoneInfo(zone)) for event in events]
    assert [f"{start:%Y-%m-%d %H:%M}" for start in local] == [f"{day} 09:30" for day in days]
    assert {event.computed_duration for event in events} == {timedelta(minutes=30)}
    assert reply.raw.count(b"X-WR-TIMEZONE:" + zone.encode()) == 1


def test_visits_of_long_ago_are_no_longer_sent(house: HttpHouse, clock: FixedClock) -> None:
    house.booked("10:00")
    path = address(house.by_patient)
    clock.advance(calendar_feeds.PAST - timedelta(days=1))
    assert len(parsed(house.stranger.get(path)).events) == 1
    clock.advance(timedelta(days=3))
    assert parsed(house.stranger.get(path)).events == []


def test_another_hospitals_people_have_their_own(house: HttpHouse, runtime: Runtime) -> None:
    theirs = make_hospital(runtime, "HMS002")
    stranger = house.caller(actor_of(make_patient(runtime, theirs, login=True)))
    house.booked("10:00")
    assert parsed(house.stranger.get(address(stranger))).events == []
    lonely = house.caller(actor_of(make_user(runtime, theirs, Role.PATIENT)))
    assert lonely.post("/calendar-feed").refusal == (404, "NOT_FOUND")
    assert lonely.get("/calendar-feed").data["isActive"] is False
