"""PDFs: readers find every object where the table says, and only pictures of the right form are taken."""

import io
import re

import pytest
from PIL import Image
from PIL.PdfParser import PdfParser

from infra.pdf import NoRgbPng, Pdf


def _png(size=(40, 30), mode="RGB", **options):
    drawn = io.BytesIO()
    Image.new(mode, size, 7).save(drawn, "PNG", **options)
    return drawn.getvalue()


def _pdf(*pngs):
    pdf = Pdf()
    return b"".join([*(pdf.page(png) for png in pngs), pdf.end()])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_object_lies_where_the_table_says(count):
    content = _pdf(*(_png((10 + n, 20)) for n in range(count)))
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", content)[1])
    head, size = re.match(rb"xref\n0 (\d+)\n", content[start:]), 3 + 3 * count
    assert int(head[1]) == size
    entries = content[start + head.end() :][: 20 * size]
    for number in range(1, size):
        entry = entries[20 * number : 20 * number + 20]
        assert content[int(entry[:10]) :].startswith(b"%d 0 obj\n" % number)
    assert len(PdfParser(buf=content).pages) == count


def test_a_page_has_the_size_of_its_picture_and_streams_their_length():
    content = _pdf(_png((750, 1200)))
    assert b"/MediaBox [0 0 450 720]" in content
    assert b"q 450 0 0 720 0 0 cm /P Do Q" in content
    for length, data in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", content, re.DOTALL):
        assert len(data) == int(length)


@pytest.mark.parametrize("png", [b"", b"no picture", _png(mode="L"), _png(mode="RGBA"), _png()[:8]])
def test_other_pictures_are_refused(png):
    with pytest.raises(NoRgbPng):
        Pdf().page(png)
