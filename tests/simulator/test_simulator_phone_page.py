"""What the phone page is made of: its files, codes on walls, pictures, the clock, and the live stream."""

import io
import re
from datetime import datetime, timedelta

import orjson
import pytest
import segno
from PIL import Image

from simulator.world.clock import Clock
from simulator.world.errors import ControlError
from tests.simulator.harness import APP_ID, ROOT, running, until

PAGE = ROOT / "simulator" / "phones" / "page"
SHANGHAI = timedelta(hours=8)


def png(text, **options):
    buffer = io.BytesIO()
    segno.make_qr(text, error="m").save(buffer, kind="png", **({"scale": 6, "border": 4} | options))
    return buffer.getvalue()


async def scan_picture(simulator, picture):
    async with simulator.session.post(simulator.base + "/sim/scan_picture", data=io.BytesIO(picture)) as response:
        return response.status, await response.json()


def refusal(answer):
    return answer["error"]["code"]


# —— files ——


async def test_the_front_door_leads_to_the_page(simulator):
    async with simulator.session.get(simulator.base + "/") as response:
        assert response.url.path == "/phone/"
        assert response.content_type == "text/html"
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert response.headers["Cache-Control"] == "no-cache"
        page = await response.text()
    for file in re.findall(r'(?:src|href)="([^"]+)"', page):
        async with simulator.session.get(f"{simulator.base}/phone/{file}") as response:
            assert response.status == 200, file
            etag = response.headers["ETag"]
        async with simulator.session.get(response.url, headers={"If-None-Match": etag}) as response:
            assert response.status == 304


async def test_scripts_and_styles_come_with_their_types(simulator):
    types = {"app.js": "text/javascript", "page.css": "text/css", "icon.svg": "image/svg+xml"}
    for file, content_type in types.items():
        async with simulator.session.get(f"{simulator.base}/phone/{file}") as response:
            assert response.content_type == content_type
    assert (await simulator.get("/phone/missing.js"))[0] == 404
    assert (await simulator.get("/phone/..%2fapp.py"))[0] == 404


def test_the_page_loads_nothing_from_elsewhere_and_every_module_at_once():
    index = (PAGE / "index.html").read_text()
    for file in PAGE.glob("*.js"):
        text = file.read_text()
        assert not re.search(r"""(?:from|import)\s*\(?["'](?!\./)""", text), file.name
        assert file.name in index, "a module that is found out late costs a round trip"
    for file in PAGE.iterdir():
        addresses = re.findall(r"https?://[\w.]+", file.read_text())
        assert set(addresses) <= {"http://www.w3.org"}, file.name


def test_every_refusal_of_the_control_side_has_words():
    words = (PAGE / "api.js").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "simulator").rglob("*.py"))
    codes = set(re.findall(r'ControlError\(\s*\d+,\s*"(\w+)"', sources))
    assert len(codes) > 10
    assert [code for code in sorted(codes) if not re.search(rf"^  {code}: ", words, re.MULTILINE)] == []


# —— codes and pictures ——


async def test_codes_hang_on_walls_newest_first_until_they_expire(simulator):
    await simulator.code("old")
    await simulator.code("short", seconds=600)
    await simulator.code("new")
    found = (await simulator.ok(f"/sim/codes?app_id={APP_ID}"))["codes"]
    assert [code["scene"] for code in found] == ["new", "short", "old"]
    assert [code["expires_at"] is None for code in found] == [True, False, True]
    assert len((await simulator.ok(f"/sim/codes?app_id={APP_ID}&limit=1"))["codes"]) == 1
    simulator.move_clock(601)
    found = (await simulator.ok(f"/sim/codes?app_id={APP_ID}"))["codes"]
    assert [code["scene"] for code in found] == ["new", "old"]
    assert (await simulator.get("/sim/codes", app_id="wxnobody"))[0] == 404


