"""Labels on both sides: made here, looked at and changed on the platform."""

from infra import database
from tests.factories import customer_of, rows
from tests.wechat import fan_world as world
from wechat.labels import importing, reading
from wechat.platform import quotas


async def known(platform, account, count):
    """Followers whom we know, as customer ids by openid; the platform isn't asked about them."""
    await world.follow(platform, account, *await world.people(platform, count))
    openids = await world.openids(platform, account)
    await world.record_follows(account, openids)
    await database.execute("UPDATE identity SET ask_at = NULL")
    return {openid: (await customer_of(openid))["id"] for openid in openids}


async def add(http, boss, name, kind="tag", app_id="wx0000000000000001"):
    answer = await http.post("/staff/v1/labels", headers=boss, json={"app_id": app_id, "kind": kind, "name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def on_platform(platform, account):
    """Tags of the platform by name, with the openids that carry each."""
    token = await platform.token(account.app_id, account.secret)
    tags = (await platform.get("/cgi-bin/tags/get", access_token=token))[1]["tags"]
    found = {}
    for tag in tags:
        if tag["id"] != 2:
            body = {"tagid": tag["id"], "next_openid": ""}
            page = (await platform.post("/cgi-bin/user/tag/get", body, access_token=token))[1]
            found[tag["name"]] = set(page.get("data", {}).get("openid", ()))
    return found


async def calls(account, path):
    """Today's calls of ours, refused ones included."""
    return (await quotas.today(account.app_id))[path][0]


async def at_platform(platform, account, path, **body):
    token = await platform.token(account.app_id, account.secret)
    answer = (await platform.post(f"/cgi-bin/tags/{path}", body, access_token=token))[1]
    assert answer.get("errcode", 0) == 0, answer
    return answer


async def import_again(account):
    """A later import, by our clock."""
    await database.execute("UPDATE wechat_label SET next_at = next_at - interval '1 minute'")
    await database.execute("UPDATE wechat_label_member SET changed_at = changed_at - interval '1 minute'")
    await importing.import_labels(account)
    await database.execute("UPDATE wechat_label SET read_next_at = NULL")
    await reading.read_due()


async def bearers():
    found = {}
    for row in await rows(
        """SELECT l.name, i.customer_id FROM wechat_label l LEFT JOIN wechat_label_member m ON m.label_id = l.id
            AND m.wanted LEFT JOIN identity i ON i.id = m.identity_id WHERE l.deleted_at IS NULL"""
    ):
        found.setdefault(row["name"], set()).add(row["customer_id"])
    return found
