import pytest
from aiohttp import web
from wechatpy.utils import check_signature

from tests.simulator.harness import AES_KEY, APP_ID, ORIGINAL_ID, SECRET, TOKEN, Received


async def test_accounts_are_listed_without_secrets(simulator):
    status, body = await simulator.get("/sim/accounts")
    assert status == 200
    [account] = body["accounts"]
    assert account["app_id"] == APP_ID
    assert account["original_id"] == ORIGINAL_ID
    assert not {SECRET, TOKEN, AES_KEY} & set(map(str, account.values()))


async def test_an_account_is_replaced_by_app_id(simulator, receiver):
    await simulator.account(receiver.url, name="新名字", mode="plain")
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2", kind="mini")
    accounts = (await simulator.ok("/sim/accounts"))["accounts"]
    assert [(each["app_id"], each["name"], each["mode"], each["kind"]) for each in accounts] == [
        (APP_ID, "新名字", "plain", "official"),
        ("wx2", "门店公众号", "safe", "mini"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"aes_key": "short"},
        {"aes_key": "!" * 43},
        {"mode": "secret"},
        {"push_url": "ftp://127.0.0.1/"},
        {"original_id": "0001"},
        {"kind": "other"},
        {"limits": {"user_get": -1}},
        {"unknown": 1},
    ],
)
async def test_a_bad_account_is_refused(simulator, change):
    body = {
        "app_id": "wx9",
        "secret": "hidden-secret",
        "original_id": "gh_9",
        "token": "token9",
        "aes_key": AES_KEY,
        "mode": "safe",
        "push_url": "http://127.0.0.1/",
        "name": "九",
        "kind": "official",
    }
    status, answer = await simulator.post("/sim/accounts", body | change)
    assert status == 422
    assert answer["error"]["code"] == "invalid_request"
    assert next(iter(change)) in answer["error"]["message"]
    assert "hidden-secret" not in str(answer)


async def test_bodies_that_are_no_json_are_refused(simulator):
    for data in (b"{", b"\xff\xfe", b""):
        async with simulator.session.post(simulator.base + "/sim/accounts", data=data) as response:
            assert response.status in (400, 422)
            assert (await response.json())["error"]["code"]


async def test_verification_sends_a_signed_echo(simulator, receiver):
    async def echo(received: Received):
        return web.Response(text=received.query["echostr"])

    receiver.answer = echo
    assert await simulator.ok(f"/sim/accounts/{APP_ID}/verify", {}) == {"ok": True, "reason": None}
    query = receiver.received[0].query
    assert set(query) == {"signature", "timestamp", "nonce", "echostr"}
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])


async def test_verification_says_why_it_failed(simulator, receiver):
    path = f"/sim/accounts/{APP_ID}/verify"
    receiver.always("something else")
    assert await simulator.ok(path, {}) == {"ok": False, "reason": "the answer is not the echostr"}
    receiver.always("forbidden", status=403)
    assert await simulator.ok(path, {}) == {"ok": False, "reason": "status 403"}
    await simulator.account("http://127.0.0.1:9/")
    assert (await simulator.ok(path, {}))["reason"].startswith("connection: ")


async def test_unknown_accounts_and_paths(simulator):
    status, answer = await simulator.post("/sim/accounts/wx404/verify")
    assert (status, answer["error"]["code"]) == (404, "account_unknown")
    status, answer = await simulator.get("/sim/nothing")
    assert (status, answer["error"]["code"]) == (404, "not_found")
    status, answer = await simulator.get("/sim/reset")
    assert (status, answer["error"]["code"]) == (405, "method_not_allowed")


async def test_every_path_is_in_the_document(simulator):
    _, document = await simulator.get("/openapi.json")
    assert {
        "/cgi-bin/token",
        "/cgi-bin/stable_token",
        "/cgi-bin/qrcode/create",
        "/cgi-bin/showqrcode",
        "/cgi-bin/user/info",
        "/cgi-bin/user/info/batchget",
        "/cgi-bin/user/get",
        "/sim/accounts",
        "/sim/accounts/{app_id}/verify",
        "/sim/fans",
        "/sim/fans/{fan_id}/scan",
        "/sim/fans/{fan_id}/follow",
        "/sim/fans/{fan_id}/unfollow",
        "/sim/fans/{fan_id}/send",
        "/sim/fans/{fan_id}/phone",
        "/sim/pushes",
        "/sim/pushes/{push_id}",
        "/sim/pushes/{push_id}/resend",
        "/sim/followers",
        "/sim/welcomes",
        "/sim/stats",
        "/sim/reset",
        "/healthz",
    } <= set(document["paths"])
