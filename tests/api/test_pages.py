"""The pages are served as they were built: kept for ever or asked for anew, compressed, under a strict policy."""

import gzip

import pytest

from api import pages


@pytest.fixture
def built(tmp_path, monkeypatch):
    """An application as a build leaves it."""
    assets = tmp_path / "staff" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "staff" / "index.html").write_text("<!doctype html><title>员工</title>")
    (assets / "index-AbC_-1.js").write_text("export {};")
    (assets / "index-AbC_-1.js.gz").write_bytes(gzip.compress(b"export {};"))
    (tmp_path / "secret.txt").write_text("not for anybody")
    monkeypatch.setattr(pages, "DIST", tmp_path)


@pytest.mark.parametrize("address", ["", "log-in", "customers/1?x=/../..", "a/b.c/d"])
async def test_every_address_of_an_application_gives_its_page(http, built, address):
    answer = await http.get(f"/app/staff/{address}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "员工" in answer.text


async def test_the_page_is_asked_for_anew_and_sent_only_when_it_changed(http, built):
    first = await http.get("/app/staff/")
    assert first.headers["cache-control"] == "no-cache"
    again = await http.get("/app/staff/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    (pages.DIST / "staff" / "index.html").write_text("<!doctype html><title>新版</title>")
    assert "新版" in (await http.get("/app/staff/", headers={"If-None-Match": first.headers["etag"]})).text


async def test_the_policy_lets_nothing_of_others_and_nothing_inline_run(http, built):
    policy = (await http.get("/app/staff/")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "//" not in policy


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br;q=0.5", "gzip"), ("identity", None)])
async def test_parts_are_kept_for_ever_and_come_compressed(http, built, accepted, encoding):
    answer = await http.get("/app/staff/assets/index-AbC_-1.js", headers={"Accept-Encoding": accepted})
    assert answer.text == "export {};"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/app/nobody/",
        "/app/nobody",
        "/app/staff/assets/gone.js",
        "/app/staff/assets/..%2f..%2fsecret.txt",
        "/app/staff/assets/%2e%2e",
        "/app/..%2fsecret.txt/",
    ],
)
async def test_nothing_else_is_served(http, built, path):
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_what_was_not_built_says_so(http, built):
    answer = await http.get("/app/console/")
    assert answer.status_code == 503
    assert "make pages" in answer.text


async def test_the_front_door_names_the_applications(http, built):
    answer = await http.get("/")
    assert answer.status_code == 200
    assert all(f'href="/app/{name}/"' in answer.text for name in pages.APPLICATIONS)
    assert (await http.get("/app/staff")).headers["location"] == "/app/staff/"


@pytest.mark.parametrize(
    ("agent", "name"),
    [("Mozilla/5.0 (Linux; Android 14) Mobile MicroMessenger/8.0", "staff"), ("Mozilla/5.0 (X11; Linux)", "console")],
)
@pytest.mark.parametrize("path", ["/tasks/0198c1a2", "/todos", "/me/wechat", "/tasks/%E4%B8%AD%3F"])
async def test_the_link_of_a_notice_leads_to_its_page(http, agent, name, path):
    answer = await http.get(path, headers={"User-Agent": agent})
    assert (answer.status_code, answer.headers["location"]) == (307, f"/app/{name}{path}")
