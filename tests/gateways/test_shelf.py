"""Answers are kept, one looks for a new one while the others get the old one, and whoever dies loses the claim."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis as redis_client
import time_machine

from hms.clock import stopwatch
from hms.gateways import shelf as shelves
from hms.gateways.shelf import MOST_KEPT, Shelf
from tests.support.processes import free_port

MANY = 12
FRESH = 300.0
NAME = "hms:figures:test"


@pytest.fixture(params=["here", "redis"])
def shelf_url(request: pytest.FixtureRequest) -> str:
    """Give Redis's address, or none: the shelf of one process."""
    return str(request.getfixturevalue("redis_url")) if request.param == "redis" else ""


def make(text: str, made: list[str]) -> Callable[[], str]:
    def act() -> str:
        made.append(text)
        return text

    return act


def test_an_answer_is_kept_until_it_is_too_old(shelf_url: str) -> None:
    shelf, made = Shelf(shelf_url), list[str]()
    with time_machine.travel("2026-01-22T03:25:00Z", tick=False) as time:
        assert [shelf.get(NAME, make(text, made), FRESH) for text in ("one", "two")] == ["one", "one"]
        time.shift(FRESH + 1)
        assert shelf.get(NAME, make("three", made), FRESH) == "three"
        assert shelf.get(NAME + ":other", make("four", made), FRESH) == "four"
        time.shift(2)
        assert shelf.get(NAME, make("five", made), 1.0) == "five"  # as a refresh asks
    assert made == ["one", "three", "four", "five"]


def test_one_looks_for_an_answer_and_all_others_wait_for_it(shelf_url: str) -> None:
    shelf, made, start = Shelf(shelf_url), list[str](), threading.Barrier(MANY)

    def slowly() -> str:
        made.append("one")
        threading.Event().wait(0.3)
        return "one"

    def ask(_number: int) -> str:
        start.wait(10)
        return shelf.get(NAME, slowly, FRESH)

    with ThreadPoolExecutor(MANY) as pool:
        assert set(pool.map(ask, range(MANY))) == {"one"}
    assert made == ["one"]


def test_while_one_looks_anew_the_others_get_the_old_answer(shelf_url: str) -> None:
    shelf, looking, go_on = Shelf(shelf_url), threading.Event(), threading.Event()
    others: list[str] = []

    def slowly() -> str:
        looking.set()
        assert go_on.wait(20)
        return "new"

    with time_machine.travel("2026-01-22T03:25:00Z") as time, ThreadPoolExecutor(MANY) as pool:
        shelf.get(NAME, make("old", []), FRESH)
        time.shift(FRESH + 1)
        first = pool.submit(shelf.get, NAME, slowly, FRESH)
        assert looking.wait(10)
        waiting = [pool.submit(shelf.get, NAME, make("never", others), FRESH) for _ in range(MANY - 1)]
        assert {each.result(10) for each in waiting} == {"old"}
        assert not first.done()
        go_on.set()
        assert first.result(10) == "new"
    assert others == []


def test_a_failure_is_nobodys_answer(shelf_url: str) -> None:
    shelf, made = Shelf(shelf_url), list[str]()

    def fail() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shelf.get(NAME, fail, FRESH)
    assert shelf.get(NAME, make("one", made), FRESH) == "one"


def test_who_dies_while_looking_loses_the_claim(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "CLAIM_SECONDS", 2)
    program = f"""
import time
from hms.gateways import shelf
shelf.CLAIM_SECONDS = 2
shelf.Shelf({redis_url!r}).get({NAME!r}, lambda: print("looking", flush=True) or time.sleep(60) or "never", {FRESH})
"""
    dying = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert dying.stdout is not None
    with dying.stdout as said:
        assert said.readline() == "looking\n"
        os.kill(dying.pid, signal.SIGKILL)
        dying.wait(10)
    began = stopwatch()
    assert Shelf(redis_url).get(NAME, make("one", []), FRESH) == "one"
    assert stopwatch() - began < 10


def test_without_redis_the_process_keeps_answers_itself() -> None:
    shelf, made = Shelf(f"redis://127.0.0.1:{free_port()}/0"), list[str]()
    assert [shelf.get(NAME, make(text, made), FRESH) for text in ("one", "two")] == ["one", "one"]
    assert made == ["one"]


def test_redis_forgets_by_itself_and_the_process_its_oldest(redis_url: str) -> None:
    Shelf(redis_url).get(NAME, make("one", []), FRESH)
    with redis_client.Redis.from_url(redis_url) as client:
        assert 0 < client.ttl(NAME) <= shelves.KEPT_SECONDS
    shelf, made = Shelf(), list[str]()
    for number in range(MOST_KEPT + 1):
        shelf.get(f"{NAME}:{number}", make(str(number), []), FRESH)
    shelf.get(f"{NAME}:1", make("kept", made), FRESH)
    shelf.get(f"{NAME}:0", make("forgotten", made), FRESH)
    assert made == ["forgotten"]
