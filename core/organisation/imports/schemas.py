"""What an import says about its rows."""

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from core.organisation.account.schemas import Email, Phone
from core.organisation.schemas import Username
from infra.problems import Unfit
from infra.schemas import Input, Name, Output, Text

_YES_OR_NO = {"是": True, "TRUE": True, "否": False, "FALSE": False, "": False}


def _yes_or_no(word: str) -> bool:
    if word.upper() not in _YES_OR_NO:
        raise Unfit("填“是”或“否”", "must be 是 or 否")
    return _YES_OR_NO[word.upper()]


Wanted = Annotated[Text, StringConstraints(min_length=1, max_length=500)]


class StaffRow(Input):
    """A row of the form whose cells have the right form."""

    name: Name
    username: Username
    department: Wanted
    post: Name
    role: Wanted
    store: Text
    phone: Phone
    email: Email
    is_guide: Annotated[bool, BeforeValidator(_yes_or_no)]


class RowProblem(Output):
    """`row` is the row's number in the sheet, `field` the header; `code` is stable, `message` are words for people."""

    row: int
    field: str
    code: str
    message: str


class ImportOut(Output):
    """What was added, or with `dry_run` would be; nothing when there are problems."""

    dry_run: bool
    rows: int
    added: int
    departments_added: int
    posts_added: int
    problems: list[RowProblem]
