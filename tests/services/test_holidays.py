from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.holidays import PublicHoliday
from hms.models import Appointment, AuditEntry, DoctorSlot, HospitalHoliday, Notification, OutgoingMessage
from hms.queries import holidays as queries
from hms.runtime import Runtime
from hms.services import bookings, holidays, slots
from hms.services.bookings import Cancel
from hms.services.holidays import AddHoliday, EditHoliday, HolidayChange, ImportCountry, RemoveHoliday
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.callers import counted_statements
from tests.support.factories import actor_of, admin_of, make_doctor, make_holiday, make_hospital

SATURDAY = FRIDAY + timedelta(days=1)
FOUNDERS = AddHoliday(name="Founders' day", day=FRIDAY)


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@pytest.fixture
def admin(clinic: Clinic) -> Actor:
    return admin_of(clinic.runtime, clinic.hospital)


def slots_on(clinic: Clinic, day: date = FRIDAY) -> list[str]:
    statement = select(DoctorSlot.start_time).where(DoctorSlot.slot_date == day).order_by(DoctorSlot.starts_at)
    with clinic.runtime.reading() as session:
        return [f"{start:%H:%M}" for start in session.scalars(statement)]


def refusal(runtime: Runtime, actor: Actor, service: Any, *args: object) -> DomainError:
    with pytest.raises(DomainError) as caught:
        runtime.transact(actor, service, *args)
    return caught.value


def only(change: HolidayChange) -> Any:
    [row] = change.rows
    return row


def test_a_new_holiday_takes_the_free_slots_of_all_doctors_and_leaves_what_is_booked(
    clinic: Clinic, runtime: Runtime, admin: Actor
) -> None:
    other = make_doctor(runtime, clinic.hospital, slot_duration=60)
    runtime.transact(Actor.system(clinic.hospital.id), slots.fill_horizon, [clinic.doctor.id, other.id])
    booked = clinic.book(start=time(10))
    clinic.book(clinic.another(), start=time(14), doctor_id=other.id)

    change = runtime.transact(admin, holidays.add, FOUNDERS)

    assert slots_on(clinic) == ["10:00", "14:00"]
    assert (change.slots_removed, change.closed, change.opened) == (14 + 7 - 2, (FRIDAY,), ())
    assert [(visit.day, visit.start) for visit in change.affected] == [(FRIDAY, time(10)), (FRIDAY, time(14))]
    assert change.affected[0].appointment_id == booked
    assert {row.status for row in clinic.rows(Appointment)} == {Status.SCHEDULED}
    assert slots_on(clinic, SATURDAY)
    assert only(change).next_date == FRIDAY


