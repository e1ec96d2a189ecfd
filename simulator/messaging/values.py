"""What the typed keys of templates take: the name of a key before its number says which values are right."""

import re
from collections.abc import Callable
from typing import Any

from simulator.world.errors import TEMPLATE_ARGUMENT, PlatformError
from simulator.world.limits import Limits
from simulator.world.records import Fields

KEY = re.compile(r"([a-z_]+?)\d+")
CHINESE = re.compile(r"[\u3400-\u9fff·]+")
DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
CLOCK = r"([01]?\d|2[0-3]):[0-5]\d"
TIME = re.compile(rf"({DAY} )?{CLOCK}(~({DAY} )?{CLOCK})?")
DATE = re.compile(rf"{DAY}( {CLOCK})?(~{DAY}( {CLOCK})?)?")
NUMBER = re.compile(r"\d+(\.\d+)?")
AMOUNT = re.compile(r"[¥￥$€£]?(\d+(\.\d+)?)元?")
LETTERS = re.compile(r"[A-Za-z]+")
PRINTED = re.compile(r"[!-~]+")
SYMBOLS = re.compile(r"[^\w\s]+")
PHONE = re.compile(r"[\d+()\- ]+")
CAR = re.compile(r"[\u3400-\u9fff]?[A-Z0-9]+[\u3400-\u9fff]?")

Rule = Callable[[Limits, str], bool]


def _name(limits: Limits, value: str) -> bool:
    return len(value) <= (limits.value_name if CHINESE.search(value) else limits.value_name_letters)


RULES: dict[str, Rule] = {
    "thing": lambda limits, value: value.isprintable() and len(value) <= limits.value_thing,
    "number": lambda limits, value: bool(NUMBER.fullmatch(value)) and len(value) <= limits.value_number,
    "letter": lambda limits, value: bool(LETTERS.fullmatch(value)) and len(value) <= limits.value_letter,
    "symbol": lambda limits, value: bool(SYMBOLS.fullmatch(value)) and len(value) <= limits.value_symbol,
    "character_string": lambda limits, value: (
        bool(PRINTED.fullmatch(value)) and len(value) <= limits.value_character_string
    ),
    "time": lambda _limits, value: bool(TIME.fullmatch(value)),
    "date": lambda _limits, value: bool(DATE.fullmatch(value)),
    "amount": lambda limits, value: (
        bool(AMOUNT.fullmatch(value)) and sum(each.isdigit() for each in value) <= limits.value_amount
    ),
    "phone_number": lambda limits, value: bool(PHONE.fullmatch(value)) and len(value) <= limits.value_phone_number,
    "car_number": lambda limits, value: bool(CAR.fullmatch(value)) and len(value) <= limits.value_car_number,
    "name": _name,
    "phrase": lambda limits, value: bool(CHINESE.fullmatch(value)) and len(value) <= limits.value_phrase,
}


def check(limits: Limits, keys: dict[str, str], data: Any) -> Fields:
    """Return the values of exactly the template's keys; errcode 47003, which names the first key that is wrong.

    A key of none of the types (`first`, `keyword1`, `remark`) takes any text.
    """
    if not isinstance(data, dict):
        raise PlatformError(TEMPLATE_ARGUMENT, "argument invalid! data format error")
    strange = next((key for key in data if key not in keys), None)
    if strange is not None:
        raise PlatformError(TEMPLATE_ARGUMENT, f"argument invalid! data.{strange}.value invalid")
    return {key: _value(limits, key, data.get(key)) for key in keys}


def _value(limits: Limits, key: str, given: object) -> str:
    value = given.get("value") if isinstance(given, dict) else None
    if value is None or value == "":
        raise PlatformError(TEMPLATE_ARGUMENT, f"argument invalid! data.{key}.value is empty")
    if not isinstance(value, str) or not _is_right(limits, key, value):
        raise PlatformError(TEMPLATE_ARGUMENT, f"argument invalid! data.{key}.value invalid")
    return value


def _is_right(limits: Limits, key: str, value: str) -> bool:
    typed = KEY.fullmatch(key)
    rule = RULES.get(typed[1]) if typed is not None else None
    return rule is None or rule(limits, value)
