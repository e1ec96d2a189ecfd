"""Records for tests: through the API, as colleagues enter them."""

import itertools
from typing import Any

import httpx

from core.organisation.queries import Colleague
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make

_numbers = itertools.count(1)


def mobile() -> str:
    """Another valid mobile each time."""
    return f"138{next(_numbers):08d}"


class Desk:
    """A colleague at the API."""

    def __init__(self, http: httpx.AsyncClient, staff: Colleague, headers: dict[str, str]) -> None:
        self.http, self.staff, self._headers = http, staff, headers

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.http.request(method, f"/staff/v1/{path}", json=body, headers=self._headers | headers)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def create(self, name: str = "顾客01", *, number: str | None = None, **values: Any) -> Any:
        """A record; `number` is the mobile."""
        phones = {"phones": {"mobile": number}} if number else {}
        answer = await self.ask("POST", "customers", {"name": name} | phones | values)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def change(self, record: Any, **values: Any) -> httpx.Response:
        return await self.ask("PATCH", f"customers/{record['id']}", {"version": record["version"]} | values)


async def desk(http: httpx.AsyncClient, role: RoleKey = RoleKey.REP, **values: Any) -> Desk:
    staff = await make.colleague(role, **values)
    return Desk(http, staff, await make.headers(staff))


async def send_to_pool(customer_id: str) -> None:
    await database.execute(
        """UPDATE customer SET guide_id = NULL, pooled_at = created_at, pool_reason = 'released' WHERE id = $1""",
        customer_id,
    )
