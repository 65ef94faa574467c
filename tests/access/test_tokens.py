"""Tokens name a session and cannot be made by anybody else."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from hms.access.tokens import Audience, Signer, digest_of, new_refresh
from hms.domain.errors import Code, DomainError

NOW = datetime(2026, 1, 22, 3, 25, tzinfo=UTC)
SECRET = "a secret of the tests that is long enough"
QUARTER = timedelta(minutes=15)


def issue(session_id: UUID, secret: str = SECRET) -> str:
    return Signer(secret).issue(Audience.API, session_id, uuid4(), NOW, QUARTER)


def refusal(token: str, now: datetime = NOW, audience: Audience = Audience.API) -> Code:
    with pytest.raises(DomainError) as caught:
        Signer(SECRET).read(audience, token, now)
    return caught.value.code


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_names_its_session_until_it_expires() -> None:
    session_id = uuid4()
    token = issue(session_id)
    assert Signer(SECRET).read(Audience.API, token, NOW + QUARTER - timedelta(seconds=1)) == session_id
    assert refusal(token, NOW + QUARTER) is Code.TOKEN_EXPIRED


def test_a_token_of_another_secret_is_refused() -> None:
    assert refusal(issue(uuid4(), "another secret of the tests, long enough")) is Code.UNAUTHENTICATED


def test_a_token_for_pages_is_no_bearer_token() -> None:
    token = Signer(SECRET).issue(Audience.PAGES, uuid4(), uuid4(), NOW, QUARTER)
    assert refusal(token) is Code.UNAUTHENTICATED
    assert refusal(issue(uuid4()), audience=Audience.PAGES) is Code.UNAUTHENTICATED


def test_an_unsigned_token_is_refused() -> None:
    claims = jwt.decode(issue(uuid4()), options={"verify_signature": False})
    assert refusal(f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims)}.") is Code.UNAUTHENTICATED


def test_a_changed_payload_is_refused() -> None:
    head, payload, signature = issue(uuid4()).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert refusal(f"{head}.{encoded(claims | {'sid': str(uuid4())})}.{signature}") is Code.UNAUTHENTICATED


@pytest.mark.parametrize("missing", ["aud", "exp", "iat", "sid", "sub"])
def test_every_claim_is_needed(missing: str) -> None:
    signer = Signer(SECRET)
    claims = jwt.decode(issue(uuid4()), options={"verify_signature": False})
    del claims[missing]
    token = jwt.encode(claims, signer._token_key, algorithm="HS256")  # noqa: SLF001 - forged by who has the key
    assert refusal(token) is Code.UNAUTHENTICATED


@pytest.mark.parametrize("value", [{"sid": "not a uuid"}, {"sid": 5}, {"exp": "soon"}, {"exp": None}])
def test_claims_that_make_no_sense_are_refused(value: dict[str, Any]) -> None:
    claims = jwt.decode(issue(uuid4()), options={"verify_signature": False}) | value
    token = jwt.encode(claims, Signer(SECRET)._token_key, algorithm="HS256")  # noqa: SLF001 - see above
    assert refusal(token) is Code.UNAUTHENTICATED


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "." * 5])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refusal(token) is Code.UNAUTHENTICATED


def test_form_tokens_belong_to_one_session() -> None:
    signer, mine, other = Signer(SECRET), uuid4(), uuid4()
    assert signer.is_form_token(mine, signer.form_token(mine))
    assert not signer.is_form_token(other, signer.form_token(mine))
    assert not signer.is_form_token(mine, "")
    assert not signer.is_form_token(mine, "é")


def test_refresh_tokens_are_found_by_their_hash() -> None:
    one, two = new_refresh(), new_refresh()
    assert one.token != two.token
    assert digest_of(one.token) == one.digest
    assert one.token not in one.digest


def test_a_signer_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        Signer("")
