"""A real HTTP server for tests, in the place of an SMS provider or a webhook's receiver.

Every request is kept, also one that is then refused, answered late or not at all:

    http_peer.answer(503, b"busy")   # once; times=None for ever
    http_peer.stall(30)              # answers so many seconds late
    http_peer.drop()                 # hangs up without an answer
    [request] = http_peer.wait_for(1)
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

Peer = TypeVar("Peer", bound="HttpPeer")


@dataclass(frozen=True)
class ReceivedRequest:
    """One request as it came over the wire; the names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, parsed as JSON."""
        return json.loads(self.body)


@dataclass
class Answer:
    """One planned answer: a status after some seconds, or a hang-up."""

    status: int | None = 200
    body: bytes = b""
    seconds: float = 0.0
    times: int | None = 1


@dataclass
class HttpPeer:
    """Where the server is (`netloc` is host:port), what it received, and what it shall answer next."""

    netloc: str
    closing: threading.Event = field(default_factory=threading.Event)
    _requests: list[ReceivedRequest] = field(default_factory=list)
    _answers: list[Answer] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def requests(self) -> list[ReceivedRequest]:
        """Return all requests received so far, in order."""
        with self._news:
            return list(self._requests)

    def wait_for(self, count: int, seconds: float = 10) -> list[ReceivedRequest]:
        """Wait until so many requests are here, and return them all."""
        end = time.monotonic() + seconds
        with self._news:
            while len(self._requests) < count:
                if not self._news.wait(end - time.monotonic()):
                    raise AssertionError(f"{len(self._requests)} requests after {seconds} s, not {count}")
            return list(self._requests)

    def answer(self, status: int, body: bytes = b"", *, times: int | None = 1) -> None:
        """Answer with a status (None times: always)."""
        self._plan(Answer(status, body, times=times))

    def stall(self, seconds: float, *, times: int | None = 1) -> None:
        """Answer so many seconds late."""
        self._plan(Answer(seconds=seconds, times=times))

    def drop(self, *, times: int | None = 1) -> None:
        """Hang up without an answer."""
        self._plan(Answer(status=None, times=times))

    def take(self, request: ReceivedRequest) -> Answer:
        """Keep a request and return what to answer (the server does)."""
        with self._news:
            self._requests.append(request)
            self._news.notify_all()
            for planned in self._answers:
                if planned.times != 0:
                    planned.times = None if planned.times is None else planned.times - 1
                    return planned
        return Answer()

    def _plan(self, answer: Answer) -> None:
        with self._news:
            self._answers.append(answer)


def handler_for(peer: HttpPeer) -> type[BaseHTTPRequestHandler]:
    """Make the class that serves one peer's connections."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = ReceivedRequest(self.command, self.path, headers, self.rfile.read(length))
            answer = peer.take(request)
            if answer.seconds:
                peer.closing.wait(answer.seconds)
            self.close_connection = True
            if answer.status is not None and not peer.closing.is_set():
                with suppress(ConnectionError):  # whoever asked may be tired of waiting
                    self.send_response(answer.status)
                    self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)

        do_DELETE = do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the names http.server calls

        def log_message(self, *words: object) -> None:
            """Say nothing: the requests are kept."""

    return Handler


@contextmanager
def run_http_peer(kind: type[Peer]) -> Iterator[Peer]:
    """Run a server in threads until the end of the block."""
    peer = kind("")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_for(peer)) as server:
        peer.netloc = f"127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield peer
        finally:
            peer.closing.set()
            server.shutdown()
            serving.join()
