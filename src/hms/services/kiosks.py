"""A patient checks in at the kiosk, who proves to be themself by number and birth date."""

from dataclasses import dataclass
from datetime import date

from hms.access.permissions import Permission
from hms.access.scope import not_found
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.kiosks import takes, whole_mrn
from hms.queries import kiosks
from hms.queries.kiosks import KioskVisit
from hms.services import attendance
from hms.services.attendance import Attend
from hms.transaction import Work

REASON = "Checked in at the kiosk"


@dataclass(frozen=True, slots=True)
class Arrive:
    """``mrn`` as typed: the hospital's code, spaces and case don't matter."""

    mrn: str
    date_of_birth: date


def arrive(work: Work, command: Arrive) -> KioskVisit:
    """Check in the patient's next visit of today and return it; again, and nothing changes.

    NOT_FOUND when the hospital has no kiosk, and, always in the same words, when there is no such number, the birth
    date is another, or the patient has no visit in the time for checking in.
    """
    work.require(Permission.CHECK_IN)
    policy = work.hospital.policy
    if not policy.kiosk_check_in:
        raise not_found("Kiosk")
    visits = _visits(work, command)
    for visit in visits:
        if takes(visit.status, visit.starts_at, visit.due_at, work.now, policy.kiosk_minutes_before):
            try:
                attendance.check_in(work, Attend(visit.appointment_id, REASON))
            except DomainError:  # called off, begun, or checked in elsewhere since it was read
                visits = _visits(work, command)
                break
            return visit
    for visit in visits:
        if visit.status is Status.CHECKED_IN:
            return visit
    raise _refused(policy.kiosk_minutes_before)


def _visits(work: Work, command: Arrive) -> list[KioskVisit]:
    mrn = whole_mrn(command.mrn, work.hospital.code)
    return kiosks.visits(work.session, work.actor.hospital_id, mrn, command.date_of_birth, work.today)


def _refused(minutes_before: int) -> DomainError:
    return DomainError(
        Code.NOT_FOUND,
        "We could not check you in. Please look at number and date of birth again. You can check in here from "
        f"{minutes_before} minutes before your visit until its time is over; at any other time, please go to the "
        "reception.",
    )
