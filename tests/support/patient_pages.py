"""Every page that a patient can reach, as somebody meets it, and what stands there for people to read."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from sqlalchemy import update

from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import PatientStatus
from hms.languages import LANGUAGES
from hms.models import HistoryExport, Hospital, Patient, PatientGuardian, User
from hms.processes.jobs import run_job
from hms.services import bookings
from hms.services.bookings import Cancel
from tests.support.clinic import TODAY, Clinic, Visitor
from tests.support.factories import actor_of, add, make_patient
from tests.support.mailed import Mailbox
from tests.support.visits import reload, rows

SIGN_UP = {
    "hospital": "HMS001",
    "first_name": "Zoë",
    "last_name": "Ångström",
    "born": "1990-02-28",
    "email": "zoe@home.example",
    "password": "correct horse battery",
}
MEANT_TO_BE_READ = frozenset({"aria-label", "placeholder", "title", "alt", "data-copied"})
EMPTY = frozenset({"input", "br", "meta", "link", "use", "img", "path", "circle", "hr"})
STRANGER, KIOSK, NEWCOMER = "stranger", "kiosk", "newcomer"
WORD = re.compile(r"[^\W\d_]{2,}")


class Seen(HTMLParser):
    """Gathers what a page has to read, but for what says itself that it is in another language."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language = self.direction = ""
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the page's language, and texts in attributes."""
        given = dict(attrs)
        if tag == "html":
            self.language, self.direction = given.get("lang") or "", given.get("dir") or "ltr"
        foreign = tag in {"script", "style"} or given.get("lang", self.language) != self.language
        if not (foreign or self._is_foreign):
            self.texts += [value for name, value in attrs if name in MEANT_TO_BE_READ and value]
        if tag not in EMPTY:
            self._open.append((tag, foreign))

    def handle_endtag(self, tag: str) -> None:
        """Close what is open, up to this tag."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        if data.strip() and not self._is_foreign:
            self.texts.append(" ".join(data.split()))

    @property
    def _is_foreign(self) -> bool:
        return any(foreign for _, foreign in self._open)


class Marking(gettext.NullTranslations):
    """A catalogue that puts brackets around whatever is said."""

    def gettext(self, message: str) -> str:
        """Bracket a text."""
        return bracketed(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Bracket a text that counts."""
        return bracketed(msgid1 if n == 1 else msgid2)


def bracketed(text: str) -> str:
    """Put brackets around a text that stand on no page."""
    return f"⟦{text}⟧"


def unsaid(html: str, names: frozenset[str]) -> list[str]:
    """Return the texts with words in them that no voice said, but for names."""
    return [text for text in Seen(html).texts if WORD.search(_without(_outside_of_brackets(text), names))]


def _outside_of_brackets(text: str) -> str:
    while text != (text := re.sub("⟦[^⟦⟧]*⟧", "", text)):
        pass
    return text


