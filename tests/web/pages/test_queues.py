"""The nurse's queue and a doctor's day: who is shown, in which order, how they follow changes, where roles land."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from hms.domain.people import Role
from hms.domain.vitals import Measured
from hms.models import User
from hms.services import vitals
from hms.services.vitals import Record
from tests.support.callers import counted_statements
from tests.support.clinic import HOSTILE, Clinic
from tests.support.factories import actor_of, make_user


@pytest.fixture
def nurse(clinic: Clinic) -> User:
    """Give a nurse."""
    return make_user(clinic.runtime, clinic.hospital, Role.NURSE, first_name="Nia", last_name="Owens")


def section(html: str, key: str) -> list[str]:
    """Return the names under a heading, in order."""
    found = re.search(rf'<section class="queue[^"]*" id="s-{key}".*?</section>', html, re.DOTALL)
    return re.findall(r'class="name"[^>]*>([^<]+)</a>', found.group(0)) if found else []


def measure(clinic: Clinic, nurse: User, name: str) -> None:
    clinic.runtime.transact(actor_of(nurse), vitals.record, Record(clinic.visits[name], Measured(heart_rate=70)))


def test_queue_shows_who_waits_by_the_later_of_start_and_check_in(clinic: Clinic, nurse: User) -> None:
    # Fatima (10:30) came at 10:20, Divya (11:00) at 10:40, Chidi (10:30) at 10:45.
    clinic.check_in("Divya")
    clinic.clock.advance(timedelta(minutes=5))
    clinic.check_in("Chidi")
    page = clinic.client(nurse).get("/queue").text
    assert section(page, "vitals") == ["Fatima Khan", "Chidi Okafor", "Divya Rao"]
    assert section(page, "inside") == ["Björn Müller"]
    assert "Record vitals" in page
    measure(clinic, nurse, "Fatima")
    page = clinic.client(nurse).get("/queue").text
    assert section(page, "vitals") == ["Chidi Okafor", "Divya Rao"]
    assert section(page, "ready") == ["Fatima Khan"]
    own = clinic.client(nurse).get("/queue", query_string={"doctor": str(clinic.doctors[1].id)}).text
    assert section(own, "vitals") == []
    assert "Nobody waits for vitals" in own


def test_names_are_text_wherever_they_appear(clinic: Clinic, nurse: User) -> None:
    clinic.check_in("Emeka")
    assert HOSTILE not in clinic.client(nurse).get("/queue").text
    assert HOSTILE not in clinic.client(clinic.doctors[0]).get("/day").text


def test_day_shows_a_doctor_own_patients_by_stage(clinic: Clinic, nurse: User) -> None:
    clinic.check_in("Divya")
    measure(clinic, nurse, "Divya")
    day = clinic.client(clinic.doctors[0]).get("/day").text
    assert section(day, "inside") == ["Björn Müller"]
    assert section(day, "ready") == ["Divya Rao"]
    assert section(day, "done") == ["Asha Menon"]
    assert section(day, "expected")[0] == "Chidi Okafor"
    assert "Fatima" not in day
    assert "Continue, Björn Müller" in day


@pytest.mark.parametrize(("path", "who"), [("/queue", "nurse"), ("/day", "doctor")])
def test_pages_follow_changes_and_ask_little(clinic: Clinic, nurse: User, path: str, who: str) -> None:
    visitor = clinic.client(nurse if who == "nurse" else clinic.doctors[0])
    tag = re.search(r'data-tag="(\w+)"', visitor.get(path).text)
    assert tag is not None
    seen = {"If-None-Match": f'"{tag.group(1)}"'}
    with counted_statements(clinic.runtime) as statements:
        assert visitor.get(f"{path}/live", headers=seen).status_code == 304
    assert len(statements) <= 3, statements
    clinic.check_in("Divya")
    fresh = visitor.get(f"{path}/live", headers=seen)
    assert fresh.status_code == 200
    assert section(fresh.text, "vitals")[-1] == "Divya Rao"
    with counted_statements(clinic.runtime) as statements:
        visitor.get(path)
    assert len(statements) <= 5, statements


def test_roles_land_where_their_work_is(clinic: Clinic, nurse: User) -> None:
    lands: list[tuple[Any, str]] = [
        (nurse, "/queue"),
        (clinic.doctors[0], "/day"),
        (clinic.reception, "/board"),
        (clinic.admin, "/board"),
    ]
    for who, path in lands:
        assert clinic.client(who).get("/").headers["Location"] == path
    assert clinic.client(nurse).get("/day").status_code == 403
    assert clinic.client(clinic.reception).get("/queue").status_code == 403
    assert clinic.client(clinic.patients["Divya"]).get("/queue").status_code == 403


def test_screen_names_nobody_in_full_and_follows(clinic: Clinic, nurse: User) -> None:
    clinic.check_in("Divya")
    screen = clinic.client(nurse).get("/waiting-room").text
    for words in ("Fatima K.", "Divya R.", "Björn M.", "next"):
        assert words in screen, words
    for name in ("Fatima Khan", "Divya Rao", "Müller"):
        assert name not in screen, name
    tag = re.search(r'data-tag="(\w+)"', screen)
    assert tag is not None
    seen = {"If-None-Match": f'"{tag.group(1)}"'}
    visitor = clinic.client(nurse)
    assert visitor.get("/waiting-room/live", headers=seen).status_code == 304
    clinic.check_in("Hiro")
    with counted_statements(clinic.runtime) as statements:
        assert "Hiro T." in visitor.get("/waiting-room/live", headers=seen).text
    assert len(statements) <= 5, statements
    assert clinic.client(clinic.patients["Divya"]).get("/waiting-room").status_code == 403
