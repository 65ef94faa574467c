"""Every page by somebody who is not signed in, by a form from elsewhere, and by the admin of another hospital."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from werkzeug.routing import Rule

from hms.domain.people import Role
from hms.models import Appointment, AuditEntry
from hms.web.identity import COOKIE
from tests.support.clinic import TODAY, Clinic
from tests.support.factories import make_hospital, make_user

PUBLIC = frozenset({"pages.sign_in_form", "pages.sign_up_form", "pages.forgot_form"})
"""Pages that answer whoever asks, without a mailed link or a kiosk switched on; each new one is a decision."""


def routes(clinic: Clinic, method: str) -> Iterator[tuple[Rule, str]]:
    """Give each page's route with its address filled in with what this clinic really has."""
    adapter = clinic.app.url_map.bind("localhost")
    for rule in clinic.app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and method in (rule.methods or ()):
            yield rule, adapter.build(rule.endpoint, arguments(clinic, rule), method=method)


def arguments(clinic: Clinic, rule: Rule) -> dict[str, Any]:
    known: dict[str, Any] = {
        "appointment_id": clinic.visits["Asha"],
        "visit_id": clinic.visits["Asha"],
        "doctor_id": clinic.doctors[0].id,
        "patient_id": clinic.patients["Asha"].id,
        "hospital_code": clinic.hospital.code,
        "code": clinic.hospital.code,
        "day": TODAY.isoformat(),
        "start": "10:30",
        "date": TODAY.isoformat(),
    }
    known |= {name: choices.partition(",")[0] for choices, name in re.findall(r"<any\(([^)]*)\):(\w+)>", rule.rule)}
    return {name: known.get(name, uuid4() if name.endswith("_id") else "unknown") for name in rule.arguments}


def trail(clinic: Clinic) -> tuple[int, dict[UUID, int]]:
    """Return how much was written to the clinic's audit trail, and its visits' versions."""
    with clinic.runtime.reading() as session:
        audited = select(func.count()).select_from(AuditEntry).where(AuditEntry.hospital_id == clinic.hospital.id)
        versions = select(Appointment.id, Appointment.version).where(Appointment.hospital_id == clinic.hospital.id)
        return session.scalar(audited) or 0, {row.id: row.version for row in session.execute(versions)}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_strangers_see_only_what_is_meant_for_them(clinic: Clinic, method: str) -> None:
    before = trail(clinic)
    answered = set()
    for rule, path in routes(clinic, method):
        answer = clinic.app.test_client().open(path, method=method)
        assert answer.status_code < 500, path
        assert not any(name in answer.data for name in (b"Menon", b"Okafor", b"Tanaka")), path
        if answer.status_code == 200:
            answered.add(rule.endpoint)
    assert answered == PUBLIC if method == "GET" else answered <= PUBLIC
    assert trail(clinic) == before


def test_no_form_is_taken_without_its_token_or_from_another_site(clinic: Clinic) -> None:
    before = trail(clinic)
    cookie = clinic.cookie(clinic.admin)
    for _, path in routes(clinic, "POST"):
        client = clinic.app.test_client()
        client.set_cookie(COOKIE, cookie)
        assert client.post(path).status_code == 403, path
        assert clinic.app.test_client().post(path, headers={"Origin": "https://evil.test"}).status_code == 403, path
    assert trail(clinic) == before


def test_another_hospitals_admin_finds_and_changes_nothing(clinic: Clinic) -> None:
    before = trail(clinic)
    other = make_hospital(clinic.runtime, "HMS002")
    visitor = clinic.client(make_user(clinic.runtime, other, Role.HOSPITAL_ADMIN))
    for _, path in routes(clinic, "GET"):
        answer = visitor.get(path)
        assert answer.status_code < 500, path
        assert not any(name in answer.data for name in (b"Menon", b"Okafor", b"Tanaka")), path
    for rule, path in routes(clinic, "POST"):
        if "sign_out" not in rule.endpoint:
            assert visitor.post(path).status_code < 500, path
    assert trail(clinic) == before
