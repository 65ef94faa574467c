"""What the product would have audited and told of each step: audit rows, notifications, delivered messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hms.access.actors import SYSTEM_ROLE
from hms.domain.appointments import Status
from hms.domain.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    Changed,
    Event,
    NoShowMarked,
    PatientBlocked,
    Visit,
)
from hms.domain.messages import RANK, Channel, MessageStatus, Notice
from hms.domain.no_shows import block_reason
from hms.domain.people import Role
from hms.languages import ENGLISH
from hms.outbox.notices import notices_of
from hms.outbox.record import message_key
from hms.processes.demo.people import Login
from hms.processes.demo.rows import who
from hms.processes.demo.seeded import Row, Seeded
from hms.processes.demo.visits import THRESHOLD, DemoVisit, Mark, Step

LAST_MINUTE = timedelta(hours=24)
READ_AFTER = timedelta(days=2)


@dataclass
class Told:
    """The rows collected so far."""

    chance: Seeded
    hospital_id: UUID
    staff: dict[Role, Login]
    now: datetime
    locale: str = ENGLISH
    audit: list[Row] = field(default_factory=list)
    notifications: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)

    def tell(self, visit: DemoVisit, *, consultation_id: UUID | None) -> None:
        """Collect what follows from all steps of a visit."""
        for step in visit.steps:
            for event in _events(visit, step, consultation_id):
                self.audit.append(self._audit_row(event, visit, step))
                for notice in notices_of(event, self.locale):
                    self._notify(notice, step.at)

    def _audit_row(self, event: Event, visit: DemoVisit, step: Step) -> Row:
        return {
            "hospital_id": self.hospital_id,
            "at": step.at,
            "actor_id": who(step, visit, self.staff),
            "actor_role": step.by if step.by in Role.__members__ else SYSTEM_ROLE,
            "action": event.name,
            "entity": event.subject,
            "entity_id": event.entity_id,
            "details": event.details(),
        }

    def _notify(self, notice: Notice, at: datetime) -> None:
        identifier = self.chance.id_at(at)
        self.notifications.append(
            {
                "id": identifier,
                "hospital_id": self.hospital_id,
                "user_id": notice.recipient.user_id,
                "patient_id": notice.recipient.patient_id,
                "type": notice.type,
                "title": notice.title,
                "message": notice.message,
                "priority": notice.priority,
                "notification_metadata": notice.kept,
                "created_at": at,
                "read_at": at + READ_AFTER if at + READ_AFTER < self.now else None,
            }
        )
        for channel in sorted(notice.channels):
            address = {Channel.EMAIL: notice.recipient.email, Channel.SMS: notice.recipient.phone}.get(channel)
            if channel is Channel.IN_APP or address:
                self.messages.append(self._message_row(notice, channel, address, identifier, at))

    def _message_row(
        self, notice: Notice, channel: Channel, address: str | None, notification_id: UUID, at: datetime
    ) -> Row:
        in_app = channel is Channel.IN_APP
        return {
            "id": self.chance.id_at(at),
            "hospital_id": self.hospital_id,
            "notification_id": notification_id,
            "key": message_key(notice, channel),
            "channel": channel,
            "address": address,
            "status": MessageStatus.DELIVERED,
            "rank": RANK[notice.priority],
            "attempts": 0 if in_app else 1,
            "queued_at": at,
            "next_attempt_at": at,
            "created_at": at,
            "delivered_at": at if in_app else at + timedelta(seconds=self.chance.randint(1, 9)),
        }


def _events(visit: DemoVisit, step: Step, consultation_id: UUID | None) -> Iterator[Event]:
    match step.after:
        case Status.SCHEDULED:
            yield AppointmentBooked(entity_id=visit.id, visit=seen(visit), starts_at=visit.slot.plan.starts_at)
        case Status.CANCELLED:
            yield AppointmentCancelled(
                entity_id=visit.id,
                visit=seen(visit),
                before=step.before or Status.SCHEDULED,
                by_patient=step.by == "PATIENT",
                is_last_minute=visit.slot.plan.starts_at - step.at <= LAST_MINUTE,
                reason=step.reason,
            )
        case Status.NO_SHOW if visit.mark:
            yield from _missed(visit, visit.mark)
        case Status.IN_PROGRESS if consultation_id:
            yield _moved(visit, step)
            yield _consulted(consultation_id, "started", appointment_id=visit.id)
        case Status.COMPLETED if consultation_id:
            fields = ["chief_complaint", "diagnosis", "treatment_notes", *(["prescriptions"] if visit.case[3] else [])]
            yield _consulted(consultation_id, "completed", fields=sorted(fields))
            yield _moved(visit, step)
        case _:
            yield _moved(visit, step)


def _moved(visit: DemoVisit, step: Step) -> Event:
    return AppointmentMoved(entity_id=visit.id, before=step.before or step.after, after=step.after, reason=step.reason)


def _consulted(consultation_id: UUID, verb: str, **values: object) -> Event:
    return Changed(entity_id=consultation_id, noun="consultation", verb=verb, values=values)


def _missed(visit: DemoVisit, mark: Mark) -> Iterator[Event]:
    yield NoShowMarked(
        entity_id=visit.id, visit=seen(visit), reason=mark.reason, slot_released=mark.release, count=mark.count
    )
    if visit.patient.blocked_at == mark.at:
        reason = block_reason(THRESHOLD)
        who = visit.patient
        yield PatientBlocked(entity_id=who.id, patient=who.contact, reason=reason, version=2, by_count=True)


def seen(visit: DemoVisit) -> Visit:
    """Return the visit as messages describe it."""
    return Visit(
        appointment_id=visit.id,
        patient=visit.patient.contact,
        doctor=visit.doctor.contact,
        doctor_name=visit.doctor.contact.name,
        day=visit.slot.plan.day,
        start=visit.slot.plan.start,
        starts_at=visit.slot.plan.starts_at,
    )
