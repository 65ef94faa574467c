"""What a wish for a time concerns - doctor, patient, slot - found and locked in the house's order."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, literal, select, true

from hms.access.permissions import Permission, may
from hms.domain.bookings import BookingFacts, DoctorFacts, SlotFacts
from hms.domain.intervals import Span
from hms.domain.people import Contact, PatientStatus
from hms.domain.policy import Policy
from hms.domain.slots import instant_of, last_day, wall_end
from hms.models import Doctor, DoctorSlot, Hospital, Patient, User
from hms.queries.bookings import Wish, state_of
from hms.queries.hospitals import HospitalRules
from hms.services import slots
from hms.services.calendars import once_read
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class WishedDoctor:
    """A doctor with login, as a booking needs them. ``slot_duration`` in minutes."""

    id: UUID
    user_id: UUID
    specialization: str
    slot_duration: int
    max_patients_per_day: int
    is_available: bool
    first_name: str
    last_name: str
    email: str
    phone: str | None
    language: str

    @property
    def contact(self) -> Contact:
        """Tell where this doctor can be reached."""
        name = f"{self.first_name} {self.last_name}"
        return Contact(name=name, user_id=self.user_id, email=self.email, phone=self.phone, language=self.language)


@dataclass(frozen=True, slots=True)
class WishedPatient:
    """A patient, as a booking needs them."""

    id: UUID
    user_id: UUID | None
    mrn: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    language: str
    status: PatientStatus

    @property
    def contact(self) -> Contact:
        """Tell where this patient can be reached."""
        return Contact(
            name=f"{self.first_name} {self.last_name}",
            patient_id=self.id,
            user_id=self.user_id,
            email=self.email,
            phone=self.phone,
            language=self.language,
        )


@dataclass(frozen=True, slots=True)
class WishedSlot:
    """The slot that starts at the wished time."""

    id: UUID
    slot_date: date
    start_time: time
    end_time: time
    starts_at: datetime
    ends_at: datetime
    blocked_manually: bool
    absence_id: UUID | None

    @property
    def is_blocked(self) -> bool:
        """Whether a person or an absence keeps it from being booked."""
        return self.blocked_manually or self.absence_id is not None

    @property
    def duration(self) -> timedelta:
        """How long a visit in it lasts."""
        return self.ends_at - self.starts_at


@dataclass(frozen=True, slots=True)
class Claim:
    """One wish with all that it concerns, locked; what does not exist is None."""

    doctor: WishedDoctor | None
    patient: WishedPatient | None
    slot: WishedSlot | None
    wish: Wish


def claim(
    work: Work, patient_id: UUID, doctor_id: UUID, day: date, start: time, *, moving: UUID | None = None
) -> Claim:
    """Lock doctor (against changes of the calendar), patient and slot; a day without slots is generated first.

    ``moving``: the appointment that is to be moved there. On PostgreSQL this is one statement, whose rows are as they
    are once all locks are held; a slot that was laid while it waited for the doctor is found by a second look.
    """
    place = {"hospital_id": work.actor.hospital_id, "doctor_id": doctor_id, "day": day, "start": start}
    cells: tuple[Any, ...] = tuple(work.session.execute(_LOCKED, place | {"patient_id": patient_id}).one())
    doctor = WishedDoctor(*cells[_DOCTOR]) if cells[0] is not None else None
    patient = WishedPatient(*cells[_PATIENT]) if cells[_PATIENT.start] is not None else None
    slot = WishedSlot(*cells[_SLOT]) if cells[_SLOT.start] is not None else None
    if doctor is not None:
        code, timezone, settings, locale = cells[_SLOT.stop :]
        policy = Policy.from_settings(settings)
        work.hospital = HospitalRules(work.actor.hospital_id, code, ZoneInfo(timezone), policy, locale)
        if slot is None and work.today <= day <= last_day(work.today, work.hospital.policy):
            slots.fill_day(work, doctor.id, day)
            row = work.session.execute(_SLOT_ALONE, place).one_or_none()
            slot = WishedSlot(*row) if row else None
    return Claim(doctor, patient, slot, _wish(work, patient_id, doctor, slot, day, start, moving))


def facts(work: Work, claimed: Claim, *, overrides_block: bool = False) -> BookingFacts:
    """Read what decides about a claim, now that it is locked."""
    state = state_of(work.session, claimed.wish)
    wish, doctor, slot = claimed.wish, claimed.doctor, claimed.slot
    doctor_facts = slot_facts = None
    if doctor is not None:
        doctor_facts = DoctorFacts(
            doctor.is_available, state.login_is_active, doctor.max_patients_per_day, state.counted
        )
    if slot is not None:
        slot_facts = SlotFacts(slot.is_blocked, state.slot_is_held or state.doctor_is_taken)
    return BookingFacts(
        now=work.now,
        today=work.today,
        policy=work.hospital.policy,
        day=wish.day,
        wall=wish.wall,
        ends_at=wish.span.end,
        patient_status=claimed.patient.status if claimed.patient else None,
        may_override=may(work.actor, Permission.OVERRIDE_BLOCK),
        overrides_block=overrides_block,
        patient_is_taken=state.patient_is_taken,
        doctor=doctor_facts,
        is_holiday=state.is_holiday,
        is_absent=state.is_absent,
        blocks=state.blocks,
        slot=slot_facts,
    )


def _wish(
    work: Work,
    patient_id: UUID,
    doctor: WishedDoctor | None,
    slot: WishedSlot | None,
    day: date,
    start: time,
    moving: UUID | None,
) -> Wish:
    if slot is not None:
        wall, span = Span(slot.start_time, slot.end_time), Span(slot.starts_at, slot.ends_at)
    else:
        # A slot has its own length; without one, the doctor's tells how long the visit would be.
        starts_at = instant_of(day, start, work.hospital.zone)
        minutes = doctor.slot_duration if doctor else 0
        wall = Span(start, wall_end(start, minutes) or time.max)
        span = Span(starts_at, starts_at + timedelta(minutes=minutes))
    return Wish(
        hospital_id=work.actor.hospital_id,
        patient_id=patient_id,
        doctor_id=doctor.id if doctor else None,
        user_id=doctor.user_id if doctor else None,
        slot_id=slot.id if slot else None,
        day=day,
        wall=wall,
        span=span,
        moving=moving,
    )


def _slot_locked() -> Select[Any]:
    slot = DoctorSlot.__table__.c
    # By wall time, not by instant: a skipped 02:30 must not find the slot of 03:30.
    return (
        select(slot.id, slot.slot_date, slot.start_time, slot.end_time, slot.starts_at, slot.ends_at)
        .add_columns(slot.blocked_manually, slot.absence_id)
        .where(
            slot.hospital_id == _HOSPITAL_ID,
            slot.doctor_id == bindparam("doctor_id"),
            slot.slot_date == bindparam("day"),
            slot.start_time == bindparam("start"),
        )
        .with_for_update(key_share=True, of=DoctorSlot.__table__)
    )


def _all_locked() -> Select[Any]:
    """Select doctor, patient and slot, each locked after the one before, in one row; what is missing is null."""
    doctor, user, hospital, patient = (m.__table__.c for m in (Doctor, User, Hospital, Patient))
    doctors = (
        select(doctor.id, user.id.label("user_id"), doctor.specialization, doctor.slot_duration)
        .add_columns(doctor.max_patients_per_day, doctor.is_available)
        .add_columns(user.first_name, user.last_name, user.email, user.phone, user.language)
        .add_columns(hospital.code, hospital.timezone, hospital.settings, hospital.locale)
        .join_from(Doctor.__table__, User.__table__, user.id == doctor.user_id)
        .join(Hospital.__table__, hospital.id == doctor.hospital_id)
        .where(doctor.id == bindparam("doctor_id"), doctor.hospital_id == _HOSPITAL_ID)
        .with_for_update(read=True, of=Doctor.__table__)
        .cte("d")
    )
    patients = (
        select(patient.id, patient.user_id, patient.mrn, patient.first_name, patient.last_name)
        .add_columns(patient.email, patient.phone, patient.language, patient.status)
        .where(patient.id == bindparam("patient_id"), patient.hospital_id == _HOSPITAL_ID, once_read(doctors))
        .with_for_update(key_share=True, of=Patient.__table__)
        .cte("p")
    )
    chosen = _slot_locked().where(once_read(patients)).cte("s")
    one = select(literal(1).label("one")).subquery("one")
    rules = [doctors.c.code, doctors.c.timezone, doctors.c.settings, doctors.c.locale]
    return select(*[c for c in doctors.c if c not in rules], *patients.c, *chosen.c, *rules).select_from(
        one.outerjoin(doctors, true()).outerjoin(patients, true()).outerjoin(chosen, true())
    )


def _slices(*rows: type[Any]) -> list[slice]:
    ends = list(accumulate(len(fields(row)) for row in rows))
    return [slice(start, end) for start, end in pairwise([0, *ends])]


# Built once: building takes longer than reading.
_HOSPITAL_ID = bindparam("hospital_id", type_=Doctor.__table__.c.hospital_id.type)
_LOCKED = _all_locked()
_SLOT_ALONE = _slot_locked()
_DOCTOR, _PATIENT, _SLOT = _slices(WishedDoctor, WishedPatient, WishedSlot)
