"""What an operator's monitoring reads, over all hospitals: counts and ages, nothing of any person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from hms.domain.job_runs import RunStatus
from hms.domain.messages import MessageStatus
from hms.models import Hospital, JobRun, OutgoingMessage

UNDELIVERED = (MessageStatus.PENDING, MessageStatus.SENDING, MessageStatus.FAILED)


@dataclass(frozen=True, slots=True)
class OperationFigures:
    """``messages``: how many are in each state but delivered; ``last_successes``: hospital code, job, when."""

    messages: Mapping[MessageStatus, int]
    last_successes: list[tuple[str, str, datetime]]


def ping(session: Session) -> None:
    """Ask the database anything at all."""
    session.scalar(select(literal(1)))


def hospitals(session: Session) -> list[tuple[UUID, str]]:
    """Return id and code of all hospitals."""
    return [(row.id, row.code) for row in session.execute(select(Hospital.id, Hospital.code).order_by(Hospital.code))]


def figures(session: Session) -> OperationFigures:
    """Read the present figures."""
    counting = (
        select(OutgoingMessage.status, func.count())
        .where(OutgoingMessage.status.in_(UNDELIVERED))
        .group_by(OutgoingMessage.status)
    )
    messages = dict.fromkeys(UNDELIVERED, 0) | dict(iter(session.execute(counting)))
    runs = (
        select(Hospital.code, JobRun.job_name, func.max(JobRun.completed_at))
        .join(Hospital, Hospital.id == JobRun.hospital_id)
        .where(JobRun.status == RunStatus.COMPLETED)
        .group_by(Hospital.code, JobRun.job_name)
    )
    return OperationFigures(messages, [(code, job, at) for code, job, at in session.execute(runs) if at is not None])
