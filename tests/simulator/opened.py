"""Reading what was pushed, nested and in either format, with an independent party's code."""

import json
from typing import Any
from xml.etree import ElementTree as ET

from wechatpy.crypto import PrpCrypto
from wechatpy.utils import check_signature

from tests.simulator.harness import APP_ID, CRYPTO, TOKEN, Received


def clear_text(received: Received, key: bytes = CRYPTO.key, token: str = TOKEN) -> str:
    """The clear content of a push in whatever mode and format, its signatures checked."""
    query = received.query
    check_signature(token, query["signature"], query["timestamp"], query["nonce"])
    if "msg_signature" not in query:
        return received.body
    sealed = read(received.body)["Encrypt"]
    clear: bytes = PrpCrypto(key).decrypt(sealed, APP_ID)
    return clear.decode() if isinstance(clear, bytes) else clear


def read(text: str) -> dict[str, Any]:
    """Nested fields; elements that repeat become a list."""
    return json.loads(text) if text.startswith("{") else _children(ET.fromstring(text))


def fields(received: Received) -> dict[str, Any]:
    """What a push says beyond what every push says."""
    common = {"ToUserName", "FromUserName", "CreateTime", "MsgId"}
    return {name: value for name, value in read(clear_text(received)).items() if name not in common}


def _children(element: ET.Element) -> Any:
    if not len(element):
        return element.text or ""
    result: dict[str, Any] = {}
    for child in element:
        value = _children(child)
        if child.tag in result:
            former = result[child.tag]
            result[child.tag] = [*former, value] if isinstance(former, list) else [former, value]
        else:
            result[child.tag] = value
    return result
