"""Passwords are hashed slowly and compared safely."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters

from hms.access.passwords import hash_password, is_outdated, matches
from hms.domain.errors import Code, DomainError


def test_a_hash_matches_its_password_only() -> None:
    stored = hash_password("correct horse battery")
    assert matches(stored, "correct horse battery")
    assert not matches(stored, "correct horse batterY")
    assert hash_password("correct horse battery") != stored


def test_costs_are_those_of_the_house() -> None:
    stored = hash_password("correct horse battery")
    costs = extract_parameters(stored)
    assert stored.startswith("$argon2id$")
    assert (costs.memory_cost, costs.time_cost, costs.parallelism) == (19 * 1024, 2, 1)
    assert not is_outdated(stored)
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse battery"))


@pytest.mark.parametrize("stored", ["!", "", "$argon2id$broken"])
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not matches(stored, stored)


@pytest.mark.parametrize("password", ["", "too short", "x" * 201])
def test_too_short_and_too_long_are_refused(password: str) -> None:
    with pytest.raises(DomainError) as caught:
        hash_password(password)
    assert caught.value.code is Code.VALIDATION
    assert caught.value.details[0].field == "password"
