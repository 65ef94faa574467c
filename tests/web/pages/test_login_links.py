"""The pages of mailed links to a login: looking is harmless, errors stand beside the field, answers tell nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from hms.models import LoginLink, User
from tests.support.clinic import Clinic
from tests.support.mailed import Mailbox

ZOE = "zoe@home.example"
SIGN_UP = {
    "hospital": "hms001",
    "first_name": "Zoë",
    "last_name": "Ångström",
    "born": "1990-02-28",
    "email": ZOE,
    "password": "correct horse battery",
}


@pytest.fixture
def mailbox(clinic: Clinic) -> Mailbox:
    kept = Mailbox(clinic.runtime)
    kept.fetch()
    return kept


@pytest.fixture
def phone(clinic: Clinic) -> FlaskClient:
    return clinic.app.test_client()


@pytest.fixture
def token(mailbox: Mailbox, phone: FlaskClient) -> str:
    """Give the secret of the link that somebody who signed up was sent."""
    assert "Look into your mailbox" in phone.post("/sign-up", data=SIGN_UP).text
    return mailbox.token(ZOE, "Confirm Your Email Address")


def test_looking_verifies_nothing(clinic: Clinic, phone: FlaskClient, token: str) -> None:
    for method in ("GET", "HEAD"):
        assert phone.open(f"/verify/{token}", method=method).status_code == 200
    assert ZOE in phone.get(f"/verify/{token}").text
    with clinic.runtime.reading() as session:
        link = session.scalars(select(LoginLink)).one()
        assert (link.used_at, session.get_one(User, link.user_id).is_active) == (None, False)


def test_the_password_verifies_and_signs_in(phone: FlaskClient, token: str) -> None:
    wrong = phone.post(f"/verify/{token}", data={"password": "something else"})
    assert (wrong.status_code, "not the password that you chose" in wrong.text) == (422, True)
    done = phone.post(f"/verify/{token}", data={"password": SIGN_UP["password"]})
    assert (done.status_code, done.headers["Location"]) == (303, "/")
    assert "Zoë Ångström" in phone.get("/", follow_redirects=True).text
    again = phone.get(f"/verify/{token}")
    assert (again.status_code, "This link has ended" in again.text) == (409, True)


def test_guessing_the_password_of_a_link_is_slowed_down(phone: FlaskClient, token: str) -> None:
    for _ in range(10):
        assert phone.post(f"/verify/{token}", data={"password": "guess guess"}).status_code == 422
    slowed = phone.post(f"/verify/{token}", data={"password": SIGN_UP["password"]})
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) > 800


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"hospital": ""}, "Enter the code of the hospital"),
        ({"hospital": "NOWHERE"}, "There is no hospital with this code"),
        ({"first_name": " "}, "Enter your first name"),
        ({"last_name": ""}, "Enter your last name"),
        ({"born": "tomorrow"}, "Enter your date of birth"),
        ({"born": "2090-01-01"}, "must lie in the past"),
        ({"email": "zoe"}, "Enter a whole email address"),
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "x" * 201}, "10 to 200 characters"),
        ({"phone": "call me"}, "Enter a phone number"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    clinic: Clinic, mailbox: Mailbox, phone: FlaskClient, wrong: dict[str, str], says: str
) -> None:
    answer = phone.post("/sign-up", data=SIGN_UP | wrong)
    assert (answer.status_code, says in answer.text) == (422, True)
    assert 'value="Ångström"' in answer.text or "last_name" in wrong
    assert "correct horse" not in answer.text
    assert mailbox.fetch() == []
    with clinic.runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(LoginLink)) == 0


def test_a_new_password_by_the_link(clinic: Clinic, mailbox: Mailbox, phone: FlaskClient) -> None:
    known, unknown = clinic.reception.email, "no@body.example"
    answers: list[Any] = [phone.post("/forgot", data={"email": email}) for email in (known, unknown)]
    assert answers[0].text.replace(known, "X") == answers[1].text.replace(unknown, "X")
    token = mailbox.token(known, "Choose a New Password")
    assert known in phone.get(f"/reset/{token}").text
    short = phone.post(f"/reset/{token}", data={"password": "short"})
    assert (short.status_code, "10 to 200 characters" in short.text) == (422, True)
    done = phone.post(f"/reset/{token}", data={"password": "another long password"}, follow_redirects=True)
    assert "Your password is changed" in done.text
    assert "This link has ended" in phone.get(f"/reset/{token}").text
    assert phone.post(f"/reset/{token}", data={"password": "a third long password"}).status_code == 409
    entered = phone.post("/sign-in", data={"email": known, "password": "another long password"})
    assert entered.status_code == 303


def test_forged_links_and_wrong_addresses(phone: FlaskClient) -> None:
    for path in ("/verify/x", "/reset/x"):
        assert phone.get(path).status_code == phone.post(path, data={"password": "x" * 12}).status_code == 409
    assert "whole email address" in phone.post("/forgot", data={"email": "zoe"}).text
    assert phone.get("/forgot?email=zoe@home.example").text.count("zoe@home.example") == 1


def test_whoever_is_signed_in_needs_no_login(clinic: Clinic) -> None:
    assert clinic.client(clinic.patients["Divya"]).get("/sign-up").status_code == 303
