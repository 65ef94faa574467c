"""Typed tables and their constraints, one aggregate a file."""

from hms.models.absences import DoctorAbsence
from hms.models.appointments import Appointment, AppointmentEvent, AppointmentReview, DoctorDay
from hms.models.audit import AuditEntry
from hms.models.base import Base, UtcDateTime, new_id, new_ids
from hms.models.calendar_feeds import CalendarFeed
from hms.models.consultations import Consultation, ConsultationNote, ConsultationParticipant
from hms.models.doctors import Doctor
from hms.models.exports import ExportAsker, ExportPart, HistoryExport
from hms.models.figures import (
    FigureDay,
    FigureDoctorSpan,
    FigureHospitalDay,
    FigureMark,
    FigureMonth,
    FigurePatient,
    FigurePenalty,
    FigureProgress,
    FigureSpan,
    FigureSpanMonth,
)
from hms.models.guardians import PatientGuardian
from hms.models.heartbeats import Heartbeat
from hms.models.holidays import HospitalHoliday
from hms.models.hospitals import Hospital
from hms.models.idempotency import IdempotencyKey
from hms.models.job_runs import JobRun
from hms.models.login_links import LoginLink
from hms.models.messages import Notification, OutgoingMessage
from hms.models.no_shows import NoShowLog, NoShowPenalty
from hms.models.patients import Patient
from hms.models.preferences import OptOut
from hms.models.reports import MonthlyReport
from hms.models.schedules import DoctorSchedule
from hms.models.slots import DoctorSlot
from hms.models.stage_alerts import StageAlert
from hms.models.users import LoginSession, RefreshToken, User
from hms.models.vitals import Vitals
from hms.models.wrong_addresses import WrongAddress

__all__ = [
    "Appointment",
    "AppointmentEvent",
    "AppointmentReview",
    "AuditEntry",
    "Base",
    "CalendarFeed",
    "Consultation",
    "ConsultationNote",
    "ConsultationParticipant",
    "Doctor",
    "DoctorAbsence",
    "DoctorDay",
    "DoctorSchedule",
    "DoctorSlot",
    "ExportAsker",
    "ExportPart",
    "FigureDay",
    "FigureDoctorSpan",
    "FigureHospitalDay",
    "FigureMark",
    "FigureMonth",
    "FigurePatient",
    "FigurePenalty",
    "FigureProgress",
    "FigureSpan",
    "FigureSpanMonth",
    "Heartbeat",
    "HistoryExport",
    "Hospital",
    "HospitalHoliday",
    "IdempotencyKey",
    "JobRun",
    "LoginLink",
    "LoginSession",
    "MonthlyReport",
    "NoShowLog",
    "NoShowPenalty",
    "Notification",
    "OptOut",
    "OutgoingMessage",
    "Patient",
    "PatientGuardian",
    "RefreshToken",
    "StageAlert",
    "User",
    "UtcDateTime",
    "Vitals",
    "WrongAddress",
    "new_id",
    "new_ids",
]
