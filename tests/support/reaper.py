"""Kill a house's processes at random moments, all from one seed, and start each again, as a supervisor does."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.support.mortals import Mortal

IN_PARTS = {"web": 0.4, "postgres": 0.3}
"""What consists of several processes, and how often only one of them is killed."""

LONGEST_SPARED = 20.0


@dataclass(frozen=True)
class Kill:
    """One kill: seconds after the start, for how long it stays dead, and whether only one of its processes dies."""

    at: float
    down: float
    part: bool = False


def plan_kills(seed: int, members: Sequence[str], seconds: float, every: float) -> dict[str, list[Kill]]:
    """Draw about one kill ``every`` so many seconds: each kind equally often, and some of them at the same time."""
    chance = Random(seed)
    kinds = sorted({name.split()[0] for name in members})
    plan: dict[str, list[Kill]] = {name: [] for name in members}
    at = chance.uniform(1, every)
    while at < seconds:
        kind = chance.choice(kinds)
        name = chance.choice([name for name in members if name.split()[0] == kind])
        part = chance.random() < IN_PARTS.get(kind, 0)
        plan[name].append(Kill(at, chance.choice((0, 0, chance.uniform(0, 2), chance.uniform(2, 6))), part))
        at += chance.uniform(0, 2 * every)
    return plan


@dataclass
class Reaper:
    """Carries a plan out. ``killed``: how often what was killed; ``ended``: what ended by itself meanwhile."""

    members: Sequence[Mortal]
    plan: dict[str, list[Kill]]
    seed: int
    killed: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    errors: list[BaseException] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start everybody, and begin; every member has somebody who watches over it."""
        self.began = time.monotonic()
        self._threads = [threading.Thread(target=self._watch, args=(member,), daemon=True) for member in self.members]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Watch over nobody any more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def raise_errors(self) -> None:
        """Raise the first thing that went wrong, if any did."""
        if self.errors:
            raise self.errors[0]

    @property
    def is_done(self) -> bool:
        """Tell whether nobody will be killed any more, and all are back."""
        return sum(self.killed.values()) == sum(len(kills) for kills in self.plan.values())

    def _watch(self, member: Mortal) -> None:
        chance = Random(f"{self.seed} {member.name}")
        kills = list(self.plan.get(member.name, []))
        spared = 0.0
        try:
            if not member.is_alive():
                member.start()
            while not self._stop.is_set():
                now = time.monotonic()
                if kills and now >= max(spared, self.began + kills[0].at):
                    self._kill(member, kills.pop(0), chance)
                    # A slow machine must not spend all its time in starting what is killed before it has worked.
                    spared = time.monotonic() + chance.uniform(0, LONGEST_SPARED)
                elif not member.is_alive():
                    # What starts while the database is away says so and ends; whoever runs it starts it again.
                    self.ended[member.kind] += 1
                    member.kill()
                    self._stop.wait(0.5)
                    member.start()
                self._stop.wait(0.1)
        except BaseException as error:  # noqa: BLE001 -- raised in the test's own thread
            self.errors.append(error)

    def _kill(self, member: Mortal, kill: Kill, chance: Random) -> None:
        if kill.part and member.is_alive() and member.kill_part(chance):
            self.killed[f"{member.kind}, one process"] += 1
            return
        member.kill()
        self._stop.wait(kill.down)
        member.start()
        self.killed[member.kind] += 1