async def caption(simulator, captions, app_id=APP_ID):
    body = {"app_id": app_id, "captions": captions}
    async with simulator.session.put(simulator.base + "/sim/codes/captions", json=body) as response:
        return response.status, await response.text()


async def test_posters_with_captions_come_first_in_the_order_of_the_captions(simulator):
    codes = {scene: await simulator.code(scene) for scene in ("one", "two", "three")}
    await simulator.code("newest")
    wanted = {codes["two"]["ticket"]: "导购01 · 南京路店", codes["one"]["ticket"]: "导购02 · 陆家嘴店"}
    assert (await caption(simulator, wanted))[0] == 204
    found = (await simulator.ok(f"/sim/codes?app_id={APP_ID}"))["codes"]
    assert [(code["scene"], code["caption"]) for code in found] == [
        ("two", "导购01 · 南京路店"),
        ("one", "导购02 · 陆家嘴店"),
        ("newest", None),
        ("three", None),
    ]


async def test_a_caption_stays_when_a_temporary_code_is_renewed(simulator):
    code = await simulator.code("season", seconds=600)
    assert (await caption(simulator, {code["ticket"]: "新茶季"}))[0] == 204
    simulator.move_clock(601)
    await simulator.code("season", seconds=600)
    [renewed] = (await simulator.ok(f"/sim/codes?app_id={APP_ID}"))["codes"]
    assert renewed["ticket"] != code["ticket"]
    assert renewed["caption"] == "新茶季"


async def test_captions_of_codes_that_are_not_the_accounts_are_refused_together(simulator, receiver):
    code = await simulator.code("mine")
    await simulator.account(receiver.url, app_id="wxother", original_id="gh_other")
    for captions, app_id in (
        ({code["ticket"]: "我的", "nobody's": "谁的"}, APP_ID),
        ({code["ticket"]: "我的"}, "wxother"),
    ):
        status, answer = await caption(simulator, captions, app_id)
        assert (status, refusal(orjson.loads(answer))) == (404, "code_unknown")
    assert (await caption(simulator, {code["ticket"]: ""}))[0] == 422
    assert [code["caption"] for code in (await simulator.ok(f"/sim/codes?app_id={APP_ID}"))["codes"]] == [None]


async def test_the_picture_of_a_code_is_read_back(simulator):
    code = await simulator.code("wall")
    async with simulator.session.get(
        simulator.base + "/sim/code_picture", params={"ticket": code["ticket"]}
    ) as response:
        assert response.content_type == "image/png"
        picture = await response.read()
    assert await scan_picture(simulator, picture) == (200, {"app_id": APP_ID, "url": code["url"]})
    assert (await simulator.get("/sim/code_picture", ticket="nobody's"))[0] == 404


async def test_a_code_is_found_on_a_large_turned_jpeg_with_other_things_on_it(simulator):
    code = await simulator.code("poster")
    poster = Image.new("RGB", (1500, 2400), (7, 193, 96))
    symbol = Image.open(io.BytesIO(png(code["url"]))).convert("RGB")
    poster.paste(symbol, (500, 900))
    poster.paste(Image.open(io.BytesIO(png("https://example.org/"))).convert("RGB"), (100, 100))
    photo = io.BytesIO()
    poster.rotate(7, expand=True, fillcolor=(90, 90, 90)).save(photo, "JPEG", quality=80)
    assert await scan_picture(simulator, photo.getvalue()) == (200, {"app_id": APP_ID, "url": code["url"]})


async def test_a_transparent_png_is_read_as_on_paper(simulator):
    code = await simulator.code("clear")
    assert (await scan_picture(simulator, png(code["url"], light=None)))[0] == 200


