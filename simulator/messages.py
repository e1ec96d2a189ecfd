"""The platform's XML: building what is pushed, reading what comes back."""

from collections import Counter
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from simulator.crypto import encrypt
from simulator.records import Account

DEEPEST = 4

Fields = dict[str, str | int]


class NotXmlError(ValueError):
    """The text is not the XML that the platform understands."""


def build(fields: Fields) -> str:
    """Write fields as `<xml>`, texts in CDATA and numbers bare, as the platform does."""
    return "<xml>" + "\n".join(f"<{name}>{_value(value)}</{name}>" for name, value in fields.items()) + "</xml>"


def sealed_body(account: Account, fields: Fields) -> tuple[str, str | None]:
    """Return the request body for the account's mode, and the `Encrypt` text in it if there is one."""
    clear = build(fields)
    if account.mode == "plain":
        return clear, None
    encrypted = encrypt(account.aes_key, account.app_id, clear)
    visible = fields if account.mode == "compatible" else {"ToUserName": account.original_id}
    return build({**visible, "Encrypt": encrypted}), encrypted


def parse(body: bytes | str) -> dict[str, str]:
    """Read an `<xml>` document into texts by dotted path (`Image.MediaId`, `Articles.item.0.Title`)."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        raise NotXmlError("not well-formed, or with a DTD") from error
    if root.tag != "xml":
        raise NotXmlError("the root element is not <xml>")
    return _flatten(root, "")


def _flatten(element: Element, prefix: str) -> dict[str, str]:
    if prefix.count(".") > DEEPEST:
        raise NotXmlError("nested too deep")
    result: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for child in element:
        path = prefix + child.tag
        if child.tag == "item":
            path += f".{seen[child.tag]}"
            seen[child.tag] += 1
        if len(child):
            result.update(_flatten(child, path + "."))
        else:
            result[path] = child.text or ""
    return result


def _value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"
