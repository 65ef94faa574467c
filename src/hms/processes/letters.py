"""From a claimed message to what is sent: words, facts and the calendar file."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hms.access.links import LinkSigner, OptOutLink, VisitLink
from hms.domain.appointments import OPEN, Status
from hms.domain.preferences import may_decline
from hms.gateways.calendars import CalendarEntry, write_calendar
from hms.gateways.protocols import Attachment, Mail, ShortMessage
from hms.gateways.templates import Letter, Letterhead, Step, html, plain, short
from hms.languages import Voice, marked, voice
from hms.processes.letter_files import files_of
from hms.processes.letter_samples import is_sample, sample_table, with_sample_visit
from hms.processes.letter_tables import address_of, table_of
from hms.queries.deliveries import Delivery, LetterVisit
from hms.runtime import Runtime

WITH_CALENDAR = frozenset({"APPOINTMENT_BOOKED", "APPOINTMENT_RESCHEDULED", "APPOINTMENT_CANCELLED"})


LINKED = WITH_CALENDAR - {"APPOINTMENT_CANCELLED"} | {"APPOINTMENT_REMINDER"}
"""Messages that let the patient confirm, move or cancel the visit that they tell of."""

LOGIN_STEPS = {
    "LOGIN_LINK_VERIFY": (marked("Confirm my address"), "verify"),
    "LOGIN_LINK_RESET": (marked("Choose a new password"), "reset"),
}


@dataclass(frozen=True, slots=True)
class WritingDesk:
    """Writes what is sent. ``base_url``: where this house's pages are; links are signed as they are written."""

    runtime: Runtime
    links: LinkSigner
    base_url: str

    @classmethod
    def of(cls, runtime: Runtime) -> "WritingDesk":
        """Build the desk of a house."""
        return cls(runtime, LinkSigner(runtime.secret_key), runtime.settings.base_url)

    def mail_of(self, delivery: Delivery, now: datetime, machine_now: datetime) -> Mail:
        """Write the mail of a message. ``now``: the hospital clock's, by which visits begin."""
        letter = self.letter_of(delivery, now)
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
            stop=letter.stop,
            attachments=self._files(letter.say, delivery, now, machine_now),
        )

    def _files(self, say: Voice, delivery: Delivery, now: datetime, machine_now: datetime) -> tuple[Attachment, ...]:
        if is_sample(delivery):
            return ()  # an invented visit has no place in anybody's calendar
        return (*_attachments(say, delivery, machine_now), *files_of(self.runtime, delivery, now))

    def text_of(self, delivery: Delivery, now: datetime) -> ShortMessage:
        """Write the text message of a message, with one address at most.

        From that of a visit it is confirmed, moved, or left, and such texts are declined; other texts carry the address
        at which they are declined.
        """
        delivery = with_sample_visit(delivery)
        letter = self.letter_of(delivery, now)
        say, go_on = letter.say, [""]
        if address := self._visit_address(delivery, now):
            words = (say("Confirm, move or cancel:"), say("Confirm/cancel:"), "")
            go_on = [f"{each} {address}".strip() for each in words]
        elif letter.stop:
            go_on = [" ".join((say("Stop texts:"), letter.stop))]
        return ShortMessage(message_id=delivery.id, to=delivery.address, text=short(letter, go_on))

    def letter_of(self, delivery: Delivery, now: datetime) -> Letter:
        """Return what a message says, with the facts of the appointment that it is about, and what can be done.

        All in the language in which it was written, though its reader may have chosen another one since.
        """
        say = voice(delivery.language, delivery.locale)
        delivery = with_sample_visit(delivery)
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
            facts=_facts(say, delivery),
            steps=self._steps(say, delivery, now),
            table=sample_table(say, delivery) if is_sample(delivery) else table_of(self.runtime, say, delivery),
            stop=self._stop_address(delivery),
            short=delivery.short,
            say=say,
        )

    def _steps(self, say: Voice, delivery: Delivery, now: datetime) -> tuple[Step, ...]:
        if delivery.type in LOGIN_STEPS and (link_id := delivery.metadata.get("loginLinkId")):
            words, path = LOGIN_STEPS[delivery.type]
            return (Step(say(words), f"{self.base_url}/{path}/{self.links.login_token(UUID(link_id))}", is_main=True),)
        if whole := address_of(self.base_url, delivery):
            return (Step(say("See it in HMS"), whole, is_main=True),)
        address = self._visit_address(delivery, now)
        if not address:
            return ()
        return (
            Step(say("I will come"), f"{address}/confirm", is_main=True),
            Step(say("Choose another time"), f"{address}/move"),
            Step(say("Cancel the visit"), f"{address}/cancel"),
        )

    def _stop_address(self, delivery: Delivery) -> str:
        """Return where the reader declines such messages; empty for those that nobody can decline."""
        person_id = delivery.patient_id or delivery.user_id
        if person_id is None or not may_decline(delivery.type):
            return ""
        link = OptOutLink(person_id, delivery.patient_id is not None, delivery.channel)
        return f"{self.base_url}/o/{self.links.opt_out_token(link)}"

    def _visit_address(self, delivery: Delivery, now: datetime) -> str:
        """Return the private address of the visit that a message is about; none once nothing can be done there."""
        visit = delivery.visit
        if visit is None or delivery.type not in LINKED or not _is_about(delivery, visit):
            return ""
        if visit.status not in OPEN or now >= visit.starts_at:
            return ""
        token = self.links.visit_token(VisitLink(visit.appointment_id, visit.sequence))
        return f"{self.base_url}/v/{token}"


def _facts(say: Voice, delivery: Delivery) -> tuple[tuple[str, str], ...]:
    visit = delivery.visit
    if visit is None or not _is_about(delivery, visit):
        return ()
    start = visit.starts_at.astimezone(delivery.zone)
    times = [say.time(at.astimezone(delivery.zone).time()) for at in (visit.starts_at, visit.ends_at)]
    doctor = say("Dr. {name}", name=visit.doctor_name)
    return (
        (say("Doctor"), say("{doctor}, {specialization}", doctor=doctor, specialization=visit.specialization)),
        (say("Date"), say.day(start.date())),
        (say("Time"), say("{start} – {end} ({zone})", start=times[0], end=times[1], zone=f"{start:%Z}")),
    )


def _is_about(delivery: Delivery, visit: LetterVisit) -> bool:
    """Tell whether the appointment still has the time that the message speaks of."""
    told = delivery.metadata.get("startsAt")
    return told is None or datetime.fromisoformat(told) == visit.starts_at


def _attachments(say: Voice, delivery: Delivery, machine_now: datetime) -> tuple[Attachment, ...]:
    visit = delivery.visit
    if visit is None or delivery.type not in WITH_CALENDAR or not _is_about(delivery, visit):
        return ()
    is_cancelled = visit.status is Status.CANCELLED
    if is_cancelled and delivery.type != "APPOINTMENT_CANCELLED":
        return ()  # a late mail must not put a cancelled visit back into a calendar
    doctor = say("Dr. {name}", name=visit.doctor_name)
    entry = CalendarEntry(
        appointment_id=visit.appointment_id,
        sequence=visit.sequence,
        summary=f"{doctor}, {delivery.hospital_name}",
        location=", ".join(part for part in (delivery.hospital_name, delivery.hospital_address) if part),
        description=say(
            "Appointment with {doctor} ({specialization}).", doctor=doctor, specialization=visit.specialization
        ),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        written_at=machine_now,
        is_cancelled=is_cancelled,
    )
    return (
        Attachment("appointment.ics", f"text/calendar; method={entry.method}; charset=utf-8", write_calendar(entry)),
    )
