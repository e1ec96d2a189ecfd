"""Small pictures of large ones: upright, without metadata, and never a reason to refuse the large one."""

import io
import struct
import zlib

import pytest
from PIL import Image

from infra import images
from tests.infra.some_bytes import picture

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
PIXELS = 50_000_000


def look(content, form="JPEG", most=PIXELS):
    return images.look_at(io.BytesIO(content), form, most)


def opened(look):
    image = Image.open(io.BytesIO(look.thumbnail))
    assert image.format == "WEBP"
    image.load()
    return image


@pytest.mark.parametrize("form", FORMATS)
def test_it_fits_into_360_pixels_and_keeps_its_shape(form):
    seen = look(picture(form, (1200, 900)), form)
    assert (seen.width, seen.height) == (1200, 900)
    assert opened(seen).size == (360, 270)


def test_a_small_picture_is_not_blown_up():
    assert opened(look(picture("PNG", (40, 30)), "PNG")).size == (40, 30)


# Where the red quarter (the camera's upper left) is seen, for each orientation of EXIF 2.3 (table 4.6.4 A).
CORNERS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}


@pytest.mark.parametrize("orientation", CORNERS)
def test_it_stands_upright_whatever_way_the_camera_was_held(orientation):
    seen = look(picture("JPEG", (1200, 900), orientation=orientation))
    image = opened(seen).convert("RGB")
    assert (seen.width > seen.height) == (image.width > image.height) == (orientation < 5)
    across, down = CORNERS[orientation]
    for x in (0, 1):
        for y in (0, 1):
            red, green, _ = image.getpixel((image.width * (2 * x + 1) // 4, image.height * (2 * y + 1) // 4))
            assert (red > green) == ((x, y) == (across, down))


def test_it_does_not_say_where_the_photo_was_taken():
    photo = picture("JPEG", gps=True, orientation=6)
    assert Image.open(io.BytesIO(photo)).getexif().get_ifd(0x8825)
    assert not opened(look(photo)).getexif()
    assert b"EXIF" not in look(photo).thumbnail


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "1", "I;16"])
def test_every_mode_of_a_png_gives_one(mode):
    opened(look(picture("PNG", mode=mode), "PNG"))


def test_what_is_transparent_stays_so():
    assert opened(look(picture("PNG", mode="RGBA"), "PNG")).mode == "RGBA"


def test_cmyk_gives_one():
    opened(look(picture("JPEG", mode="CMYK")))


# A WebP says how long it is and isn't opened without its end.
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF"])
def test_a_picture_cut_off_is_looked_at_without_one(form):
    whole = picture(form, (1200, 900))
    seen = look(whole[: len(whole) // 2], form)
    assert (seen.width, seen.height, seen.thumbnail) == (1200, 900, None)


@pytest.mark.parametrize("form", FORMATS)
def test_what_only_begins_like_a_picture_is_none(form):
    with pytest.raises(images.BadPicture):
        look(picture(form)[:6] + b"nothing", form)


def test_a_picture_of_another_format_is_none():
    with pytest.raises(images.BadPicture):
        look(picture("PNG"), "JPEG")


def bomb(width, height):
    """A PNG of so many black pixels in a few bytes; only its head is honest."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [7_100, 10_000, 14_000, 100_000])
def test_more_pixels_than_allowed_are_never_read(side):
    with pytest.raises(images.TooManyPixels):
        look(bomb(side, side), "PNG")


def test_the_limit_is_the_callers():
    assert look(picture(size=(100, 100)), most=10_000).thumbnail
    with pytest.raises(images.TooManyPixels):
        look(picture(size=(100, 100)), most=9_999)
