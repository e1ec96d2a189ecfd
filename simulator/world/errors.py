"""Every error of the two sides: the platform's table of codes, and the control side's named errors."""

import secrets

PLATFORM_ERRORS = {
    -1: "system error",
    10003: "redirect_uri domain does not match the configured one",
    10005: "scope is invalid or not permitted",
    40001: "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid meida size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40015: "invalid menu type",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40024: "invalid sub button type",
    40025: "invalid sub button name size",
    40026: "invalid sub button key size",
    40027: "invalid sub button url size",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40032: "invalid openid list size",
    40035: "invalid argument",
    40036: "invalid template_id size",
    40037: "invalid template_id",
    40048: "invalid url domain",
    40052: "invalid action name",
    40053: "invalid action info, please check document",
    40054: "invalid sub button url domain",
    40055: "invalid button url domain",
    40059: "invalid msg id",
    40066: "invalid url",
    40097: "invalid args",
    40119: "invalid use button type",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40130: "invalid openid list size, at least two openid",
    40159: "invalid length for path, or the data is not json string",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40165: "invalid weapp pagepath",
    40166: "invalid weapp appid",
    40169: "invalid length for scene, or the data is not json string",
    40226: "code blocked",
    40243: "appsecret has been frozen, please unfreeze it and try again",
    41001: "access_token missing",
    41002: "appid missing",
    41003: "refresh_token missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41008: "missing code",
    41009: "missing openid",
    41010: "missing url",
    41030: "invalid page hint",
    42001: "access_token expired",
    42002: "refresh_token expired",
    42003: "code expired",
    42007: "access_token and refresh_token exception, the user changed the password",
    43001: "require GET method",
    43002: "require POST method",
    43003: "require https",
    43004: "require subscribe",
    43019: "require remove blacklist",
    43101: "user refuse to accept the msg",
    43104: "this appid does not have permission, appid and openid not match",
    44001: "empty media data",
    44002: "empty post data",
    44003: "empty news data",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45005: "url size out of limit",
    45006: "picurl size out of limit",
    45007: "playtime out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45010: "create menu limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45026: "template num exceeds limit",
    45028: "has no masssend quota",
    45029: "qrcode count out of limit",
    45047: "out of response count limit",
    45056: "too many tag now, no need to add new",
    45057: "can't delete the tag that has too many fans",
    45058: "can't modify sys tag",
    45059: "can not tagging one user too much",
    45064: "no permission to use weapp in menu",
    45065: "clientmsgid exist",
    45066: "same clientmsgid retry too fast",
    45067: "clientmsgid size out of limit",
    45072: "invalid command",
    45080: "can only set typing within 30 seconds of the user's last message",
    45081: "typing already set",
    45103: "this interface is unsupported",
    45109: "api has been taken offline",
    45157: "invalid tag name",
    45158: "tag name too long",
    45159: "invalid tag id",
    46001: "media data no exist",
    46002: "menu version no exist",
    46003: "menu no exist",
    46004: "user no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48002: "user block receive message",
    48003: "user not agree mass-send protocol",
    48004: "api forbidden for irregularities, view detail on mp.weixin.qq.com",
    48005: "forbid to delete material used by auto-reply or menu",
    48006: "forbid to clear quota because of reaching the limit",
    49003: "not match openid with appid",
    50001: "api unauthorized by user",
    50002: "user limited",
    50005: "user not subscribe",
    53600: "invalid publish id",
    61010: "code is expired",
    65301: "not exist the menuid",
    65302: "not exist the user",
    65303: "there is no selfmenu, please create selfmenu first",
    65304: "match rule empty",
    65305: "menu count limit",
    65306: "conditional menu not support",
    65307: "conditional menu is empty",
    65308: "exist empty button act",
    65309: "conditional menu disabled",
    65316: "too many domain",
    65317: "contain invalid url",
    65320: "match rule contains private information",
    87014: "risky content",
    89503: "this ip needs the confirmation of the administrator",
    200011: "templates reach limit",
    200012: "title not exist",
    200014: "invalid tid or kid list",
    200016: "start or limit is invalid",
}

