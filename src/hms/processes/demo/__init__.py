"""The demo hospital HMS001: made-up people, two months behind it, a well-booked day ahead.

The same seed and present give the same rows, identifiers included (only the password's hash is salted afresh).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hms.access.actors import Actor
from hms.access.passwords import hash_password
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.no_shows import block_reason
from hms.domain.people import PatientStatus, Role
from hms.domain.policy import Policy
from hms.models import Hospital
from hms.models.engines import ReadSession
from hms.processes.demo import calendar, people, rows, runs
from hms.processes.demo.people import DemoDoctor, DemoPatient, Login
from hms.processes.demo.roster import ADDRESS, ADDRESS_OF, CODE, DOMAIN, NAME, ZONE
from hms.processes.demo.seeded import Seeded
from hms.processes.demo.told import Told
from hms.processes.demo.visits import AHEAD_DAYS, HISTORY_DAYS, THRESHOLD, DemoVisit, Story
from hms.processes.demo.writing import DemoRows, write
from hms.runtime import Runtime

REGISTERED_BEFORE = timedelta(days=HISTORY_DAYS + AHEAD_DAYS + 20)
FOR_WATCHING = Policy(
    daily_reminders_schedule="*/2 * * * *", monthly_report_schedule="*/3 * * * *", no_show_summary=True
)
"""Who watches a demo doesn't wait for the next morning or month; a patient or doctor is still told only once."""
ACCOUNT_OFFSETS = (-48, -20, 0, 12)


@dataclass(frozen=True, slots=True)
class DemoAccounts:
    """What to sign in with: role → email address, and the one password of all."""

    hospital_id: UUID
    hospital_code: str
    emails: dict[Role, str]
    password: str


def accounts(hospital_id: UUID, password: str) -> DemoAccounts:
    """Return the accounts that every demo hospital has."""
    return DemoAccounts(hospital_id, CODE, {role: f"{name}@{DOMAIN}" for role, name in ADDRESS_OF.items()}, password)


def present(runtime: Runtime) -> DemoAccounts | None:
    """Return the accounts of a demo loaded before, None when there is none."""
    hospital_id = runtime.read(_hospital_id)
    return accounts(hospital_id, runtime.settings.demo_password) if hospital_id else None


