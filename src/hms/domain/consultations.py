"""Consultations: states and what completion asks for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from hms.domain.errors import Code, Detail, DomainError


class ConsultationStatus(StrEnum):
    """Where a consultation stands."""

    STARTED = "STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    ABANDONED = "ABANDONED"


class ParticipantRole(StrEnum):
    """What a doctor does in a consultation; the primary one is whose appointment it is."""

    PRIMARY = "PRIMARY"
    CONSULTING = "CONSULTING"
    ASSISTING = "ASSISTING"
    SUPERVISING = "SUPERVISING"


CLOSED = frozenset({ConsultationStatus.COMPLETED, ConsultationStatus.ABANDONED})


def require_complete(chief_complaint: str | None, diagnosis: Sequence[object]) -> None:
    """Raise CONSULTATION_INCOMPLETE naming all that is missing (rules §4)."""
    missing = []
    if not (chief_complaint or "").strip():
        missing.append(Detail("chiefComplaint", "Chief complaint is required"))
    if not diagnosis:
        missing.append(Detail("diagnosis", "At least one diagnosis is required"))
    if missing:
        message = ". ".join(detail.message for detail in missing)
        raise DomainError(Code.CONSULTATION_INCOMPLETE, message, missing)


def require_editable(status: ConsultationStatus) -> None:
    """Raise CONSULTATION_CLOSED for a consultation that is completed or abandoned."""
    if status in CLOSED:
        raise DomainError(
            Code.CONSULTATION_CLOSED,
            f"This consultation is {status.value.lower()} and can no longer be changed.",
        )


def require_reason(reason: str | None) -> str:
    """Return why a consultation is given up, trimmed; raise VALIDATION when nothing is said."""
    said = (reason or "").strip()
    if not said:
        raise DomainError(
            Code.VALIDATION, "Please say why the consultation is abandoned.", [Detail("reason", "is required")]
        )
    return said


ICD_10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")
"""A code's shape, as of "J11" or "J20.9"; whether the catalogue holds it is the doctor's to know."""


def require_codes(diagnosis: Sequence[Mapping[str, object]]) -> None:
    """Raise VALIDATION naming every diagnosis whose code has not the shape of an ICD-10 code; none is fine."""
    wrong = [
        Detail(f"diagnosis.{place}.code", "is no ICD-10 code; one looks like J20.9. Leave it out if there is none")
        for place, entry in enumerate(diagnosis)
        if entry.get("code") is not None and not ICD_10.fullmatch(str(entry["code"]))
    ]
    if wrong:
        raise DomainError(Code.VALIDATION, "Please check the codes of the diagnoses.", wrong)


def diagnosis_in_words(diagnosis: Iterable[Mapping[str, object]]) -> str:
    """Write diagnoses on one line, each with its code if it has one: "Acute bronchitis (J20.9); Fever"."""
    return "; ".join(
        f"{entry['text']} ({entry['code']})" if entry.get("code") else f"{entry['text']}" for entry in diagnosis
    )


def prescriptions_in_words(prescriptions: Iterable[Mapping[str, object]]) -> str:
    """Write prescriptions on one line: "Amoxicillin 500 mg, three times a day, 7 days; Paracetamol"."""
    return "; ".join(_prescription(entry) for entry in prescriptions)


def _prescription(entry: Mapping[str, object]) -> str:
    first = " ".join(str(entry[key]) for key in ("medicine", "dose") if entry.get(key))
    return ", ".join([first, *(str(entry[key]) for key in ("frequency", "duration", "instructions") if entry.get(key))])


def require_invitable(role: ParticipantRole, *, is_primary: bool, takes_part: bool) -> None:
    """Raise VALIDATION for a second primary doctor, ALREADY_EXISTS for a doctor who takes part already."""
    if is_primary:
        raise DomainError(Code.ALREADY_EXISTS, "This doctor leads the consultation already.")
    if takes_part:
        raise DomainError(Code.ALREADY_EXISTS, "This doctor takes part in the consultation already.")
    if role is ParticipantRole.PRIMARY:
        raise DomainError(
            Code.VALIDATION,
            "A consultation has one primary doctor, whose appointment it is.",
            [Detail("role", "must be CONSULTING, ASSISTING or SUPERVISING")],
        )
