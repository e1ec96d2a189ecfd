"""Pushes as the platform would send them, signed and encrypted by an independent party (wechatpy)."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import httpx
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from infra import clock
from wechat.accounts.queries import Credentials, Keys
from wechat.accounts.rules import Mode

_ids = itertools.count(7_000_000_000_000)


@dataclass(frozen=True)
class Sealed:
    """A request of the platform, ready to be sent or spoilt."""

    path: str
    query: dict[str, str]
    body: bytes

    def but(self, body: bytes | str | None = None, **query: str | None) -> "Sealed":
        """The same with another body or other parameters; None drops one."""
        kept = {name: value for name, value in (self.query | query).items() if value is not None}
        text = body.encode() if isinstance(body, str) else body
        return replace(self, query=kept, body=self.body if text is None else text)

    async def send(self, http: httpx.AsyncClient, **headers: str) -> httpx.Response:
        return await http.post(self.path, params=self.query, content=self.body, headers=headers)


def xml(fields: dict[str, Any]) -> str:
    """A list is the same element several times."""
    root = ET.Element("xml")
    _fill(root, fields)
    return ET.tostring(root, encoding="unicode")


def _fill(parent: ET.Element, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            element = ET.SubElement(parent, name)
            if isinstance(one, dict):
                _fill(element, one)
            else:
                element.text = str(one)


def in_json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)


class Pushes:
    """The pushes of one person to one account; `keys` are what the platform signs and encrypts with."""

    def __init__(
        self,
        account: Credentials,
        openid: str,
        *,
        keys: Keys | None = None,
        write: Callable[[dict[str, Any]], str] = xml,
    ) -> None:
        self.account = account
        self.openid = openid
        self.keys = keys or account.keys[0]
        self.write = write
        self.crypto = WeChatCrypto(self.keys.token, self.keys.aes_key, account.app_id)

    def follow(self, scene: str | None = None, at: datetime | None = None) -> dict[str, Any]:
        key = f"qrscene_{scene}" if scene else ""
        return self.event("subscribe", at, EventKey=key, **({"Ticket": "ticket"} if scene else {}))

    def scan(self, scene: str, at: datetime | None = None) -> dict[str, Any]:
        return self.event("SCAN", at, EventKey=scene, Ticket="ticket")

    def unfollow(self, at: datetime | None = None) -> dict[str, Any]:
        return self.event("unsubscribe", at, EventKey="")

    def text(self, content: str, at: datetime | None = None) -> dict[str, Any]:
        return self.message("text", at, Content=content)

    def message(self, kind: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
        return self._fields(at) | {"MsgType": kind, "MsgId": next(_ids)} | more

    def event(self, event: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
        return self._fields(at) | {"MsgType": "event", "Event": event} | more

    def sealed(self, fields: dict[str, Any] | str, at: float | None = None, nonce: str = "nonce1") -> Sealed:
        """The request with these fields (or this clear text), signed at `at` (the product's clock by default)."""
        clear = fields if isinstance(fields, str) else self.write(fields)
        stamp = str(int(clock.timestamp() if at is None else at))
        query = {"timestamp": stamp, "nonce": nonce, "openid": self.openid}
        query["signature"] = _signature(self.keys.token, stamp, nonce)
        path = f"/wechat/{self.account.app_id}/push"
        if self.account.mode is Mode.PLAIN:
            return Sealed(path, query, clear.encode())
        envelope = ET.fromstring(self.crypto.encrypt_message(clear, nonce, stamp))
        query |= {"encrypt_type": "aes", "msg_signature": envelope.findtext("MsgSignature", "")}
        body = {"ToUserName": self.account.original_id, "Encrypt": envelope.findtext("Encrypt", "")}
        if self.account.mode is Mode.COMPATIBLE and not isinstance(fields, str):
            body = fields | body
        return Sealed(path, query, self.write(body).encode())

    def sealed_bytes(self, ciphertext: str, at: float | None = None) -> Sealed:
        """A correctly signed request around any `Encrypt` text."""
        stamp = str(int(clock.timestamp() if at is None else at))
        signed = _signature(self.keys.token, stamp, "nonce1", ciphertext)
        query = {"timestamp": stamp, "nonce": "nonce1", "encrypt_type": "aes", "msg_signature": signed}
        body = self.write({"ToUserName": self.account.original_id, "Encrypt": ciphertext})
        return Sealed(f"/wechat/{self.account.app_id}/push", query, body.encode())

    def opened(self, answer: httpx.Response) -> dict[str, str]:
        """The fields of an encrypted reply, opened and verified by the independent party; {} for `success`."""
        assert answer.status_code == 200, answer.text
        if answer.text == "success":
            return {}
        clear = answer.text
        if self.account.mode is not Mode.PLAIN:
            envelope = ET.fromstring(answer.text)
            signature, stamp, nonce = (envelope.findtext(n, "") for n in ("MsgSignature", "TimeStamp", "Nonce"))
            clear = self.crypto.decrypt_message(answer.text, signature, stamp, nonce)
        return {child.tag: child.text or "" for child in ET.fromstring(clear)}

    def _fields(self, at: datetime | None) -> dict[str, Any]:
        sent = int(clock.timestamp() if at is None else at.timestamp())
        return {"ToUserName": self.account.original_id, "FromUserName": self.openid, "CreateTime": sent}


def _signature(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    signature: str = signer.signature
    return signature
