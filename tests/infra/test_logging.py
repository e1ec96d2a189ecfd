"""No openid, phone, token or secret reaches a log line, whatever carries it; one request id goes everywhere."""

import io
import json
import logging as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import logging
from infra.logging import HIDDEN, current_request_id, logger, redact, request_context

OPENID = "oABCdefGHIjklMNOpqrSTUvwxYZ-"
PHONE = "13812345678"
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture
def written():
    """Configures the log and gives what it wrote; the log of the process is put back afterwards."""
    root = standard.getLogger()
    handlers, level, buffer = root.handlers, root.level, io.StringIO()

    def configure(*, json):
        logging.configure(process="test", level="INFO", json=json)
        root.handlers[0].setStream(buffer)
        return buffer.getvalue

    yield configure
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def lines(written):
    """The lines written, as dicts."""
    text = written(json=True)
    return lambda: [json.loads(line) for line in text().splitlines()]


@pytest.mark.parametrize(
    "fields",
    [
        {"openid": "x1"},
        {"from_openid": "x1"},
        {"phone": "x1"},
        {"mobile_number": "x1"},
        {"Password": "x1"},
        {"access_token": "x1"},
        {"aes_key": b"x1"},
        {"Authorization": "x1"},
        {"ticket": "x1"},
        {"details": {"inner": {"secret": "x1"}}},
        {"rows": [{"unionid": "x1"}, ("x", {"token": "x1"})]},
        {"tokens": ["x1"]},
        {"token": {"value": "x1"}},
    ],
)
def test_a_field_named_for_a_secret_is_hidden_wherever_it_stands(lines, fields):
    logger().info("happened", **fields)
    text = json.dumps(lines())
    assert "happened" in text
    assert "x1" not in text


@pytest.mark.parametrize(
    "value",
    [
        PHONE,
        int(PHONE),
        f"+86{PHONE}",
        f"call {PHONE}!",
        OPENID,
        OPENID.encode(),
        [OPENID],
        {"a": {"b": PHONE}},
        {OPENID: 1},
        ValueError(f"bad {PHONE}"),
        f"https://api/?access_token=abc{OPENID}&x=1",
    ],
)
def test_a_value_that_looks_like_one_is_hidden_whatever_its_type(lines, value):
    logger().info("happened", value=value)
    text = json.dumps(lines())
    assert "happened" in text
    assert PHONE not in text
    assert OPENID not in text


@given(st.text(BASE64URL, min_size=27, max_size=27), st.sampled_from([" ", "", '"', "/", "=", "，", "用户"]))
def test_every_openid_is_recognised(rest, around):
    openid = f"o{rest}"
    assert openid not in redact(f"{around}{openid}{around}")


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_every_mobile_is_recognised_and_longer_numbers_are_left(phone):
    assert redact(f"用户{phone}来了") == f"用户{HIDDEN}来了"
    assert redact(f"9{phone}") == f"9{phone}"


def test_ordinary_words_and_ids_are_left_alone():
    text = "order 12345678901 of 0198c1a2-7e4b-7c3d-9e8f-0123456789ab took 13 ms"
    assert redact(text) == text


def test_the_event_name_a_traceback_and_other_libraries_lines_are_redacted(lines):
    logger().info(f"saw {PHONE}")
    try:
        int(f"{OPENID} of {PHONE}")
    except ValueError:
        logger().exception("failed")
        standard.getLogger("other").exception("failed %s", PHONE)
    found = lines()
    assert len(found) == 3
    assert all("ValueError" in line["exception"] for line in found[1:])
    assert PHONE not in json.dumps(found)
    assert OPENID not in json.dumps(found)


def test_a_line_says_what_when_how_bad_and_where(lines):
    with request_context("request-1"):
        logger().warning("happened", count=3)
    logger().info("later")
    first, second = lines()
    assert (first["event"], first["level"], first["process"]) == ("happened", "warning", "test")
    assert (first["request_id"], first["count"]) == ("request-1", 3)
    assert first["timestamp"].endswith("Z")
    assert "request_id" not in second


def test_below_the_level_nothing_is_written(lines):
    for write in (logger().debug, standard.getLogger("other").debug, logger().info):
        write("happened")
    assert len(lines()) == 1


def test_a_request_id_holds_inside_and_the_former_one_returns():
    assert current_request_id() is None
    with request_context("outer"):
        with request_context() as inner:
            assert current_request_id() == inner != "outer"
        assert current_request_id() == "outer"
    assert current_request_id() is None


def test_a_readable_form_for_people_hides_as_much(written):
    text = written(json=False)
    logger().info("happened", phone=PHONE, value=PHONE)
    assert "happened" in text()
    assert PHONE not in text()
