"""Errors that reach a caller: a stable English code, a status, and words in Chinese and English."""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """Something the caller should know. Subclasses give `code`, `status` and both messages; `details` adds facts."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "请求无法处理"
    english: ClassVar[str] = "The request could not be handled"

    def __init__(self, details: Mapping[str, Any] | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(self.code)
        self.details = dict(details or {})
        self.retry_after = retry_after


class InvalidInput(DomainError):
    code = "invalid_input"
    status = 422
    message = "填写的内容有误"
    english = "The input is not valid"


class NotFound(DomainError):
    code = "not_found"
    status = 404
    message = "没有找到"
    english = "Not found"


class Unauthenticated(DomainError):
    code = "unauthenticated"
    status = 401
    message = "请先登录"
    english = "Please log in"


class Forbidden(DomainError):
    code = "forbidden"
    status = 403
    message = "没有权限"
    english = "You may not do this"


class Conflict(DomainError):
    code = "conflict"
    status = 409
    message = "内容已存在或已被他人修改"
    english = "It exists already or was changed by somebody else"


class TooManyRequests(DomainError):
    code = "too_many_requests"
    status = 429
    message = "操作太频繁，请稍后再试"
    english = "Too many requests, please wait"


class Unavailable(DomainError):
    """A server we need (PostgreSQL, Redis) doesn't answer; nothing was changed, and the same call may be made again."""

    code = "unavailable"
    status = 503
    message = "服务暂时不可用，请稍后再试"
    english = "The service is briefly unavailable"
