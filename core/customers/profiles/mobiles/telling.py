"""Telling who is to decide about a correction, and who asked for it what was decided; never the number.

A file of its own: asking, deciding and forgetting all go through it.
"""

from uuid import UUID

import asyncpg

from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.organisation import deciding
from core.organisation.queries import Colleague
from core.todos import service as todos
from core.todos.service import NewTodo
from infra.database import Connection

ASKED = NoticeKind("customers.mobile_change_asked", title="手机号更正待审批")
DECIDED = NoticeKind("customers.mobile_change_decided", title="手机号更正已处理")
TODO = "mobile_change"
_LINK = "/mobile-changes"

_CUSTOMER = "SELECT number, guide_id FROM customer WHERE id = $1"


async def asked(connection: Connection, by: Colleague, customer_id: UUID, change_id: UUID) -> None:
    """The nearest colleagues who may decide have it on their lists."""
    customer = await connection.fetchrow(_CUSTOMER, customer_id)
    assert customer is not None  # noqa: S101 - the caller holds it
    deciders = await deciding.deciders("customers:correct", customer["guide_id"] or by.id, but=by.id)
    title = f"客户 {customer['number']} 的手机号更正待审批"
    await notices.notify_many(
        connection,
        [
            NewNotice(
                staff_id=one.id,
                key=f"{ASKED.name}:{change_id}",
                kind=ASKED.name,
                title=title,
                body=f"{by.name}提交了申请",
                link=_LINK,
            )
            for one in deciders
        ],
    )
    await todos.put_many(
        connection,
        [NewTodo(staff_id=one.id, kind=TODO, source_id=change_id, title=title, link=_LINK) for one in deciders],
    )


async def decided(connection: Connection, change: asyncpg.Record) -> None:
    """It is on nobody's list any more, and who asked knows how it ended."""
    change_id = UUID(int=change["id"].int)
    await todos.finish(connection, TODO, change_id, None)
    customer = await connection.fetchrow(_CUSTOMER, change["customer_id"])
    assert customer is not None  # noqa: S101 - the change refers to it
    notice = NewNotice(
        staff_id=UUID(int=change["asked_by_id"].int),
        key=f"{DECIDED.name}:{change_id}",
        kind=DECIDED.name,
        title=f"客户 {customer['number']} 的手机号更正{'已通过' if change['approved'] else '未通过'}",
        link=f"/customers/{change['customer_id']}",
    )
    await notices.notify_many(connection, [notice])


async def drop(connection: Connection, change_id: UUID) -> None:
    """There is nothing to decide any more."""
    await todos.drop(connection, TODO, UUID(int=change_id.int), None)
