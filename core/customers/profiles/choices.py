"""What levels and credit grades there are to choose from.

A file of its own: entry, change and import ask it.
"""

from collections.abc import Mapping
from typing import Any

from core.customers.profiles.errors import ChoiceUnknown
from infra.parameters import Parameter

_LIST = r"[^,\s]{1,10}(,[^,\s]{1,10}){0,29}"

LEVELS = Parameter(
    name="customers.levels",
    default="A,B,C,D",
    pattern=_LIST,
    help="客户级别的可选值，用英文逗号分隔，从高到低",
    english="The customer levels to choose from, separated by commas, highest first",
)
CREDIT_GRADES = Parameter(
    name="customers.credit_grades",
    default="AAA,AA,A,B,C",
    pattern=_LIST,
    help="客户信用等级的可选值，用英文逗号分隔，从高到低",
    english="The credit grades to choose from, separated by commas, best first",
)


async def allowed() -> dict[str, list[str]]:
    """The choices by field."""
    return {"level": (await LEVELS.get()).split(","), "credit_grade": (await CREDIT_GRADES.get()).split(",")}


def refusal(choices: Mapping[str, list[str]], fields: Mapping[str, Any]) -> ChoiceUnknown | None:
    """Why these fields can't be kept."""
    for name, among in choices.items():
        if fields.get(name) is not None and fields[name] not in among:
            return ChoiceUnknown({"field": name, "choices": among})
    return None
