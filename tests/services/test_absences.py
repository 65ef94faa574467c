from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.absences import AbsenceStatus, AbsenceType
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Span
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import NoShowReason, ReviewReason
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.models import (
    Appointment,
    AppointmentEvent,
    AppointmentReview,
    AuditEntry,
    DoctorAbsence,
    DoctorSlot,
    Notification,
)
from hms.processes.jobs import run_job
from hms.queries import absences as queries
from hms.queries.absences import AbsenceFilters
from hms.runtime import Runtime
from hms.services import absences, attendance, bookings, forgiveness, no_shows, schedules, slots
from hms.services.absences import AbsenceChange, CancelAbsence, CreateAbsence, UpdateAbsence
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.forgiveness import Excuse
from hms.services.no_shows import MarkNoShow
from hms.services.schedules import ReplaceSchedules
from hms.services.slots import BlockSlot
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.callers import cost_alike, counted_statements
from tests.support.factories import actor_of, admin_of, make_doctor, make_hospital

SATURDAY, SUNDAY = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=2)
AFFECTED, EMERGENCY = "Appointment Affected by Doctor Leave", "Appointment Cancelled - Doctor Emergency"
NOTE = "Auto-cancelled due to doctor emergency leave"


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def leave(clinic: Clinic, first: date = FRIDAY, last: date | None = None, **values: Any) -> CreateAbsence:
    part: Span[time] | None = values.pop("part", None)
    if part is not None:
        values |= {"is_full_day": False, "start": part.start, "end": part.end}
    values = {"absence_type": AbsenceType.ANNUAL_LEAVE} | values
    return CreateAbsence(doctor_id=clinic.doctor.id, first=first, last=last or first, **values)


def away(clinic: Clinic, first: date = FRIDAY, last: date | None = None, **values: Any) -> AbsenceChange:
    return clinic.runtime.transact(actor_of(clinic.doctor), absences.create, leave(clinic, first, last, **values))


def changed(clinic: Clinic, change: AbsenceChange, **changes: Any) -> AbsenceChange:
    command = UpdateAbsence(doctor_id=clinic.doctor.id, absence_id=change.absence.id, changes=changes)
    return clinic.runtime.transact(actor_of(clinic.doctor), absences.update, command)


def called_off(clinic: Clinic, change: AbsenceChange) -> AbsenceChange:
    command = CancelAbsence(doctor_id=clinic.doctor.id, absence_id=change.absence.id)
    return clinic.runtime.transact(actor_of(clinic.doctor), absences.cancel, command)


def refusal(runtime: Runtime, actor: Actor, service: Any, command: object) -> DomainError:
    with pytest.raises(DomainError) as caught:
        runtime.transact(actor, service, command)
    return caught.value


def blocked(clinic: Clinic) -> list[tuple[date, str]]:
    s = DoctorSlot
    statement = select(s.slot_date, s.start_time).where(s.absence_id.is_not(None)).order_by(s.starts_at)
    with clinic.runtime.reading() as session:
        return [(day, f"{start:%H:%M}") for day, start in session.execute(statement)]


def days_blocked(clinic: Clinic) -> dict[date, int]:
    counts: dict[date, int] = {}
    for day, _ in blocked(clinic):
        counts[day] = counts.get(day, 0) + 1
    return counts


def told(clinic: Clinic, title: str = AFFECTED) -> list[Notification]:
    return [row for row in clinic.rows(Notification) if row.title == title]


def afternoon(first: int = 14, last: int = 17) -> Span[time]:
    return Span(time(first), time(last))


def test_leave_blocks_the_slots_and_leaves_what_is_booked(clinic: Clinic) -> None:
    inside, after = clinic.book(start=time(10)), clinic.book(day=SUNDAY)
    change = away(clinic, FRIDAY, SATURDAY, reason="  Goa ")
    assert (change.slots_blocked, change.slots_unblocked, change.notified, change.cancelled) == (28, 0, 1, ())
    assert [visit.appointment_id for visit in change.affected] == [inside]
    assert (change.absence.reason, change.absence.version) == ("Goa", 1)
    assert days_blocked(clinic) == {FRIDAY: 14, SATURDAY: 14}
    assert {row.id: row.status for row in clinic.rows(Appointment)} == {
        inside: Status.SCHEDULED,
        after: Status.SCHEDULED,
    }
    assert clinic.refused(clinic.another(), start=time(11)) is Code.DOCTOR_ABSENT
    [notice] = told(clinic)
    assert notice.message.startswith("Dr. Anagha Vijay")
    assert "will be away on Friday 23 January 2026. Your appointment at 10:00" in notice.message
    assert "Goa" not in notice.message + str(notice.notification_metadata)
    [entry] = [row for row in clinic.rows(AuditEntry) if row.entity == "absence"]
    assert (entry.action, entry.details["affected"]) == ("absence.created", [str(inside)])
    assert "Goa" not in str(entry.details)


