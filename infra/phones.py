"""Phone numbers: which are valid in China, how they are kept (E.164), how they are shown.

Ranges come from `phonenumbers`, which follows the carriers; what is dialled without an area code (a landline of 7 or 8
digits, 400 and 800 numbers) is Chinese too but no E.164 number: it is kept as it is dialled.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType

from infra.errors import InvalidInput

_REGION = "CN"
_EXTENSION = re.compile(r"(?:转|ext\.?|x|#)\s*(\d{1,6})$", re.IGNORECASE)
_SERVICE = re.compile(r"[48]00\d{7}")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_HIDDEN = "****"
_MOBILE_DIGITS = 11


class PhoneRefused(InvalidInput):
    code = "phone_refused"
    message = "电话号码不正确：手机为 11 位，座机为 7 或 8 位，可加区号和分机"
    english = "This is no valid Chinese phone number"


class NumberKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Number:
    """`text` is how it is kept: E.164, or as dialled where there is no such form; an extension follows `;ext=`."""

    text: str
    kind: NumberKind


def parse(text: str) -> Number:
    """A number as people write it. Raises PhoneRefused."""
    digits, extension = _split(unicodedata.normalize("NFKC", text))
    bare = digits.removeprefix("+86").removeprefix("0086") if digits.startswith(("+86", "0086")) else digits
    suffix = f";ext={extension}" if extension else ""
    if _SERVICE.fullmatch(bare):
        return Number(bare + suffix, NumberKind.SERVICE)
    if _LOCAL.fullmatch(bare):
        return Number(bare + suffix, NumberKind.LANDLINE)
    found = _known(bare)
    if found is None or (extension and found[1] is NumberKind.MOBILE):
        raise PhoneRefused
    return Number(found[0] + suffix, found[1])


def _split(text: str) -> tuple[str, str]:
    """Digits (a plus in front may stay) and extension."""
    found = _EXTENSION.search(text)
    if found:
        text = text[: found.start()]
    return re.sub(r"[\s()\-.·]", "", text), found[1] if found else ""


def _known(bare: str) -> tuple[str, NumberKind] | None:
    if not re.fullmatch(r"\d{10,12}", bare):
        return None
    try:
        number = phonenumbers.parse(bare, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number_for_region(number, _REGION):
        return None
    kind = phonenumbers.number_type(number)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if kind == PhoneNumberType.MOBILE:
        return (text, NumberKind.MOBILE) if len(bare) == _MOBILE_DIGITS else None
    return (text, NumberKind.LANDLINE) if kind == PhoneNumberType.FIXED_LINE and bare.startswith("0") else None


def mask(number: str) -> str:
    """As those see it who may not see all of it: 138****5678 of a mobile, the last four digits of others hidden."""
    shown = number.removeprefix("+86").partition(";")[0]
    if len(shown) == _MOBILE_DIGITS and number.startswith("+861"):
        return f"{shown[:3]}{_HIDDEN}{shown[-4:]}"
    return shown[:-4] + _HIDDEN
