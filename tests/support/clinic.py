"""A small clinic's morning, for the pages: two doctors, a handful of patients, some here, some late, one done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from waitress import wasyncore
from waitress.server import create_server

from hms.access.actors import Actor
from hms.access.tokens import Audience
from hms.clock import FixedClock
from hms.domain.people import Role
from hms.models import Doctor, Hospital, LoginSession, Patient, User
from hms.runtime import Runtime
from hms.services import attendance, bookings, consultations
from hms.services.attendance import Attend
from hms.services.bookings import Book
from hms.services.consultations import Edit, Start
from hms.web.identity import COOKIE, Door
from tests.support.factories import actor_of, add, in_one_go, make_doctor, make_hospital, make_patient, make_user
from tests.support.swept import app_on, swept_under
from tests.support.visits import rows

TODAY = date(2026, 1, 22)
TEN_FORTY = datetime(2026, 1, 22, 5, 10, tzinfo=UTC)  # in Kolkata
APART = ("runtime", "app", "clock")
HOSTILE = "<script>alert('x')</script>"

# (first name, last name, doctor, start)
MORNING: tuple[tuple[str, str, int, time], ...] = (
    ("Asha", "Menon", 0, time(9)),
    ("Björn", "Müller", 0, time(10)),
    ("Chidi", "Okafor", 0, time(10, 30)),
    ("Divya", "Rao", 0, time(11)),
    ("Emeka", HOSTILE, 0, time(12)),
    ("Fatima", "Khan", 1, time(10, 30)),
    ("Grace", "Rao", 1, time(11, 30)),
    ("Hiro", "Tanaka", 1, time(15)),
)


@dataclass
class Clinic:
    """The clinic at 10:40 of a Thursday. ``visits``: by the patient's first name."""

    runtime: Runtime
    app: Flask
    clock: FixedClock
    hospital: Hospital = field(init=False)
    doctors: list[Doctor] = field(init=False)
    reception: User = field(init=False)
    admin: User = field(init=False)
    patients: dict[str, Patient] = field(default_factory=dict)
    visits: dict[str, UUID] = field(default_factory=dict)
    logins: dict[UUID, UUID] = field(default_factory=dict)

    @property
    def door(self) -> Door:
        """The application's way in."""
        door: Door = self.app.extensions["hms.door"]
        return door

    def cookie(self, who: User | Doctor | Patient) -> str:
        """Sign somebody in without a password and return the cookie's value."""
        user_id = who.id if isinstance(who, User) else who.user_id
        assert user_id is not None
        now = self.runtime.clocks.machine.now()
        session = LoginSession(
            hospital_id=who.hospital_id, user_id=user_id, created_at=now, expires_at=now + timedelta(days=1)
        )
        add(self.runtime, session)
        return self.door.signer.issue(Audience.PAGES, session.id, user_id, now, timedelta(days=1))

    def client(self, who: User | Doctor | Patient) -> Visitor:
        """Return a browser without scripts in which somebody is signed in."""
        client = self.app.test_client()
        client.set_cookie(COOKIE, self.cookie(who))
        return Visitor(self, client)

    def check_in(self, first_name: str) -> None:
        """Check a patient in from another desk."""
        actor = actor_of(self.reception)
        self.runtime.transact(actor, attendance.check_in, Attend(self.visits[first_name]))

    def book(self, actor: Actor, doctor: Doctor, day: date, start: time) -> UUID:
        """Book for a patient from another phone."""
        return self.runtime.transact(actor, bookings.book, Book(doctor_id=doctor.id, day=day, start=start)).id


@dataclass
class Visitor:
    """A signed-in browser without scripts; ``post`` carries the token of the session's forms."""

    clinic: Clinic
    client: FlaskClient

    def get(self, path: str, **more: Any) -> Any:
        """Open a page."""
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send a form of one of our pages."""
        cookie = self.client.get_cookie(COOKIE)
        assert cookie is not None
        with self.clinic.app.test_request_context(headers={"Cookie": f"{COOKIE}={cookie.value}"}) as context:
            who = self.clinic.door.by_cookie(context.request)
            assert who is not None
            token = self.clinic.door.form_token(who)
        return self.client.post(path, data={"csrf_token": token, **(data or {})}, **more)


def open_clinic(runtime: Runtime, clock: FixedClock, *, locale: str = "en") -> Clinic:
    """Open the clinic at 08:55 in an empty database, let the morning happen, and stop at 10:40.

    Where the session's database can remember it, the morning happens once, and is copied from then on.
    """
    swept = swept_under(runtime) if not rows(runtime, Hospital) else None
    name = f"clinic {locale}"
    clinic = Clinic(runtime, app_on(runtime), clock)
    if swept is not None and (told := swept.recall(name)) is not None:
        vars(clinic).update(told)
        clock.move_to(TEN_FORTY)
        return clinic
    _open(clinic, locale)
    _let_the_morning_happen(clinic)
    if swept is not None:
        swept.remember(name, {key: value for key, value in vars(clinic).items() if key not in APART})
    return clinic


def _open(clinic: Clinic, locale: str) -> None:
    runtime = clinic.runtime
    with in_one_go(runtime):
        clinic.hospital = make_hospital(runtime)
        clinic.hospital.locale = locale
        clinic.doctors = [
            make_doctor(runtime, clinic.hospital, specialization="General medicine"),
            make_doctor(runtime, clinic.hospital, specialization="Cardiology"),
        ]
        clinic.reception = make_user(runtime, clinic.hospital, Role.RECEPTIONIST, first_name="Rosa", last_name="Diaz")
        clinic.admin = make_user(runtime, clinic.hospital, Role.HOSPITAL_ADMIN)
        for first, last, _, _ in MORNING:
            clinic.patients[first] = make_patient(
                runtime, clinic.hospital, first_name=first, last_name=last, login=first == "Divya"
            )


def _let_the_morning_happen(clinic: Clinic) -> None:
    doctor, desk = actor_of(clinic.doctors[0]), actor_of(clinic.reception)
    transact = clinic.runtime.transact
    for first, _, number, start in MORNING:
        book = Book(doctor_id=clinic.doctors[number].id, patient_id=clinic.patients[first].id, day=TODAY, start=start)
        clinic.visits[first] = transact(desk, bookings.book, book).id
    clinic.check_in("Asha")
    consultation = transact(doctor, consultations.start, Start(clinic.visits["Asha"]))
    done = Edit(consultation, chief_complaint="Cough", diagnosis=({"text": "Bronchitis"},))
    transact(doctor, consultations.complete, done)
    clinic.clock.move_to(TEN_FORTY - timedelta(minutes=50))
    clinic.check_in("Björn")
    transact(doctor, consultations.start, Start(clinic.visits["Björn"]))
    clinic.clock.move_to(TEN_FORTY - timedelta(minutes=20))
    clinic.check_in("Fatima")
    clinic.clock.move_to(TEN_FORTY)


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve the application on a free loopback port and give its address."""
    sockets: dict[int, Any] = {}
    server = create_server(app, host="127.0.0.1", port=0, threads=4, map=sockets)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"  # type: ignore[union-attr]
    finally:
        # Its own loop closes them, awake at once; closed from here it would sleep on for a second.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets))  # type: ignore[union-attr]
        thread.join(10)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive()