def test_slots_generated_later_are_born_blocked(clinic: Clinic, runtime: Runtime) -> None:
    far = TODAY + timedelta(days=40)
    assert away(clinic, far).slots_blocked == 0
    system = Actor.system(clinic.hospital.id)
    runtime.transact(system, slots.generate, slots.Generate(clinic.doctor.id, 60))
    assert days_blocked(clinic) == {far: 14}
    runtime.transact(actor_of(clinic.doctor), slots.regenerate, clinic.doctor.id)
    assert days_blocked(clinic) == {far: 14}


def test_checked_in_visits_count_and_those_that_have_begun_or_ended_do_not(
    clinic: Clinic, runtime: Runtime, clock: FixedClock
) -> None:
    begun, here, open_, gone = (clinic.book(clinic.another(), day=TODAY, start=time(hour)) for hour in (9, 11, 12, 14))
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=gone))
    clock.move_to(datetime(2026, 1, 22, 3, 40, tzinfo=UTC))  # 09:10
    runtime.transact(clinic.reception, attendance.check_in, Attend(here))
    change = away(clinic, TODAY, absence_type=AbsenceType.EMERGENCY)
    assert [visit.appointment_id for visit in change.cancelled] == [here, open_]
    assert {row.id: row.status for row in clinic.rows(Appointment)} == {
        begun: Status.SCHEDULED,
        here: Status.CANCELLED,
        open_: Status.CANCELLED,
        gone: Status.CANCELLED,
    }
    assert len(told(clinic, EMERGENCY)) == 2


def test_emergency_frees_the_slots_and_notes_why(clinic: Clinic) -> None:
    noted, plain = clinic.book(start=time(9)), clinic.book(start=time(10))
    clinic.change(next(row for row in clinic.rows(Appointment) if row.id == noted), notes="Bring X-rays")
    change = away(clinic, absence_type=AbsenceType.EMERGENCY)
    assert (len(change.cancelled), change.affected, change.notified, change.slots_blocked) == (2, (), 2, 14)
    visits = {row.id: row for row in clinic.rows(Appointment)}
    assert (visits[noted].notes, visits[plain].notes) == (f"Bring X-rays\n{NOTE}", NOTE)
    assert {(v.holds_slot, v.calendar_sequence, v.cancelled_at) for v in visits.values()} == {
        (False, 1, clinic.runtime.clocks.hospital.now())
    }
    events = [row for row in clinic.rows(AppointmentEvent) if row.to_status is Status.CANCELLED]
    assert {(row.from_status, row.reason) for row in events} == {(Status.SCHEDULED, NOTE)}
    assert not told(clinic)
    assert called_off(clinic, change).slots_unblocked == 14
    assert clinic.book(start=time(9)) != noted


