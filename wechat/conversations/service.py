"""Writing threads: what fans said and did, what they were told, what colleagues said or noted.

Everything runs in the caller's transaction and under the locks of the conversations, which give the numbers. Locks come
in this order: customers, windows, conversations, media, messages of the ledger.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from infra import clock
from infra.database import Connection
from infra.ids import new_id
from wechat.conversations import lines, words
from wechat.conversations.lines import Line
from wechat.conversations.rules import SPOKEN, Author, Check, MediaState, MessageKind, Stored, in_short, stored
from wechat.conversations.words import Words
from wechat.outbound import saying
from wechat.outbound.contents import Content
from wechat.outbound.saying import Saying

# Colleagues are no fans: what they write to an account makes no thread.
_HOLD = """
SELECT i.digest, k.id, k.identity_id, k.account_id, k.last_number, i.customer_id
FROM identity i JOIN conversation k ON k.identity_id = i.id WHERE i.digest = ANY($1::bytea[])
AND NOT EXISTS (SELECT FROM staff_wechat w WHERE w.digest = i.digest) ORDER BY k.id FOR NO KEY UPDATE OF k
"""

_BEGIN = """
INSERT INTO conversation (id, account_id, identity_id, last_number, last_at, version, created_at)
SELECT n.id, a.id, i.id, 0, n.at, 1, $4
FROM unnest($1::uuid[], $2::bytea[], $3::timestamptz[]) AS n (id, digest, at)
JOIN identity i ON i.digest = n.digest JOIN wechat_account a ON a.app_id = i.app_id
WHERE NOT EXISTS (SELECT FROM staff_wechat w WHERE w.digest = i.digest) ORDER BY i.id
ON CONFLICT (identity_id) DO NOTHING
"""

_LOCK = "SELECT FROM conversation WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

# What was said late stands last in the thread, but moves nothing back in time.
_TELL = """
UPDATE conversation k SET last_number = s.number, unread = k.unread + s.unread,
    last_author = COALESCE(s.author, k.last_author), last_text = COALESCE(s.short, k.last_text),
    last_at = GREATEST(k.last_at, s.said_at)
FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[])
    AS s (id, number, unread, author, short, said_at) WHERE k.id = s.id
"""

# What the window refused stands in the ledger too, with the reason.
_IN_LEDGER = "SELECT key, id FROM outbound_message WHERE key = ANY($1::text[])"

_NUMBER = "SELECT last_number FROM conversation WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a push was answered: `contents` in order, the first of them as the passive reply if `passive`."""

    contents: tuple[Content, ...] = ()
    passive: bool = False
    rule_id: UUID | None = None
    hand_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a fan said, or did (kind event), told by a push, and what we answered; `left`: the fan unfollowed.

    `content` has the fields of its kind, `text` is what can be read of it, `media` the platform's ids of bytes to fetch
    by the part of the message (rules.MEDIA, rules.THUMB).
    """

    push_id: UUID
    digest: bytes
    openid: str
    said_at: datetime
    kind: MessageKind
    content: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    media: Mapping[str, str] = field(default_factory=dict)
    left: bool = False
    answer: Answer | None = None

    @property
    def author(self) -> Author:
        return Author.EVENT if self.kind is MessageKind.EVENT else Author.FAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Something heard in its thread: as message `number`; `last_number` counts in what was answered at once."""

    heard: Heard
    conversation_id: UUID
    identity_id: UUID
    account_id: UUID
    customer_id: UUID
    number: int
    last_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A message of ours, or a note: content as it was given to `saying.say`, or the fields of its kind."""

    author: Author
    kind: MessageKind
    content: Content | Mapping[str, Any]
    staff_id: UUID | None = None
    rule_id: UUID | None = None
    outbound_id: UUID | None = None


@dataclass(slots=True)
class _Thread:
    """A conversation under lock, whose numbers are being given."""

    row: asyncpg.Record
    number: int

    def next(self) -> int:
        self.number += 1
        return self.number


async def lock(connection: Connection, conversation_ids: Collection[UUID]) -> None:
    """Hold conversations until the caller's transaction ends, in one order for all."""
    await connection.execute(_LOCK, list(conversation_ids))


async def record_many(connection: Connection, heard: Sequence[Heard]) -> list[Recorded]:
    """Write down what fans said and did, each with what it was answered, in the order given. A set function.

    The answers that are no passive replies are put into the ledger. The caller sees to it that a push comes once (a
    delivery row). What colleagues said, and people whom nobody recorded as contacts, is left out.
    """
    threads = await _threads(connection, heard)
    known = [one for one in heard if one.digest in threads]
    if not known:
        return []
    list_ = await words.known()
    outbound = await _put(connection, known, threads)
    written, recorded, now = list[Line](), list[Recorded](), clock.now()
    for one in known:
        thread = threads[one.digest]
        first = _line(one, thread, list_)
        written += [first, *_answers(one, thread, outbound)]
        recorded.append(_recorded(one, thread, first.number))
    await lines.write(connection, written, now)
    await lines.expect_media(connection, _media(known, recorded), now)
    await _tell(connection, written)
    return recorded


