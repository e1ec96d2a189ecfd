"""Codes as pictures, and who may see them."""

import io
from uuid import uuid4

import pytest
from PIL import Image

from tests import factories as make
from tests.doors import error_of
from wechat.codes import pictures


@pytest.fixture
async def codes(http):
    """A guide with a code, another guide's and a store's."""
    account, store = await make.account(), await make.store()
    mine, other = await make.guide(store=store), await make.guide(store=store)
    return {
        "me": mine,
        "mine": await make.code(account, mine),
        "others": await make.code(account, other),
        "store": await make.code(account, store),
    }


async def test_a_guide_sees_the_own_codes_and_a_manager_all(http, codes):
    own = (await http.get("/staff/v1/me/codes", headers=await make.headers(codes["me"]))).json()
    assert [code["id"] for code in own] == [str(codes["mine"].id)]
    boss = await make.headers(await make.manager())
    seen, cursor = [], ""
    while True:
        page = (await http.get(f"/staff/v1/codes?limit=2{cursor}", headers=boss)).json()
        seen += [(code["id"], code["kind"], code["target_id"]) for code in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    expected = [codes[name] for name in ("mine", "others", "store")]
    assert sorted(seen) == sorted((str(c.id), c.kind, str(c.target_id)) for c in expected)


@pytest.mark.parametrize("picture", ["png", "poster"])
async def test_pictures_are_for_whoever_reaches_the_guide_or_the_store(http, codes, picture):
    guide, boss = await make.headers(codes["me"]), await make.headers(await make.manager())
    for name, status in (("mine", 200), ("others", 404), ("store", 200)):
        assert (await http.get(getattr(codes[name], picture), headers=guide)).status_code == status
        assert (await http.get(getattr(codes[name], picture), headers=boss)).status_code == 200
        assert (await http.get(getattr(codes[name], picture))).status_code == 401


async def test_the_pictures_are_png_of_their_sizes(http, codes):
    headers = await make.headers(codes["me"])
    for path, fits in ((codes["mine"].png, (500, 600)), (codes["mine"].poster, (750, 1200))):
        answer = await http.get(path, headers=headers)
        assert answer.headers["content-type"] == "image/png"
        image = Image.open(io.BytesIO(answer.content))
        image.load()
        if path.endswith("poster.png"):
            assert image.size == fits
        else:
            assert image.width == image.height
            assert fits[0] <= image.width <= fits[1]


async def test_a_code_that_is_not_issued_has_no_picture_yet(http):
    guide = await make.guide()
    code = await make.code(await make.account(), guide, issued=False)
    headers = await make.headers(guide)
    for path in (code.png, code.poster):
        assert error_of(await http.get(path, headers=headers)) == (404, "code_not_issued")
    missing = await http.get(f"/staff/v1/codes/{uuid4()}/code.png", headers=headers)
    assert error_of(missing) == (404, "code_not_found")


async def _poster(code, **changes):
    return await pictures.draw_poster(code.model_copy(update=changes), "http://weixin.qq.com/q/1")


async def test_a_poster_names_the_season_of_its_code(codes):
    plain = await _poster(codes["store"])
    assert len({plain, await _poster(codes["store"], name="新茶季"), await _poster(codes["store"], name="国庆")}) == 3


async def test_a_channels_poster_shows_the_accounts_name_and_not_its_own(http):
    code = await make.code(await make.account(), await make.channel("地推-三组"))
    drawn = await _poster(code)
    assert drawn == await _poster(code, target="地推-四组")
    assert drawn != await _poster(code, account="另一个公众号")
