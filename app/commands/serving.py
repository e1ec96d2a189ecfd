"""The API process: uvicorn, and live streams that end when it is told to stop."""

import socket
import sys
from contextlib import suppress

import uvicorn

from core.notices.streams import hub
from infra.settings import settings

_GRACE_SECONDS = 10


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Open requests are waited for; streams, which have no end of their own, end first."""
        hub.end()
        await super().shutdown(sockets)


def serve(host: str, port: int) -> None:
    """Serve until a signal comes. Exits when it can't start."""
    server = _Server(
        uvicorn.Config(
            "api.app:create_app",
            factory=True,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            date_header=False,
            forwarded_allow_ips=settings().trusted_proxies,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)
