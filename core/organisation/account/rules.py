"""What makes a password acceptable, and the codes of a second factor: pure functions."""

from pyotp import TOTP
from pyotp.utils import strings_equal

_KINDS = (str.islower, str.isupper, str.isdigit)
# A phone's clock may be one step off, and a code takes a moment to type.
_STEPS_OFF = (0, -1, 1)


def kinds_of(password: str) -> int:
    """How many of lower case, upper case, digits and all other characters occur."""
    plain = sum(any(map(is_kind, password)) for is_kind in _KINDS)
    return plain + any(not any(is_kind(letter) for is_kind in _KINDS) for letter in password)


def problems_of(password: str, username: str, *, least_length: int, least_kinds: int) -> list[str]:
    """What is wrong with a new password, as stable codes; empty when it will do."""
    found = []
    if len(password) < least_length:
        found.append("too_short")
    if kinds_of(password) < least_kinds:
        found.append("too_few_kinds")
    if username and username.lower() in password.lower():
        found.append("holds_username")
    return found


def step_of(secret: str, code: str, at: float) -> int | None:
    """The time step (RFC 6238, 30 seconds) a code belongs to, one before or after `at` included; None: it is wrong."""
    totp = TOTP(secret)
    present = int(at) // totp.interval
    steps = (present + off for off in _STEPS_OFF)
    return next((step for step in steps if strings_equal(totp.generate_otp(step), code)), None)
