"""The pages for people: what `scripts/pages.py` built from `web/`, under `/app/<application>/`.

Addresses inside an application are its own: each gives its `index.html`. What it loads has the digest of its content in
its name, so it may be kept for ever.
"""

import asyncio
import hashlib
import re
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from infra.errors import NotFound

DIST = Path(__file__).parents[1] / "web" / "dist"
APPLICATIONS = {"staff": "员工（手机）", "console": "工作台（电脑）"}

_ASSET = re.compile(r"[A-Za-z0-9_-]+[A-Za-z0-9._-]*")
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
# Nothing of others runs, is loaded, or frames our pages; pictures may come out of what a script has fetched.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_GUARDED = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_PLAIN = _GUARDED | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
# What the links of notices begin with.
LINKED = (
    "announcements",
    "customer-imports",
    "customers",
    "me",
    "mobile-changes",
    "pool",
    "reminders",
    "tasks",
    "todos",
)
_NO_CACHE, _FOR_EVER = "no-cache", "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def front_door() -> Response:
    """Which pages there are."""
    links = "".join(f'<p><a href="/app/{name}/">{title}</a></p>' for name, title in APPLICATIONS.items())
    return _plain(links)


@router.api_route("/app/{name}", methods=["GET", "HEAD"])
async def without_slash(name: str) -> Response:
    """An application's own addresses begin below it."""
    _known(name)
    return RedirectResponse(f"/app/{name}/", HTTPStatus.PERMANENT_REDIRECT)


@router.api_route("/app/{name}/assets/{file}", methods=["GET", "HEAD"])
async def asset(name: str, file: str, request: Request) -> Response:
    """Part of an application, compressed when it was built."""
    path = DIST / _known(name) / "assets" / file
    if not _ASSET.fullmatch(file) or not await asyncio.to_thread(path.is_file):
        raise NotFound
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    accepted = {word.partition(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(",")}
    served = path
    for encoding, suffix in _ENCODINGS.items():
        packed = path.with_name(path.name + suffix)
        if encoding in accepted and await asyncio.to_thread(packed.is_file):
            served, headers["Content-Encoding"] = packed, encoding
            break
    return FileResponse(served, headers=headers, media_type=_TYPES.get(path.suffix, "application/octet-stream"))


@router.api_route("/app/{name}/{address:path}", methods=["GET", "HEAD"])
async def page(name: str, address: str, request: Request) -> Response:
    """The application, whichever of its addresses was asked for."""
    if address.startswith("assets/"):
        raise NotFound
    try:
        content = await asyncio.to_thread((DIST / _known(name) / "index.html").read_bytes)
    except FileNotFoundError:
        return _plain("<p>页面尚未构建，请先运行 make pages。</p><p lang='en'>Not built: run make pages.</p>", 503)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = _GUARDED | {"Cache-Control": _NO_CACHE, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return HTMLResponse(content, headers=headers)


async def linked(request: Request) -> Response:
    """A notice names a page by its path alone, and rings on the phone; `console` is for who opens it elsewhere."""
    name = "staff" if "Mobile" in request.headers.get("user-agent", "") else "console"
    return RedirectResponse(f"/app/{name}{request.url.path}", HTTPStatus.TEMPORARY_REDIRECT)


for _first in LINKED:
    for _path in (f"/{_first}", f"/{_first}/{{rest:path}}"):
        router.add_api_route(_path, linked, methods=["GET", "HEAD"])


def _known(name: str) -> str:
    if name not in APPLICATIONS:
        raise NotFound
    return name


def _plain(body: str, status: int = 200) -> Response:
    style = "body{font:18px/1.6 sans-serif;max-width:30em;margin:4em auto;padding:0 1em}a{color:#067d43}"
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><style>{style}</style>"
    page = f"<!doctype html><html lang=zh-CN>{head}<title>关系 Guanxi</title><h1>关系 Guanxi</h1>{body}"
    return HTMLResponse(page, status, headers=_PLAIN)
