"""Paths that the platform once had: whoever still calls them is told so."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter

from simulator.platform.doors import Caller
from simulator.world.errors import API_RETIRED, API_UNSUPPORTED, PlatformError

# The message of both kinds at once since 2023-09-20 (official), those that a form allowed long before that.
RETIRED = {
    "/cgi-bin/message/wxopen/template/uniform_send": API_RETIRED,
    "/cgi-bin/message/wxopen/template/send": API_UNSUPPORTED,
}

router = APIRouter(tags=["platform"])


def _refusal(errcode: int) -> Callable[[Caller], Awaitable[None]]:
    async def refuse(_account: Caller) -> None:
        raise PlatformError(errcode)

    return refuse


for path, errcode in RETIRED.items():
    router.post(path)(_refusal(errcode))
