"""What administrators send and see on the first day."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from infra.problems import Unfit
from infra.schemas import Input, Output
from wechat.onboarding.rules import VERIFY_FILE, Verdict


def _verify_name(name: str) -> str:
    if not VERIFY_FILE.fullmatch(name):
        raise Unfit(
            "文件名须形如 MP_verify_0123456789abcdef.txt，请勿改名", "must look like MP_verify_0123456789abcdef.txt"
        )
    return name


class VerifyFileIn(Input):
    """A file as downloaded from the platform; it holds the letters and digits of its own name, mostly."""

    name: Annotated[str, StringConstraints(max_length=60), AfterValidator(_verify_name)]
    content: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]


class VerifyFileOut(Output):
    name: str
    content: str
    created_at: datetime


class FindingOut(Output):
    """`name` is a stable code; `words` say what is so and `hint` what to do about it, in Chinese."""

    name: str
    verdict: Verdict
    words: str
    hint: str


class DoctorOut(Output):
    items: list[FindingOut]


class MenuOut(Output):
    """`content` as the platform gave it (`selfmenu_info` holds the buttons); null when there was no menu."""

    content: dict[str, Any] | None
    read_at: datetime
