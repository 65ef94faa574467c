"""Holidays: a closed day takes the free slots of all doctors along, and gives them back (rules §2).

A change locks the hospital and all of its doctors, so that no booking and no filling of calendars runs beside it;
whatever was booked before stays, is listed, and its patients are told. The number of statements is the same for one
doctor and for a thousand.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, insert, select

from hms.access.permissions import Permission
from hms.access.scope import find
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.events import HolidayChanged, Visit
from hms.domain.holidays import Entry, PublicHoliday, clash, occurrences, require_new
from hms.domain.slots import Holiday, last_day
from hms.models import Appointment, Doctor, DoctorSlot, Hospital, HospitalHoliday, new_id
from hms.queries import holidays
from hms.queries.holidays import HolidayRow
from hms.services.calendars import fill, lock_all_doctors
from hms.transaction import Work, require_version

EDITABLE = frozenset({"name", "date", "is_recurring", "is_active", "description"})
FARTHEST = timedelta(days=366)
"""No setting lets slots or visits lie farther ahead, so a recurring day need not be followed for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddHoliday:
    """A day to close. ``is_recurring``: on the same month and day of every year."""

    name: str
    day: date
    is_recurring: bool = False
    is_active: bool = True
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditHoliday:
    """What to change, by attribute; ``version`` is the one that was seen."""

    holiday_id: UUID
    changes: Mapping[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveHoliday:
    """An entry to delete; ``version`` is the one that was seen."""

    holiday_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCountry:
    """A country's public holidays, as `gateways.public_holidays.of_country` gives them."""

    country: str
    subdivision: str | None
    days: Sequence[PublicHoliday]


@dataclass(frozen=True, slots=True)
class HolidayChange:
    """What followed from a change: the days that closed and opened, the slots that went and came.

    ``rows``: the entries as they are now, none for one that was removed. ``skipped``: imported days that were in the
    list already. ``affected``: the booked visits on the days that closed; they stay, and their patients are told.
    """

    rows: tuple[HolidayRow, ...] = ()
    skipped: int = 0
    closed: tuple[date, ...] = ()
    opened: tuple[date, ...] = ()
    slots_removed: int = 0
    slots_created: int = 0
    affected: tuple[Visit, ...] = ()


def add(work: Work, command: AddHoliday) -> HolidayChange:
    """Close a day; raise HOLIDAY_EXISTS for one that is in the list, VALIDATION for one without a name."""
    doctors = _locked(work)
    name = _named(command.name)
    require_new(holidays.entries(work.session, work.actor), Holiday(command.day, command.is_recurring))
    row = HospitalHoliday(
        id=new_id(),
        hospital_id=work.actor.hospital_id,
        name=name,
        date=command.day,
        is_recurring=command.is_recurring,
        is_active=command.is_active,
        description=_text(command.description),
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return _settled(work, doctors, row, "added", before=frozenset())


def edit(work: Work, command: EditHoliday) -> HolidayChange:
    """Change an entry: days that it no longer closes open, others close.

    Raises NOT_FOUND, STALE_VERSION with the present entry, HOLIDAY_EXISTS or VALIDATION.
    """
    doctors = _locked(work)
    row = find(work.session, work.actor, HospitalHoliday, command.holiday_id, lock=True)
    require_version(row, command.version, holidays.one(work.session, work.actor, row.id, work.today))
    before = _closing(work, row)
    for attribute, value in command.changes.items():
        if attribute not in EDITABLE:
            raise DomainError(
                Code.VALIDATION, f"A holiday's {attribute} cannot be edited.", [Detail(attribute, "is fixed")]
            )
        setattr(row, attribute, value)
    row.name, row.description = _named(row.name), _text(row.description)
    if command.changes.keys() & {"date", "is_recurring", "is_active"}:
        with work.session.no_autoflush:
            others = [entry for entry in holidays.entries(work.session, work.actor) if entry.id != row.id]
        require_new(others, Holiday(row.date, row.is_recurring))
    row.version += 1
    work.session.flush()
    return _settled(work, doctors, row, "edited", before=before)


def remove(work: Work, command: RemoveHoliday) -> HolidayChange:
    """Delete an entry and open its days; raise NOT_FOUND or STALE_VERSION with the present entry."""
    doctors = _locked(work)
    row = find(work.session, work.actor, HospitalHoliday, command.holiday_id, lock=True)
    require_version(row, command.version, holidays.one(work.session, work.actor, row.id, work.today))
    days = _closing(work, row)
    work.session.delete(row)
    work.session.flush()
    created = _open(work, doctors, days)
    work.emit(
        HolidayChanged(entity_id=row.id, verb="removed", holiday_name=row.name, values={"date": row.date}),
    )
    return HolidayChange(opened=tuple(sorted(days)), slots_created=created)


def import_country(work: Work, command: ImportCountry) -> HolidayChange:
    """Close the public holidays of a country that the list lacks; doing it again changes nothing.

    A day that is in the list, be it under another name or not active, stays as its admin left it.
    """
    _locked(work)
    known = holidays.entries(work.session, work.actor)
    fresh: list[Entry] = []
    for public in command.days:
        if clash([*known, *fresh], Holiday(public.day)) is None:
            fresh.append(Entry(new_id(), public.name, public.day))
    if not fresh:
        return HolidayChange(skipped=len(command.days))
    where = "-".join(part for part in (command.country, command.subdivision) if part)
    values = {
        "hospital_id": work.actor.hospital_id,
        "is_recurring": False,
        "is_active": True,
        "description": f"Public holiday ({where})",
        "version": 1,
        "created_at": work.now,
    }
    rows = [values | {"id": entry.id, "name": entry.name, "date": entry.day} for entry in fresh]
    work.session.execute(insert(HospitalHoliday), rows)
    days = frozenset(entry.day for entry in fresh if entry.day >= work.today)
    removed, affected = _close(work, days)
    work.emit(
        *(
            HolidayChanged(
                entity_id=entry.id,
                verb="imported",
                holiday_name=entry.name,
                values={"date": entry.day, "country": where},
                affected=tuple(visit for visit in affected if visit.day == entry.day),
            )
            for entry in fresh
        )
    )
    created = {entry.id for entry in fresh}
    listed = holidays.listing(work.session, work.actor, work.today)
    return HolidayChange(
        rows=tuple(row for row in listed if row.id in created),
        skipped=len(command.days) - len(fresh),
        closed=tuple(sorted(days)),
        slots_removed=removed,
        affected=affected,
    )


def _locked(work: Work) -> list[UUID]:
    """Let no other change of the list, no booking and no filling run beside this one; return all doctors."""
    work.require(Permission.MANAGE_HOLIDAYS)
    # Changes of the list wait here for each other, in a hospital without doctors too.
    own = select(Hospital.id).where(Hospital.id == work.actor.hospital_id)
    work.session.execute(own.with_for_update(key_share=True, of=Hospital))
    return lock_all_doctors(work)


def _settled(
    work: Work, doctors: Sequence[UUID], row: HospitalHoliday, verb: str, *, before: frozenset[date]
) -> HolidayChange:
    """Let slots and patients follow an entry that has just been written."""
    after = _closing(work, row)
    opened, closed = before - after, after - before
    created = _open(work, doctors, opened)
    removed, affected = _close(work, closed)
    values = {
        "date": row.date,
        "is_recurring": row.is_recurring,
        "is_active": row.is_active,
        "slots_removed": removed,
        "slots_created": created,
    }
    work.emit(HolidayChanged(entity_id=row.id, verb=verb, holiday_name=row.name, values=values, affected=affected))
    return HolidayChange(
        rows=(holidays.one(work.session, work.actor, row.id, work.today),),
        closed=tuple(sorted(closed)),
        opened=tuple(sorted(opened)),
        slots_removed=removed,
        slots_created=created,
        affected=affected,
    )


def _closing(work: Work, row: HospitalHoliday) -> frozenset[date]:
    """Return the days from today on that an entry closes, as far ahead as anything is booked."""
    if not row.is_active:
        return frozenset()
    return frozenset(occurrences(Holiday(row.date, row.is_recurring), work.today, work.today + FARTHEST))


def _close(work: Work, days: Collection[date]) -> tuple[int, tuple[Visit, ...]]:
    """Remove all doctors' unheld slots of days; return their number, and the visits that stay on those days."""
    if not days:
        return 0, ()
    s = DoctorSlot
    doctors = select(Doctor.id).where(Doctor.hospital_id == work.actor.hospital_id)
    held = exists().where(Appointment.slot_id == s.id, Appointment.holds_slot)
    gone = work.session.execute(
        delete(s)
        .where(s.doctor_id.in_(doctors), s.slot_date.in_(sorted(days)), s.ends_at > work.now, ~held)
        .execution_options(synchronize_session=False)
    )
    affected = holidays.visits_on(work.session, work.actor, days, work.now)
    return gone.rowcount, tuple(affected)  # type: ignore[attr-defined]


def _open(work: Work, doctors: Sequence[UUID], days: Collection[date]) -> int:
    """Give doctors the slots of days that opened: all of them within the horizon, beyond it who had slots there."""
    horizon = last_day(work.today, work.hospital.policy)
    created = 0
    for day in sorted(days):
        chosen = doctors if day <= horizon else _generated_beyond(work, day)
        if chosen:
            created += sum(fill(work, chosen, day, day).values())
    return created


def _generated_beyond(work: Work, day: date) -> list[UUID]:
    s = DoctorSlot
    statement = select(s.doctor_id).where(s.hospital_id == work.actor.hospital_id, s.slot_date > day).distinct()
    return list(work.session.scalars(statement))


def _named(name: str) -> str:
    if not name.strip():
        raise DomainError(Code.VALIDATION, "A holiday needs a name.", [Detail("name", "is required")])
    return name.strip()


def _text(text: str | None) -> str | None:
    return (text or "").strip() or None
