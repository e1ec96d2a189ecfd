"""Menus on both sides: drafted and published here, looked at on the platform and on phones."""

from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.wechat import fan_world as world
from wechat.menus import publishing

CREATE, ADD, DELETE = (f"/cgi-bin/menu/{name}" for name in ("create", "addconditional", "delconditional"))
READ = "/cgi-bin/get_current_selfmenu_info"
POINTS = {"title": "积分", "kind": "click", "key": "points"}
SHOP = {"title": "官网", "kind": "view", "url": "https://shop.example/"}
MORE = {"title": "更多", "children": [POINTS, SHOP]}
IOS, ANDROID = {"client": "ios"}, {"client": "android"}


def personal(button, **whom):
    return {"for_whom": whom, "buttons": [button]}


def named(title):
    return POINTS | {"title": title}


class Menus:
    """A marketer's side of an account's menu."""

    def __init__(self, http, platform, account, headers):
        self.http, self.platform, self.account, self.headers = http, platform, account, headers
        self.path = f"/staff/v1/accounts/{account.id}/menus"

    async def get(self, path=""):
        return await self.http.get(self.path + path, headers=self.headers)

    async def post(self, path, body=None, **headers):
        return await self.http.post(self.path + path, headers=self.headers | headers, json=body)

    async def put(self, *buttons, version=0, personal=()):
        body = {"buttons": buttons, "personal": personal, "version": version}
        return await self.http.put(f"{self.path}/draft", headers=self.headers, json=body)

    async def draft(self, *buttons, personal=()):
        """Write the draft whatever it was; its version."""
        version = (await self.get("/draft")).json()["version"]
        answer = await self.put(*buttons, version=version, personal=personal)
        assert answer.status_code == 200, answer.text
        return answer.json()["version"]

    async def submit(self, *buttons, personal=()):
        """Send a menu on its way; its id."""
        answer = await self.post("/publish", {"version": await self.draft(*buttons, personal=personal)})
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "publishing"
        return answer.json()["id"]

    async def publish(self, *buttons, personal=()):
        """Have a menu live; its id."""
        menu_id = await self.submit(*buttons, personal=personal)
        assert await publishing.publish_due() == 1
        return menu_id

    async def states(self):
        """State by number, and errors of those that have one."""
        items = (await self.get()).json()["items"]
        return {item["number"]: (item["state"], item["error"]) if item["error"] else item["state"] for item in items}

    async def live(self):
        answer = await self.get("/live")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def on_phones(self, fan=None):
        query = f"?fan_id={fan}" if fan else ""
        shown = await self.platform.ok(f"/sim/accounts/{self.account.app_id}/menu{query}")
        return [button["name"] for button in shown["button"]]

    async def there(self):
        """What calls tell of personal menus, oldest first: rule and titles."""
        token = await self.platform.token(self.account.app_id, self.account.secret)
        menus = (await self.platform.get("/cgi-bin/menu/get", access_token=token))[1].get("conditionalmenu", [])
        return [(menu["matchrule"], [button["name"] for button in menu["button"]]) for menu in reversed(menus)]

    async def by_hand(self, *buttons):
        """Somebody uses the platform's own page."""
        url = f"{self.platform.base}/sim/accounts/{self.account.app_id}/menu"
        async with self.platform.session.put(url, json={"button": buttons}) as answer:
            assert answer.status == 200, await answer.text()

    async def calls(self, name):
        return await world.calls(self.platform, self.account, f"menu_{name}")

    async def fault(self, path, kind="errcode", **more):
        await self.platform.fault(self.account.app_id, path, kind, **more)


async def marketer():
    return await make.headers(await make.colleague(make.RoleKey.MARKETER))


async def label(account, number, name="贵宾"):
    """A label that the platform knows by this number."""
    label_id = new_id()
    await database.execute(
        """INSERT INTO wechat_label (id, account_id, kind, name, platform_id, synced, attempts, next_at, created_at)
        VALUES ($1, $2, 'tag', $3, $4, true, 0, $5, $5)""",
        label_id,
        account.id,
        name,
        number,
        clock.now(),
    )
    return str(label_id)