def test_patients_are_told_once_for_ever(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    clinic.book(start=time(10))
    holiday = only(runtime.transact(admin, holidays.add, FOUNDERS))
    runtime.transact(admin, holidays.edit, EditHoliday(holiday_id=holiday.id, changes={"is_active": False}))
    again = runtime.transact(admin, holidays.edit, EditHoliday(holiday_id=holiday.id, changes={"is_active": True}))
    assert len(again.affected) == 1

    [told] = [row for row in clinic.rows(Notification) if row.type == "HOLIDAY"]
    assert told.title == "Appointment Affected by Holiday"
    assert told.message.startswith("The clinic is closed on Friday 23 January 2026 (Founders' day). Your appointment")
    assert "at 10:00 that day may be affected. Please contact the clinic" in told.message
    messages = [row for row in clinic.rows(OutgoingMessage) if row.notification_id == told.id]
    assert sorted(message.channel for message in messages) == ["email", "in_app", "sms"]


def test_bookings_are_refused_on_a_holiday_and_the_kept_slot_vanishes_when_freed(
    clinic: Clinic, runtime: Runtime, admin: Actor
) -> None:
    booked = clinic.book(start=time(10))
    runtime.transact(admin, holidays.add, FOUNDERS)
    assert clinic.refused(clinic.another(), start=time(11)) is Code.HOSPITAL_HOLIDAY
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert slots_on(clinic) == []


def test_todays_past_slots_stay_and_visits_that_began_are_nobodys_warning(
    clinic: Clinic, runtime: Runtime, admin: Actor, clock: FixedClock
) -> None:
    clinic.book(day=TODAY, start=time(9))
    clinic.book(clinic.another(), day=TODAY, start=time(11))
    clock.move_to(datetime(2026, 1, 22, 4, 40, tzinfo=UTC))  # 10:10
    change = runtime.transact(admin, holidays.add, AddHoliday(name="Flood", day=TODAY))
    assert slots_on(clinic, TODAY) == ["09:00", "09:30", "11:00"]
    assert [visit.start for visit in change.affected] == [time(11)]


def test_deleting_one_gives_the_day_back_around_what_was_kept(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    clinic.book(start=time(10))
    before = slots_on(clinic)
    holiday = only(runtime.transact(admin, holidays.add, FOUNDERS))
    change = runtime.transact(admin, holidays.remove, RemoveHoliday(holiday_id=holiday.id, version=1))
    assert slots_on(clinic) == before
    assert (change.opened, change.slots_created) == ((FRIDAY,), 13)
    assert clinic.rows(HospitalHoliday) == []
    assert [row.action for row in clinic.rows(AuditEntry) if row.entity == "holiday"] == [
        "holiday.added",
        "holiday.removed",
    ]


def test_another_date_opens_the_old_day_and_closes_the_new_one(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    runtime.transact(admin, slots.fill_horizon, [clinic.doctor.id])
    clinic.book(day=SATURDAY, start=time(9))
    holiday = only(runtime.transact(admin, holidays.add, FOUNDERS))
    command = EditHoliday(holiday_id=holiday.id, changes={"date": SATURDAY, "name": " Moved "}, version=1)
    change = runtime.transact(admin, holidays.edit, command)
    assert (change.opened, change.closed) == ((FRIDAY,), (SATURDAY,))
    assert (change.slots_created, change.slots_removed) == (14, 13)
    assert (len(slots_on(clinic)), slots_on(clinic, SATURDAY)) == (14, ["09:00"])
    assert [visit.day for visit in change.affected] == [SATURDAY]
    assert (only(change).name, only(change).version) == ("Moved", 2)


def test_another_name_moves_no_slots_and_tells_nobody(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    clinic.book(start=time(10))
    holiday = make_holiday(runtime, clinic.hospital, FRIDAY)
    change = runtime.transact(admin, holidays.edit, EditHoliday(holiday_id=holiday.id, changes={"name": "Diwali"}))
    assert (change.closed, change.opened, change.affected) == ((), (), ())
    assert not [row for row in clinic.rows(Notification) if row.type == "HOLIDAY"]


def test_a_recurring_one_closes_the_day_of_every_year(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    clinic.book(start=time(10))
    command = AddHoliday(name="Republic Day", day=date(1950, 1, 23), is_recurring=True)
    change = runtime.transact(admin, holidays.add, command)
    assert change.closed == (FRIDAY, FRIDAY.replace(year=2027))
    assert len(change.affected) == 1
    assert only(change).next_date == FRIDAY
    leap = runtime.transact(admin, holidays.add, AddHoliday(name="Leap", day=date(2024, 2, 29), is_recurring=True))
    assert (leap.closed, only(leap).next_date) == ((), date(2028, 2, 29))


def test_a_day_that_two_entries_close_opens_with_the_last_of_them(
    clinic: Clinic, runtime: Runtime, admin: Actor
) -> None:
    once = make_holiday(runtime, clinic.hospital, FRIDAY)
    yearly = AddHoliday(name="Republic Day", day=date(1950, 1, 23), is_recurring=True)
    every = only(runtime.transact(admin, holidays.add, yearly))
    runtime.transact(admin, holidays.edit, EditHoliday(holiday_id=once.id, changes={"name": "Both"}))
    assert runtime.transact(admin, holidays.remove, RemoveHoliday(holiday_id=once.id)).slots_created == 0
    change = runtime.transact(admin, holidays.edit, EditHoliday(holiday_id=every.id, changes={"is_recurring": False}))
    assert (change.slots_created, change.closed) == (14, ())


def test_days_beyond_the_horizon_are_given_back_to_those_who_had_them(
    clinic: Clinic, runtime: Runtime, admin: Actor
) -> None:
    make_doctor(runtime, clinic.hospital)
    runtime.transact(admin, slots.generate, slots.Generate(clinic.doctor.id, 60))
    far = TODAY + timedelta(days=50)
    holiday = only(runtime.transact(admin, holidays.add, AddHoliday(name="Far", day=far)))
    assert slots_on(clinic, far) == []
    assert runtime.transact(admin, holidays.remove, RemoveHoliday(holiday_id=holiday.id)).slots_created == 14


@pytest.mark.parametrize(
    ("present", "wanted", "words"),
    [
        ({}, {}, "23 January 2026 is in the list already (Closed). Edit that entry instead"),
        ({"is_active": False}, {}, "not active (Closed). Activate that entry instead"),
        ({"date": date(2019, 1, 23), "is_recurring": True}, {}, "is closed already, every year (Closed)"),
        ({"date": date(2019, 1, 23), "is_recurring": True}, {"is_recurring": True}, "every year (Closed)"),
    ],
)
def test_a_day_is_in_the_list_once(
    clinic: Clinic, runtime: Runtime, admin: Actor, present: dict[str, Any], wanted: dict[str, Any], words: str
) -> None:
    clinic.change(make_holiday(runtime, clinic.hospital, FRIDAY), **present)
    error = refusal(runtime, admin, holidays.add, AddHoliday(name="Again", day=FRIDAY, **wanted))
    assert error.code is Code.HOLIDAY_EXISTS
    assert words in error.message
    other = only(runtime.transact(admin, holidays.add, AddHoliday(name="Other", day=SATURDAY)))
    edit = EditHoliday(holiday_id=other.id, changes={"date": FRIDAY, **wanted})
    assert refusal(runtime, admin, holidays.edit, edit).code is Code.HOLIDAY_EXISTS


def test_only_admins_of_that_hospital_who_saw_the_present_entry_change_it(
    clinic: Clinic, runtime: Runtime, admin: Actor
) -> None:
    holiday = make_holiday(runtime, clinic.hospital, FRIDAY)
    edit = EditHoliday(holiday_id=holiday.id, changes={"name": "Mine"}, version=1)
    remove = RemoveHoliday(holiday_id=holiday.id, version=2)
    elsewhere = admin_of(runtime, make_hospital(runtime, "HMS002"))
    for service, command in ((holidays.add, FOUNDERS), (holidays.edit, edit), (holidays.remove, remove)):
        for actor in (clinic.reception, actor_of(clinic.doctor), actor_of(clinic.patient)):
            assert refusal(runtime, actor, service, command).code is Code.FORBIDDEN
    assert refusal(runtime, elsewhere, holidays.edit, edit).code is Code.NOT_FOUND
    assert refusal(runtime, elsewhere, holidays.remove, remove).code is Code.NOT_FOUND
    stale = refusal(runtime, admin, holidays.remove, remove)
    assert (stale.code, getattr(stale.current, "version", None)) == (Code.STALE_VERSION, 1)
    bad = EditHoliday(holiday_id=holiday.id, changes={"name": "  "})
    assert refusal(runtime, admin, holidays.edit, bad).code is Code.VALIDATION
    assert runtime.transact(elsewhere, holidays.add, FOUNDERS).slots_removed == 0


def test_preview_changes_nothing(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    clinic.book(start=time(10))
    before = slots_on(clinic)
    change = runtime.rehearse(admin, holidays.add, FOUNDERS)
    assert (len(change.affected), change.slots_removed) == (1, 13)
    assert slots_on(clinic) == before
    assert not clinic.rows(HospitalHoliday)
    assert not [row for row in clinic.rows(Notification) if row.type == "HOLIDAY"]


def test_import_closes_what_the_list_lacks_and_again_changes_nothing(
    clinic: Clinic, runtime: Runtime, admin: Actor
) -> None:
    runtime.transact(admin, slots.fill_horizon, [clinic.doctor.id])
    clinic.book(start=time(10))
    clinic.change(make_holiday(runtime, clinic.hospital, SATURDAY), is_active=False)
    days = [PublicHoliday(TODAY - timedelta(days=9), "Past"), PublicHoliday(FRIDAY, "Fair")]
    days += [PublicHoliday(SATURDAY, "Left by the admin"), PublicHoliday(SATURDAY + timedelta(days=1), "Feast")]
    command = ImportCountry(country="IN", subdivision="MH", days=days)
    change = runtime.transact(admin, holidays.import_country, command)
    assert [row.name for row in change.rows] == ["Past", "Fair", "Feast"]
    assert (change.skipped, change.slots_removed, len(change.affected)) == (1, 27, 1)
    assert change.rows[0].description == "Public holiday (IN-MH)"
    assert (slots_on(clinic), len(slots_on(clinic, SATURDAY))) == (["10:00"], 14)
    audited = len(clinic.rows(AuditEntry))
    again = runtime.transact(admin, holidays.import_country, command)
    assert (again.rows, again.skipped, again.affected) == ((), 4, ())
    assert (len(clinic.rows(HospitalHoliday)), len(clinic.rows(AuditEntry))) == (4, audited)


def test_many_doctors_cost_as_many_statements_as_few(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    def cost() -> list[int]:
        counts = []
        with counted_statements(runtime) as statements:
            holiday = only(runtime.transact(admin, holidays.add, FOUNDERS))
        counts.append(len(statements))
        with counted_statements(runtime) as statements:
            runtime.transact(admin, holidays.remove, RemoveHoliday(holiday_id=holiday.id))
        return [*counts, len(statements)]

    runtime.transact(admin, slots.ensure_day, clinic.doctor.id, FRIDAY)
    few = cost()
    others = [make_doctor(runtime, clinic.hospital).id for _ in range(5)]
    runtime.transact(Actor.system(clinic.hospital.id), slots.fill_horizon, others)
    assert cost() == few
    assert max(few) <= 20


def test_the_list_is_everybodys_but_for_what_is_not_active(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    make_holiday(runtime, clinic.hospital, FRIDAY)
    make_holiday(runtime, clinic.hospital, date(2019, 3, 1), is_recurring=True)
    clinic.change(make_holiday(runtime, clinic.hospital, SATURDAY), is_active=False)
    make_holiday(runtime, make_hospital(runtime, "HMS002"), FRIDAY)

    def dates(actor: Actor, *span: date) -> list[date]:
        return [row.date for row in runtime.read(queries.listing, actor, TODAY, *span)]

    patient = actor_of(clinic.patient)
    assert dates(admin) == [date(2019, 3, 1), FRIDAY, SATURDAY]
    assert dates(patient) == [date(2019, 3, 1), FRIDAY]
    assert dates(patient, TODAY, SATURDAY) == [FRIDAY]
    assert dates(patient, date(2026, 2, 1), date(2026, 3, 1)) == [date(2019, 3, 1)]
    closed = runtime.read(queries.closed_days, patient, TODAY, date(2027, 3, 1))
    assert [row.day for row in closed] == [FRIDAY, date(2026, 3, 1), date(2027, 3, 1)]
    with runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(HospitalHoliday)) == 4
