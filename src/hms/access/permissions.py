"""Who may do what: one table, read top to bottom."""

from enum import StrEnum

from hms.access.actors import Actor
from hms.domain.errors import Code, DomainError
from hms.domain.people import STAFF, Role

ADMIN, RECEPTION, NURSE, DOCTOR, PATIENT = (
    Role.HOSPITAL_ADMIN,
    Role.RECEPTIONIST,
    Role.NURSE,
    Role.DOCTOR,
    Role.PATIENT,
)
ANYBODY = frozenset(Role)


class Permission(StrEnum):
    """An action that a role may or may not take. «Own» means: only on one's own calendar or records."""

    SEE_HOSPITAL = "see the hospital's settings"
    EDIT_HOSPITAL = "edit the hospital's settings"
    MANAGE_USERS = "manage logins"
    FIND_PATIENTS = "search patients"
    REGISTER_PATIENTS = "register patients"
    LINK_GUARDIANS = "decide who acts for a patient"
    SEE_OWN_RECORD = "see and edit one's own record"
    SEE_DOCTORS = "see doctors and their free times"
    HAVE_CALENDAR_FEED = "have a private calendar address"
    MANAGE_DOCTORS = "manage doctors"
    EDIT_OWN_SCHEDULE = "edit one's own schedule"
    EDIT_ANY_SCHEDULE = "edit any doctor's schedule"
    GENERATE_SLOTS = "generate slots"
    MANAGE_HOLIDAYS = "edit the hospital's holidays"
    BOOK_OWN = "book for oneself"
    BOOK_FOR_OTHERS = "book for patients"
    OVERRIDE_BLOCK = "book urgent care for a blocked patient"
    SEE_BOARD = "see the day's appointments"
    CHECK_IN = "check patients in"
    MARK_NO_SHOW = "mark a no-show"
    RECORD_VITALS = "record vitals"
    CONSULT = "start and complete consultations"
    SEE_ALERTS = "see alerts of patients who wait"
    HANDLE_ALERTS = "acknowledge and resolve alerts"
    SEE_NO_SHOW_LOGS = "see no-show logs"
    SEE_NO_SHOW_STATS = "see no-show figures"
    SEE_REPORTS = "see monthly reports"
    SEE_FIGURES = "see the hospital's figures"
    DECIDE_REVIEWS = "decide open reviews"
    FORGIVE = "waive, justify, block and unblock"
    RUN_JOBS = "run jobs and see their health"
    SEE_AUDIT = "see the audit trail"
    IMPORT = "import records"
    MEND_ADDRESSES = "see and mend addresses that do not work"
    SEE_MESSAGES = "see outgoing messages and send failed ones again"


P = Permission

ALLOWED: dict[Permission, frozenset[Role]] = {
    P.SEE_HOSPITAL: frozenset({ADMIN}),
    P.EDIT_HOSPITAL: frozenset({ADMIN}),
    P.MANAGE_USERS: frozenset({ADMIN}),
    P.FIND_PATIENTS: STAFF,
    P.REGISTER_PATIENTS: STAFF,
    P.LINK_GUARDIANS: frozenset({ADMIN, RECEPTION}),
    P.SEE_OWN_RECORD: frozenset({PATIENT}),
    P.SEE_DOCTORS: ANYBODY,
    P.HAVE_CALENDAR_FEED: frozenset({DOCTOR, PATIENT}),
    P.MANAGE_DOCTORS: frozenset({ADMIN}),
    P.EDIT_OWN_SCHEDULE: frozenset({ADMIN, DOCTOR}),
    P.EDIT_ANY_SCHEDULE: frozenset({ADMIN}),
    P.GENERATE_SLOTS: frozenset({ADMIN}),
    P.MANAGE_HOLIDAYS: frozenset({ADMIN}),
    P.BOOK_OWN: frozenset({PATIENT}),
    P.BOOK_FOR_OTHERS: frozenset({ADMIN, RECEPTION}),
    P.OVERRIDE_BLOCK: frozenset({ADMIN, RECEPTION}),
    P.SEE_BOARD: STAFF,
    P.CHECK_IN: STAFF,
    P.MARK_NO_SHOW: STAFF,
    P.RECORD_VITALS: frozenset({ADMIN, NURSE, DOCTOR}),
    P.CONSULT: frozenset({ADMIN, DOCTOR}),
    P.SEE_ALERTS: STAFF,
    P.HANDLE_ALERTS: frozenset({ADMIN, NURSE, DOCTOR}),
    P.SEE_NO_SHOW_LOGS: frozenset({ADMIN, DOCTOR, RECEPTION}),
    P.SEE_NO_SHOW_STATS: frozenset({ADMIN, DOCTOR}),
    P.SEE_REPORTS: frozenset({ADMIN, DOCTOR}),
    P.SEE_FIGURES: frozenset({ADMIN}),
    P.DECIDE_REVIEWS: frozenset({ADMIN, RECEPTION}),
    P.FORGIVE: frozenset({ADMIN}),
    P.RUN_JOBS: frozenset({ADMIN}),
    P.SEE_AUDIT: frozenset({ADMIN}),
    P.IMPORT: frozenset({ADMIN}),
    P.MEND_ADDRESSES: frozenset({ADMIN, RECEPTION}),
    P.SEE_MESSAGES: frozenset({ADMIN}),
}


def may(actor: Actor, permission: Permission) -> bool:
    """Tell whether the actor's role has the permission; the system has all."""
    return actor.role is None or actor.role in ALLOWED[permission]


def require(actor: Actor, permission: Permission) -> None:
    """Raise FORBIDDEN unless the actor's role has the permission."""
    if not may(actor, permission):
        raise DomainError(Code.FORBIDDEN, f"Your role may not {permission.value}.")
