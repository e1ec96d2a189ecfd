"""Phone numbers: which are valid in China, how they are kept (E.164), how they are shown.

Ranges come from `phonenumbers`, which follows the carriers; what is dialled without an area code (a landline of 7 or 8
digits, 400 and 800 numbers) is Chinese too but no E.164 number: it is kept as it is dialled.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import phonenumbers
from phonenumbers import PhoneNumberType
from pydantic import AfterValidator, StringConstraints

from infra.errors import InvalidInput
from infra.problems import Unfit
from infra.schemas import Text

_REGION = "CN"
# Written out, or after the last hyphen of what is no number as a whole: 010-62345678-123.
_EXTENSION = re.compile(r"(?:转分机|分机|转|ext\.?|x|#|\*)[\s:.]*([0-9]{1,6})$", re.IGNORECASE)
_HYPHEN_EXTENSION = re.compile(r"-([0-9]{1,6})$")
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u30fc]")
_BETWEEN = re.compile(r"[\s()\-.·/]")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=1[0-9]{10}$)")
_SERVICE = re.compile(r"[48]00[0-9]{7}")
_LOCAL = re.compile(r"[2-9][0-9]{6,7}")
_FULL = re.compile(r"[0-9]{10,12}")
_HIDDEN = "****"
_MOBILE_DIGITS = 11
_LONGEST = 40


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
    # Copied from an address book, a number brings marks of direction along, which nobody sees.
    plain = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    plain = _DASHES.sub("-", plain.strip())
    if found := _EXTENSION.search(plain):
        return _extended(plain[: found.start()], found[1])
    number = _number(plain)
    if number is None and (found := _HYPHEN_EXTENSION.search(plain)):
        return _extended(plain[: found.start()], found[1])
    if number is None:
        raise PhoneRefused
    return number


def _extended(text: str, extension: str) -> Number:
    number = _number(text)
    if number is None or number.kind is NumberKind.MOBILE:
        raise PhoneRefused
    return Number(f"{number.text};ext={extension}", number.kind)


def _number(text: str) -> Number | None:
    digits = _BETWEEN.sub("", text)
    bare = _COUNTRY.sub("", digits, count=1) if _COUNTRY.match(digits) else digits
    if _SERVICE.fullmatch(bare):
        return Number(bare, NumberKind.SERVICE)
    if bare != digits:
        return _known(bare) or _known(f"0{bare}")
    return Number(bare, NumberKind.LANDLINE) if _LOCAL.fullmatch(bare) else _known(bare)


def _known(bare: str) -> Number | None:
    """A mobile, or a landline with its area code, as dialled inside the country."""
    if not _FULL.fullmatch(bare):
        return None
    number = phonenumbers.parse(bare, _REGION)
    if not phonenumbers.is_valid_number_for_region(number, _REGION):
        return None
    kind = phonenumbers.number_type(number)
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if kind == PhoneNumberType.MOBILE:
        return Number(text, NumberKind.MOBILE) if len(bare) == _MOBILE_DIGITS else None
    return Number(text, NumberKind.LANDLINE) if kind == PhoneNumberType.FIXED_LINE and bare.startswith("0") else None


def mask(number: str) -> str:
    """As those see it who may not see all of it: 138****5678 of a mobile, the last four digits of others hidden."""
    whole = number.partition(";")[0]
    if is_mobile(number):
        shown = whole.removeprefix("+86")
        return f"{shown[:3]}{_HIDDEN}{shown[-4:]}"
    shown = f"0{whole.removeprefix('+86')}" if whole.startswith("+86") else whole
    return shown[:-4] + _HIDDEN


def is_mobile(number: str) -> bool:
    """Whether a number, as it is kept, is a mobile's."""
    return number.startswith("+861") and len(number) == len("+86") + _MOBILE_DIGITS


def _kept(text: str) -> str:
    try:
        return parse(text).text
    except PhoneRefused as error:
        raise Unfit(error.message, error.english) from error


def _kept_mobile(text: str) -> str:
    number = _kept(text)
    if not is_mobile(number):
        raise Unfit("须是 11 位手机号码", "must be a mobile number")
    return number


# What people type, as it is kept.
PhoneText = Annotated[Text, StringConstraints(max_length=_LONGEST), AfterValidator(_kept)]
MobileText = Annotated[Text, StringConstraints(max_length=_LONGEST), AfterValidator(_kept_mobile)]
