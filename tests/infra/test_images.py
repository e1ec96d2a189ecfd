"""Pictures: the code's modules are the symbol's own, and no glyph on a poster is missing."""

import io

import pytest
import segno
from PIL import Image, ImageFont

from infra import images

URL = "http://weixin.qq.com/q/02AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
WORDS = "好店公众号专属导购门店活动扫码关注，专属服务微信扫一扫关注我们陈李张王鑫淼龘"


def opened(png):
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    image.load()
    return image


def modules(image, symbol, left=0, top=0):
    """The dark and light modules seen in a picture of the symbol, quiet zone included."""
    count = symbol.symbol_size(border=4)[0]
    scale = (image.width - 2 * left) // count
    grey = image.convert("L")
    return [
        [grey.getpixel((left + x * scale + scale // 2, top + y * scale + scale // 2)) < 128 for x in range(count)]
        for y in range(count)
    ]


@pytest.mark.parametrize("text", [URL, "x", "https://例子.公司/店?名=一", "a" * 300])
def test_every_module_of_the_code_is_the_symbols(text):
    symbol = segno.make(text, error="m", micro=False)
    image = opened(images.qr_png(text))
    assert image.width == image.height <= 600
    assert modules(image, symbol) == [[bool(dark) for dark in row] for row in symbol.matrix_iter(border=4)]
    assert symbol.error in {"M", "Q", "H"}
    assert not symbol.is_micro


def test_modules_have_sharp_edges():
    assert set(opened(images.qr_png(URL)).convert("L").tobytes()) == {0, 255}


def poster(**changes):
    words = {"title": "好店", "label": "专属导购", "name": "导购01", "hint": "微信扫一扫", "qr": URL}
    return opened(images.poster_png(**words | changes))


def test_a_poster_holds_the_same_code_in_its_middle():
    image = poster()
    assert image.size == (750, 1200)
    symbol = segno.make(URL, error="m", micro=False)
    count = symbol.symbol_size(border=4)[0]
    side = count * (470 // count)
    left = (750 - side) // 2
    seen = modules(image.crop((left, 350, left + side, 350 + side)), symbol)
    assert seen == [[bool(dark) for dark in row] for row in symbol.matrix_iter(border=4)]


@pytest.mark.parametrize("place", ["title", "label", "name", "season", "hint"])
def test_every_line_of_a_poster_shows_its_words(place):
    assert poster(**{place: "门店"}).tobytes() != poster(**{place: "活动"}).tobytes()


@pytest.mark.parametrize("size", [30, 56, 64])
def test_no_chinese_glyph_is_the_box_of_a_missing_one(size):
    font = images._font(size)
    missing = _drawn(font, "\U0010fffe")
    assert missing == _drawn(font, "\U0010fffd")
    drawn = {character: _drawn(font, character) for character in WORDS}
    assert missing not in drawn.values()
    assert len(set(drawn.values())) == len(set(WORDS))


def _drawn(font: ImageFont.FreeTypeFont, character):
    mask = font.getmask(character)
    return mask.size, bytes(mask)


@pytest.mark.parametrize("name", ["一", "超" * 50, "A long name of a store, in Latin letters, that never ends"])
def test_a_name_of_any_length_stays_between_the_margins(name):
    line = poster(name=name).crop((0, 905, 750, 975)).convert("L")
    ink = [x for x in range(750) if any(line.getpixel((x, y)) < 100 for y in range(70))]
    assert ink
    assert 60 <= min(ink) <= max(ink) <= 690


def test_a_name_of_several_lines_is_written_on_one():
    words = {"title": "公众号", "label": "门店", "hint": "扫一扫", "qr": URL}
    assert images.poster_png(name="一店\n二楼\t东", **words) == images.poster_png(name="一店 二楼 东", **words)


def test_a_drawn_code_takes_the_place_of_the_qr_code():
    words = {"title": "公众号", "label": "门店", "name": "一店", "hint": "扫一扫"}
    drawn = io.BytesIO()
    Image.new("RGB", (300, 300), (200, 0, 0)).save(drawn, "JPEG")
    poster = opened(images.poster_png(qr=images.as_png(drawn.getvalue()), **words))
    assert poster.size == (750, 1200)
    red, green, _ = poster.getpixel((375, 350 + 235))
    assert red > 150
    assert green < 50


@pytest.mark.parametrize("picture", [b"", b"{}", b"\x89PNG\r\n\x1a\n", images.qr_png(URL)[:200]])
def test_what_is_no_whole_picture_is_refused(picture):
    with pytest.raises(images.BadPicture):
        images.as_png(picture)
