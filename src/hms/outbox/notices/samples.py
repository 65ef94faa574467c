"""One invented event for every message that there is, so that admins can see what people are told."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from hms.domain.appointments import Status
from hms.domain.consultations import ParticipantRole
from hms.domain.events import (
    AbsenceChanged,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentReminded,
    AppointmentRescheduled,
    Asker,
    DaySummarised,
    DoctorMadeUnavailable,
    Event,
    HistoryExported,
    HistoryExportFailed,
    HolidayChanged,
    JobFailing,
    JobRecovered,
    LoginLinkMade,
    MarkChanged,
    MonthReported,
    NoShowMarked,
    ParticipantInvited,
    PasswordReset,
    PatientBlocked,
    PatientUnblocked,
    ScheduleChanged,
    StageAlertRaised,
    Visit,
)
from hms.domain.messages import Notice
from hms.domain.no_shows import Correction, MarkAction, NoShowReason
from hms.domain.people import Contact, LinkPurpose
from hms.domain.reports import ReportTotals, first_of_month
from hms.domain.stage_alerts import AlertFacts, AlertType
from hms.outbox.notices.base import notices_of

NOBODY = UUID(int=0)
"""Stands for every row that a sample would be about: links to it lead nowhere."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is invented for a reader of ``language``: a visit on ``day``."""

    day: date
    zone: ZoneInfo
    language: str

    @property
    def patient(self) -> Contact:
        """Who is told as a patient."""
        return Contact("Sofia Lindgren", patient_id=NOBODY, email="sofia@hms.example", language=self.language)

    @property
    def doctor(self) -> Contact:
        """Who is told as a doctor."""
        return Contact("Meera Rao", user_id=NOBODY, email="meera@hms.example", language=self.language)

    def visit(self, start: time = time(9), doctor_name: str = "Meera Rao") -> Visit:
        """Return the visit, or one at another time or doctor's."""
        starts_at = datetime.combine(self.day, start, tzinfo=self.zone)
        doctor = replace(self.doctor, name=doctor_name)
        return Visit(NOBODY, self.patient, doctor, doctor_name, self.day, start, starts_at)


@dataclass(frozen=True, slots=True)
class Sample:
    """A message by the event that causes it. ``words``: when it is sent; ``place``: which of the event's notices."""

    words: str
    event: Callable[[Facts], Event]
    place: int = 0


def notice_of(sample: str, facts: Facts, locale: str) -> Notice:
    """Write a sample's notice; raise KeyError for one that there is not."""
    wanted = SAMPLES[sample]
    return notices_of(wanted.event(facts), locale)[wanted.place]


def _rescheduled(facts: Facts, before: Visit) -> Event:
    visit = facts.visit()
    return AppointmentRescheduled(
        entity_id=NOBODY,
        before=before,
        visit=visit,
        was_at=before.starts_at,
        starts_at=visit.starts_at,
        sequence=1,
    )


def _cancelled(facts: Facts, *, by_patient: bool = False, is_last_minute: bool = False) -> Event:
    return AppointmentCancelled(
        entity_id=NOBODY,
        visit=facts.visit(),
        before=Status.SCHEDULED,
        by_patient=by_patient,
        is_last_minute=is_last_minute,
    )


def _reminded(facts: Facts, lead: int) -> Event:
    visit = facts.visit()
    return AppointmentReminded(entity_id=NOBODY, visit=visit, starts_at=visit.starts_at, lead=lead)


def _marked(verb: MarkAction, *, counts: bool = False, to: Correction | None = None) -> Callable[[Facts], Event]:
    return lambda facts: MarkChanged(
        entity_id=NOBODY, verb=verb, visit=facts.visit(), note="", version=1, count=1, counts=counts, to=to
    )


def _alert(kind: AlertType) -> Callable[[Facts], Event]:
    known = AlertFacts("Sofia Lindgren", "HMS001-MKEVX0F35AIU", time(9, 5), time(9, 5), 60)
    return lambda facts: StageAlertRaised(
        entity_id=NOBODY, appointment_id=NOBODY, alert_type=kind, facts=known, staff=(facts.doctor,)
    )


def _link(purpose: LinkPurpose, *, is_known: bool = False) -> Callable[[Facts], Event]:
    return lambda facts: LoginLinkMade(
        entity_id=NOBODY, link_id=NOBODY, purpose=purpose, contact=facts.patient, is_known=is_known
    )


def _blocked(facts: Facts, *, by_count: bool) -> Event:
    return PatientBlocked(entity_id=NOBODY, patient=facts.patient, reason="", version=1, by_count=by_count)


def _absence(**visits: tuple[Visit, ...]) -> Event:
    return AbsenceChanged(entity_id=NOBODY, verb="created", values={}, **visits)


