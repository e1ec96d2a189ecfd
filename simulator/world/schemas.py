"""What the bodies of the control side share."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# XML 1.0 has no way to write these, so no phone could send them.
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """Return a text that XML can carry; ValueError for another."""
    if NOT_IN_XML.search(text):
        raise ValueError("the text holds characters that XML cannot carry")
    return text


Text = Annotated[str, Field(min_length=1, max_length=2_048), AfterValidator(writable)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ErrorDetail(BaseModel):
    code: str
    message: str


class ErrorOut(BaseModel):
    error: ErrorDetail
