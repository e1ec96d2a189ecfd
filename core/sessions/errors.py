"""What can go wrong with a session."""

from infra.errors import TooManyRequests


class TooManyAttempts(TooManyRequests):
    code = "too_many_attempts"
    message = "尝试次数过多，请稍后再试"
    english = "Too many attempts to log in, please wait"
