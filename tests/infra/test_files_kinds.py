"""What bytes are: judged by themselves; what is two things at once is refused."""

import io

import pytest

from infra.files.errors import FileTypeRefused
from infra.files.kinds import HEAD_BYTES, kind_of, kind_of_head
from tests.infra.some_bytes import OF_TYPE, REFUSED, XLSX, archive, picture


def judged(content):
    return kind_of(content[:HEAD_BYTES], io.BytesIO(content)).media_type


@pytest.mark.parametrize("media_type", OF_TYPE)
def test_each_kind_is_known_by_its_bytes(media_type):
    assert judged(OF_TYPE[media_type]) == media_type


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused(name):
    with pytest.raises(FileTypeRefused):
        judged(REFUSED[name])


def test_the_head_alone_tells_the_family_before_the_rest_has_come():
    families = {media_type: kind_of_head(content[:HEAD_BYTES]).family for media_type, content in OF_TYPE.items()}
    assert families["image/png"] == "image"
    assert families["audio/mp4"] == "sound"
    assert families["video/mp4"] == "video"
    assert {family for name, family in families.items() if name.startswith("application/")} == {"document"}


def test_a_photo_with_something_harmless_behind_it_is_a_photo():
    # Phones hang a second of video on a photo.
    assert judged(picture("JPEG") + OF_TYPE["video/mp4"]) == "image/jpeg"


def test_a_comment_at_the_end_of_an_archive_hides_nothing():
    hidden = archive("Evil.class")
    with_comment = hidden[:-2] + (5).to_bytes(2, "little") + b"01234"
    with pytest.raises(FileTypeRefused):
        judged(picture("JPEG") + with_comment)


def test_an_archive_with_a_huge_list_is_not_even_listed():
    end = XLSX.rfind(b"PK\x05\x06")
    huge = XLSX[: end + 12] + (5 * 1_048_576).to_bytes(4, "little") + XLSX[end + 16 :]
    with pytest.raises(FileTypeRefused):
        judged(huge)
