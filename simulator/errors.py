"""Every error of the two sides: the platform's table of codes, and the control side's named errors."""

import secrets

PLATFORM_ERRORS = {
    40001: (
        "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken"
    ),
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40032: "invalid openid list size",
    40052: "invalid action name",
    40053: "invalid action info, please check document",
    40066: "invalid url",
    40125: "invalid appsecret",
    40129: "invalid scene",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45029: "qrcode count out of limit",
    47001: "data format error",
}

INVALID_CREDENTIAL = 40001
INVALID_GRANT_TYPE = 40002
INVALID_OPENID = 40003
INVALID_APP_ID = 40013
INVALID_TOKEN = 40014
INVALID_OPENID_LIST = 40032
INVALID_ACTION_NAME = 40052
INVALID_ACTION_INFO = 40053
INVALID_URL = 40066
INVALID_SECRET = 40125
INVALID_SCENE = 40129
TOKEN_MISSING = 41001
APP_ID_MISSING = 41002
SECRET_MISSING = 41004
TOKEN_EXPIRED = 42001
REQUIRE_GET = 43001
REQUIRE_POST = 43002
DAY_LIMIT = 45009
MINUTE_LIMIT = 45011
CODES_USED_UP = 45029
DATA_FORMAT = 47001


class PlatformError(Exception):
    """An answer with an errcode; the platform sends it with HTTP 200."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode

    def body(self) -> dict[str, int | str]:
        """Return the JSON body, with a request id at the end of the text as the platform has it."""
        rid = "-".join(secrets.token_hex(4) for _ in range(3))
        return {"errcode": self.errcode, "errmsg": f"{PLATFORM_ERRORS[self.errcode]} rid: {rid}"}


class ControlError(Exception):
    """A refused request of the control side: HTTP status, stable code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


def account_unknown() -> ControlError:
    """No account carries this app id."""
    return ControlError(404, "account_unknown", "no account has this app_id")


def fan_unknown() -> ControlError:
    """No person carries this id."""
    return ControlError(404, "fan_unknown", "no fan has this id")


def push_cancelled() -> ControlError:
    """A reset dropped the push while somebody waited for it."""
    return ControlError(409, "push_cancelled", "the push was dropped by a reset")


def push_unknown() -> ControlError:
    """No push carries this id."""
    return ControlError(404, "push_unknown", "no push has this id")
