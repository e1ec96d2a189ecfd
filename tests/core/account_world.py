"""What the tests of accounts share: log-in, the own account, codes of an authenticator."""

import pyotp

from infra import clock
from tests import factories as make
from tests.factories import PASSWORD

STEP = 30


async def log_in(http, staff, password=PASSWORD, **more):
    """The answer to a log-in."""
    body = {"username": staff.username, "password": password} | more
    return await http.post("/staff/v1/login", json=body)


async def logged_in(http, staff, password=PASSWORD, **more):
    """The headers of somebody who has logged in."""
    answer = await log_in(http, staff, password, **more)
    assert answer.status_code == 200, answer.text
    return bearer(answer.json()["token"])


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def me(http, headers):
    return await http.get("/staff/v1/me", headers=headers)


def code_of(secret, steps=0):
    """What the authenticator shows now, or some steps from now."""
    return pyotp.TOTP(secret).at(int(clock.timestamp()), counter_offset=steps)


async def with_second_factor(http, staff):
    """Set a second factor up; returns its secret. The code of now is used up."""
    headers = await make.headers(staff)
    started = await http.post("/staff/v1/me/second-factor", headers=headers)
    assert started.status_code == 201, started.text
    secret = started.json()["secret"]
    confirmed = await http.put("/staff/v1/me/second-factor", headers=headers, json={"code": code_of(secret)})
    assert confirmed.status_code == 204, confirmed.text
    return secret


async def audited(action):
    """The details, actors and subjects of what was written down."""
    return await make.rows(
        "SELECT actor, subject_id, details::text AS details, address FROM audit WHERE action = $1 ORDER BY id", action
    )
