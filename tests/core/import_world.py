"""Importing customers in tests: a table is uploaded, ordered, and read by the worker's own function."""

import csv as standard_csv
import io

import orjson

from core.custom_fields import queries as custom_fields
from core.customers.imports import running, service
from core.customers.imports.queries import report, run
from core.customers.imports.schemas import ImportIn
from core.customers.linking.rules import Arrival as Person
from core.customers.linking.rules import Door, WechatIdentity
from core.customers.linking.service import arrive_many
from core.files import uploads
from core.files.uploads import Arrival
from infra import clock, crypto, csv, database
from infra.ids import new_id
from tests import factories as make


def table(*rows, headers=("姓名", "手机")):
    """A CSV file with these headers and rows."""
    text = io.StringIO()
    standard_csv.writer(text).writerows([headers, *rows])
    return text.getvalue().encode()


async def upload(by, content, name="客户.csv"):
    async def chunks():
        yield content

    return await uploads.take_in(Arrival(name=name, purpose="table", owner_id=by.id, key=None), chunks())


async def order(by, content, **values):
    """An import that waits; without a mapping, the suggested one."""
    file_id = await upload(by, content)
    looked = await service.look_at(by, file_id)
    body = {"file_id": file_id, "mapping": looked.mapping, "dry_run": False} | values
    return await service.order(by, ImportIn.model_validate(body), looked.headers)


async def imported(by, content, **values):
    """An import that came to its end, and its report: (row, outcome, code, column)."""
    ordered = await order(by, content, **values)
    await running.run_due()
    done = await run(ordered.id, by)
    return done, await report_of(ordered.id)


async def report_of(run_id):
    lines = "".join([line async for line in report(run_id)]).removeprefix(csv.BEGINNING)
    rows = list(standard_csv.DictReader(io.StringIO(lines)))
    words = {"已新增": "created", "已关联": "linked", "未导入": "refused", "已导入，请核对": "warned"}
    return [(int(row["行号"]), words[row["结果"]], row["代码"], row["列"]) for row in rows]


def counts(done):
    return {name: getattr(done, name) for name in ("created", "linked", "refused", "warned")}


async def customers():
    """Name, mobile and owner of everybody, in the order of coming."""
    return [
        tuple(row.values())
        for row in await make.rows(
            """SELECT p.name, (SELECT min(number) FROM customer_phone h WHERE h.customer_id = c.id) AS mobile,
                s.name AS owner
            FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id LEFT JOIN staff s ON s.id = c.guide_id
            WHERE c.merged_into_id IS NULL ORDER BY c.number"""
        )
    ]


async def arrived(phone, *, verified, name=None):
    """Somebody in WeChat with a number; the customer's id."""
    openid = make.openid()
    wechat = WechatIdentity("wx1", openid, crypto.digest("wx1", openid))
    door = Door.WECHAT_PHONE if verified else Door.MINI_PROGRAM
    person = Person(source=new_id(), door=door, occurred_at=clock.now(), wechat=wechat, phone=phone, name=name)
    person = Person(**{slot: getattr(person, slot) for slot in person.__slots__} | {"phone_verified": verified})
    async with database.transaction() as connection:
        return (await arrive_many(connection, [person]))[0].customer_id


async def field(name, kind, *, unique=False, options=()):
    field_id = new_id()
    await database.execute(
        """INSERT INTO custom_field (id, subject, kind, name, options, required, "unique", searchable, listed, position,
            version, created_at) VALUES ($1, 'customer', $2, $3, $4::jsonb, false, $5, false, true, 1, 1, $6)""",
        field_id,
        kind,
        name,
        orjson.dumps([{"retired": False, **option} for option in options]).decode(),
        unique,
        clock.now(),
    )
    custom_fields.forget()
    return field_id


async def tag(name):
    tag_id = new_id()
    await database.execute(
        "INSERT INTO tag (id, kind, name, version, created_at) VALUES ($1, 'tag', $2, 1, $3)", tag_id, name, clock.now()
    )
    return tag_id
