"""Pictures, voices and videos: from a fan's phone to both pages, and a picture from the guide's album to the phone."""

import io

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.phones import PATIENCE_MS

pytestmark = pytest.mark.prove
POSTER, FAN, SPOKEN = "导购02 · 陆家嘴店", "顾客丙", "请问几点开门"
IS_DRAWN = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture
async def phones(open_phones, demo):
    phones = await open_phones(demo[0].facts["simulator"]["base_url"])
    await phones.add(FAN)
    await phones.scan(POSTER)
    return phones


@pytest.fixture
async def open_page(chromium, build, demo):
    """Open an application of the demo as somebody of it."""
    facts, contexts = demo[0].facts, []

    async def open_one(application, username, width):
        await build(application)
        context = await chromium.new_context(viewport={"width": width, "height": 740}, locale="zh-CN")
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"{facts['api']['base_url']}/app/{application}/")
        login = next(one for one in facts["staff"] if one["username"] == username)
        await page.get_by_label("用户名").fill(login["username"])
        await page.get_by_label("密码", exact=True).fill(login["password"])
        await page.get_by_role("button", name="登录", exact=True).click()
        await expect(page.get_by_label("密码", exact=True)).to_be_hidden()
        return page

    yield open_one
    for context in contexts:
        await context.close()


async def send_each_kind(phones, demo):
    """A picture and a voice by the phone's own buttons; videos it only has as the platform's."""
    phone = phones.phone(FAN)
    await phone.get_by_role("button", name="改用键盘").click()
    for tool in ("图片", "语音"):
        await phone.get_by_role("button", name="更多").click()
        await phone.get_by_role("button", name=tool, exact=True).click()
    await phones.page.get_by_role("dialog").get_by_role("textbox").fill(SPOKEN)
    await phones.page.keyboard.press("Enter")
    # The video is the last: by it the list names the conversation.
    await expect(phone.get_by_text(SPOKEN)).to_be_visible()
    fan_id = await phone.get_attribute("data-fan")
    address = f"{demo[0].facts['simulator']['base_url']}/sim/fans/{fan_id}/send"
    sent = await phones.page.request.post(address, data={"app_id": demo[0].app_id, "msgtype": "video", "wait": False})
    assert sent.ok, await sent.text()


async def all_is_shown(page):
    log = page.get_by_role("log")
    picture = log.locator("img").first
    await expect(picture).to_be_visible()
    await page.wait_for_function(IS_DRAWN, arg=await picture.element_handle())
    voice = log.locator("article", has_text=SPOKEN)
    await expect(voice).to_be_visible()
    # Chromium plays no AMR: there it is a file.
    await expect(voice.locator("audio[src], a[download]")).to_be_visible()
    await expect(log.locator("video")).to_be_visible()
    sound = await voice.locator("audio, a").first.evaluate("it => it.src || it.href")
    film = await log.locator("video").evaluate("it => it.src")
    for address, media_type in ((sound, "audio/amr"), (film, "video/mp4")):
        answer = await page.request.get(address)
        assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    return picture


def expire_links():
    """The links of the first answer open nothing, as if it were an hour old."""
    answers = iter(("/files/v1/expired-",))

    async def handle(route):
        answer = await route.fetch()
        text = (await answer.text()).replace("/files/v1/", next(answers, "/files/v1/"))
        await route.fulfill(response=answer, body=text)

    return handle


async def test_what_a_fan_shows_and_says_is_seen_and_heard_on_both_pages(phones, open_page, demo, tmp_path):
    await send_each_kind(phones, demo)
    guide = await open_page("staff", "guide02", 375)
    await guide.get_by_role("link", name="视频").first.click()
    picture = await all_is_shown(guide)
    await guide.screenshot(path=tmp_path / "staff.png")
    await picture.click()
    viewer = guide.get_by_role("dialog", name="图片")
    await expect(viewer.get_by_role("img")).to_be_visible()
    await guide.wait_for_function(IS_DRAWN, arg=await viewer.get_by_role("img").element_handle())
    await guide.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()
    manager = await open_page("console", "manager", 1440)
    await manager.route("**/messages?*", expire_links())
    await manager.goto(guide.url.replace("/staff/chat/", "/console/inbox/"))
    await all_is_shown(manager)
    await manager.screenshot(path=tmp_path / "console.png")


async def test_a_picture_of_the_album_arrives_on_the_phone_no_larger_than_needed(phones, open_page):
    await phones.phone(FAN).get_by_role("button", name="改用键盘").click()
    await phones.write("礼盒长什么样？我要看图", FAN)
    guide = await open_page("staff", "guide02", 375)
    await guide.get_by_role("link", name="礼盒长什么样").click()
    album = io.BytesIO()
    Image.effect_noise((2400, 1200), 60).convert("RGB").save(album, "PNG")
    await guide.get_by_role("button", name="发送其他内容").click()
    chosen = {"name": "礼盒.png", "mimeType": "image/png", "buffer": album.getvalue()}
    await guide.get_by_label("相册").set_input_files(chosen)
    await expect(guide.get_by_role("log").locator("article", has=guide.locator("img"))).to_contain_text("已发送")
    shown = phones.bubbles(FAN).last.locator("img")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1600
