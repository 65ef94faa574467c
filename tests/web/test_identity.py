"""Cookies of the pages: bound to a session that is alive, and forms that only our own pages can send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from hms.access.passwords import hash_password
from hms.clock import FixedClock
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import User
from hms.queries.identity import Identity
from hms.runtime import build
from hms.settings import Mode, Settings
from hms.web.identity import COOKIE, Credentials, Door, open_door
from tests.support.factories import make_hospital, make_user

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
HOST = "http://clinic.example"


@pytest.fixture
def door(runtime: Any) -> Door:
    return open_door(runtime)


@pytest.fixture
def user(door: Door) -> User:
    hospital = make_hospital(door.runtime)
    return make_user(door.runtime, hospital, Role.NURSE, email="nina@hms001.example", password_hash=HASH)


def request(path: str = "/", headers: dict[str, str] | None = None, **form: str) -> Request:
    builder = EnvironBuilder(path, base_url=HOST, method="POST", data=form, headers=Headers(headers))
    return Request(builder.get_environ())


def signed_in(door: Door, user: User) -> tuple[str, Response]:
    opened = door.sign_in(Credentials(user.email, PASSWORD), "10.0.0.1", for_pages=True)
    assert opened.refresh_token is None
    response = Response()
    door.set_cookie(response, opened)
    header = response.headers["Set-Cookie"]
    return header.partition("=")[2].partition(";")[0], response


def identity(door: Door, token: str) -> Identity | None:
    return door.by_cookie(request(headers={"Cookie": f"{COOKIE}={token}"}))


def known(door: Door, token: str) -> Identity:
    found = identity(door, token)
    assert found is not None
    return found


def test_the_cookie_lives_as_long_as_its_session(
    door: Door, user: User, clock: FixedClock, machine_clock: FixedClock
) -> None:
    token, response = signed_in(door, user)
    header = response.headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Max-Age=43200" in header
    assert "Secure" not in header
    clock.advance(timedelta(days=30))
    assert known(door, token).user_id == user.id
    machine_clock.advance(timedelta(hours=12))
    assert identity(door, token) is None


def test_the_cookie_is_secure_where_the_address_is(settings: Settings, clocks: Any) -> None:
    runtime = build(settings.model_copy(update={"public_url": "https://clinic.example"}), clocks=clocks)
    door = open_door(runtime)
    user = make_user(runtime, make_hospital(runtime), Role.NURSE, email="nina@hms001.example", password_hash=HASH)
    _, response = signed_in(door, user)
    door.drop_cookie(response)
    runtime.close()
    assert all("Secure" in header for header in response.headers.getlist("Set-Cookie"))
    assert "Max-Age=0" in response.headers.getlist("Set-Cookie")[1]


def test_signing_out_ends_the_cookie_at_once(door: Door, user: User) -> None:
    token, _ = signed_in(door, user)
    other, _ = signed_in(door, user)
    door.sign_out(known(door, token))
    assert identity(door, token) is None
    assert known(door, other).user_id == user.id


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_a_cookie_that_nobody_issued_is_nobody(door: Door, token: str) -> None:
    assert identity(door, token) is None


def test_an_access_token_is_no_cookie(door: Door, user: User) -> None:
    opened = door.sign_in(Credentials(user.email, PASSWORD), "10.0.0.1", for_pages=False)
    assert identity(door, door.access_token(opened)) is None


def refused(door: Door, sent: Request, who: Identity | None) -> Code:
    with pytest.raises(DomainError) as caught:
        door.check_form(sent, who)
    return caught.value.code


def test_a_form_needs_the_token_of_its_own_session(door: Door, user: User) -> None:
    mine, other = known(door, signed_in(door, user)[0]), known(door, signed_in(door, user)[0])
    token = door.form_token(mine)
    assert door.check_form(request(csrf_token=token), mine) is None  # type: ignore[func-returns-value]
    assert door.check_form(request(headers={"X-CSRF-Token": token}), mine) is None  # type: ignore[func-returns-value]
    assert refused(door, request(), mine) is Code.FORBIDDEN
    assert refused(door, request(csrf_token=token), other) is Code.FORBIDDEN


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://clinic.example.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_another_site_is_refused(door: Door, user: User, headers: dict[str, str]) -> None:
    who = known(door, signed_in(door, user)[0])
    sent = request(headers=headers, csrf_token=door.form_token(who))
    assert refused(door, sent, who) is Code.FORBIDDEN
    assert refused(door, sent, None) is Code.FORBIDDEN


@pytest.mark.parametrize("headers", [{}, {"Origin": HOST}, {"Sec-Fetch-Site": "same-origin", "Origin": HOST}])
def test_a_form_of_our_own_needs_no_session_to_sign_in(door: Door, headers: dict[str, str]) -> None:
    assert door.check_form(request(headers=headers), None) is None  # type: ignore[func-returns-value]


def test_production_makes_up_no_secret(settings: Settings, clocks: Any) -> None:
    runtime = build(settings.model_copy(update={"mode": Mode.PRODUCTION}), clocks=clocks)
    with pytest.raises(ValueError, match="secret"):
        open_door(runtime)
    runtime.close()


def test_outdated_hashes_are_renewed_at_sign_in(door: Door, user: User) -> None:
    with door.runtime.database.writing() as session:
        cheap = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
        session.get_one(User, user.id).password_hash = cheap.hash(PASSWORD)
    signed_in(door, user)
    with door.runtime.reading() as session:
        assert extract_parameters(session.get_one(User, user.id).password_hash).memory_cost == 19 * 1024
    signed_in(door, user)
