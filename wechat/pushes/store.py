"""The set function of the push endpoint: key, push, reply, answer and event in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from infra import clock
from infra.database import Connection
from infra.events import encode
from infra.ids import new_id
from wechat.conversations.service import Answer
from wechat.outbound.contents import Content, TextContent
from wechat.pushes.events import PushForwardable, PushReceived

# Keys are inserted in one order, so that two batches with the same pushes can't deadlock. A key that another process
# is writing is waited for. `ord` keeps the outbox in the order of arrival.
_RECEIVE = """
WITH input AS (
    SELECT * FROM unnest($2::bytea[], $3::uuid[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[],
                         $9::text[], $10::bool[], $11::text[])
        WITH ORDINALITY AS i (key, id, app_id, person, raw, reply, request_id, event, forward, answer, ord)
), kept AS (
    INSERT INTO push_key (key, push_id, received_at) SELECT key, id, $1 FROM input ORDER BY key
    ON CONFLICT (key) DO NOTHING RETURNING push_id
), pushes AS (
    INSERT INTO push (id, received_at, app_id, person, raw, reply, answer)
    SELECT i.id, $1, i.app_id, i.person, i.raw, i.reply, i.answer::jsonb FROM input i JOIN kept ON kept.push_id = i.id
), published AS (
    INSERT INTO outbox (created_at, name, key, payload, request_id)
    SELECT $1, e.name, encode(i.person, 'hex'), i.event::jsonb, i.request_id
    FROM input i JOIN kept ON kept.push_id = i.id
    JOIN (VALUES ($12::text, false), ($13, true)) AS e (name, forward) ON i.forward OR NOT e.forward ORDER BY i.ord
)
SELECT push_id FROM kept
"""

_STORED_REPLIES = """
SELECT k.key, p.reply FROM push_key k JOIN push p ON p.id = k.push_id AND p.received_at = k.received_at
WHERE k.key = ANY($1::bytea[])
"""

_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A push to be written. `key` tells it from every other push, `person` orders it among the person's own.

    `reply` is what the platform gets at once, `answer` all that is said (`said`), for the thread.
    """

    key: bytes
    app_id: str
    person: bytes
    raw: str
    reply: str | None
    request_id: str | None
    forward: bool = False
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The reply to give: this push's own, or the one stored when it first came."""

    reply: str | None
    repeated: bool


async def receive_many(connection: Connection, pushes: Sequence[Incoming]) -> list[Receipt]:
    """Write pushes down, each key once; one receipt per push, in order. Commits with the statement it is."""
    now = clock.now()
    ids = [new_id() for _ in pushes]
    events = [
        encode(PushReceived(push_id=id_, received_at=now, app_id=p.app_id, person=p.person.hex()))
        for id_, p in zip(ids, pushes, strict=True)
    ]
    rows = await connection.fetch(
        _RECEIVE,
        now,
        [push.key for push in pushes],
        ids,
        [push.app_id for push in pushes],
        [push.person for push in pushes],
        [push.raw for push in pushes],
        [push.reply for push in pushes],
        [push.request_id for push in pushes],
        events,
        [push.forward for push in pushes],
        [push.answer for push in pushes],
        PushReceived.name,
        PushForwardable.name,
    )
    kept = {row["push_id"] for row in rows}
    if len(kept) == len(pushes):
        return [Receipt(push.reply, repeated=False) for push in pushes]
    repeated = [push.key for id_, push in zip(ids, pushes, strict=True) if id_ not in kept]
    stored: dict[bytes, str | None] = {
        row["key"]: row["reply"] for row in await connection.fetch(_STORED_REPLIES, repeated)
    }
    return [
        Receipt(push.reply, repeated=False) if id_ in kept else Receipt(stored.get(push.key), repeated=True)
        for id_, push in zip(ids, pushes, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Stored:
    """A push as it came, decrypted, and what it was answered."""

    raw: str
    answer: Answer | None


async def stored_pushes(connection: Connection, ids: Sequence[UUID], times: Sequence[datetime]) -> dict[UUID, Stored]:
    """Pushes by id; `times` are when they were received."""
    rows = await connection.fetch(
        """SELECT p.id, p.raw, p.answer FROM push p
        JOIN unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) ON p.id = u.id AND p.received_at = u.at
        WHERE p.received_at BETWEEN $3 AND $4""",
        list(ids),
        list(times),
        min(times),
        max(times),
    )
    return {row["id"]: Stored(row["raw"], _answer(row["answer"])) for row in rows}


async def raw_pushes(connection: Connection, ids: Sequence[UUID], times: Sequence[datetime]) -> dict[UUID, str]:
    """The pushes as they came, by id."""
    return {id_: push.raw for id_, push in (await stored_pushes(connection, ids, times)).items()}


def said(answer: Answer) -> str:
    """An answer as it is written with its push."""
    contents = [_written(content) for content in answer.contents]
    rule_id = str(answer.rule_id) if answer.rule_id else None
    return orjson.dumps(
        {"contents": contents, "passive": answer.passive, "rule_id": rule_id, "hand_over": answer.hand_over}
    ).decode()


def _written(content: Content) -> dict[str, Any]:
    if isinstance(content, TextContent):
        return {"kind": "text", "text": content.text}
    return content.model_dump(mode="json")


def _answer(written: str | None) -> Answer | None:
    if written is None:
        return None
    payload = orjson.loads(written)
    return Answer(
        contents=tuple(_content(values) for values in payload["contents"]),
        passive=payload["passive"],
        rule_id=UUID(payload["rule_id"]) if payload["rule_id"] else None,
        hand_over=payload["hand_over"],
    )


def _content(values: dict[str, Any]) -> Content:
    # Filled words may be longer than what people may write.
    if values["kind"] == "text":
        return TextContent.model_construct(text=values["text"])
    return _CONTENT.validate_python(values)
