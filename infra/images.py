"""Pictures: QR codes, posters with Chinese glyphs (Noto Sans SC, from a package), small pictures of large ones."""

import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import BinaryIO

import segno
from PIL import ExifTags, Image, ImageDraw, ImageFont, ImageOps

from infra.errors import DomainError
from infra.logging import logger

_INK = (25, 25, 25)
_GREY = (136, 136, 136)
_GREEN = (7, 193, 96)  # WeUI's brand green
_PAPER = (255, 255, 255)
_GROUND = (242, 244, 243)
_WIDTH, _HEIGHT, _MARGIN = 750, 1200, 60
_QR_SIDE = 470
_SMALLEST = 20  # points; smaller is not read from a poster
THUMBNAIL_TYPE = "image/webp"
_THUMBNAIL_SIDE = 360
_TURNED = {5, 6, 7, 8}  # orientations of EXIF that swap width and height


class BadPicture(DomainError):
    code = "bad_picture"
    status = 422
    message = "图片无法读取"
    english = "The picture can't be read"


class TooManyPixels(ValueError):
    """A picture that would not fit into memory."""


@dataclass(frozen=True, slots=True)
class Look:
    """Width and height as a picture is seen, and a small WebP of it; None: its pixels can't be read."""

    width: int
    height: int
    thumbnail: bytes | None


def look_at(file: BinaryIO, image_format: str, most_pixels: int) -> Look:
    """What a picture of a format is. Its pixels are read only if there aren't too many. Call it in a thread.

    Raises BadPicture, TooManyPixels.
    """
    try:
        file.seek(0)
        image = Image.open(file, formats=(image_format,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels from error
    except (OSError, SyntaxError, ValueError) as error:
        raise BadPicture from error
    with image:
        width, height = image.size
        if width * height > most_pixels:
            raise TooManyPixels
        try:
            turned = image.getexif().get(ExifTags.Base.Orientation) in _TURNED
            return Look(*((height, width) if turned else (width, height)), _thumbnail(image))
        except Exception as error:  # noqa: BLE001 - decoders fail in many ways; a photo cut off by a phone is still proof
            logger().info("thumbnail_not_made", error=type(error).__name__)
            return Look(width, height, None)


def _thumbnail(image: Image.Image) -> bytes:
    """Upright, without metadata: where a photo was taken is nobody's business who sees a list."""
    # A JPEG is decoded at a fraction of its size.
    image.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    small = ImageOps.exif_transpose(image)
    has_alpha = small.mode in {"LA", "PA", "RGBA", "RGBa"} or "transparency" in small.info
    buffer = io.BytesIO()
    small.convert("RGBA" if has_alpha else "RGB").save(buffer, "WEBP", quality=75)
    return buffer.getvalue()


def as_png(picture: bytes) -> bytes:
    """A picture of whatever format as an RGB PNG. Raises BadPicture."""
    try:
        return _png(Image.open(io.BytesIO(picture)).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadPicture from error


def as_jpeg(picture: bytes, most_side: int) -> bytes:
    """A picture of whatever format as a JPEG, upright, on white, no side longer than so many pixels.

    Call it in a thread. Raises BadPicture.
    """
    try:
        image = Image.open(io.BytesIO(picture))
        image.thumbnail((most_side, most_side), Image.Resampling.LANCZOS)
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadPicture from error
    paper = Image.new("RGB", upright.size, _PAPER)
    paper.paste(upright, mask=upright)
    buffer = io.BytesIO()
    paper.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def qr_png(text: str) -> bytes:
    """A QR code (error correction M, quiet zone of 4 modules) as PNG, 600 pixels wide or a little less."""
    return _png(_qr(text, 600))


def poster_png(*, title: str, label: str, name: str, hint: str, qr: str | bytes, season: str = "") -> bytes:
    """A poster of 750 x 1200 pixels: title on a coloured head, the code on a card, name, season and hint below it.

    `qr` is the text of a QR code, or the picture of a code that only somebody else can draw.
    """
    poster = Image.new("RGB", (_WIDTH, _HEIGHT), _GROUND)
    draw = ImageDraw.Draw(poster)
    draw.rectangle((0, 0, _WIDTH, 420), fill=_GREEN)
    _centred(draw, title, 130, 64, _PAPER)
    _centred(draw, "扫码关注，专属服务", 230, 32, _PAPER)
    draw.rounded_rectangle((_MARGIN, 310, _WIDTH - _MARGIN, 1080), radius=28, fill=_PAPER)
    code = _qr(qr, _QR_SIDE) if isinstance(qr, str) else _fitted(qr, _QR_SIDE)
    poster.paste(code, ((_WIDTH - code.width) // 2, 350))
    rise = 26 if season else 0
    _centred(draw, label, 870 - rise, 30, _GREY)
    _centred(draw, name, 940 - rise, 56, _INK)
    _centred(draw, season, 972, 32, _INK)
    _centred(draw, hint, 1030, 30, _GREEN)
    return _png(poster)


def _qr(text: str, side: int) -> Image.Image:
    symbol = segno.make(text, error="m", micro=False)
    modules = symbol.symbol_size(border=4)[0]
    # Whole pixels per module: a scaled code has blurred edges that scan badly.
    scale = max(side // modules, 1)
    buffer = io.BytesIO()
    symbol.save(buffer, kind="png", scale=scale, border=4)
    buffer.seek(0)
    return Image.open(buffer).convert("RGB")


def _fitted(picture: bytes, side: int) -> Image.Image:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    return ImageOps.contain(image, (side, side), Image.Resampling.LANCZOS)


def _centred(draw: ImageDraw.ImageDraw, text: str, y: int, size: int, colour: tuple[int, int, int]) -> None:
    """One line around height `y`, shrunk and at last cut until it fits between the margins."""
    text = " ".join(text.split())
    room = _WIDTH - 2.5 * _MARGIN
    while size > _SMALLEST and draw.textlength(text, font=_font(size)) > room:
        size -= 2
    font = _font(size)
    if draw.textlength(text, font=font) > room:
        while draw.textlength(f"{text}…", font=font) > room:
            text = text[:-1]
        text = f"{text}…"
    draw.text((_WIDTH / 2, y), text, font=font, fill=colour, anchor="mm")


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf"), size)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=False, compress_level=6)
    return buffer.getvalue()
