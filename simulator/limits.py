"""The platform's numbers for one account: quotas, lives and sizes (a new official account's by default)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]


class Limits(BaseModel):
    """Calls a day (a Shanghai day) per endpoint, then everything that is not a daily count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Count = 2_000
    stable_token: Count = 500_000
    qrcode_create: Count = 100_000
    user_info: Count = 5_000_000
    user_info_batchget: Count = 5_000_000
    user_get: Count = 500
    force_refresh: Count = 20

    stable_token_minute: Count = 10_000
    force_refresh_gap_seconds: Seconds = 30
    token_seconds: Seconds = 7_200
    token_grace_seconds: Seconds = 300
    permanent_codes: Count = 100_000
    code_seconds_most: Annotated[int, Field(gt=0)] = 2_592_000
    code_seconds_unasked: Annotated[int, Field(gt=0)] = 30
    user_get_page: Annotated[int, Field(gt=0)] = 10_000
    user_info_batchget_size: Annotated[int, Field(gt=0)] = 100
    reply_text_bytes: Annotated[int, Field(gt=0)] = 2_048
