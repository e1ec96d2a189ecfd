"""Receiving a push: open, respond, write, answer."""

import asyncio
from collections.abc import Mapping, Sequence

from infra import clock, crypto, metrics
from infra.batch import GroupCommit
from infra.ids import new_id
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.conversations.service import Answer
from wechat.pushes import crypto as envelope_crypto
from wechat.pushes.envelope import Opened, open_push, verify_url
from wechat.pushes.errors import PushRefused
from wechat.pushes.messages import Push
from wechat.pushes.replies import REPLY_TEXT_BYTES, cut, is_passive, reply
from wechat.pushes.responders import SILENCE, Responder, Response, View, respond
from wechat.pushes.store import Incoming, Receipt, receive_many, said

FRESH_SECONDS = Parameter(
    name="wechat.push_fresh_seconds",
    default=300,
    least=30,
    most=3600,
    help="推送签名时间与当前时间最多相差的秒数",
    english="How many seconds the time of a signed push may differ from ours",
)
MOST_BYTES = Parameter(
    name="wechat.push_most_bytes",
    default=1_048_576,
    least=16_384,
    most=1_048_576,
    help="一条推送的请求体最多的字节数，超过则拒收",
    english="The largest body of a push in bytes; larger ones are refused",
)

_SUCCESS = "success"
_NEW, _REPEATED = metrics.pushes.labels("new"), metrics.pushes.labels("repeated")


class Receiver:
    """The push endpoint's state in one process: its responders and the door of its group commit."""

    def __init__(self, responders: Sequence[Responder]) -> None:
        self._responders = responders
        self._door = GroupCommit("push", receive_many, key=lambda push: push.person, one_statement=True)
        self._under_way = dict[bytes, asyncio.Future[Receipt]]()

    async def close(self) -> None:
        """Wait until every push in hand is written."""
        await self._door.close()

    async def verify(self, app_id: str, query: Mapping[str, str]) -> str:
        """Answer the platform's URL verification. Raises AccountNotFound and PushRefused."""
        account = await accounts.credentials(app_id)
        return verify_url(account, query, now=clock.timestamp(), freshness=await FRESH_SECONDS.get())

    async def receive(self, app_id: str, query: Mapping[str, str], body: bytes, request_id: str | None) -> str:
        """The body to answer with; the push is durable by then.

        Raises AccountNotFound, PushRefused (nothing is written), or Unavailable (the platform sends it again).
        """
        account = await accounts.credentials(app_id)
        try:
            opened = await self._open(account, query, body)
        except PushRefused:
            metrics.pushes.labels("refused").inc()
            raise
        key = crypto.digest("push", app_id, *opened.push.identifier)
        receipt = None
        while receipt is None and key in self._under_way:
            receipt = await self._receipt_of(self._under_way[key])
        receipt = receipt or await self._write(account, opened, key, request_id)
        (_REPEATED if receipt.repeated else _NEW).inc()
        return _answer(account, opened, receipt.reply)

    async def _open(self, account: Credentials, query: Mapping[str, str], body: bytes) -> Opened:
        return open_push(account, query, body, now=clock.timestamp(), freshness=await FRESH_SECONDS.get())

    async def _receipt_of(self, first: asyncio.Future[Receipt]) -> Receipt | None:
        """The receipt of the same push that is being written in this process; None if that caller gave up."""
        await asyncio.wait({first})
        return None if first.cancelled() else Receipt(first.result().reply, repeated=True)

    async def _write(self, account: Credentials, opened: Opened, key: bytes, request_id: str | None) -> Receipt:
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._under_way[key] = future
        try:
            incoming = await self._incoming(account, opened, key, request_id)
            receipt = await self._door.submit(incoming)
        except BaseException as error:
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # whoever else waits hears of it; if nobody does, that is no leak
            else:
                future.cancel()
            raise
        else:
            future.set_result(receipt)
            return receipt
        finally:
            if self._under_way.get(key) is future:
                del self._under_way[key]

    async def _incoming(self, account: Credentials, opened: Opened, key: bytes, request_id: str | None) -> Incoming:
        push = opened.push
        view = View(account.app_id, account.name, push)
        response = SILENCE if account.silent else await respond(self._responders, view)
        text, answer = await _said(push, response)
        return Incoming(
            key=key,
            app_id=account.app_id,
            person=crypto.digest(account.app_id, push.openid),
            raw=opened.raw,
            reply=text,
            request_id=request_id or str(new_id()),
            forward=account.forward_url is not None,
            answer=answer,
        )


async def _said(push: Push, response: Response) -> tuple[str | None, str | None]:
    """The passive reply, if the first content can be one, and the answer as a whole, for the thread."""
    if not response.contents and not response.hand_over:
        return None, None
    longest_bytes = await REPLY_TEXT_BYTES.get()
    contents = tuple(cut(content, longest_bytes) for content in response.contents)
    first = contents[0] if contents else None
    text = reply(push, first, clock.now()) if first is not None and is_passive(first) else None
    return text, said(
        Answer(contents=contents, passive=text is not None, rule_id=response.rule_id, hand_over=response.hand_over)
    )


def _answer(account: Credentials, opened: Opened, reply: str | None) -> str:
    # In shadow another system answers, also to a push that we answered before.
    if reply is None or account.silent:
        return _SUCCESS
    if opened.keys is None:
        return reply
    return envelope_crypto.encrypt_reply(reply, opened.keys, app_id=account.app_id, timestamp=int(clock.timestamp()))
