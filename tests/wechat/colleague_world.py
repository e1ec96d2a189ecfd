"""Colleagues with phones: people of the simulator whose openids are bound, and a template for notices."""

import itertools
from dataclasses import dataclass

from app.contexts import registry
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice, notify_many
from core.organisation import bindings
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make
from tests.factories import rows
from wechat.colleagues.models import NoticeTemplate
from wechat.outbound import sending

SEND = "/cgi-bin/message/template/send"
TEMPLATE = "notice-template-01"
FIELDS = {"thing1": "title", "thing2": "body", "time3": "time"}
KIND = NoticeKind("test.told", "测试")

_numbers = itertools.count(1)


@dataclass
class Phone:
    """A colleague and the phone that is bound to them."""

    staff: object
    fan_id: str
    openid: str


async def phone(platform, account, name=None, *, bound=True):
    """A rep whose phone follows the account (its push is lost), bound unless said otherwise."""
    number = next(_numbers)
    staff = await make.colleague(RoleKey.REP, name or f"外勤{number}")
    fan_id = (await platform.ok("/sim/fans", {"name": f"手机{number}"}))["fans"][0]["fan_id"]
    followed = await platform.ok(f"/sim/fans/{fan_id}/follow", {"app_id": account.app_id, "wait": False})
    if bound:
        await bindings.bind_wechat(staff.id, account.app_id, followed["openid"])
    return Phone(staff, fan_id, followed["openid"])


async def template(platform, account, **more):
    """The account has a template, and it carries our notices."""
    keys = {"thing1": "事项", "thing2": "内容", "time3": "时间"}
    body = {"app_id": account.app_id, "template_id": TEMPLATE, "kind": "template", "keys": keys, "title": "工作提醒"}
    async with platform.session.put(f"{platform.base}/sim/templates", json=body | more) as response:
        assert response.status == 200, await response.text()
    await carry(account)


async def carry(account):
    from infra import clock
    from infra.ids import new_id

    await NoticeTemplate.create(
        id=new_id(),
        account_id=account.id,
        template_id=TEMPLATE,
        fields_of_keys=FIELDS,
        version=1,
        changed_at=clock.now(),
    )


async def tell(*phones, title="有新的任务", **more):
    """A notice to each, up to the ledger."""
    notices = [
        NewNotice(
            staff_id=each.staff.id,
            key=f"told:{next(_numbers)}",
            kind=KIND.name,
            title=title,
            **{"body": "请今天完成", "link": "/tasks/1", **more},
        )
        for each in phones
    ]
    async with database.transaction() as connection:
        await notify_many(connection, notices)
    await make.settle(registry())


async def ring(*phones, **more):
    """The same, up to the phones."""
    await tell(*phones, **more)
    await sending.send_due()


async def seen(platform, account, phone):
    """The template messages that a phone shows, as their values by key."""
    shown = await platform.ok(f"/sim/fans/{phone.fan_id}/phone?app_id={account.app_id}")
    return [
        {row["key"]: row["value"] for row in bubble["content"]["rows"]}
        for bubble in shown
        if bubble["channel"] == "template"
    ]


async def ledger():
    return await rows("SELECT * FROM outbound_message ORDER BY id")


async def states():
    return [(row["state"], row["error"]) for row in await ledger()]


async def sends(platform, account):
    """Calls that the platform had, and messages that phones show."""
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    return stats["calls"].get("message_template_send", 0), stats["messages"]["template"]
