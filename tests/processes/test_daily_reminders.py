"""Reminders: once for each visit, start and lead time, whatever is cancelled, moved, killed or run again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.messages import Channel
from hms.models import AuditEntry, Doctor, Hospital, Notification, OutgoingMessage
from hms.outbox import record
from hms.processes.delivery import deliver_due
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.processes.schedule import due_jobs
from hms.runtime import Runtime
from hms.services import attendance, bookings
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from tests.support.factories import make_doctor, make_hospital, make_patient, reception_of
from tests.support.races import at_once, houses_on
from tests.support.visits import local, make_visit, rows

MORNING = datetime(2026, 1, 22, 2, 30, tzinfo=UTC)  # 08:00 in Kolkata, where the hospital is


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MORNING)


@pytest.fixture
def hospital(runtime: Runtime) -> Hospital:
    return make_hospital(runtime)


@pytest.fixture
def doctor(runtime: Runtime, hospital: Hospital) -> Doctor:
    return make_doctor(runtime, hospital, slot_duration=15)


def visit(runtime: Runtime, hospital: Hospital, doctor: Doctor, wall: str, *, days: int = 0, **patient: Any) -> UUID:
    starts_at = local(hospital, MORNING, wall) + timedelta(days=days)
    return make_visit(runtime, hospital, doctor, make_patient(runtime, hospital, **patient), starts_at)


def remind(runtime: Runtime, hospital: Hospital) -> RunOutcome:
    return run_job(runtime, hospital.id, JobName.DAILY_REMINDERS, RunSource.CRON)


def reminded(runtime: Runtime) -> list[str]:
    """Return the reminders' texts, by visit's start."""
    found = [row for row in rows(runtime, Notification) if row.type == "APPOINTMENT_REMINDER"]
    return [row.message for row in sorted(found, key=lambda row: row.notification_metadata["startsAt"])]


def test_who_comes_today_is_reminded_once(runtime: Runtime, hospital: Hospital, doctor: Doctor) -> None:
    visit(runtime, hospital, doctor, "09:00")
    visit(runtime, hospital, doctor, "07:45")  # has begun
    visit(runtime, hospital, doctor, "09:15", days=1)
    desk = reception_of(runtime, hospital)
    runtime.transact(desk, bookings.cancel, Cancel(appointment_id=visit(runtime, hospital, doctor, "10:00")))
    runtime.transact(desk, attendance.check_in, Attend(visit(runtime, hospital, doctor, "10:15")))
    first, again = remind(runtime, hospital), remind(runtime, hospital)
    assert [(run.status, run.items) for run in (first, again)] == [(OutcomeStatus.COMPLETED, n) for n in (1, 0)]
    [text] = reminded(runtime)
    assert text.endswith("is today at 09:00.")
    assert {m.channel for m in rows(runtime, OutgoingMessage, OutgoingMessage.key.startswith("reminder:"))} == set(
        Channel
    )
    assert [entry.action for entry in rows(runtime, AuditEntry)].count("appointment.reminded") == 1


def test_each_lead_time_and_each_new_start_has_its_own(
    runtime: Runtime, hospital: Hospital, doctor: Doctor, clock: FixedClock
) -> None:
    set_leads(runtime, hospital, [0, 2])
    visit(runtime, hospital, doctor, "09:00", days=2)
    visit(runtime, hospital, doctor, "09:30", days=1)
    assert remind(runtime, hospital).items == 1
    assert reminded(runtime)[0].endswith("is on Saturday 24 January 2026 at 09:00.")
    clock.advance(timedelta(days=2))
    assert remind(runtime, hospital).items == 1
    assert reminded(runtime)[1].endswith("is today at 09:00.")
    clock.advance(timedelta(minutes=1))
    assert remind(runtime, hospital).items == 0


def test_one_who_cannot_be_reached_or_written_to_stops_nobody(
    runtime: Runtime, hospital: Hospital, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(runtime, hospital, doctor, "09:00", email=None, phone=None)
    cursed = visit(runtime, hospital, doctor, "09:15")
    visit(runtime, hospital, doctor, "09:30")
    whole = record.never_told

    def stumble(*given: Any) -> Any:
        if any(notice.metadata.get("appointmentId") == str(cursed) for notice in given[-1]):
            raise RuntimeError("cannot be written")
        return whole(*given)

    monkeypatch.setattr(record, "never_told", stumble)
    outcome = remind(runtime, hospital)
    assert (outcome.status, outcome.items) == (OutcomeStatus.FAILED, 2)
    assert str(cursed) in (outcome.error or "")
    monkeypatch.undo()
    assert remind(runtime, hospital).items == 1
    assert [text[-6:] for text in reminded(runtime)] == ["09:00.", "09:15.", "09:30."]


def test_several_at_once_and_a_desk_that_cancels(runtime: Runtime, hospital: Hospital, doctor: Doctor) -> None:
    visits = [visit(runtime, hospital, doctor, f"{9 + n // 4:02}:{15 * (n % 4):02}") for n in range(12)]
    desk = reception_of(runtime, hospital)

    def cancel_all(house: Runtime) -> None:
        for one in visits[::2]:
            house.transact(desk, bookings.cancel, Cancel(appointment_id=one))

    with houses_on(runtime, 3) as (one, two, three):
        at_once([lambda: remind(one, hospital), lambda: remind(two, hospital), lambda: cancel_all(three)])
    remind(runtime, hospital)
    messages = rows(runtime, OutgoingMessage, OutgoingMessage.key.startswith("reminder:"))
    assert len({message.key for message in messages}) == len(messages)
    assert len(reminded(runtime)) >= 6  # all who come, and those who were quicker than the desk
    done = {row.entity_id: row.seq for row in rows(runtime, AuditEntry) if row.action == "appointment.cancelled"}
    told = {row.entity_id: row.seq for row in rows(runtime, AuditEntry) if row.action == "appointment.reminded"}
    assert all(told[one] < done[one] for one in visits[::2] if one in told)


def test_due_at_eight_and_not_any_more_in_the_evening(runtime: Runtime, clock: FixedClock) -> None:
    make_hospital(runtime)

    def due() -> list[datetime]:
        return [tick.scheduled_for for tick in due_jobs(runtime) if tick.job is JobName.DAILY_REMINDERS]

    assert due() == [MORNING]
    clock.advance(timedelta(hours=11))
    assert due() == []
    clock.advance(timedelta(hours=12, minutes=59))
    assert due() == []
    clock.advance(timedelta(minutes=1))
    assert due() == [MORNING + timedelta(days=1)]


def test_the_mail_carries_the_links_and_the_text_fits(runtime: Runtime, hospital: Hospital, doctor: Doctor) -> None:
    visit(runtime, hospital, doctor, "09:00", email="amara@patients.example", phone="+14155550123")
    remind(runtime, hospital)
    deliver_due(runtime)
    [mail] = [sent for sent in runtime.gateways.mail.sent if sent.subject == "Appointment Reminder"]  # type: ignore[attr-defined]
    assert "/confirm" in mail.text
    assert "/cancel" in mail.html
    [text] = runtime.gateways.sms.sent  # type: ignore[attr-defined]
    assert text.text.startswith("HMS001 General: Today: Dr. ")
    assert "09:00. Confirm, move or cancel: " in text.text


def set_leads(runtime: Runtime, hospital: Hospital, days: list[int]) -> None:
    with runtime.database.writing() as session:
        session.execute(
            update(Hospital).where(Hospital.id == hospital.id).values(settings={"reminder_days_before": days})
        )
