"""Sign-in, refresh, sign-out and passwords over HTTP."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select

from hms.access.passwords import hash_password
from hms.access.tokens import Audience
from hms.clock import FixedClock
from hms.domain.people import Role
from hms.models import LoginSession, RefreshToken, User
from hms.services import identity
from hms.services.identity import ChangePassword
from tests.support.callers import Caller, HttpHouse, Reply, counted_statements
from tests.support.factories import actor_of, make_hospital, make_user

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)
NEW = "entirely different words"


@pytest.fixture
def user(house: HttpHouse) -> User:
    return make_user(
        house.runtime, house.hospital, Role.NURSE, email="nina@hms001.example", password_hash=HASH, first_name="Nina"
    )


def login(house: HttpHouse, email: str = "nina@hms001.example", password: str = PASSWORD, **more: str) -> Reply:
    return house.stranger.post("/auth/login", {"email": email, "password": password} | more)


def holder(house: HttpHouse, reply: Reply) -> Caller:
    return Caller(house.app, reply.data["accessToken"])


def refreshed(house: HttpHouse, token: str) -> Reply:
    return house.stranger.post("/auth/refresh", {"refreshToken": token})


def test_login_answers_tokens_and_who_signed_in(house: HttpHouse, user: User) -> None:
    reply = login(house, "NINA@hms001.example ")
    assert reply.status == 200
    assert reply.data["expiresIn"] == 900
    assert reply.data["user"] == {
        "id": str(user.id),
        "role": "NURSE",
        "firstName": "Nina",
        "lastName": user.last_name,
        "email": "nina@hms001.example",
        "language": "en",
        "patientId": None,
        "doctorId": None,
        "dependants": [],
        "hospital": {
            "id": str(house.hospital.id),
            "code": "HMS001",
            "name": "HMS001 General",
            "timezone": "Asia/Kolkata",
            "locale": "en",
        },
    }
    assert holder(house, reply).get("/auth/me").data == reply.data["user"]
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("email", "password"), [("nina@hms001.example", "wrong words"), ("no@body.example", PASSWORD)])
def test_wrong_password_and_unknown_address_answer_alike(
    house: HttpHouse, user: User, email: str, password: str
) -> None:
    assert user.is_active
    reply = login(house, email, password)
    assert reply.refusal == (401, "INVALID_CREDENTIALS")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="hms"'
    assert reply.json["error"]["message"] == "This email address and password do not match. Please try again."


def test_a_deactivated_login_cannot_sign_in_and_is_out_at_once(house: HttpHouse, user: User) -> None:
    session = holder(house, login(house))
    assert house.admin.patch(f"/users/{user.id}", {"isActive": False}).status == 200
    assert session.get("/auth/me").refusal == (401, "UNAUTHENTICATED")
    assert login(house).refusal == (401, "INVALID_CREDENTIALS")


def test_the_hospital_is_asked_for_only_where_it_is_ambiguous(house: HttpHouse, user: User) -> None:
    other = make_hospital(house.runtime, "HMS002")
    twin = make_user(house.runtime, other, Role.NURSE, email=user.email, password_hash=HASH)
    reply = login(house)
    assert reply.refusal == (422, "HOSPITAL_REQUIRED")
    assert [d["message"].partition(":")[0] for d in reply.json["error"]["details"]] == ["HMS001", "HMS002"]
    assert login(house, hospitalCode="hms002").data["user"]["id"] == str(twin.id)
    with house.runtime.database.writing() as session:
        session.get_one(User, twin.id).password_hash = hash_password(NEW)
    assert login(house).data["user"]["id"] == str(user.id)
    assert login(house, password=NEW).data["user"]["id"] == str(twin.id)


def test_guessing_is_slowed_down_per_address(house: HttpHouse, user: User, machine_clock: FixedClock) -> None:
    for _ in range(10):
        assert login(house, password="guess guess").status == 401
    reply = login(house)
    assert reply.refusal == (429, "RATE_LIMITED")
    assert int(reply.headers["Retry-After"]) == 901
    elsewhere = house.stranger.post(
        "/auth/login",
        {"email": user.email, "password": PASSWORD},
        environ_overrides={"REMOTE_ADDR": "10.1.2.3"},
    )
    assert elsewhere.status == 200
    machine_clock.advance(timedelta(minutes=15))
    assert login(house).status == 200


def test_an_access_token_expires_by_the_machine_clock(
    house: HttpHouse, user: User, clock: FixedClock, machine_clock: FixedClock
) -> None:
    session = holder(house, login(house))
    clock.advance(timedelta(hours=5))
    assert session.get("/auth/me").data["id"] == str(user.id)
    machine_clock.advance(timedelta(minutes=15))
    reply = session.get("/auth/me")
    assert reply.refusal == (401, "TOKEN_EXPIRED")
    assert "invalid_token" in reply.headers["WWW-Authenticate"]


def test_logout_ends_the_session_at_once_and_no_other(house: HttpHouse, user: User) -> None:
    first, second = login(house), login(house)
    assert holder(house, first).post("/auth/logout").data is None
    assert holder(house, first).get("/auth/me").refusal == (401, "UNAUTHENTICATED")
    assert holder(house, first).post("/auth/logout").refusal == (401, "UNAUTHENTICATED")
    assert refreshed(house, first.data["refreshToken"]).refusal == (401, "UNAUTHENTICATED")
    assert holder(house, second).get("/auth/me").data["id"] == str(user.id)


def forged(house: HttpHouse, change: dict[str, Any], key: str = "x" * 32, algorithm: str = "HS256") -> str:
    token = house.admin.token or ""
    claims = jwt.decode(token, options={"verify_signature": False}) | change
    return jwt.encode(claims, key if algorithm != "none" else "", algorithm=algorithm)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", "bearer é", "none", "unknown"],
)
def test_forged_and_foreign_tokens_are_refused(house: HttpHouse, authorization: str | None) -> None:
    if authorization == "none":
        authorization = f"Bearer {forged(house, {}, algorithm='none')}"
    elif authorization == "unknown":
        authorization = f"Bearer {forged(house, {})}"
    headers = {} if authorization is None else {"Authorization": authorization}
    reply = house.stranger.get("/auth/me", headers=headers)
    assert reply.refusal == (401, "UNAUTHENTICATED")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert reply.headers["Content-Type"] == "application/json"


def test_a_token_of_the_pages_opens_nothing_here(house: HttpHouse, user: User) -> None:
    door = house.app.extensions["hms.door"]
    sid = house.runtime.read(lambda s: s.scalars(select(LoginSession.id)).first())
    now = house.runtime.clocks.machine.now()
    token = door.signer.issue(Audience.PAGES, sid, user.id, now, timedelta(hours=1))
    assert Caller(house.app, token).get("/auth/me").refusal == (401, "UNAUTHENTICATED")


def test_a_refresh_token_is_traded_once(house: HttpHouse, user: User, machine_clock: FixedClock) -> None:
    first = login(house)
    machine_clock.advance(timedelta(minutes=20))
    second = refreshed(house, first.data["refreshToken"])
    assert second.status == 200
    assert second.data["refreshToken"] != first.data["refreshToken"]
    assert holder(house, second).get("/auth/me").data["id"] == str(user.id)


def test_a_refresh_token_used_twice_ends_its_family(house: HttpHouse, user: User) -> None:
    first, bystander = login(house), login(house)
    second = refreshed(house, first.data["refreshToken"])
    assert refreshed(house, first.data["refreshToken"]).refusal == (401, "UNAUTHENTICATED")
    assert holder(house, second).get("/auth/me").refusal == (401, "UNAUTHENTICATED")
    assert refreshed(house, second.data["refreshToken"]).refusal == (401, "UNAUTHENTICATED")
    assert holder(house, bystander).get("/auth/me").data["id"] == str(user.id)


def test_a_refresh_token_expires(house: HttpHouse, user: User, machine_clock: FixedClock) -> None:
    assert user.is_active
    token = login(house).data["refreshToken"]
    machine_clock.advance(timedelta(days=14))
    assert refreshed(house, token).refusal == (401, "UNAUTHENTICATED")
    assert refreshed(house, "nobody's token").refusal == (401, "UNAUTHENTICATED")


def test_of_racing_refreshes_one_wins_and_the_family_ends(house: HttpHouse, user: User) -> None:
    assert user.is_active
    token = login(house).data["refreshToken"]
    start = threading.Barrier(8)

    def trade(_: int) -> Reply:
        start.wait()
        return refreshed(house, token)

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(trade, range(8)))
    # Who wins may find, when answering, that a loser has already ended the session: then nobody has won.
    winners = [reply for reply in replies if reply.status == 200]
    assert len(winners) <= 1
    assert {reply.refusal for reply in replies if reply.status != 200} == {(401, "UNAUTHENTICATED")}
    tokens, revoked = house.runtime.read(
        lambda s: (
            s.scalar(select(func.count()).select_from(RefreshToken)),
            s.scalar(select(LoginSession.revoked_reason).where(LoginSession.user_id == user.id)),
        )
    )
    assert (tokens, revoked) == (2, "refresh token used twice")


def test_changing_the_password_ends_the_other_sessions(house: HttpHouse, user: User) -> None:
    mine, other = holder(house, login(house)), holder(house, login(house))
    assert mine.post("/auth/password/change", {"currentPassword": PASSWORD, "newPassword": NEW}).data is None
    assert mine.get("/auth/me").data["id"] == str(user.id)
    assert other.get("/auth/me").refusal == (401, "UNAUTHENTICATED")
    assert login(house).refusal == (401, "INVALID_CREDENTIALS")
    assert login(house, password=NEW).status == 200


def test_spaces_belong_to_a_password(house: HttpHouse, user: User) -> None:
    assert user.is_active
    spaced = "  spaces around  "
    mine = holder(house, login(house))
    assert mine.post("/auth/password/change", {"currentPassword": PASSWORD, "newPassword": spaced}).status == 200
    assert login(house, password=spaced.strip()).status == 401
    assert login(house, password=spaced).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"currentPassword": "not the one", "newPassword": NEW}, "currentPassword"),
        ({"currentPassword": PASSWORD, "newPassword": "short"}, "password"),
    ],
)
def test_a_wrong_or_weak_password_changes_nothing(
    house: HttpHouse, user: User, body: dict[str, str], field: str
) -> None:
    assert user.is_active
    reply = holder(house, login(house)).post("/auth/password/change", body)
    assert reply.refusal == (422, "VALIDATION")
    assert reply.json["error"]["details"][0]["field"] == field
    assert login(house).status == 200


def test_a_password_changed_meanwhile_is_not_overwritten(house: HttpHouse, user: User) -> None:
    with pytest.raises(Exception, match="do not match"):
        house.runtime.transact(actor_of(user), identity.change_password, ChangePassword("seen earlier", "new"))
    assert login(house).status == 200


def test_one_small_statement_tells_who_asks(house: HttpHouse) -> None:
    with counted_statements(house.runtime) as statements:
        assert house.by_doctor.get("/auth/me").status == 200
    assert len(statements) == 1
