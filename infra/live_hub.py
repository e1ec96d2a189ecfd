"""The listeners of this process: one subscription to wake-ups, one read for all woken topics, bounded queues.

What a listener gets is decided by the numbers in the database alone; a wake-up only says when to look.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from itertools import groupby

import asyncpg
import orjson

from infra import database, live, redis
from infra.live_stream import BEAT, Message, Stream, farewell, greeting
from infra.logging import logger
from infra.parameters import Parameter

HEARTBEAT_SECONDS = Parameter(
    name="live.heartbeat_seconds",
    default=15,
    least=1,
    most=120,
    help="实时连接发送心跳并核对登录状态的间隔（秒）",
    english="Every so many seconds a live connection is kept awake and its log-in checked",
)
POLL_SECONDS = Parameter(
    name="live.poll_seconds",
    default=2,
    least=1,
    most=60,
    help="Redis 通知丢失时，最迟多少秒后送出实时消息",
    english="Live messages go out after so many seconds at the latest when the word from Redis is lost",
)
MOST_BEHIND = Parameter(
    name="live.most_behind",
    default=500,
    least=10,
    most=10_000,
    help="一个实时连接最多积压的消息条数；落后更多须重新读取列表",
    english="The most messages a live connection may be behind; beyond that it reads its lists anew",
)
_REDIS_SECONDS = 1.0

# Topic, its last number, and what came after the number asked for, all as one moment knew them.
_READ = """
SELECT w.topic, t.last_seq, e.seq, e.kind, e.payload
FROM unnest($1::text[], $2::bigint[]) AS w (topic, after) JOIN live_topic t ON t.topic = w.topic
LEFT JOIN LATERAL (
    SELECT seq, kind, payload FROM live_event WHERE topic = w.topic AND seq > w.after ORDER BY seq LIMIT $3
) e ON true
WHERE t.last_seq > w.after ORDER BY w.topic, e.seq
"""
_LAST = "SELECT last_seq FROM live_topic WHERE topic = $1"


class Hub:
    """One per process. Before `open` and after `end`, a stream greets and is over: the caller tries elsewhere."""

    def __init__(self, still_there: Callable[[Collection[Hashable]], Awaitable[Collection[Hashable]]]) -> None:
        """`still_there` gives those of the holders (sessions) that may go on listening."""
        self._still_there = still_there
        self._streams = defaultdict[str, set[Stream]](set)
        self._woken = set[str]()
        self._wake = asyncio.Event()
        self._tasks = list[asyncio.Task[None]]()
        self._is_open = False

    async def open(self) -> None:
        """Begin to look and to hear."""
        self._is_open = True
        # In contexts of their own: they work for every request.
        self._tasks = [
            asyncio.get_running_loop().create_task(work, context=Context())
            for work in (self._read_when_woken(), self._hear(), self._poll(), self._beat())
        ]

    def end(self) -> None:
        """Let every stream end, because the process does."""
        self._is_open = False
        for stream in self._all():
            stream.end()

    async def close(self) -> None:
        """End the streams and stop looking."""
        self.end()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    def listening(self) -> int:
        """How many streams are open."""
        return len(self._all())

    @asynccontextmanager
    async def listen(self, topic: str, holder: Hashable, after: int | None) -> AsyncIterator[Stream]:
        """A stream of what follows number `after`, or of what comes from now on. Raises Unavailable."""
        stream = Stream(topic, holder)
        self._streams[topic].add(stream)
        try:
            await self._begin(stream, after)
            yield stream
        finally:
            self._streams[topic].discard(stream)
            if not self._streams[topic]:
                del self._streams[topic]

    async def _begin(self, stream: Stream, after: int | None) -> None:
        row = await database.fetch_one(_LAST, stream.topic)
        last = row["last_seq"] if row else 0
        if after is None:
            stream.start(last, greeting("hello", last))
        elif after > last or last - after > await MOST_BEHIND.get():
            stream.start(last, greeting("reset", last))
        else:
            stream.start(after, greeting(None, after))
        self._look_at((stream.topic,))
        if not self._is_open:
            stream.end()

    def _all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    def _look_at(self, topics: Iterable[str]) -> None:
        """Soon read what is new on those of the topics that anybody here listens to."""
        self._woken.update(topic for topic in topics if topic in self._streams)
        if self._woken:
            self._wake.set()

    async def _hear(self) -> None:
        while True:
            try:
                async with redis.client().pubsub() as channel:
                    await channel.subscribe(live.CHANNEL)
                    while True:
                        message = await channel.get_message(timeout=_REDIS_SECONDS)
                        if message is not None:
                            # What came before the subscription was not heard.
                            heard = message["type"] == "message"
                            self._look_at(orjson.loads(message["data"]) if heard else self._streams)
            except (redis.RedisError, OSError, ValueError) as error:
                logger().warning("live_without_redis", error=type(error).__name__)
                await asyncio.sleep(_REDIS_SECONDS)

    async def _poll(self) -> None:
        while True:
            await _wait(POLL_SECONDS)
            self._look_at(self._streams)

    async def _read_when_woken(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            topics, self._woken = self._woken, set()
            try:
                await self._read(topics)
            except Exception as error:  # noqa: BLE001 - the next look makes it good
                logger().warning("live_unread", error=type(error).__name__)

    async def _read(self, topics: Iterable[str]) -> None:
        asked = dict[str, int]()
        for topic in topics:
            begun = [stream.number for stream in self._streams.get(topic, ()) if stream.number is not None]
            if begun:
                asked[topic] = min(begun)
        if not asked:
            return
        most = await MOST_BEHIND.get()
        rows = await database.fetch(_READ, list(asked), list(asked.values()), most)
        for topic, of_topic in groupby(rows, key=lambda row: str(row["topic"])):
            await self._hand_out(topic, asked[topic], list(of_topic), most)

    async def _hand_out(self, topic: str, asked: int, rows: Sequence[asyncpg.Record], most: int) -> None:
        messages = [Message.of(row["seq"], row["kind"], row["payload"]) for row in rows if row["seq"] is not None]
        if any(message.kind == live.SESSIONS_ENDED for message in messages):
            await self._part(self._streams.get(topic, ()))
        for stream in tuple(self._streams.get(topic, ())):
            # Who came while the database was read asks for itself.
            if stream.number is not None and stream.number >= asked:
                stream.continue_with(messages, last=rows[0]["last_seq"], more=len(messages) == most, most=most)
        if len(messages) == most:
            self._look_at((topic,))

    async def _beat(self) -> None:
        while True:
            await _wait(HEARTBEAT_SECONDS)
            try:
                await self._part(self._all())
            except Exception as error:  # noqa: BLE001 - an outage is no reason to send people away
                logger().warning("live_unchecked", error=type(error).__name__)
            for stream in self._all():
                stream.put([BEAT])

    async def _part(self, streams: Iterable[Stream]) -> None:
        """End the streams whose holders may no longer listen."""
        here = tuple(streams)
        welcome = await self._still_there({stream.holder for stream in here}) if here else ()
        for stream in here:
            if stream.holder not in welcome:
                stream.cut(farewell(live.SESSIONS_ENDED))


async def _wait(seconds: Parameter[int]) -> None:
    try:
        await asyncio.sleep(await seconds.get())
    except Exception:  # noqa: BLE001 - parameters can't be read: PostgreSQL is away
        await asyncio.sleep(seconds.default)
