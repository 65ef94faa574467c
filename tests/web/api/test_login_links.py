"""Signing up with a verified address, and new passwords by mailed links."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from hms.access.passwords import hash_password
from hms.clock import FixedClock, stopwatch
from hms.domain.messages import Channel
from hms.domain.people import PatientStatus, Role
from hms.models import (
    AuditEntry,
    LoginLink,
    LoginSession,
    Notification,
    OptOut,
    OutgoingMessage,
    Patient,
    User,
    WrongAddress,
)
from hms.services import login_links
from tests.support.callers import HttpHouse, Reply
from tests.support.factories import make_hospital, make_user
from tests.support.mailed import Mailbox, nothing_sent
from tests.support.races import at_once

PASSWORD, NEW = "correct horse battery", "another long password"
HASH = hash_password(PASSWORD)
ZOE = "zoë@home.example"
VERIFY, RESET, KNOWN = "Confirm Your Email Address", "Choose a New Password", "You Have a Login Already"


def registration(**values: Any) -> dict[str, Any]:
    return {
        "hospitalCode": "HMS001",
        "email": "Zoë@home.example",
        "password": PASSWORD,
        "firstName": "Zoë",
        "lastName": "Ångström",
        "dateOfBirth": "1990-02-28",
    } | values


@pytest.fixture
def mailbox(house: HttpHouse) -> Mailbox:
    return Mailbox(house.runtime)


@pytest.fixture
def known(house: HttpHouse) -> User:
    """Give somebody of the staff who has a password."""
    return make_user(house.runtime, house.hospital, Role.NURSE, email="nina@hms001.example", password_hash=HASH)


def register(house: HttpHouse, **values: Any) -> Reply:
    return house.stranger.post("/auth/register", registration(**values))


def verify(house: HttpHouse, token: str, password: str = PASSWORD) -> Reply:
    return house.stranger.post("/auth/verify", {"token": token, "password": password})


def forgot(house: HttpHouse, email: str, **values: Any) -> Reply:
    return house.stranger.post("/auth/password/forgot", {"email": email, **values})


def reset(house: HttpHouse, token: str, password: str = NEW) -> Reply:
    return house.stranger.post("/auth/password/reset", {"token": token, "newPassword": password})


def login(house: HttpHouse, email: str, password: str) -> Reply:
    return house.stranger.post("/auth/login", {"email": email, "password": password})


def count(house: HttpHouse, table: Any) -> int:
    with house.runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_patient_signs_up_by_the_link_in_the_mail(house: HttpHouse, mailbox: Mailbox) -> None:
    assert register(house).status == 202
    assert login(house, ZOE, PASSWORD).refusal == (401, "INVALID_CREDENTIALS")
    assert ZOE not in [row["email"] for row in house.admin.get("/users").data]
    assert count(house, Patient) == 1
    mail = mailbox.fetch()[0]
    assert (mail.to, mail.subject) == (ZOE, VERIFY)
    assert "Zoë" not in mail.text + mail.subject
    token = mail.text.partition("/verify/")[2].split()[0]
    assert token in mail.html

    signed_in = verify(house, token)
    assert signed_in.status == 200
    me = signed_in.data["user"]
    assert (me["role"], me["email"], me["firstName"]) == ("PATIENT", ZOE, "Zoë")
    assert house.reception.get(f"/patients/{me['patientId']}").data["dateOfBirth"] == "1990-02-28"
    assert login(house, ZOE, PASSWORD).status == 200
    assert verify(house, token).refusal == (409, "LINK_ENDED")
    with house.runtime.reading() as session:
        link = session.scalars(select(LoginLink)).one()
        assert (link.password_hash, link.person) == (None, None)
        assert token not in str(session.execute(select(Notification.__table__)).all())
        assert token not in str(session.execute(select(OutgoingMessage.__table__)).all())
        assert token not in str(session.execute(select(AuditEntry.__table__)).all())


def test_nobody_can_prepare_a_login_for_anothers_address(house: HttpHouse, mailbox: Mailbox) -> None:
    register(house, password="the thief's password", firstName="Thief")
    thiefs = mailbox.token(ZOE, VERIFY)
    register(house)
    own = mailbox.token(ZOE, VERIFY)
    assert verify(house, thiefs).refusal == (401, "INVALID_CREDENTIALS")
    assert verify(house, own).data["user"]["firstName"] == "Zoë"
    assert verify(house, thiefs, "the thief's password").refusal == (409, "LINK_ENDED")
    assert login(house, ZOE, "the thief's password").refusal == (401, "INVALID_CREDENTIALS")


def test_answers_do_not_tell_whether_an_address_has_a_login(house: HttpHouse, mailbox: Mailbox, known: User) -> None:
    make_user(house.runtime, house.hospital, Role.NURSE, email="gone@hms001.example", is_active=False)
    new, taken, gone = (register(house, email=email) for email in (ZOE, known.email, "gone@hms001.example"))
    assert new.status == taken.status == gone.status == 202
    texts = {reply.data["message"].replace(email, "X") for reply, email in ((new, ZOE), (taken, known.email))}
    assert len(texts) == 1
    assert sorted((mail.to, mail.subject) for mail in mailbox.fetch()) == [(known.email, KNOWN), (ZOE, VERIFY)]

    with nothing_sent(mailbox):
        unknown = forgot(house, "no@body.example")
        assert (unknown.status, forgot(house, "gone@hms001.example").status) == (202, 202)
        assert forgot(house, ZOE).status == 202  # signed up, not verified
    asked = forgot(house, known.email)
    assert (asked.status, asked.json["data"].keys()) == (unknown.status, unknown.json["data"].keys())
    assert [(mail.to, mail.subject) for mail in mailbox.fetch()] == [(known.email, RESET)]


def test_the_time_of_an_answer_tells_nothing_either(house: HttpHouse, known: User) -> None:
    for email in ("no@body.example", known.email):
        started = stopwatch()
        assert forgot(house, email).status == 202
        assert stopwatch() - started >= 0.1


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"hospitalCode": "NOWHERE"}, 404, "NOT_FOUND"),
        ({"password": "short"}, 422, "VALIDATION"),
        ({"dateOfBirth": "2030-01-01"}, 422, "VALIDATION"),
        ({"role": "HOSPITAL_ADMIN"}, 422, "VALIDATION"),
    ],
)
def test_a_bad_registration_leaves_nothing_behind(
    house: HttpHouse, values: dict[str, str], status: int, code: str
) -> None:
    before = [count(house, table) for table in (User, Patient, AuditEntry, LoginLink)]
    assert register(house, **values).refusal == (status, code)
    assert [count(house, table) for table in (User, Patient, AuditEntry, LoginLink)] == before


def test_the_desks_record_of_the_same_person_becomes_theirs_and_no_other(house: HttpHouse, mailbox: Mailbox) -> None:
    same = {"first_name": "Zoë", "last_name": "Ångström", "email": ZOE, "date_of_birth": date(1990, 2, 28)}
    others = [
        house.new_patient(**same | values)
        for values in (
            {"date_of_birth": date(1990, 2, 27)},
            {"date_of_birth": None},
            {"email": "another@home.example"},
            {"last_name": "Other"},
            {"status": PatientStatus.INACTIVE},
            {"login": True},
        )
    ]
    register(house)
    made = verify(house, mailbox.token(ZOE, VERIFY)).data["user"]["patientId"]
    assert made not in {str(row.id) for row in others}

    alike = {"first_name": "ZOE", "last_name": "Angstrom", "email": "Maria@home.example"}
    known = house.new_patient(**same | alike, status=PatientStatus.BLOCKED)
    register(house, email="maria@home.example")
    taken = verify(house, mailbox.token("maria@home.example", VERIFY)).data["user"]["patientId"]
    assert taken == str(known.id)
    assert house.reception.get(f"/patients/{taken}").data["status"] == "BLOCKED"


def test_a_new_password_by_mail_ends_all_sessions_and_tells_the_owner(
    house: HttpHouse, mailbox: Mailbox, known: User
) -> None:
    before = login(house, known.email, PASSWORD)
    forgot(house, known.email)
    first = mailbox.token(known.email, RESET)
    forgot(house, known.email)
    second = mailbox.token(known.email, RESET)
    assert reset(house, first, "short").refusal == (422, "VALIDATION")
    assert reset(house, first).status == 200
    assert reset(house, first).refusal == (409, "LINK_ENDED")
    assert reset(house, second).refusal == (409, "LINK_ENDED")
    assert login(house, known.email, PASSWORD).refusal == (401, "INVALID_CREDENTIALS")
    session = login(house, known.email, NEW)
    assert session.status == 200
    old = house.stranger.post("/auth/refresh", {"refreshToken": before.data["refreshToken"]})
    assert old.refusal == (401, "UNAUTHENTICATED")
    assert [mail.subject for mail in mailbox.fetch()] == ["Your Password Was Changed"]
    trail = house.admin.get(f"/admin/audit?entityId={known.id}").data
    assert "user.password_reset" in {row["action"] for row in trail}


def test_links_end_by_the_machine_clock(
    house: HttpHouse, mailbox: Mailbox, known: User, clock: FixedClock, machine_clock: FixedClock
) -> None:
    register(house)
    token = mailbox.token(ZOE, VERIFY)
    clock.advance(timedelta(days=3))
    machine_clock.advance(timedelta(hours=23, minutes=59))
    forgot(house, known.email)
    anew = mailbox.token(known.email, RESET)
    machine_clock.advance(timedelta(minutes=1))
    assert verify(house, token).refusal == (409, "LINK_ENDED")
    machine_clock.advance(timedelta(minutes=59))
    assert reset(house, anew).refusal == (409, "LINK_ENDED")


def test_forged_and_foreign_links_open_nothing(house: HttpHouse, mailbox: Mailbox, known: User) -> None:
    register(house)
    forgot(house, known.email)
    mails = {mail.to: mail.text for mail in mailbox.fetch()}
    verifying = mails[ZOE].partition("/verify/")[2].split()[0]
    resetting = mails[known.email].partition("/reset/")[2].split()[0]
    assert reset(house, verifying).refusal == (409, "LINK_ENDED")
    assert verify(house, resetting).refusal == (409, "LINK_ENDED")
    with house.runtime.reading() as session:
        ids = [str(link) for link in session.scalars(select(LoginLink.id))]
    changed = verifying[:-1] + ("A" if verifying[-1] != "A" else "B")
    for token in (*ids, changed, verifying + "A", verifying[1:], "x", "é", "=" * 20):
        assert verify(house, token).refusal == (409, "LINK_ENDED")
    assert verify(house, verifying).status == 200


def test_a_mailbox_is_not_flooded(house: HttpHouse, mailbox: Mailbox, known: User, machine_clock: FixedClock) -> None:
    for number in range(8):
        elsewhere = {"REMOTE_ADDR": f"10.0.0.{number}"}
        body = {"email": known.email}
        assert house.stranger.post("/auth/password/forgot", body, environ_overrides=elsewhere).status == 202
    assert len(mailbox.fetch()) == 5
    for _ in range(9):
        forgot(house, known.email)
    assert forgot(house, known.email).status == 202
    assert forgot(house, known.email).refusal == (429, "RATE_LIMITED")
    assert mailbox.fetch() == []
    machine_clock.advance(timedelta(hours=1, seconds=1))
    assert forgot(house, known.email).status == 202
    assert len(mailbox.fetch()) == 1


def test_an_unverified_address_keeps_nobody_out(house: HttpHouse, mailbox: Mailbox, machine_clock: FixedClock) -> None:
    for email in (ZOE, "late@home.example"):
        register(house, email=email)
    token = {mail.to: mail.text.partition("/verify/")[2].split()[0] for mail in mailbox.fetch()}[ZOE]
    body = {"email": ZOE, "role": "NURSE", "firstName": "Zoë", "lastName": "Å", "password": PASSWORD}
    assert house.admin.post("/users", body).status == 201
    assert verify(house, token).refusal == (409, "LINK_ENDED")
    assert count(house, LoginLink) == 1

    machine_clock.advance(timedelta(days=7, seconds=1))
    assert house.runtime.transact(house.admin.actor, login_links.forget) == 2
    assert count(house, LoginLink) == 0
    with house.runtime.reading() as session:
        assert session.scalars(select(User.id).where(User.unverified_since.is_not(None))).all() == []


def test_an_address_that_was_refused_is_forgotten_with_who_never_verified_it(
    house: HttpHouse, machine_clock: FixedClock
) -> None:
    register(house)
    with house.runtime.database.writing() as session:
        user = session.scalars(select(User).where(User.unverified_since.is_not(None))).one()
        own = {"hospital_id": user.hospital_id, "user_id": user.id, "channel": Channel.EMAIL}
        session.add(WrongAddress(**own, address=user.email, reason="550 No such user", since=user.created_at))
        session.add(OptOut(**own, created_at=user.created_at))
    machine_clock.advance(timedelta(days=30))
    assert house.runtime.transact(house.admin.actor, login_links.forget) == 2
    with house.runtime.reading() as session:
        assert session.scalars(select(WrongAddress)).all() == []


def test_of_two_at_once_one_link_makes_one_login(house: HttpHouse, mailbox: Mailbox) -> None:
    at_once([partial(register, house)] * 2)
    tokens = [mail.text.partition("/verify/")[2].split()[0] for mail in mailbox.fetch()]
    assert len(tokens) == 2
    replies = at_once([partial(verify, house, token) for token in tokens * 2])
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    with house.runtime.reading() as session:
        assert len(session.scalars(select(Patient.id).where(Patient.email == ZOE)).all()) == 1
        assert len(session.scalars(select(LoginSession.id).join(User).where(User.email == ZOE)).all()) == 1


def test_each_hospital_has_its_own_logins(house: HttpHouse, mailbox: Mailbox, known: User) -> None:
    other = make_hospital(house.runtime, "HMS002")
    make_user(house.runtime, other, Role.NURSE, email=known.email, password_hash=HASH)
    forgot(house, known.email, hospitalCode="hms002")
    assert [mail.sender_name for mail in mailbox.fetch()] == ["HMS002 General"]
    forgot(house, known.email)
    assert sorted(mail.sender_name for mail in mailbox.fetch()) == ["HMS001 General", "HMS002 General"]
    register(house, hospitalCode="HMS002")
    me = verify(house, mailbox.token(ZOE, VERIFY)).data["user"]
    assert me["hospital"]["code"] == "HMS002"
    assert house.reception.get(f"/patients/{me['patientId']}").refusal == (404, "NOT_FOUND")
