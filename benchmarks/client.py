"""A small HTTP client that keeps connections open and costs little itself: raw sockets and one selector a process."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from statistics import quantiles

PATIENCE = 30.0


@dataclass
class Answers:
    """What came back: how many by status, and how long each took (seconds)."""

    began: float = 0.0
    ended: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return self.statuses.total() / max(self.ended - self.began, 1e-9)

    @property
    def slowest_hundredth(self) -> float:
        """Milliseconds that 99 of 100 answers took at most."""
        return quantiles(self.waits, n=100)[98] * 1000 if len(self.waits) > 1 else 0.0


def request(method: str, path: str, *, token: str = "", body: bytes = b"") -> bytes:
    """Build the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(port: int, asked: bytes) -> tuple[int, bytes]:
    """Send one request and return status and body."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(asked)
        got = b""
        while (answer := _whole(got)) is None:
            if not (more := connection.recv(65536)):
                raise ConnectionError("The server hung up.")
            got += more
        return answer


def load(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    processes: int = 1,
    connections: int = 8,
    once: bool = False,
) -> Answers:
    """Send requests as fast as they are answered, for so many seconds; ``once``: each a single time at most."""
    shares = [list(requests[number::processes]) for number in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        parts = list(
            pool.map(
                _drive, [port] * processes, shares, [seconds] * processes, [connections] * processes, [once] * processes
            )
        )
    total = Answers(began=min(part.began for part in parts), ended=max(part.ended for part in parts))
    for part in parts:
        total.statuses += part.statuses
        total.waits += part.waits
    return total


@dataclass
class _Line:
    """One open connection and what it waits for."""

    socket: socket.socket
    sent_at: float = 0.0
    got: bytes = b""


def _drive(port: int, requests: list[bytes], seconds: float, connections: int, once: bool) -> Answers:
    waiting = iter(requests) if once else _forever(requests)
    answers = Answers()
    with selectors.DefaultSelector() as selector:
        for _ in range(min(connections, len(requests))):
            line = _Line(socket.create_connection(("127.0.0.1", port), PATIENCE))
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line.socket, selectors.EVENT_READ, line)
        answers.began = time.monotonic()
        until = answers.began + seconds
        busy = sum(_send(key.data, waiting) for key in list(selector.get_map().values()))
        while busy:
            ready = selector.select(PATIENCE)
            if not ready:
                raise TimeoutError("The server has stopped answering.")
            for key, _ in ready:
                line = key.data
                more = line.socket.recv(65536)
                if not more:
                    raise ConnectionError("The server hung up.")
                line.got += more
                answer = _whole(line.got)
                if answer is None:
                    continue
                now = time.monotonic()
                answers.statuses[answer[0]] += 1
                answers.waits.append(now - line.sent_at)
                if now >= until or not _send(line, waiting):
                    busy -= 1
        answers.ended = time.monotonic()
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    return answers


def _send(line: _Line, waiting: Iterator[bytes]) -> bool:
    asked = next(waiting, None)
    if asked is None:
        return False
    line.got, line.sent_at = b"", time.monotonic()
    line.socket.sendall(asked)
    return True


def _forever(requests: list[bytes]) -> Iterator[bytes]:
    while True:
        yield from requests


def _whole(got: bytes) -> tuple[int, bytes] | None:
    """Return status and body once all of an answer is there."""
    head, found, body = got.partition(b"\r\n\r\n")
    if not found:
        return None
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
            return (int(head[9:12]), body[:length]) if len(body) >= length else None
    raise ValueError("The answer has no length.")
