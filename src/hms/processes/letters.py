"""From a claimed message to what is sent: words, facts and the calendar file."""

from datetime import datetime

from hms.domain.appointments import Status
from hms.gateways.calendars import CalendarEntry, write_calendar
from hms.gateways.protocols import Attachment, Mail, ShortMessage
from hms.gateways.templates import Letter, Letterhead, html, plain, short
from hms.queries.deliveries import Delivery, LetterVisit

WITH_CALENDAR = frozenset({"APPOINTMENT_BOOKED", "APPOINTMENT_RESCHEDULED", "APPOINTMENT_CANCELLED"})


def mail_of(delivery: Delivery, machine_now: datetime) -> Mail:
    """Write the mail of a message."""
    letter = letter_of(delivery)
    return Mail(
        message_id=delivery.id,
        to=delivery.address,
        to_name=delivery.recipient_name,
        sender_name=delivery.hospital_name,
        subject=delivery.title,
        text=plain(letter),
        html=html(letter),
        written_at=machine_now,
        reply_to=delivery.hospital_email,
        attachments=_attachments(delivery, machine_now),
    )


def text_of(delivery: Delivery) -> ShortMessage:
    """Write the text message of a message."""
    return ShortMessage(message_id=delivery.id, to=delivery.address, text=short(letter_of(delivery)))


def letter_of(delivery: Delivery) -> Letter:
    """Return what a message says, with the facts of the appointment that it is about."""
    return Letter(
        hospital=Letterhead(
            name=delivery.hospital_name,
            address=delivery.hospital_address,
            phone=delivery.hospital_phone,
            email=delivery.hospital_email,
        ),
        name=delivery.recipient_name,
        title=delivery.title,
        message=delivery.message,
        facts=_facts(delivery),
    )


def _facts(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    visit = delivery.visit
    if visit is None or not _is_about(delivery, visit):
        return ()
    start = visit.starts_at.astimezone(delivery.zone)
    end = visit.ends_at.astimezone(delivery.zone)
    return (
        ("Doctor", f"{visit.doctor_name}, {visit.specialization}"),
        ("Date", f"{start:%A} {start.day} {start:%B %Y}"),
        ("Time", f"{start:%H:%M} – {end:%H:%M} ({start:%Z})"),
    )


def _is_about(delivery: Delivery, visit: LetterVisit) -> bool:
    """Tell whether the appointment still has the time that the message speaks of."""
    told = delivery.metadata.get("startsAt")
    return told is None or datetime.fromisoformat(told) == visit.starts_at


def _attachments(delivery: Delivery, machine_now: datetime) -> tuple[Attachment, ...]:
    visit = delivery.visit
    if visit is None or delivery.type not in WITH_CALENDAR or not _is_about(delivery, visit):
        return ()
    is_cancelled = visit.status is Status.CANCELLED
    if is_cancelled and delivery.type != "APPOINTMENT_CANCELLED":
        return ()  # a late mail must not put a cancelled visit back into a calendar
    entry = CalendarEntry(
        appointment_id=visit.appointment_id,
        sequence=visit.sequence,
        summary=f"{visit.doctor_name}, {delivery.hospital_name}",
        location=", ".join(part for part in (delivery.hospital_name, delivery.hospital_address) if part),
        description=f"Appointment with {visit.doctor_name} ({visit.specialization}).",
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        written_at=machine_now,
        is_cancelled=is_cancelled,
    )
    return (
        Attachment("appointment.ics", f"text/calendar; method={entry.method}; charset=utf-8", write_calendar(entry)),
    )
