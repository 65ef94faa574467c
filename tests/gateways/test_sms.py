"""Text messages through a provider: who is to blame when it fails, and numbers that cannot bend the address."""

from uuid import uuid4

import pytest

from hms.gateways.protocols import (
    DeliveryRefusedError,
    DeliveryUnclearError,
    GatewayUnavailableError,
    ShortMessage,
)
from hms.gateways.sms import AppriseSms
from tests.support.http import HttpPeer
from tests.support.processes import free_port

# Apprise loads its mail plugin, which loads a module that Python 3.13 drops.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def send(url: str, to: str = "+49 (30) 1234-567") -> None:
    with AppriseSms(url).connected() as provider:
        provider.send(ShortMessage(uuid4(), to, "See you at 09:00"))


def test_number_and_text_reach_the_provider(http_peer: HttpPeer) -> None:
    send(f"json://{http_peer.netloc}/send/{{to}}?format=text")
    [request] = http_peer.wait_for(1)
    assert request.path == "/send/+49301234567"
    assert request.json()["message"] == "See you at 09:00"


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_provider_that_cannot_is_not_the_messages_fault(http_peer: HttpPeer, status: int) -> None:
    http_peer.answer(status)
    with pytest.raises(GatewayUnavailableError, match=str(status)):
        send(f"json://{http_peer.netloc}/{{to}}")


def test_a_refused_message_is_told_apart(http_peer: HttpPeer) -> None:
    http_peer.answer(400)
    with pytest.raises(DeliveryRefusedError, match="400") as refused:
        send(f"json://{http_peer.netloc}/{{to}}")
    assert (refused.value.permanent, refused.value.wrong_address) == (False, True)


def test_a_provider_that_is_not_there_is_not_the_messages_fault() -> None:
    with pytest.raises(GatewayUnavailableError, match="cannot be reached"):
        send(f"json://127.0.0.1:{free_port()}/{{to}}")


@pytest.mark.parametrize("fault", ["drop", "stall", "504"])
def test_a_provider_that_was_asked_and_does_not_answer_may_have_sent_it(http_peer: HttpPeer, fault: str) -> None:
    if fault == "drop":
        http_peer.drop()
    elif fault == "stall":
        http_peer.stall(1)
    else:
        http_peer.answer(504)
    with pytest.raises(DeliveryUnclearError):
        send(f"json://{http_peer.netloc}/{{to}}?rto=0.3&cto=0.3&retry=3")
    assert len(http_peer.requests) == 1


def test_what_a_message_says_gets_into_no_log(http_peer: HttpPeer, caplog: pytest.LogCaptureFixture) -> None:
    http_peer.drop()
    with caplog.at_level(0), pytest.raises(DeliveryUnclearError):
        send(f"json://{http_peer.netloc}/{{to}}")
    assert "1234567" not in caplog.text
    assert "09:00" not in caplog.text


@pytest.mark.parametrize("number", ["", "12", "call me", "1234567/../admin", "+49 30?x=1"])
def test_what_is_no_number_is_refused_for_good(http_peer: HttpPeer, number: str) -> None:
    with pytest.raises(DeliveryRefusedError) as refused:
        send(f"json://{http_peer.netloc}/{{to}}", number)
    assert (refused.value.permanent, http_peer.requests) == (True, [])


def test_an_address_that_means_nothing_is_said_so() -> None:
    with pytest.raises(GatewayUnavailableError, match="SMS_URL"):
        send("carrier-pigeon://loft/{to}")
