"""Links are signed: one way to write each, and no way to make another."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest

from hms.access.links import LinkSigner, OptOutLink, VisitLink
from hms.domain.messages import Channel

SIGNER = LinkSigner("a secret of this house")
VISIT = VisitLink(UUID(int=7), 3)
LOGIN = UUID(int=9)


def test_what_was_written_is_read() -> None:
    assert SIGNER.visit_link(SIGNER.visit_token(VISIT)) == VISIT
    assert SIGNER.login_link(SIGNER.login_token(LOGIN)) == LOGIN
    assert SIGNER.visit_token(VISIT) == LinkSigner("a secret of this house").visit_token(VISIT)
    assert len(SIGNER.visit_token(VISIT)) == 48


def test_a_link_is_for_one_purpose_and_one_house() -> None:
    assert SIGNER.login_link(SIGNER.visit_token(VISIT)) is None
    assert SIGNER.visit_link(SIGNER.login_token(LOGIN)) is None
    assert LinkSigner("another").visit_link(SIGNER.visit_token(VISIT)) is None
    with pytest.raises(ValueError, match="secret"):
        LinkSigner("")


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
@pytest.mark.parametrize("is_patient", [True, False])
def test_an_opt_out_link_names_person_and_channel(is_patient: bool, channel: Channel) -> None:
    link = OptOutLink(LOGIN, is_patient, channel)
    token = SIGNER.opt_out_token(link)
    assert SIGNER.opt_out_link(token) == link
    assert len(token) == 44
    assert SIGNER.login_link(token) is None
    assert SIGNER.opt_out_link(SIGNER.visit_token(VISIT)) is None


def test_nothing_can_be_changed() -> None:
    token = SIGNER.login_token(LOGIN)
    raw = base64.urlsafe_b64decode(token + "=")
    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        assert SIGNER.login_link(base64.urlsafe_b64encode(changed).rstrip(b"=").decode()) is None


@pytest.mark.parametrize("token", ["", "-", "é", "a" * 47, "a" * 500, "=" * 8, "../..", "\x00"])
def test_nonsense_is_no_link(token: str) -> None:
    assert SIGNER.visit_link(token) is None
    assert SIGNER.login_link(token) is None
    assert SIGNER.opt_out_link(token) is None


def test_each_link_has_one_spelling() -> None:
    token = SIGNER.login_token(LOGIN)  # 32 bytes: the last letter has two bits that say nothing
    spellings = {token[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"}
    assert [spelling for spelling in spellings if SIGNER.login_link(spelling)] == [token]
    assert SIGNER.login_link(token + "=") is None
