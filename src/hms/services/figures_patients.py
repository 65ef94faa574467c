"""Gathering the closed days on which each patient has penalties, so that years of all of them are read at once."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hms.models import FigurePatient, FigurePenalty
from hms.queries.figures.measures import list_of_days

AT_ONCE = 500
_P = FigurePenalty


def patients_of(session: Session, hospital_id: UUID, days: Sequence[date]) -> set[UUID]:
    """Return the patients for whom penalties of the days are kept."""
    return set(session.scalars(_having(hospital_id, days)))


def gather(session: Session, hospital_id: UUID, days: Sequence[date], before: Collection[UUID]) -> None:
    """Write the rows of all patients who have penalties of the days, or had some ``before``, from the kept ones."""
    _write(session, hospital_id, _having(hospital_id, days))
    gone = sorted(set(before) - patients_of(session, hospital_id, days))
    for place in range(0, len(gone), AT_ONCE):
        some = gone[place : place + AT_ONCE]
        f = FigurePatient
        none_left = ~exists().where(_P.hospital_id == hospital_id, _P.patient_id == f.patient_id)
        statement = delete(f).where(f.hospital_id == hospital_id, f.patient_id.in_(some), none_left)
        session.execute(statement.execution_options(synchronize_session=False))
        _write(session, hospital_id, some)


def _having(hospital_id: UUID, days: Sequence[date]) -> Any:
    return select(_P.patient_id).where(_P.hospital_id == hospital_id, _P.day.in_(days)).distinct()


def _write(session: Session, hospital_id: UUID, whom: Any) -> None:
    """Put the rows of some patients in the place of those that are there; all of them have penalties, or none."""
    kept = (
        select(_P.patient_id, _P.day, _P.penalties, _P.penalties_counting)
        .where(_P.hospital_id == hospital_id, _P.patient_id.in_(whom))
        .cte("kept")
    )
    # A day with several penalties comes as often as it has some.
    numbers = select(literal(1).label("number")).cte("numbers", recursive=True)
    most = select(func.max(kept.c.penalties)).scalar_subquery()
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < most))
    counts = numbers.c.number <= kept.c.penalties_counting
    rows = (
        select(literal(hospital_id), kept.c.patient_id, func.min(kept.c.day), func.max(kept.c.day))
        .add_columns(func.count(), func.count().filter(counts))
        .add_columns(list_of_days(kept.c.day, literal(value=True)), list_of_days(kept.c.day, ~counts))
        .join(numbers, numbers.c.number <= kept.c.penalties)
        .where(kept.c.penalties > 0)
        .group_by(kept.c.patient_id)
    )
    names = ["first_day", "last_day", "penalties", "penalties_counting", "days", "cleared_days"]
    dialects: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite}
    into = dialects[session.get_bind().dialect.name].insert(FigurePatient)
    into = into.from_select(["hospital_id", "patient_id", *names], rows)
    over = {name: into.excluded[name] for name in names}
    session.execute(into.on_conflict_do_update(index_elements=["hospital_id", "patient_id"], set_=over))
