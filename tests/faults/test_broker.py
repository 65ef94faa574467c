"""The broker goes away and comes back: bookings never notice, worker and beat find it again, all is delivered."""

from functools import partial
from pathlib import Path

import pytest

from hms.clock import sleep
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_patient
from tests.support.letters import states, tell
from tests.support.processes import answers, free_port
from tests.support.redis import start_redis
from tests.support.served import served
from tools.services import REDIS


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give worker and beat a database of their own."""
    return fresh_database


@pytest.mark.nightly
@pytest.mark.timeout(240)
def test_worker_and_beat_outlive_their_broker(runtime: Runtime, database: str, tmp_path: Path) -> None:
    binary, port = REDIS.require(), free_port()
    if "://" in binary:
        pytest.skip("a Redis that others run cannot be stopped")
    hospital = make_hospital(runtime)
    patient = make_patient(runtime, hospital)
    shared = {"database_url": database, "broker_url": f"redis://127.0.0.1:{port}/0"}
    with served(tmp_path, "worker", settings=shared) as worker, served(tmp_path, "beat", settings=shared) as beat:
        for outage in range(3):
            tell(runtime, hospital, patient)
            sleep(2)  # without a broker
            assert (worker.process.poll(), beat.process.poll()) == (None, None), worker.output + beat.output
            with start_redis(binary, port) as (server, _url, _port):
                assert server.wait_until(partial(answers, port))
                worker.wait_until(partial(_all_delivered, runtime))
                assert len(states(runtime)) == outage + 1
                if outage == 2:
                    assert (worker.stop(), beat.stop()) == (0, 0)


def _all_delivered(runtime: Runtime) -> bool:
    return set(states(runtime)) == {"DELIVERED"}
