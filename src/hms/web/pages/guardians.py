"""For whom a patient's login books: for itself, and for those it looks after."""

from dataclasses import dataclass
from uuid import UUID

from hms.access.scope import not_found
from hms.queries import guardians
from hms.web.pages.desk import desk, runtime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the login may book for. ``is_self``: the login's owner."""

    id: UUID
    name: str
    is_self: bool


def family() -> list[Person]:
    """Return whom the login may book for, its owner first; one without a record of their own is not among them."""
    at = desk()
    own = at.actor.patient_id
    people = [Person(own, at.identity.name, is_self=True)] if own is not None else []
    if not at.actor.dependants:  # nearly always: nothing to ask the database for
        return people
    rows = runtime().read(guardians.dependants, at.actor)
    return people + [Person(row.id, f"{row.first_name} {row.last_name}", is_self=False) for row in rows]


def chosen(people: list[Person], wanted: str) -> Person:
    """Return the person an address names, the first of the family when it names none; raise NOT_FOUND for others."""
    for person in people:
        if wanted in ("", str(person.id)):
            return person
    raise not_found("Patient")