async def add(connection: Connection, conversation_id: UUID, new: New) -> int:
    """Write a message down that is said now; its number. The caller holds the conversation's lock."""
    number = 1 + int(await connection.fetchval(_NUMBER, conversation_id))
    what = stored(new.content) if not isinstance(new.content, Mapping) else _of_fields(new.kind, new.content)
    line = Line(
        conversation_id=conversation_id,
        number=number,
        said_at=clock.now(),
        author=new.author,
        what=what,
        staff_id=new.staff_id,
        rule_id=new.rule_id,
        outbound_id=new.outbound_id,
    )
    await lines.write(connection, [line], line.said_at)
    await _tell(connection, [line])
    return number


def _of_fields(kind: MessageKind, fields: Mapping[str, Any]) -> Stored:
    return Stored(kind, {name: value for name, value in fields.items() if name != "text"}, fields.get("text"))


async def _threads(connection: Connection, heard: Sequence[Heard]) -> dict[bytes, _Thread]:
    """The conversations of these people under lock, new ones included."""
    first = dict[bytes, datetime]()
    for one in heard:
        first.setdefault(one.digest, one.said_at)
    rows = await connection.fetch(_HOLD, list(first))
    if missing := first.keys() - {row["digest"] for row in rows}:
        new = sorted(missing)
        ids = [new_id() for _ in new]
        await connection.execute(_BEGIN, ids, new, [first[digest] for digest in new], clock.now())
        rows += await connection.fetch(_HOLD, new)
    return {row["digest"]: _Thread(row, row["last_number"]) for row in rows}


async def _put(
    connection: Connection, heard: Sequence[Heard], threads: Mapping[bytes, _Thread]
) -> Mapping[UUID, Iterator[UUID | None]]:
    """Put what follows the passive replies into the ledger; by push, the ids there in order."""
    sayings = [saying_ for one in heard for saying_ in _sayings(one, threads[one.digest].row)]
    found = defaultdict[UUID, list[UUID | None]](list)
    if not sayings:
        return {}
    ids = await saying.say_many(connection, sayings)
    refused = [put.key for put, id_ in zip(sayings, ids, strict=True) if id_ is None]
    skipped = {row["key"]: row["id"] for row in await connection.fetch(_IN_LEDGER, refused)} if refused else {}
    for put, id_ in zip(sayings, ids, strict=True):
        if put.source_id is not None:
            found[put.source_id].append(id_ or skipped.get(put.key))
    return {push_id: iter(of_push) for push_id, of_push in found.items()}


def _sayings(heard: Heard, thread: asyncpg.Record) -> Iterator[Saying]:
    answer = heard.answer
    for place, content in enumerate(answer.contents if answer else ()):
        if answer and not (answer.passive and place == 0):
            yield Saying(
                account_id=thread["account_id"],
                conversation_id=thread["id"],
                digest=heard.digest,
                openid=heard.openid,
                content=content,
                key=f"answer:{heard.push_id}:{place}",
                source_id=heard.push_id,
            )


def _line(heard: Heard, thread: _Thread, list_: Words) -> Line:
    check = None
    if heard.author is Author.FAN:
        risky = heard.text is not None and list_.find(heard.text) is not None
        check = Check.RISKY if risky else Check.UNCHECKED
    return Line(
        conversation_id=thread.row["id"],
        number=thread.next(),
        said_at=heard.said_at,
        author=heard.author,
        what=Stored(heard.kind, heard.content, heard.text),
        push_id=heard.push_id,
        check=check,
        media=MediaState.WAITING if heard.media else None,
    )


def _answers(heard: Heard, thread: _Thread, outbound: Mapping[UUID, Iterator[UUID | None]]) -> Iterator[Line]:
    """What was answered; the automaton never speaks before it was asked, whatever the clocks say."""
    answer = heard.answer
    for place, content in enumerate(answer.contents if answer else ()):
        passive = answer is not None and answer.passive and place == 0
        yield Line(
            conversation_id=thread.row["id"],
            number=thread.next(),
            said_at=heard.said_at,
            author=Author.AUTO,
            what=stored(content),
            rule_id=answer.rule_id if answer else None,
            push_id=heard.push_id,
            outbound_id=None if passive else next(outbound[heard.push_id]),
        )


def _recorded(heard: Heard, thread: _Thread, number: int) -> Recorded:
    return Recorded(
        heard=heard,
        conversation_id=UUID(int=thread.row["id"].int),
        identity_id=thread.row["identity_id"],
        account_id=thread.row["account_id"],
        customer_id=UUID(int=thread.row["customer_id"].int),
        number=number,
        last_number=thread.number,
    )


def _media(heard: Sequence[Heard], recorded: Sequence[Recorded]) -> list[lines.Expected]:
    return [
        lines.Expected(place.conversation_id, place.account_id, place.number, name, media_id)
        for one, place in zip(heard, recorded, strict=True)
        for name, media_id in one.media.items()
    ]


async def _tell(connection: Connection, written: Sequence[Line]) -> None:
    """The conversations' counts, and their newest message for the list."""
    last = {line.conversation_id: line for line in written}
    spoken = {line.conversation_id: line for line in written if line.author in SPOKEN}
    unread = Counter(line.conversation_id for line in written if line.author is Author.FAN)
    shown = [spoken.get(id_) for id_ in last]
    await connection.execute(
        _TELL,
        list(last),
        [line.number for line in last.values()],
        [unread[id_] for id_ in last],
        [line.author.value if line else None for line in shown],
        [in_short(line.what.kind, line.what.text, line.check) if line else None for line in shown],
        [line.said_at if line else None for line in shown],
    )
