"""Several houses on one database, and acts that begin at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from hms.domain.errors import DomainError
from hms.runtime import Runtime, build

PATIENCE = 30


@contextmanager
def houses_on(runtime: Runtime, number: int) -> Iterator[list[Runtime]]:
    """Give houses on the runtime's database and clocks, as so many processes have them."""
    houses = [build(runtime.settings, clocks=runtime.clocks) for _ in range(number)]
    try:
        yield houses
    finally:
        for house in houses:
            house.close()


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Act all at the same moment; return what each gave, or the code of its refusal."""
    start = Barrier(len(acts))

    def go(act: Callable[[], Any]) -> Any:
        start.wait(PATIENCE)
        try:
            return act()
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(go, acts))
