"""Free loopback ports, kept ours from the choice until the server listens, and over its restarts.

A bound socket that never listens keeps others from choosing the port; as it carries SO_REUSEADDR (set after
an exclusive bind), a server that sets it too, as ours all do, may still listen there. On other systems than
Linux two such sockets exclude each other: there the port is only found, not kept; a lost race means a retry.
"""

import os
import random
import socket
import sys
from collections.abc import Iterable

HOST = "127.0.0.1"
# Below the range from which the kernel takes the ports of outgoing connections, above what is well known.
RANGE = range(20_000, 32_000)

_kept: dict[int, int] = {}
_claims: dict[int, socket.socket] = {}


def free_port(preferred: int | None = None, *, among: Iterable[int] | None = None) -> int:
    """A loopback port where nobody listens: `preferred` if it is free, else one of `among` or of `RANGE`.

    Raises OSError when none is free.
    """
    if preferred is not None and _claim(preferred):
        if _keep(preferred) or _is_only_lingering(preferred):
            return preferred
        release_port(preferred)
    for port in among or random.sample(RANGE, 200):
        if _claim(port):
            if _keep(port):
                return port
            release_port(port)
    raise OSError("no free port on the loopback interface")


def release_port(port: int) -> None:
    """Gives a port of `free_port` back; unknown ports are ignored."""
    kept = _kept.pop(port, None)
    if kept is not None:
        os.close(kept)
    claim = _claims.pop(port, None)
    if claim is not None:
        claim.close()


def _claim(port: int) -> bool:
    """Another copy of ours that starts at the same moment sees the port just as free: the first to take a name has it.

    The name is an abstract socket's, which dies with the process and needs no file; only Linux has such.
    """
    if port in _claims:
        return False
    claim = socket.socket(socket.AF_UNIX)
    try:
        if sys.platform == "linux":
            claim.bind(f"\0guanxi-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims[port] = claim
    return True


def _keep(port: int) -> bool:
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.bind((HOST, port))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        holder.close()
        return False
    if sys.platform == "linux":
        _kept[port] = holder.detach()
    else:
        holder.close()
    return True


def _is_only_lingering(port: int) -> bool:
    """Connections of a server that just stopped linger for a minute: they don't make its port foreign."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError:
            return False
    return True
