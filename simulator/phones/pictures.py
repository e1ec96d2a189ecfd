"""Reading a QR code off a picture, as the camera of a phone does."""

import io

from PIL import Image, UnidentifiedImageError

from simulator.world.errors import ControlError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# More than any poster or camera has: what claims more is a bomb.
PIXELS_MOST = 60_000_000


def qr_texts(picture: bytes) -> list[str]:
    """Return what the QR codes of a picture say; 422 not_a_picture."""
    # Loaded at the first scan: few processes ever read one.
    import zxingcpp

    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [found.text for found in zxingcpp.read_barcodes(_grey(picture), formats=formats)]


def _grey(picture: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(picture), formats=FORMATS)
        if image.width * image.height > PIXELS_MOST:
            raise UnidentifiedImageError("too many pixels")
        # Transparent is white, as it is on paper.
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image.convert("RGBA")).convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ControlError(422, "not_a_picture", "this file is no picture that can be read") from error
