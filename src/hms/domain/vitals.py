"""Vitals: what is measured before the doctor comes, in metric units, and what a living person may have."""

from dataclasses import asdict, dataclass, fields

from hms.domain.appointments import WORDS, Status
from hms.domain.errors import Code, Detail, DomainError


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that is plausible, both allowed; ``unit`` as people read it."""

    least: float
    most: float
    unit: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured; None: not measured.

    Pressures in mmHg, rates a minute, temperature in °C, SpO2 in %, weight in kg, height in cm, pain from 0 to 10.
    """

    systolic: int | None = None
    diastolic: int | None = None
    heart_rate: int | None = None
    temperature: float | None = None
    sp_o2: int | None = None
    respiratory_rate: int | None = None
    weight: float | None = None
    height: float | None = None
    pain: int | None = None


RANGES: dict[str, Range] = {
    "systolic": Range(50, 300, "mmHg"),
    "diastolic": Range(20, 200, "mmHg"),
    "heart_rate": Range(20, 300, "beats a minute"),
    "temperature": Range(25, 45, "°C"),
    "sp_o2": Range(40, 100, "%"),
    "respiratory_rate": Range(4, 100, "breaths a minute"),
    "weight": Range(0.3, 500, "kg"),
    "height": Range(20, 260, "cm"),
    "pain": Range(0, 10, "on the scale of pain"),
}
"""Plausible, not healthy: wide enough for newborns and emergencies, narrow enough for slips and wrong units."""


USUAL: dict[str, Range] = {
    "systolic": Range(90, 180, "mmHg"),
    "diastolic": Range(50, 110, "mmHg"),
    "heart_rate": Range(50, 120, "beats a minute"),
    "temperature": Range(35.5, 38.5, "°C"),
    "sp_o2": Range(94, 100, "%"),
    "respiratory_rate": Range(10, 24, "breaths a minute"),
    "pain": Range(0, 6, "on the scale of pain"),
}
"""Outside of it a value is worth a second look: it is recorded all the same. Of grown-ups."""

GROWN_UP = 16
AT_EVERY_AGE = frozenset({"temperature", "sp_o2", "pain"})


def usual(age: int | None) -> dict[str, Range]:
    """Return what is usual at an age in years: of children only what doesn't change as they grow."""
    if age is None or age >= GROWN_UP:
        return USUAL
    return {name: span for name, span in USUAL.items() if name in AT_EVERY_AGE}


def is_unusual(name: str, value: float | None, age: int | None) -> bool:
    """Tell whether a measure is worth a second look; what was not measured isn't."""
    span = usual(age).get(name)
    return span is not None and value is not None and not span.least <= value <= span.most


def require_plausible(measured: Measured) -> None:
    """Raise VALIDATION naming every measure out of its range with what is allowed, or that nothing is given."""
    values = asdict(measured)
    if all(value is None for value in values.values()):
        raise DomainError(
            Code.VALIDATION,
            "Please enter at least one measurement.",
            [Detail("vitals", "At least one measurement is required")],
        )
    wrong = [Detail(camel, _allowed(RANGES[name])) for name, camel in _NAMES.items() if _is_out(name, values[name])]
    wrong = wrong or _pressure(measured)
    if wrong:
        message = "Please check these measurements: " + ", ".join(detail.field for detail in wrong) + "."
        raise DomainError(Code.VALIDATION, message, wrong)


def require_waiting(status: Status) -> None:
    """Raise INVALID_TRANSITION unless the patient is checked in (rules §4)."""
    if status is not Status.CHECKED_IN:
        raise DomainError(
            Code.INVALID_TRANSITION,
            f"Vitals are recorded while the patient is here and waiting; this appointment is {WORDS[status]}.",
        )


def _is_out(name: str, value: float | None) -> bool:
    # Written so that a value that is no number at all is out as well.
    return value is not None and not RANGES[name].least <= value <= RANGES[name].most


def _allowed(allowed: Range) -> str:
    return f"must be from {allowed.least:g} to {allowed.most:g} {allowed.unit}"


def _pressure(measured: Measured) -> list[Detail]:
    upper, lower = measured.systolic, measured.diastolic
    if (upper is None) != (lower is None):
        return [Detail("systolic" if upper is None else "diastolic", "is needed too: blood pressure is two values")]
    if upper is not None and lower is not None and upper <= lower:
        return [Detail("systolic", "must be above the diastolic pressure")]
    return []


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


_NAMES = {field.name: _camel(field.name) for field in fields(Measured)}