REDIRECT_DOMAIN = 10003
INVALID_SCOPE = 10005
INVALID_CREDENTIAL = 40001
INVALID_GRANT_TYPE = 40002
INVALID_OPENID = 40003
INVALID_MEDIA_TYPE = 40004
INVALID_FILE_TYPE = 40005
INVALID_MEDIA_ID = 40007
INVALID_MESSAGE_TYPE = 40008
INVALID_APP_ID = 40013
INVALID_TOKEN = 40014
INVALID_CODE = 40029
INVALID_REFRESH_TOKEN = 40030
INVALID_OPENID_LIST = 40032
INVALID_ARGUMENT = 40035
TEMPLATE_ID_SIZE = 40036
INVALID_TEMPLATE_ID = 40037
INVALID_ACTION_NAME = 40052
INVALID_ACTION_INFO = 40053
INVALID_MESSAGE_ID = 40059
INVALID_URL = 40066
INVALID_ARGUMENTS = 40097
INVALID_SCENE = 40129
TOO_FEW_OPENIDS = 40130
INVALID_PATH_LENGTH = 40159
CODE_USED = 40163
INVALID_IP = 40164
INVALID_MINI_PATH = 40165
INVALID_MINI_APP_ID = 40166
INVALID_SCENE_TEXT = 40169
RISKY_USER = 40226
SECRET_FROZEN = 40243
TOKEN_MISSING = 41001
APP_ID_MISSING = 41002
REFRESH_TOKEN_MISSING = 41003
SECRET_MISSING = 41004
MEDIA_MISSING = 41005
CODE_MISSING = 41008
INVALID_PAGE = 41030
TOKEN_EXPIRED = 42001
REFRESH_TOKEN_EXPIRED = 42002
PASSWORD_CHANGED = 42007
REQUIRE_GET = 43001
REQUIRE_POST = 43002
REQUIRE_SUBSCRIBE = 43004
RECEIVER_BLACKLISTED = 43019
NOT_SUBSCRIBED = 43101
APP_AND_OPENID = 43104
EMPTY_POST = 44002
EMPTY_NEWS = 44003
EMPTY_CONTENT = 44004
MEDIA_TOO_LARGE = 45001
CONTENT_TOO_LONG = 45002
TITLE_TOO_LONG = 45003
TOO_MANY_ARTICLES = 45008
DAY_LIMIT = 45009
MINUTE_LIMIT = 45011
OUTSIDE_WINDOW = 45015
TEMPLATES_USED_UP = 45026
MASS_USED_UP = 45028
CODES_USED_UP = 45029
COUNT_USED_UP = 45047
TAGS_USED_UP = 45056
TAG_HAS_MANY_FANS = 45057
TAG_RESERVED = 45058
USER_TAGS_USED_UP = 45059
CLIENT_ID_EXISTS = 45065
CLIENT_ID_TOO_FAST = 45066
CLIENT_ID_TOO_LONG = 45067
INVALID_COMMAND = 45072
TYPING_TOO_LATE = 45080
TYPING_ALREADY = 45081
TAG_NAME_INVALID = 45157
TAG_NAME_TOO_LONG = 45158
TAG_INVALID = 45159
MENU_MISSING = 46003
DATA_FORMAT = 47001
TEMPLATE_ARGUMENT = 47003
API_UNSUPPORTED = 45103
API_RETIRED = 45109
API_UNAUTHORIZED = 48001
USER_REFUSES = 48002
CLEARS_USED_UP = 48006
NOT_FOLLOWING = 50005
INVALID_PUBLISH_ID = 53600
VISIT_TOO_OLD = 61010
PERSONAL_MENU_MISSING = 65301
MENU_USER_MISSING = 65302
DEFAULT_MENU_MISSING = 65303
MATCH_RULE_EMPTY = 65304
PERSONAL_MENU_UNSUPPORTED = 65306
PERSONAL_MENU_EMPTY = 65307
TOO_MANY_DOMAINS = 65316
MATCH_RULE_PRIVATE = 65320
IP_AWAITS_APPROVAL = 89503
INVALID_TEMPLATE_TITLE = 200012
INVALID_KEYWORDS = 200014
INVALID_RANGE = 200016


def request_id() -> str:
    """Return what the platform calls one request, for whoever has to ask it about that."""
    return "-".join(secrets.token_hex(4) for _ in range(3))


class PlatformError(Exception):
    """An answer with an errcode; the platform sends it with HTTP 200.

    `text` replaces the table's text where the answer names what was wrong; `extra` are further fields of it.
    """

    def __init__(self, errcode: int, text: str | None = None, **extra: str | int) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self._text = text or PLATFORM_ERRORS[errcode]
        self._extra = extra

    def body(self) -> dict[str, str | int]:
        """Return the JSON body, with a request id at the end of the text as the platform has it."""
        return {"errcode": self.errcode, "errmsg": f"{self._text} rid: {request_id()}", **self._extra}


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
