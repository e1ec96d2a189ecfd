"""The phone page as a person uses it: by what is written on it."""

from playwright.async_api import Locator, Page, expect

# A browser that starts on a busy machine takes its time.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


class Phones:
    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE_MS)

    def phone(self, name: str = "顾客01") -> Locator:
        return self.page.get_by_role("region", name=f"{name}的手机")

    def bubbles(self, name: str = "顾客01") -> Locator:
        return self.phone(name).locator(".bubble")

    def notes(self, name: str = "顾客01") -> Locator:
        return self.phone(name).locator("p.note")

    def rings(self, name: str = "顾客01") -> Locator:
        """What stands on the locked screen."""
        return self.phone(name).get_by_role("list", name=f"{name}的锁屏通知").locator("li")

    @property
    def drawer(self) -> Locator:
        return self.page.get_by_role("complementary", name="操作台")

    @property
    def alert(self) -> Locator:
        return self.page.get_by_role("alert")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def add(self, name: str | None = None) -> None:
        """Add a person, by the name that is proposed unless another is given."""
        await self.button("添加顾客").locator("visible=true").first.click()
        dialog = self.page.get_by_role("dialog")
        if name is not None:
            await dialog.get_by_label("新顾客的名字").fill(name)
        await dialog.get_by_role("button", name="添加新顾客").click()
        await expect(self.phone(name or "顾客01")).to_be_visible()

    async def follow(self, name: str = "顾客01") -> None:
        await self.phone(name).get_by_role("button", name="关注公众号").click()
        await expect(self.bubbles(name).last).to_be_visible()

    async def write(self, text: str, name: str = "顾客01") -> None:
        """Write with the keyboard alone."""
        field = self.phone(name).get_by_role("textbox")
        await field.focus()
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    async def scan(self, words: str) -> None:
        """Let the chosen person scan a poster of the list, by its caption or its scene."""
        await self.drawer.get_by_role("button", name=f"扫海报，{words}").click()

    async def fits(self) -> bool:
        """Tell whether nothing sticks out to the side."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def count_is(locator: Locator, count: int) -> None:
    await expect(locator).to_have_count(count)
