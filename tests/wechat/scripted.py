"""A platform that gives the answers a test wrote down, for what even the simulator's switches can't say."""

from contextlib import asynccontextmanager

from aiohttp import web

from infra.settings import settings
from wechat.platform import client


@asynccontextmanager
async def scripted(fresh_settings, *answers):
    """Give these bodies one after the other, the last for ever; yields the paths asked for."""
    asked, left = [], list(answers)

    async def answer(request):
        asked.append(request.path)
        if request.path == "/cgi-bin/stable_token":
            return web.json_response({"access_token": f"token{len(asked)}", "expires_in": 7200})
        given = left.pop(0) if len(left) > 1 else left[0]
        if given == "reset":
            request.transport.abort()
            return web.Response()
        if given == "redirect":
            raise web.HTTPFound("/elsewhere")
        return web.Response(text=given) if isinstance(given, str) else web.json_response(given)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await client.close()
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", f"http://127.0.0.1:{runner.addresses[0][1]}")
    settings.cache_clear()
    try:
        yield asked
    finally:
        await client.close()
        await runner.cleanup()