def test_emergency_lets_slots_of_an_older_grid_go(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book(start=time(9, 30))
    hours = [WeeklyBlock(day, time(10), time(12)) for day in DayOfWeek]
    runtime.transact(actor_of(clinic.doctor), schedules.replace, ReplaceSchedules(clinic.doctor.id, hours))
    change = away(clinic, absence_type=AbsenceType.EMERGENCY)
    assert (change.slots_blocked, len(change.cancelled)) == (4, 1)
    assert [start for day, start in blocked(clinic) if day == FRIDAY] == ["10:00", "10:30", "11:00", "11:30"]
    assert [row.slot_id for row in clinic.rows(Appointment)] == [None]


def test_part_of_a_day_blocks_the_slots_that_it_overlaps(clinic: Clinic) -> None:
    touched, clear = clinic.book(start=time(14)), clinic.book(start=time(15))
    change = away(clinic, part=Span(time(14, 15), time(15)))
    assert blocked(clinic) == [(FRIDAY, "14:00"), (FRIDAY, "14:30")]
    assert [visit.appointment_id for visit in change.affected] == [touched]
    assert clear not in {visit.appointment_id for visit in change.affected}


def test_update_applies_all_anew_and_tells_nobody_twice(clinic: Clinic) -> None:
    clinic.book(day=FRIDAY)
    clinic.book(day=SUNDAY)
    first = away(clinic, FRIDAY, SATURDAY)
    longer = changed(clinic, first, end_date=SUNDAY)
    assert (longer.slots_blocked, longer.slots_unblocked, len(longer.affected), longer.notified) == (42, 0, 2, 1)
    moved = changed(clinic, first, start_date=SATURDAY)
    assert (moved.slots_blocked, moved.slots_unblocked, len(moved.affected), moved.notified) == (28, 14, 1, 0)
    assert days_blocked(clinic) == {SATURDAY: 14, SUNDAY: 14}
    same = changed(clinic, first, start_date=SATURDAY, reason=None)
    assert (same.absence.version, same.affected, same.notified) == (3, (), 0)
    assert len(told(clinic)) == 2
    emergency = changed(clinic, first, absence_type=AbsenceType.EMERGENCY)
    assert ([visit.day for visit in emergency.cancelled], emergency.notified) == ([SUNDAY], 1)


def test_whole_days_become_part_of_one_and_back(clinic: Clinic) -> None:
    change = away(clinic, FRIDAY)
    part = changed(clinic, change, is_full_day=False, start_time=time(9), end_time=time(10))
    assert (part.slots_blocked, part.slots_unblocked) == (2, 12)
    full = changed(clinic, change, is_full_day=True)
    assert (full.absence.start_time, full.absence.end_time, full.slots_blocked) == (None, None, 14)


def test_cancel_gives_back_what_nothing_else_blocks(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book(start=time(16))
    early = away(clinic, part=Span(time(14), time(14, 15)))
    late = away(clinic, part=Span(time(14, 15), time(17)))
    assert (early.slots_blocked, late.slots_blocked) == (1, 5)  # 14:00 lies under both
    by_hand = next(row for row in clinic.rows(DoctorSlot) if (row.slot_date, row.start_time) == (FRIDAY, time(15)))
    runtime.transact(actor_of(clinic.doctor), slots.set_blocked, BlockSlot(by_hand.id, blocked=True, reason="Call"))

    assert called_off(clinic, early).slots_unblocked == 0
    assert blocked(clinic)[0] == (FRIDAY, "14:00")
    last = called_off(clinic, late)
    assert (last.slots_unblocked, len(last.affected), last.notified) == (5, 1, 0)  # 15:00 stays blocked by hand
    assert blocked(clinic) == []
    assert next(row for row in clinic.rows(DoctorSlot) if row.id == by_hand.id).blocked_manually
    again = called_off(clinic, late)
    assert (again.slots_unblocked, again.absence.status, again.absence.version) == (0, AbsenceStatus.CANCELLED, 2)
    actions = [row.action for row in clinic.rows(AuditEntry) if row.entity == "absence"]
    assert actions == ["absence.created"] * 2 + ["absence.cancelled"] * 2


def test_a_new_absence_tells_again_and_past_slots_stay_as_they_were(clinic: Clinic, clock: FixedClock) -> None:
    clinic.book(day=TODAY, start=time(16))
    first = away(clinic, TODAY)
    clock.move_to(datetime(2026, 1, 22, 6, 0, tzinfo=UTC))  # 11:30
    assert called_off(clinic, first).slots_unblocked == 14 - 5
    assert len(blocked(clinic)) == 5
    away(clinic, TODAY)
    assert len(told(clinic)) == 2


def test_one_under_way_ends_earlier_or_later_and_one_that_is_over_stays(clinic: Clinic, clock: FixedClock) -> None:
    change = away(clinic, FRIDAY, SUNDAY)
    clock.advance(timedelta(days=2))
    assert changed(clinic, change, end_date=FRIDAY).slots_unblocked == 28
    runtime, doctor = clinic.runtime, actor_of(clinic.doctor)
    cancel = CancelAbsence(doctor_id=clinic.doctor.id, absence_id=change.absence.id)
    update = UpdateAbsence(doctor_id=clinic.doctor.id, absence_id=change.absence.id, changes={"reason": "x"})
    assert refusal(runtime, doctor, absences.cancel, cancel).code is Code.ABSENCE_CLOSED
    assert refusal(runtime, doctor, absences.update, update).code is Code.ABSENCE_CLOSED


def test_overlaps_are_refused_by_name_for_that_doctor_alone(clinic: Clinic, runtime: Runtime) -> None:
    there = away(clinic, FRIDAY, SATURDAY)
    doctor = actor_of(clinic.doctor)
    error = refusal(runtime, doctor, absences.create, leave(clinic, SATURDAY, SUNDAY))
    assert error.code is Code.ABSENCE_OVERLAP
    assert "23 January 2026 to 24 January 2026 (annual leave)" in error.message
    other = away(clinic, SUNDAY)
    update = UpdateAbsence(doctor_id=doctor.doctor_id, absence_id=other.absence.id, changes={"start_date": SATURDAY})  # type: ignore[arg-type]
    assert refusal(runtime, doctor, absences.update, update).code is Code.ABSENCE_OVERLAP
    colleague = make_doctor(runtime, clinic.hospital)
    command = CreateAbsence(doctor_id=colleague.id, absence_type=AbsenceType.OTHER, first=FRIDAY, last=FRIDAY)
    assert runtime.transact(actor_of(colleague), absences.create, command).slots_blocked == 14
    called_off(clinic, there)
    assert away(clinic, FRIDAY, SATURDAY).slots_blocked == 28
    assert refusal(runtime, doctor, absences.create, leave(clinic, date(2026, 1, 21))).code is Code.ABSENCE_IN_PAST


def test_who_may(clinic: Clinic, runtime: Runtime) -> None:
    there = away(clinic, SUNDAY, reason="Surgery", absence_type=AbsenceType.SICK_LEAVE).absence
    colleague = make_doctor(runtime, clinic.hospital)
    elsewhere = admin_of(runtime, make_hospital(runtime, "HMS002"))
    update = UpdateAbsence(doctor_id=clinic.doctor.id, absence_id=there.id, changes={"end_date": SUNDAY})
    cancel = CancelAbsence(doctor_id=clinic.doctor.id, absence_id=there.id)
    commands: list[tuple[Any, object]] = [(absences.create, leave(clinic)), (absences.update, update)]
    commands.append((absences.cancel, cancel))
    for service, command in commands:
        for actor in (clinic.reception, actor_of(colleague), actor_of(clinic.patient)):
            assert refusal(runtime, actor, service, command).code is Code.FORBIDDEN
        assert refusal(runtime, elsewhere, service, command).code is Code.DOCTOR_NOT_FOUND
    admin = admin_of(runtime, clinic.hospital)
    crossed = CancelAbsence(doctor_id=colleague.id, absence_id=there.id)
    assert refusal(runtime, admin, absences.cancel, crossed).code is Code.NOT_FOUND
    stale = refusal(
        runtime, admin, absences.cancel, CancelAbsence(doctor_id=clinic.doctor.id, absence_id=there.id, version=9)
    )
    assert (stale.code, getattr(stale.current, "version", None)) == (Code.STALE_VERSION, 1)
    fixed = UpdateAbsence(doctor_id=clinic.doctor.id, absence_id=there.id, changes={"status": "ACTIVE"})
    assert refusal(runtime, admin, absences.update, fixed).code is Code.VALIDATION

    seen = {
        name: (row.absence_type, row.reason)
        for name, actor in {
            "admin": admin,
            "own": actor_of(clinic.doctor),
            "colleague": actor_of(colleague),
            "patient": actor_of(clinic.patient),
        }.items()
        for row in runtime.read(queries.listing, actor, AbsenceFilters(doctor_id=clinic.doctor.id))
    }
    assert seen == {
        "admin": (AbsenceType.SICK_LEAVE, "Surgery"),
        "own": (AbsenceType.SICK_LEAVE, "Surgery"),
        "colleague": (AbsenceType.SICK_LEAVE, None),
        "patient": (None, None),
    }
    assert runtime.read(queries.listing, elsewhere, AbsenceFilters()) == []


def test_preview_says_the_same_and_changes_nothing(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book(start=time(10))
    before = len(clinic.rows(Notification)), len(clinic.rows(AuditEntry)), len(clinic.rows(DoctorSlot))
    command = leave(clinic, absence_type=AbsenceType.EMERGENCY)
    preview = runtime.rehearse(actor_of(clinic.doctor), absences.create, command)
    assert (len(clinic.rows(Notification)), len(clinic.rows(AuditEntry)), len(clinic.rows(DoctorSlot))) == before
    assert (clinic.rows(DoctorAbsence), blocked(clinic)) == ([], [])
    real = runtime.transact(actor_of(clinic.doctor), absences.create, command)
    assert (preview.slots_blocked, preview.cancelled, preview.notified) == (
        real.slots_blocked,
        real.cancelled,
        real.notified,
    )


def test_kept_visits_are_never_marked_by_the_sweep(clinic: Clinic, runtime: Runtime, clock: FixedClock) -> None:
    under, outside, ordinary = (
        clinic.book(clinic.another(), day=TODAY, start=start) for start in (time(14), time(9), time(10))
    )
    away(clinic, TODAY, part=afternoon())
    hours = [WeeklyBlock(day, time(10), time(17)) for day in DayOfWeek]
    runtime.transact(actor_of(clinic.doctor), schedules.replace, ReplaceSchedules(clinic.doctor.id, hours))
    clock.move_to(datetime(2026, 1, 22, 9, 30, tzinfo=UTC))  # 15:00
    assert run_job(runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).error is None
    visits = {row.id: (row.status, row.under_review) for row in clinic.rows(Appointment)}
    assert visits == {
        under: (Status.SCHEDULED, True),
        outside: (Status.SCHEDULED, True),
        ordinary: (Status.NO_SHOW, False),
    }
    assert {row.appointment_id: row.reason for row in clinic.rows(AppointmentReview)} == {
        under: ReviewReason.DOCTOR_ABSENT,
        outside: ReviewReason.OUTSIDE_SCHEDULE,
    }
    assert len(told(clinic, "Missed Appointment")) == 1


def test_a_mark_in_advance_is_not_undone_into_an_absence(clinic: Clinic, runtime: Runtime) -> None:
    visit = clinic.book(day=TODAY, start=time(15))
    called = MarkNoShow(visit, NoShowReason.PATIENT_CALLED)
    undo = Excuse(runtime.transact(clinic.reception, no_shows.mark, called), "The patient comes after all")
    change = away(clinic, TODAY, absence_type=AbsenceType.EMERGENCY)
    assert (change.cancelled, change.slots_blocked) == ((), 14)
    admin = admin_of(runtime, clinic.hospital)
    assert refusal(runtime, admin, forgiveness.undo, undo).code is Code.SLOT_BLOCKED
    called_off(clinic, change)
    runtime.transact(admin, forgiveness.undo, undo)
    assert [row.status for row in clinic.rows(Appointment)] == [Status.SCHEDULED]


def test_many_visits_cost_as_many_statements_as_few(clinic: Clinic, runtime: Runtime) -> None:
    def cost(day: date, visits: int, kind: AbsenceType) -> int:
        starts = [time(9 + n // 2, 30 * (n % 2)) for n in range(8)] + [
            time(14 + n // 2, 30 * (n % 2)) for n in range(6)
        ]
        for start in starts[:visits]:
            clinic.book(clinic.another(), day=day, start=start)
        with counted_statements(runtime) as statements:
            change = away(clinic, day, day + timedelta(days=visits // 4), absence_type=kind)
        assert len(change.cancelled) + len(change.affected) == visits
        return len(statements)

    runtime.transact(Actor.system(clinic.hospital.id), slots.fill_horizon, [clinic.doctor.id])
    one = cost(TODAY + timedelta(days=3), 1, AbsenceType.EMERGENCY)
    many = cost(TODAY + timedelta(days=10), 14, AbsenceType.EMERGENCY)
    assert cost_alike(one, many)
    assert many <= 40
    few_stay = cost(TODAY + timedelta(days=17), 1, AbsenceType.TRAINING)
    assert cost_alike(few_stay, cost(TODAY + timedelta(days=21), 14, AbsenceType.TRAINING))
    assert few_stay <= 30
