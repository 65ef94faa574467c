"""What happened, as plain values: each change emits one event, which becomes audit rows and messages."""

from hms.domain.events.appointments import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentReminded,
    AppointmentRescheduled,
)
from hms.domain.events.base import Changed, Event, Visit, written
from hms.domain.events.calendars import AbsenceChanged, DoctorMadeUnavailable, HolidayChanged, ScheduleChanged
from hms.domain.events.consultations import ParticipantInvited, VitalsRecorded
from hms.domain.events.exports import Asker, HistoryExported, HistoryExportFailed
from hms.domain.events.job_runs import JobFailing, JobRecovered
from hms.domain.events.login_links import LoginLinkMade, PasswordReset
from hms.domain.events.messages import MessageTried
from hms.domain.events.no_shows import MarkChanged, NoShowMarked, PatientBlocked, PatientUnblocked
from hms.domain.events.reports import DaySummarised, MonthReported
from hms.domain.events.stage_alerts import StageAlertRaised

__all__ = [
    "AbsenceChanged",
    "AppointmentBooked",
    "AppointmentCancelled",
    "AppointmentMoved",
    "AppointmentReminded",
    "AppointmentRescheduled",
    "Asker",
    "Changed",
    "DaySummarised",
    "DoctorMadeUnavailable",
    "Event",
    "HistoryExportFailed",
    "HistoryExported",
    "HolidayChanged",
    "JobFailing",
    "JobRecovered",
    "LoginLinkMade",
    "MarkChanged",
    "MessageTried",
    "MonthReported",
    "NoShowMarked",
    "ParticipantInvited",
    "PasswordReset",
    "PatientBlocked",
    "PatientUnblocked",
    "ScheduleChanged",
    "StageAlertRaised",
    "Visit",
    "VitalsRecorded",
    "written",
]
