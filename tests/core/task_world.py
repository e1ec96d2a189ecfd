"""What tests of tasks share: an author, recipients, and their phones."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx

from core.organisation.queries import Colleague
from core.permissions.rules import RoleKey
from infra import clock
from tests import factories as make


@dataclass
class Person:
    """Somebody with a session."""

    staff: Colleague
    headers: dict[str, str]
    http: httpx.AsyncClient

    @property
    def id(self):
        return str(self.staff.id)

    async def get(self, path, **query):
        answer = await self.http.get(f"/staff/v1{path}", headers=self.headers, params=query)
        return answer.json() if answer.status_code == 200 else answer

    async def call(self, method, path, body):
        return await self.http.request(method, f"/staff/v1{path}", headers=self.headers, json=body)

    async def send(self, *people, **values):
        """A task to people, as JSON; with an `audience`, to that."""
        body = {"title": "盘点", "body": "请盘点门店", "audience": {"staff_ids": [p.id for p in people]}} | values
        answer = await self.call("POST", "/tasks", body)
        return answer.json() if answer.status_code == 201 else answer

    async def say(self, *words):
        """The results of a batch of words."""
        answer = await self.call("POST", "/me/tasks/words", {"words": list(words)})
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    async def notices(self, kind):
        return await make.rows(
            "SELECT title, body, link, urgent FROM notice WHERE staff_id = $1 AND kind = $2 ORDER BY id",
            self.staff.id,
            kind,
        )

    async def todos(self):
        return await make.rows(
            """SELECT title, due_at FROM todo WHERE staff_id = $1 AND kind = 'task'
            AND done_at IS NULL AND dropped_at IS NULL""",
            self.staff.id,
        )


async def person(http, role=RoleKey.REP, **values):
    staff = await make.colleague(role, **values)
    return Person(staff, await make.headers(staff), http)


def word(task, step, *, version=1, at: datetime | timedelta | None = None, key: UUID | None = None, **values):
    """A word about a task; `at` is a moment, or so much before now."""
    moment = clock.now() - at if isinstance(at, timedelta) else at or clock.now()
    body = {"key": str(key or uuid4()), "task_id": task["id"], "step": step, "version": version}
    return body | {"said_at": moment.isoformat()} | values


def outcomes(results):
    """Outcome of each word, or the code that refuses it."""
    return [result["code"] or result["outcome"] for result in results]
