"""Consultations: states and what completion asks for."""

from collections.abc import Sequence
from enum import StrEnum

from hms.domain.errors import Code, Detail, DomainError


class ConsultationStatus(StrEnum):
    """Where a consultation stands."""

    STARTED = "STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    ABANDONED = "ABANDONED"


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