async def test_pictures_that_lead_nowhere_are_refused_each_in_its_way(simulator):
    code = await simulator.code("short", seconds=60)
    simulator.move_clock(61)
    blank = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(blank, "PNG")
    huge = io.BytesIO()
    Image.new("1", (9000, 9000)).save(huge, "PNG")
    cases = [
        (png(code["url"]), 410, "code_expired"),
        (png("http://weixin.qq.com/q/02unknown"), 404, "code_unknown"),
        (blank.getvalue(), 422, "no_code_seen"),
        (huge.getvalue(), 422, "not_a_picture"),
        (b"no picture", 422, "not_a_picture"),
        (png("x")[:60], 422, "not_a_picture"),
        (b"", 422, "not_a_picture"),
        (bytes(10 * 2**20 + 1), 413, "picture_too_large"),
    ]
    for picture, status, code in cases:
        found, answer = await scan_picture(simulator, picture)
        assert (found, refusal(answer)) == (status, code)


# —— the clock ——


async def test_the_clock_jumps_forward_for_every_process_that_reads_the_file(simulator):
    before = await simulator.ok("/sim/clock")
    assert before["movable"]
    assert before["offset"] == 0
    jumps = [({"jump": "hour"}, 3_600), ({"jump": "two_days"}, 176_400), ({"jump": "days", "days": 31}, 2_854_800)]
    for body, offset in jumps:
        assert (await simulator.ok("/sim/clock", body))["offset"] == offset
        assert float(simulator.clock_file.read_text()) == offset
    ahead = datetime.fromisoformat((await simulator.ok("/sim/clock"))["now"]) - datetime.fromisoformat(before["now"])
    assert timedelta(days=33, hours=1) <= ahead < timedelta(days=33, hours=1, minutes=5)
    assert (await simulator.ok("/sim/clock", {"reset": True}))["offset"] == 0
    assert list(simulator.clock_file.parent.glob("clock*")) == [simulator.clock_file]


async def test_a_month_ends_a_minute_after_the_jump_and_the_next_jump_is_a_month_further(simulator):
    ends = []
    for _ in range(13):
        now = datetime.fromisoformat((await simulator.ok("/sim/clock", {"jump": "month_end"}))["now"]) + SHANGHAI
        assert (now.hour, now.minute) == (23, 59)
        assert (now + timedelta(minutes=1)).day == 1
        ends.append((now.year, now.month))
    assert ends == sorted(set(ends)), "each in a later month"
    assert ends[12] == (ends[0][0] + 1, ends[0][1])


NO_MOVES = [
    {},
    {"jump": "hour", "reset": True},
    {"jump": "days"},
    {"jump": "hour", "days": 2},
    {"jump": "days", "days": 0},
    {"jump": "days", "days": 401},
    {"jump": "yesterday"},
    {"jump": "hour", "more": 1},
]


@pytest.mark.parametrize("body", NO_MOVES, ids=str)
async def test_a_move_that_is_none_is_refused(simulator, body):
    assert (await simulator.post("/sim/clock", body))[0] == 422
    assert not simulator.clock_file.exists()


async def test_the_clock_stays_within_the_calendar(simulator):
    simulator.move_clock(999_990_000)
    status, answer = await simulator.post("/sim/clock", {"jump": "days", "days": 1})
    assert (status, refusal(answer)) == (409, "clock_too_far")


def test_without_a_clock_file_nothing_moves():
    clock = Clock(None)
    assert not clock.movable
    for move in (lambda: clock.jump(3_600), clock.return_to_real):
        with pytest.raises(ControlError) as refused:
            move()
        assert (refused.value.status, refused.value.code) == (409, "no_clock_file")


# —— the stream ——


class Stream:
    """Reads server-sent events one by one."""

    def __init__(self, response):
        self.content = response.content

    async def next(self):
        lines = []
        while (line := (await self.content.readline()).decode()) not in ("\n", ""):
            lines.append(line.rstrip("\n").split(": ", 1))
        fields = dict(lines)
        return (fields["event"], orjson.loads(fields["data"])) if fields else None

    async def until(self, name):
        while True:
            event = await self.next()
            assert event is not None, "the stream ended"
            if event[0] == name:
                return event[1]


