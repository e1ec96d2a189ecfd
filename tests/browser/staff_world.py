"""A guide with fans, tags, a code, notices and to-dos: what the staff pages show."""

from dataclasses import dataclass
from typing import Any

from core.customers.rules import ContactKind, Credit
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice, notify_many
from core.organisation.queries import Colleague
from infra import clock, database
from tests import factories as make

KIND = NoticeKind("test.pages", title="测试")


@dataclass
class Desk:
    """A guide at work, and the API as somebody calls it."""

    guide: Colleague
    admin: Colleague
    http: Any

    async def call(self, method: str, path: str, body: Any = None, *, by: Colleague | None = None) -> Any:
        headers = await make.headers(by or self.guide)
        answer = await self.http.request(method, f"/staff/v1{path}", headers=headers, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def fan(self, person: str, name: str | None = None) -> str:
        """Somebody who followed through the guide's code; the id of the customer."""
        credit = Credit(guide_id=self.guide.id, store_id=self.guide.store_id)
        await make.record(make.contact(ContactKind.FOLLOW, clock.now(), person=person, credit=credit))
        customer = await make.customer_of(person)
        assert customer is not None
        if name is not None:
            version = (await self.call("GET", f"/customers/{customer['id']}"))["version"]
            await self.call("PATCH", f"/customers/{customer['id']}", {"version": version, "name": name})
        return str(customer["id"])

    async def notice(self, key: str, title: str, **values: Any) -> None:
        async with database.transaction() as connection:
            notice = NewNotice(staff_id=self.guide.id, key=key, kind=KIND.name, title=title, **values)
            await notify_many(connection, [notice])


async def desk(http: Any) -> Desk:
    return Desk(await make.guide("导购01"), await make.admin(), http)
