"""Signing in: errors beside the field, what was typed stays, never to another site; signed out means out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hms.access.passwords import hash_password
from hms.clock import Clocks
from hms.domain.people import Role
from hms.gateways.null import null_gateways
from hms.processes import demo
from hms.runtime import build
from hms.settings import Mode, Settings
from hms.web.app import create_app
from hms.web.identity import COOKIE
from tests.support.clinic import Clinic
from tests.support.factories import make_hospital, make_user

EMAIL, PASSWORD = "front@hms001.example", "correct horse battery"


@pytest.fixture
def login(clinic: Clinic) -> Any:
    """Give a browser in which nobody is signed in, at a hospital with one known login."""
    make_user(clinic.runtime, clinic.hospital, Role.RECEPTIONIST, email=EMAIL, password_hash=hash_password(PASSWORD))
    return clinic.app.test_client()


def test_signs_in_and_goes_where_one_wanted_to_go(login: Any) -> None:
    sent = login.get("/board?state=late")
    assert sent.headers["Location"] == "/sign-in?next=%2Fboard%3Fstate%3Dlate"
    answer = login.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "next": "/board?state=late"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board?state=late")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert login.get("/board").status_code == 200


def test_never_leads_to_another_site(login: Any) -> None:
    for elsewhere in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "/\n"):
        answer = login.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "next": elsewhere})
        assert answer.headers["Location"] == "/", elsewhere
        login.delete_cookie(COOKIE)


def test_error_stands_beside_its_field_and_the_address_stays(login: Any) -> None:
    for email, password, status, says in (
        ("", "", 422, "Enter your email address"),
        ("front", "x", 422, "like name@example.org"),
        (EMAIL, "", 422, "Enter your password"),
        (EMAIL, "wrong", 401, "do not match"),
        ("nobody@hms001.example", "wrong", 401, "do not match"),
    ):
        answer = login.post("/sign-in", data={"email": email, "password": password})
        assert answer.status_code == status
        assert says in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert f'value="{email}"' in answer.text
        assert COOKIE not in answer.headers.get("Set-Cookie", "")


def test_hospital_is_asked_for_only_when_ambiguous(clinic: Clinic, login: Any) -> None:
    other = make_hospital(clinic.runtime, "HMS002")
    make_user(clinic.runtime, other, Role.NURSE, email=EMAIL, password_hash=hash_password(PASSWORD))
    assert 'name="hospital"' not in login.get("/sign-in").text
    asked = login.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert asked.status_code == 422
    assert 'name="hospital"' in asked.text
    done = login.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, "hospital": "hms002"})
    assert done.status_code == 303
    assert "HMS002 General" in login.get("/board").text


def test_signing_out_ends_the_session(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    kept = desk.client.get_cookie(COOKIE)
    assert kept is not None
    assert desk.post("/sign-out").status_code == 303
    desk.client.set_cookie(COOKIE, kept.value)
    assert desk.get("/board").status_code == 303
    assert desk.get("/board/live").status_code == 401


def test_accounts_are_shown_in_demo_mode_only(login: Any, settings: Settings, clocks: Clocks) -> None:
    assert "demo" not in login.get("/sign-in").text
    demo_settings = settings.model_copy(update={"mode": Mode.DEMO})
    runtime = build(demo_settings, clocks=clocks, gateways=null_gateways())
    visitor = create_app(replace(runtime)).test_client()
    assert demo.present(runtime) is not None  # a hospital HMS001 is here
    page = visitor.get("/sign-in").text
    assert "reception@hms001.example" in page
    assert demo_settings.demo_password not in page
    refused = visitor.post("/sign-in", data={"demo": "somebody@hms001.example"})
    assert refused.status_code == 422
    runtime.close()


def test_failures_have_the_look_of_the_pages(clinic: Clinic, login: Any) -> None:
    missing = clinic.client(clinic.reception).get("/nothing-here")
    assert missing.status_code == 404
    assert "There is nothing here" in missing.text
    assert "Rosa Diaz" in missing.text
    assert login.get("/nothing-here").status_code == 404
    for answer in (missing, login.get("/sign-in")):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "style=" not in answer.text
        assert "<script>" not in answer.text