def listen(simulator, *fans, app_id=APP_ID):
    query = [("app_id", app_id), *(("fan_id", fan) for fan in fans)]
    return simulator.session.get(simulator.base + "/sim/stream", params=query, headers={"Accept": "text/event-stream"})


async def test_a_stream_begins_with_the_phones_and_goes_on_with_what_happens(simulator, receiver):
    receiver.reply("欢迎")
    mine, other = await simulator.fan("顾客01"), await simulator.fan("顾客02")
    async with listen(simulator, mine, "fan-unknown", mine) as response:
        assert response.content_type == "text/event-stream"
        stream = Stream(response)
        first = await stream.until("phones")
        assert [(phone["fan_id"], phone["name"], phone["following"]) for phone in first["phones"]] == [
            (mine, "顾客01", False)
        ]
        assert first["clock"]["offset"] == 0
        await simulator.act(other, "follow")
        await simulator.act(mine, "follow")
        assert await stream.until("follow") == {"fan_id": mine, "following": True}
        own = await stream.until("bubble")
        assert (own["fan_id"], own["bubble"]["from"], own["bubble"]["kind"]) == (mine, "me", "event")
        settled = await stream.until("push")
        assert settled["outcome"] == "replied"
        reply = await stream.until("bubble")
        assert (reply["fan_id"], reply["bubble"]["from"], reply["bubble"]["text"]) == (mine, "account", "欢迎")
    async with listen(simulator, mine) as response:
        [phone] = (await Stream(response).until("phones"))["phones"]
        assert phone["following"]
        assert [bubble["text"] for bubble in phone["bubbles"]][-1] == "欢迎"
        assert phone["pending"] == []


async def test_a_phone_says_which_messages_were_accepted_without_a_reply(simulator, receiver):
    receiver.reply("欢迎")
    fan = await simulator.fan()
    await simulator.act(fan, "follow")
    receiver.always("success")
    sent = await simulator.act(fan, "send", text="在吗")
    async with listen(simulator, fan) as response:
        [phone] = (await Stream(response).until("phones"))["phones"]
    assert phone["accepted"] == [sent["push_id"]]


@pytest.mark.prove
async def test_a_stream_tells_of_the_clock_whoever_moved_it(simulator):
    async with listen(simulator) as response:
        stream = Stream(response)
        await stream.until("phones")
        await simulator.ok("/sim/clock", {"jump": "hour"})
        assert (await stream.until("clock"))["offset"] == 3_600
        simulator.move_clock(7_200)
        assert (await stream.until("clock"))["offset"] == 7_200


async def test_a_stream_tells_what_of_the_account_is_to_be_asked_for_again(simulator):
    async with listen(simulator) as response:
        stream = Stream(response)
        await stream.until("phones")
        code = await simulator.code("new")
        assert await stream.until("changed") == {"what": "codes"}
        await caption(simulator, {code["ticket"]: "新海报"})
        assert await stream.until("changed") == {"what": "codes"}
        fault = {"app_id": APP_ID, "kind": "duplicate", "times": 1}
        async with simulator.session.put(simulator.base + "/sim/push_faults", json=fault) as answer:
            assert answer.status < 300
        assert await stream.until("changed") == {"what": "faults"}


async def test_a_reset_ends_the_stream_so_that_the_page_begins_anew(simulator):
    fan = await simulator.fan()
    async with listen(simulator, fan) as response:
        stream = Stream(response)
        await stream.until("phones")
        assert (await simulator.post("/sim/reset"))[0] == 204
        while await stream.next() is not None:
            pass
    assert (await simulator.get("/sim/stream", app_id=APP_ID))[0] == 404


@pytest.mark.prove
async def test_a_simulator_with_listeners_still_ends_when_told(tmp_path):
    async with running(tmp_path) as simulator:
        await simulator.account()
        async with listen(simulator) as response:
            await Stream(response).until("phones")
            simulator.process.terminate()

            async def ended():
                return simulator.process.poll() is not None

            await until(ended)
        assert simulator.process.returncode == 0
