"""What can go wrong with a session."""

from infra.errors import NotFound, TooManyRequests


class TooManyAttempts(TooManyRequests):
    code = "too_many_attempts"
    message = "尝试次数过多，请稍后再试"
    english = "Too many attempts to log in, please wait"


class SessionNotFound(NotFound):
    code = "session_not_found"
    message = "没有这次登录，或者已经退出"
    english = "There is no such session, or it has ended"
