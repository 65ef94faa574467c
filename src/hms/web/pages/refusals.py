"""Refusals in the reader's language. Services and rules write theirs in English, and programs read them so."""

from collections.abc import Mapping

from hms.domain.errors import Code, DomainError
from hms.languages import ENGLISH, Voice, marked
from hms.web.errors import Problem, TooManyError, WebCode, request_id
from hms.web.pages.readers import reader

WORDS: Mapping[str, str] = {
    # the fourteen checks of a booking
    Code.PATIENT_NOT_FOUND: marked("There is no such patient."),
    Code.PATIENT_BLOCKED: marked("You cannot book at present because visits were missed. Please contact the clinic."),
    Code.DUPLICATE_BOOKING: marked(
        "There is another visit already that overlaps this time. Choose another time, or cancel that one."
    ),
    Code.DOCTOR_NOT_FOUND: marked("There is no such doctor."),
    Code.DOCTOR_UNAVAILABLE: marked("This doctor takes no appointments at present. Please choose another doctor."),
    Code.DOCTOR_INACTIVE: marked("This doctor no longer works here. Please choose another doctor."),
    Code.DATE_IN_PAST: marked("This time has passed. Please choose a later one."),
    Code.TOO_FAR_AHEAD: marked("That day is too far ahead to be booked yet. Please choose an earlier day."),
    Code.HOSPITAL_HOLIDAY: marked("The hospital is closed on that day. Please choose another day."),
    Code.DOCTOR_ABSENT: marked("The doctor is away at that time. Please choose another time."),
    Code.OUTSIDE_SCHEDULE: marked("The doctor does not work at that time. Please choose another time."),
    Code.DURING_BREAK: marked("The doctor has a break at that time. Please choose another time."),
    Code.NOT_A_SLOT: marked("No appointment starts at that time. Please choose one of the offered times."),
    Code.SLOT_BLOCKED: marked("This time is blocked. Please choose another one."),
    Code.SLOT_TAKEN: marked("Somebody else has just taken this time. Please choose another one."),
    Code.DOCTOR_FULLY_BOOKED: marked("The doctor's day is full. Please choose another day."),
    # what becomes of a visit
    Code.TOO_LATE: marked("This visit has begun, so this can no longer be done here. Please call the clinic."),
    Code.INVALID_TRANSITION: marked("This is not possible any more: the visit has changed. Look at its present state."),
    Code.STALE_VERSION: marked("This has changed meanwhile. Look at its present state and try again."),
    # who asks, and for what
    Code.UNAUTHENTICATED: marked("Please sign in."),
    Code.INVALID_CREDENTIALS: marked("This email address and password do not match. Please try again."),
    Code.LINK_ENDED: marked("This link was used already, or is too old. Please ask for a new one."),
    Code.FORBIDDEN: marked("You may not do this here. If you came from an older page, reload it and try again."),
    Code.NOT_FOUND: marked("There is nothing at this address."),
    Code.VALIDATION: marked("Something in what you entered is not right. Please look at it again."),
    Code.RATE_LIMITED: marked("Too many tries. Please try again later."),
    Code.BUSY: marked("The clinic's computers cannot be reached now. Please try again in a moment."),
    WebCode.UNREADABLE: marked("This could not be read. Please go back and try again."),
    WebCode.METHOD_NOT_ALLOWED: marked("This page cannot be opened like that. Please go to the start page."),
    WebCode.TOO_LARGE: marked("This is too large to be sent."),
    WebCode.REFUSED: marked("This could not be read. Please go back and try again."),
    WebCode.INTERNAL: marked(
        "Something went wrong on our side. Please try again; if it stays, report this number: {number}"
    ),
}
"""What is said of each code; for a code that is not here, what the service says."""


def said(error: DomainError, words: str = "", **values: object) -> str:
    """Return what to tell the reader of a refusal. ``words``: the page's own for it, with ``values`` in its places."""
    say = reader()
    if say.language == ENGLISH:
        return error.message
    if isinstance(error, TooManyError):
        return _wait(say, error.seconds)
    return _said(say, error.code, error.message, words, values)


def said_of(problem: Problem) -> str:
    """Return what to tell the reader of a failure that no page expected."""
    say = reader()
    if say.language == ENGLISH:
        return problem.message
    if problem.code == Code.RATE_LIMITED and problem.headers.get("Retry-After", "").isdigit():
        return _wait(say, int(problem.headers["Retry-After"]))
    return _said(say, problem.code, problem.message, "", {"number": request_id()})


def _said(say: Voice, code: str, message: str, words: str, values: Mapping[str, object]) -> str:
    text = words or WORDS.get(code, "")
    return say(text, **values) if text else message


def _wait(say: Voice, seconds: int) -> str:
    if seconds < 120:
        wait = say.many("{count} second", "{count} seconds", seconds)
    else:
        wait = say.many("{count} minute", "{count} minutes", seconds // 60)
    return say("Too many tries. Please wait {wait} and try again.", wait=wait)
