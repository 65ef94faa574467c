"""Appointments for tests of attendance: written as the booking service would write them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hms.domain.appointments import no_show_due
from hms.models import Appointment, Doctor, DoctorSlot, Hospital, Patient
from hms.runtime import Runtime
from tests.support.factories import add, in_one_go


def make_visit(
    runtime: Runtime, hospital: Hospital, doctor: Doctor, patient: Patient, starts_at: datetime, **values: Any
) -> UUID:
    """Make a SCHEDULED appointment with its slot, booked a week before unless told otherwise; return its id."""
    duration = timedelta(minutes=values.pop("minutes", doctor.slot_duration))
    booked_at = values.pop("booked_at", starts_at - timedelta(days=7))
    local, local_end = (at.astimezone(hospital.zone) for at in (starts_at, starts_at + duration))
    span = {"starts_at": starts_at, "ends_at": starts_at + duration}
    walls = {"start_time": local.time(), "end_time": local_end.time()}
    slot_id = _slot(runtime, doctor, starts_at)
    with in_one_go(runtime):
        appointment = Appointment(
            **{
                "hospital_id": hospital.id,
                "patient_id": patient.id,
                "doctor_id": doctor.id,
                "slot_id": slot_id or _make_slot(runtime, doctor, local, span | walls),
                "appointment_date": local.date(),
                **span,
                **walls,
                "duration_minutes": duration // timedelta(minutes=1),
                "booked_at": booked_at,
                "no_show_due_at": no_show_due(starts_at, booked_at, duration),
                "updated_at": booked_at,
            }
            | values
        )
        add(runtime, appointment)
    return appointment.id


def local(hospital: Hospital, at: datetime, wall: str) -> datetime:
    """Return the instant of a wall time ("09:14:59") on the hospital's day of ``at``."""
    day = at.astimezone(hospital.zone).date()
    return datetime.combine(day, time.fromisoformat(wall), hospital.zone)


def reload(runtime: Runtime, model: type[Any], row_id: UUID) -> Any:
    """Return a row as it is stored now."""
    with runtime.reading() as session:
        return session.get_one(model, row_id)


def rows(runtime: Runtime, model: type[Any], *conditions: Any) -> list[Any]:
    """Return the stored rows that meet the conditions, in the order of their keys, which rise with time."""
    with runtime.reading() as session:
        return list(session.scalars(select(model).where(*conditions).order_by(*model.__table__.primary_key)))


def _slot(runtime: Runtime, doctor: Doctor, starts_at: datetime) -> UUID | None:
    with runtime.reading() as session:
        return session.scalar(
            select(DoctorSlot.id).where(DoctorSlot.doctor_id == doctor.id, DoctorSlot.starts_at == starts_at)
        )


def _make_slot(runtime: Runtime, doctor: Doctor, starts: datetime, spans: dict[str, Any]) -> UUID:
    slot = DoctorSlot(hospital_id=doctor.hospital_id, doctor_id=doctor.id, slot_date=starts.date(), **spans)
    add(runtime, slot)
    return slot.id