SAMPLES: dict[str, Sample] = {
    "booked": Sample(
        "A visit is booked",
        lambda facts: AppointmentBooked(entity_id=NOBODY, visit=facts.visit(), starts_at=facts.visit().starts_at),
    ),
    "moved": Sample("A visit is moved", lambda facts: _rescheduled(facts, facts.visit(time(15, 30)))),
    "moved_doctor": Sample(
        "A visit is moved to another doctor", lambda facts: _rescheduled(facts, facts.visit(time(9), "Ravi Iyer"))
    ),
    "cancelled": Sample("A visit is cancelled", _cancelled),
    "reminder": Sample("Some days before a visit", lambda facts: _reminded(facts, 1)),
    "reminder_today": Sample("In the morning of a visit", lambda facts: _reminded(facts, 0)),
    "schedule": Sample(
        "A doctor's week changes",
        lambda facts: ScheduleChanged(entity_id=NOBODY, affected=(facts.visit(),)),
    ),
    "holiday": Sample(
        "A day is closed",
        lambda facts: HolidayChanged(
            entity_id=NOBODY, verb="created", holiday_name="Founders' Day", values={}, affected=(facts.visit(),)
        ),
    ),
    "absence": Sample("A doctor will be away", lambda facts: _absence(affected=(facts.visit(),))),
    "emergency": Sample("A doctor's emergency", lambda facts: _absence(cancelled=(facts.visit(),))),
    "unavailable": Sample(
        "A doctor takes no more patients",
        lambda facts: DoctorMadeUnavailable(entity_id=NOBODY, cancelled=(facts.visit(),)),
    ),
    "no_show": Sample(
        "A visit was missed",
        lambda facts: NoShowMarked(
            entity_id=NOBODY, visit=facts.visit(), reason=NoShowReason.AUTO_TIMEOUT, slot_released=False, count=1
        ),
    ),
    "waived": Sample("A missed visit is forgiven", _marked(MarkAction.WAIVED)),
    "reinstated": Sample("A missed visit counts again", _marked(MarkAction.REINSTATED, counts=True)),
    "reinstated_only": Sample("Forgiveness is taken back, and it still does not count", _marked(MarkAction.REINSTATED)),
    "justified": Sample("A missed visit is excused", _marked(MarkAction.JUSTIFIED)),
    "unjustified": Sample("A missed visit is no longer excused", _marked(MarkAction.UNJUSTIFIED, counts=True)),
    "undone": Sample("A mistaken mark is undone", _marked(MarkAction.UNDONE)),
    "attended": Sample("The patient was there", _marked(MarkAction.CORRECTED, to=Correction.ATTENDED)),
    "clinic_fault": Sample("The clinic was at fault", _marked(MarkAction.CORRECTED, to=Correction.CLINIC_FAULT)),
    "blocked": Sample("Too many visits were missed", lambda facts: _blocked(facts, by_count=True)),
    "blocked_by_hand": Sample("The clinic blocks a patient", lambda facts: _blocked(facts, by_count=False)),
    "unblocked": Sample(
        "A block ends",
        lambda facts: PatientUnblocked(entity_id=NOBODY, patient=facts.patient, version=1, by_count=False),
    ),
    "verify": Sample("Somebody signs up", _link(LinkPurpose.VERIFY)),
    "known": Sample("Somebody signs up again", _link(LinkPurpose.RESET, is_known=True)),
    "reset": Sample("A password is forgotten", _link(LinkPurpose.RESET)),
    "password": Sample(
        "A password was changed",
        lambda facts: PasswordReset(entity_id=NOBODY, link_id=NOBODY, contact=facts.patient),
    ),
    "history": Sample(
        "A history is exported",
        lambda facts: HistoryExported(
            entity_id=NOBODY,
            askers=[Asker(facts.patient, is_own=True)],
            patient_id=NOBODY,
            patient_name=facts.patient.name,
            lines=12,
            days=7,
        ),
    ),
    "history_failed": Sample(
        "A history cannot be exported",
        lambda facts: HistoryExportFailed(
            entity_id=NOBODY,
            askers=[Asker(facts.patient, is_own=False)],
            patient_id=NOBODY,
            patient_name="Nils Lindgren",
        ),
    ),
    "to_doctor": Sample("Doctors: a patient cancels", lambda facts: _cancelled(facts, by_patient=True), 1),
    "to_doctor_late": Sample(
        "Doctors: a patient cancels late", lambda facts: _cancelled(facts, by_patient=True, is_last_minute=True), 1
    ),
    "invited": Sample(
        "Doctors: a colleague asks for help",
        lambda facts: ParticipantInvited(
            entity_id=NOBODY,
            participant_id=NOBODY,
            doctor_id=NOBODY,
            doctor=facts.doctor,
            role=ParticipantRole.CONSULTING,
            visit=facts.visit(doctor_name="Ravi Iyer"),
        ),
    ),
    "month": Sample(
        "Doctors: a month is over",
        lambda facts: MonthReported(
            entity_id=NOBODY,
            doctor=facts.doctor,
            doctor_id=NOBODY,
            month=first_of_month(facts.day),
            totals=ReportTotals(212, 180, 14, 96),
        ),
    ),
    "no_vitals": Sample("Staff: vitals are late", _alert(AlertType.NO_VITALS)),
    "no_doctor": Sample("Doctors: a patient is ready", _alert(AlertType.NO_DOCTOR)),
    "waiting": Sample("Staff: a patient waits too long", _alert(AlertType.WAITING_TOO_LONG)),
    "failing": Sample(
        "Admins: a job fails",
        lambda facts: JobFailing(
            entity_id=NOBODY, job="NO_SHOW_CHECK", failures=3, error="The database is locked", admins=(facts.doctor,)
        ),
    ),
    "recovered": Sample(
        "Admins: a job is well again",
        lambda facts: JobRecovered(entity_id=NOBODY, job="NO_SHOW_CHECK", admins=(facts.doctor,)),
    ),
    "summary": Sample(
        "Admins: the day's missed visits",
        lambda facts: DaySummarised(
            entity_id=NOBODY, day=facts.day, appointments=64, no_shows=5, admins=(facts.doctor,)
        ),
    ),
}
"""By name, in the order in which the admins' page lists them."""