def load(runtime: Runtime, *, seed: int = 1, now: datetime | None = None) -> DemoAccounts:
    """Load the demo hospital as it stands at ``now`` (aware; the hospital clock's present unless given).

    All in one transaction; raise ALREADY_EXISTS when a hospital HMS001 is there.
    """
    if runtime.read(_hospital_id):
        raise DomainError(Code.ALREADY_EXISTS, f"There is a hospital {CODE} already; the demo was loaded before.")
    password = runtime.settings.demo_password
    with _nothing_thrown_away():
        told = tell(seed, now or runtime.clocks.hospital.now(), hash_password(password))
        hospital_id = UUID(str(told.hospital["id"]))
        runtime.transact(Actor.system(hospital_id), write, told)
    return accounts(hospital_id, password)


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """Let the collector rest: a quarter of the time would go into looking for garbage among rows yet to be written."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


def tell(seed: int, now: datetime, password_hash: str) -> DemoRows:
    """Return every row of the demo as it stands at ``now``; nothing is written."""
    chance = Seeded(seed)
    zone = ZoneInfo(ZONE)
    now = now.astimezone(zone).replace(microsecond=0)
    since = now - REGISTERED_BEFORE
    hospital_id = chance.id_at(since)
    staff = people.staff_logins(chance, hospital_id, password_hash, since)
    doctors, doctor_logins = people.doctors(chance, hospital_id, password_hash, since, now.date())
    patients, patient_logins = people.patients(chance, hospital_id, password_hash, since, now.date())
    told = DemoRows(
        hospital={
            "id": hospital_id,
            "code": CODE,
            "name": NAME,
            "timezone": ZONE,
            "address": ADDRESS,
            "phone": "+910000000000",
            "email": f"frontdesk@{DOMAIN}",
            "settings": FOR_WATCHING.differences(),
            "created_at": since,
        },
        users=[login.row for login in (*staff.values(), *doctor_logins, *patient_logins)],
        doctors=[people.doctor_row(doctor, hospital_id, since) for doctor in doctors],
        schedules=[row for doctor in doctors for row in people.schedule_rows(chance, doctor, hospital_id, since)],
    )
    story = Story(chance, zone, now, patients, account_days(doctors[0], now.date()))
    _tell_days(told, story, doctors, hospital_id)
    _tell_visits(told, story, hospital_id, staff)
    told.runs = runs.run_rows(chance, hospital_id, zone, now, story.visits)
    told.patients = [_with_standing(patient, since) for patient in patients]
    return told


def account_days(doctor: DemoDoctor, today: date) -> frozenset[date]:
    """Return the days on which the patient with the demo account sees the first doctor; today is one."""
    days = set()
    for offset in ACCOUNT_OFFSETS:
        day = today + timedelta(days=offset)
        while day.weekday() not in doctor.weekdays:
            day += timedelta(days=1)
        days.add(day)
    return frozenset(days)


def _tell_days(told: DemoRows, story: Story, doctors: list[DemoDoctor], hospital_id: UUID) -> None:
    calendars = [(doctor, calendar.calendar_of(doctor, story.zone)) for doctor in doctors]
    for offset in range(-HISTORY_DAYS, AHEAD_DAYS + 1):
        day = story.today + timedelta(days=offset)
        for doctor, week in calendars:
            slots = calendar.slots_of_day(story.chance, week, day)
            told.slots += [calendar.slot_row(slot, doctor, hospital_id) for slot in slots]
            story.tell_day(doctor, day, slots)


def _tell_visits(told: DemoRows, story: Story, hospital_id: UUID, staff: dict[Role, Login]) -> None:
    outbox = Told(story.chance, hospital_id, staff, story.now)
    for visit in story.visits:
        _tell_visit(told, visit, story.chance, hospital_id, staff, outbox)
    told.events.sort(key=lambda row: row["at"])  # type: ignore[arg-type,return-value]
    told.audit = sorted(outbox.audit, key=lambda row: row["at"])  # type: ignore[arg-type,return-value]
    told.notifications, told.messages = outbox.notifications, outbox.messages


def _tell_visit(
    told: DemoRows, visit: DemoVisit, chance: Seeded, hospital_id: UUID, staff: dict[Role, Login], outbox: Told
) -> None:
    row = rows.appointment_row(visit, hospital_id, staff)
    (told.cancelled if visit.status is Status.CANCELLED else told.appointments).append(row)
    _plan_moves(told, visit)
    told.events += rows.event_rows(visit, hospital_id, staff)
    consultation_id = None
    if consultation := rows.consultation_row(chance, visit, hospital_id):
        told.consultations.append(consultation)
        consultation_id = UUID(str(consultation["id"]))
    if visit.mark:
        log, penalty = rows.no_show_rows(chance, visit, hospital_id, staff)
        told.logs.append(log)
        told.penalties.append(penalty)
    outbox.tell(visit, consultation_id=consultation_id)


def _plan_moves(told: DemoRows, visit: DemoVisit) -> None:
    """Note how the row comes from SCHEDULED to where it stands, by pairs that the schema allows."""
    status = visit.status
    if status is Status.SCHEDULED:
        return
    released = status is Status.CANCELLED or (visit.mark is not None and visit.mark.release)
    if status is Status.IN_PROGRESS:
        told.moves.setdefault((Status.CHECKED_IN, True), []).append(visit.id)
    told.moves.setdefault((status, not released), []).append(visit.id)


def _with_standing(patient: DemoPatient, since: datetime) -> dict[str, object]:
    blocked = patient.blocked_at is not None
    return patient.row | {
        "status": PatientStatus.BLOCKED if blocked else PatientStatus.ACTIVE,
        "no_show_count": patient.misses,
        "blocked_at": patient.blocked_at,
        "blocked_reason": block_reason(THRESHOLD) if blocked else None,
        "blocked_by_count": blocked,
        "version": 2 if blocked else 1,
        "created_at": since,
    }


def _hospital_id(session: ReadSession) -> UUID | None:
    return session.scalar(select(Hospital.id).where(Hospital.code == CODE))
