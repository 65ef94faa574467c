"""Vitals: record what was measured of a patient who waits, and put it right."""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import select

from hms.access.permissions import Permission
from hms.domain.errors import Code, DomainError
from hms.domain.events import VitalsRecorded
from hms.domain.vitals import Measured, require_plausible, require_waiting
from hms.models import Vitals
from hms.services import lifecycle, stage_alerts
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class Record:
    """``correction_reason``: why what is recorded already is replaced; ``version``: the appointment's as seen."""

    appointment_id: UUID
    measured: Measured
    correction_reason: str | None = None
    version: int | None = None


def record(work: Work, command: Record) -> UUID:
    """Record the vitals of a patient who is checked in and return their id; the first ones set vitals_recorded_at.

    Nurses and admins for everybody, doctors for their own. A second time only with a reason (ALREADY_EXISTS
    otherwise): the new set takes the place of the earlier one, which stays in the history.
    """
    work.require(Permission.RECORD_VITALS)
    appointment = lifecycle.locked(work, command.appointment_id)
    lifecycle.require_own(work, appointment)
    lifecycle.require_seen(work, appointment, command.version)
    require_waiting(appointment.status)
    require_plausible(command.measured)
    is_first = appointment.vitals_recorded_at is None
    reason = (command.correction_reason or "").strip() or None
    if not is_first and reason is None:
        raise DomainError(
            Code.ALREADY_EXISTS,
            "Vitals are recorded already. To put them right, record them again and say why.",
        )
    earlier = work.session.scalar(
        select(Vitals).where(Vitals.appointment_id == appointment.id, Vitals.superseded_at.is_(None))
    )
    if earlier is not None:
        # Also after a mistaken check-in was undone: those vitals are no longer the visit's present ones.
        earlier.superseded_at = work.now
        work.session.flush()
    vitals = Vitals(
        hospital_id=appointment.hospital_id,
        appointment_id=appointment.id,
        recorded_at=work.now,
        recorded_by=work.actor.user_id,
        correction_reason=None if is_first else reason,
        **asdict(command.measured),
    )
    work.session.add(vitals)
    if is_first:
        appointment.vitals_recorded_at = work.now
        stage_alerts.vitals_done(work, appointment)
    appointment.version += 1
    appointment.updated_at = work.now
    work.session.flush()
    work.emit(VitalsRecorded(entity_id=appointment.id, vitals_id=vitals.id, is_correction=not is_first))
    return vitals.id
