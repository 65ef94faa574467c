"""Two admins who deactivate each other at once: one of them stays."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from hms.access.actors import Actor
from hms.domain.errors import Code, DomainError
from hms.models import User
from hms.runtime import Runtime
from hms.services import users
from hms.services.users import EditUser
from tests.support.factories import admin_of, make_hospital


def test_of_two_admins_who_deactivate_each_other_one_stays(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    one, two = admin_of(runtime, hospital), admin_of(runtime, hospital)
    start = threading.Barrier(2)

    def deactivate(pair: tuple[Actor, Actor]) -> Code | None:
        actor, other = pair
        assert other.user_id is not None
        start.wait()
        try:
            runtime.transact(actor, users.update, EditUser(user_id=other.user_id, changes={"is_active": False}))
        except DomainError as error:
            return error.code
        return None

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(deactivate, [(one, two), (two, one)]))
    assert sorted(answers, key=str) == [Code.CONFLICT, None]
    active = select(func.count()).select_from(User).where(User.is_active)
    assert runtime.read(lambda session: session.scalar(active)) == 1