def _without(text: str, names: frozenset[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


@dataclass(frozen=True)
class Page:
    """One page: what ``path`` answers, to the ``form`` if there is one, and to whom (the names are in `answer`)."""

    path: str
    form: dict[str, Any] | None = None
    reader: str = "divya"


@dataclass
class Patients:
    """Divya with a cancelled, a missed and coming visits, who looks after Fatima; a blocked newcomer; strangers."""

    clinic: Clinic
    divya: Visitor
    newcomer: Visitor
    visits: dict[str, UUID]
    tokens: dict[str, str]

    @classmethod
    def open(cls, clinic: Clinic) -> Patients:
        """Let it happen; the clock then stands at 11:35."""
        divya, actor = clinic.patients["Divya"], actor_of(clinic.patients["Divya"])
        fatima = clinic.patients["Fatima"]
        with clinic.runtime.database.writing() as session:
            session.get_one(Hospital, clinic.hospital.id).settings = {"kiosk_check_in": True}
        of_fatima = {"hospital_id": clinic.hospital.id, "user_id": divya.user_id, "patient_id": fatima.id}
        add(clinic.runtime, PatientGuardian(**of_fatima, created_at=clinic.clock.now()))
        coming = clinic.book(actor, clinic.doctors[1], TODAY, time(14))
        later = clinic.book(actor, clinic.doctors[0], TODAY + timedelta(days=1), time(9))
        cancelled = clinic.book(actor, clinic.doctors[1], TODAY + timedelta(days=1), time(10))
        clinic.runtime.transact(actor, bookings.cancel, Cancel(appointment_id=cancelled))
        clinic.clock.advance(timedelta(minutes=55))
        run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
        visitor = clinic.client(divya)
        visitor.post("/my/exports", {"patient": str(divya.id)})
        [export] = rows(clinic.runtime, HistoryExport)
        visits = {"missed": clinic.visits["Divya"], "coming": coming, "later": later, "cancelled": cancelled}
        new = make_patient(clinic.runtime, clinic.hospital, login=True, status=PatientStatus.BLOCKED, email=None)
        return cls(clinic, visitor, clinic.client(new), visits | {"export": export.id}, cls._tokens(clinic))

    @staticmethod
    def _tokens(clinic: Clinic) -> dict[str, str]:
        mailbox, stranger = Mailbox(clinic.runtime), clinic.app.test_client()
        mailbox.fetch()
        stranger.post("/sign-up", data=SIGN_UP)
        verify = mailbox.token(SIGN_UP["email"], "Confirm Your Email Address")
        user_id = clinic.patients["Divya"].user_id
        assert user_id is not None
        login = reload(clinic.runtime, User, user_id)
        stranger.post("/forgot", data={"email": login.email})
        return {"verify": verify, "reset": mailbox.token(login.email, "Choose a New Password")}

    def speak(self, language: str) -> None:
        """Let all patients choose a language."""
        with self.clinic.runtime.database.writing() as session:
            session.execute(update(Patient).values(language=language))

    def answer(self, page: Page, language: str) -> Any:
        """Open a page as somebody who reads that language."""
        if page.reader in (STRANGER, KIOSK):
            method, headers = "GET" if page.form is None else "POST", {"Accept-Language": f"fr, {language};q=0.8"}
            path = f"{page.path}?language={language}" if page.reader == KIOSK else page.path
            return self.clinic.app.test_client().open(path, method=method, data=page.form, headers=headers)
        visitor = self.newcomer if page.reader == NEWCOMER else self.divya
        return visitor.get(page.path) if page.form is None else visitor.post(page.path, page.form)

    @property
    def names(self) -> frozenset[str]:
        """What reads the same in any language: names of people and of what they do, addresses and figures."""
        clinic, known = (
            self.clinic,
            {*LANGUAGES.values(), "HMS001", "HMS", "CSV", "KB", "Dr.", "Error:", "MKEVX0F35AIU"},
        )
        hospital = reload(clinic.runtime, Hospital, clinic.hospital.id)
        known |= {hospital.name, hospital.address, *(row.specialization for row in clinic.doctors)}
        for row in (*rows(clinic.runtime, User), *rows(clinic.runtime, Patient)):
            known |= {row.first_name, row.last_name, row.email or "", row.phone or ""}
        return frozenset(known) - {""}

    def pages(self) -> Iterator[Page]:
        """Give every page, also those of refusals; opening them changes nothing that another one shows."""
        yield from self._own()
        yield from self._booking()
        yield from self._strangers()
        for path in ("/", "/notifications", "/preferences", "/my/no-shows", "/my/exports", "/my/calendar"):
            yield Page(path, reader=NEWCOMER)
        yield Page(f"/book/{self.clinic.doctors[1].id}/{TODAY}/16:00", {}, NEWCOMER)
        number = self.clinic.patients["Emeka"].mrn
        yield Page("/kiosk/HMS001", reader=KIOSK)
        yield Page("/kiosk/HMS001", {"mrn": ""}, reader=KIOSK)
        yield Page("/kiosk/HMS001", {"mrn": number, "day": "1", "month": "2", "year": "1980"}, reader=KIOSK)
        yield Page("/kiosk/HMS001", {"mrn": number, "day": "29", "month": "2", "year": "1980"}, reader=KIOSK)

    def _own(self) -> Iterator[Page]:
        visits, divya = self.visits, self.clinic.patients["Divya"].id
        yield Page("/")
        for done, which in (("booked", "coming"), ("moved", "later"), ("confirmed", "coming"), ("cancelled",) * 2):
            yield Page(f"/?{done}={visits[which]}")
        yield Page(f"/my/visits/{visits['coming']}/cancel")
        yield Page(f"/my/visits/{visits['missed']}/cancel")
        yield Page(f"/my/visits/{visits['missed']}/cancel", {"version": "1"})
        yield Page(f"/my/visits/{visits['missed']}/confirm", {})
        yield Page("/notifications")
        yield Page("/preferences?saved=1")
        yield Page("/preferences", {"patient_id": str(divya), "language": "es", "version": "99"})
        yield Page("/my/exports")
        yield Page(f"/my/exports/{visits['export']}")
        yield Page("/my/no-shows")
        yield Page("/my/calendar?gone=yes")
        yield Page("/my/calendar", {})
        yield Page("/board")
        yield Page("/nowhere")

    def _booking(self) -> Iterator[Page]:
        first, second = (doctor.id for doctor in self.clinic.doctors)
        carry = (f"move={self.visits['coming']}", f"for={self.clinic.patients['Fatima'].id}")
        for more in ("", *carry):
            yield Page(f"/book?{more}")
            yield Page(f"/book/{second}?{more}")
            yield Page(f"/book/{second}/{TODAY}/16:00?{more}")
        yield Page(f"/book/{first}?day=2026-01-25")  # a Sunday
        yield Page(f"/book/{second}/{TODAY}/15:00")  # somebody else's
        yield Page(f"/book/{second}/{TODAY}/15:00", {})
        yield Page(f"/book/{first}/{TODAY}/14:00", {})  # Divya is at the other doctor's then
        yield Page(f"/book?move={self.visits['cancelled']}")

    def _strangers(self) -> Iterator[Page]:
        yield Page("/sign-in", reader=STRANGER)
        yield Page("/sign-in?ended=1", reader=STRANGER)
        yield Page("/sign-in?changed=1", reader=STRANGER)
        yield Page("/sign-in", {"email": "somebody"}, reader=STRANGER)
        yield Page("/sign-in", {"email": "nobody@example.org", "password": "guess"}, reader=STRANGER)
        yield Page("/forgot", reader=STRANGER)
        yield Page("/forgot", {"email": "nobody"}, reader=STRANGER)
        yield Page("/forgot", {"email": "nobody@home.example"}, reader=STRANGER)
        yield Page("/sign-up", reader=STRANGER)
        yield Page("/sign-up", {"email": "zoe", "phone": "x"}, reader=STRANGER)
        for name, wrong in (("hospital", "NOWHERE"), ("born", "2090-01-01"), ("phone", "12"), ("password", "x" * 999)):
            yield Page("/sign-up", SIGN_UP | {"email": f"{name}@home.example", name: wrong}, reader=STRANGER)
        yield Page(f"/verify/{self.tokens['verify']}", reader=STRANGER)
        yield Page(f"/verify/{self.tokens['verify']}", {"password": "something else"}, reader=STRANGER)
        yield Page(f"/reset/{self.tokens['reset']}", reader=STRANGER)
        yield Page(f"/reset/{self.tokens['reset']}", {"password": "short"}, reader=STRANGER)
        for ended in ("/verify/x", "/reset/x", "/v/x", "/o/x", "/nowhere", "/kiosk/NOWHERE"):
            yield Page(ended, reader=STRANGER)
