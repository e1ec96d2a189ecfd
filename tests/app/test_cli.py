"""The command line as an operator uses it: a process of its own against the database."""

import orjson
import pytest

from core.organisation import queries
from core.organisation.account import service
from core.sessions.service import NOWHERE
from infra import clock, database
from infra.parameters import forget
from tests import factories as make
from tests.app.guanxi import guanxi
from wechat.pushes.service import FRESH_SECONDS


async def test_the_first_administrator_is_added_once_and_can_log_in(db):
    secret = {"GUANXI_NEW_PASSWORD": "a-good-password"}
    code, said = await guanxi("staff", "add", "boss", "--name", "管理员", **secret)
    assert code == 0, said
    opened, staff = await service.log_in("boss", "a-good-password", NOWHERE)
    assert opened.token
    assert (await queries.at_work(staff.id)).role == "admin"
    code, said = await guanxi("staff", "add", "boss", "--name", "管理员", **secret)
    assert code == 1
    assert "username_taken" in said
    assert "Traceback" not in said


async def test_who_lost_password_and_phone_is_let_in_again(db):
    staff = await make.admin()
    await database.execute("UPDATE staff SET totp_secret = '\\x00', totp_confirmed_at = created_at")
    code, said = await guanxi("staff", "reset", staff.username)
    assert code == 0, said
    _, again = await service.log_in(staff.username, said.strip().rsplit("：", 1)[1], NOWHERE)
    assert (again.must_change_password, again.has_second_factor) == (True, False)
    assert await make.rows("SELECT actor FROM audit WHERE action = 'staff.password_reset'") == [{"actor": "cli"}]
    code, said = await guanxi("staff", "reset", "nobody")
    assert (code, "staff_not_found" in said) == (1, True)


async def test_a_parameter_is_changed_by_version(db):
    code, said = await guanxi("parameter", "list")
    assert code == 0
    assert "wechat.push_fresh_seconds = 300 (v0)" in said
    assert (await guanxi("parameter", "set", "wechat.push_fresh_seconds", "600", "--version", "0"))[0] == 0
    forget()
    assert await FRESH_SECONDS.get() == 600
    code, said = await guanxi("parameter", "set", "wechat.push_fresh_seconds", "900", "--version", "0")
    assert (code, "parameter_changed" in said) == (1, True)
    code, said = await guanxi("parameter", "set", "wechat.push_fresh_seconds", "1", "--version", "1")
    assert (code, "parameter_refused" in said) == (1, True)
    code, said = await guanxi("parameter", "set", "wechat.push_fresh_seconds", "soon", "--version", "1")
    assert (code, "Traceback" in said) == (2, False)


async def test_an_operator_sees_and_retries_what_was_given_up(db):
    now = clock.now()
    await database.execute(
        """INSERT INTO outbox (id, created_at, name, key, payload, relayed_at)
        VALUES (7, $1, 'stores.store_added.v1', 'k', '{"store_id": "01900000-0000-7000-8000-000000000001"}', $1)""",
        now,
    )
    await database.execute(
        """INSERT INTO event_delivery (handler, event_id, event_at, key, ordered, state, attempts, next_at, error)
        VALUES ('wechat.codes.add', 7, $1, 'k', false, 'failed', 10, $1, 'ValueError: no')""",
        now,
    )
    code, said = await guanxi("deliveries", "failed")
    assert code == 0
    assert orjson.loads(said)["error"] == "ValueError: no"
    assert await guanxi("deliveries", "retry", "wechat.codes.add", "7") == (0, "1 个事件将重新处理\n")
    assert await guanxi("deliveries", "failed") == (0, "")


@pytest.mark.parametrize("words", [("api", "--port", "0"), ("deliveries", "failed")])
async def test_production_without_its_own_secret_is_refused_in_one_line(db, words):
    code, said = await guanxi(*words, GUANXI_ENVIRONMENT="production", GUANXI_CLOCK_FILE="")
    assert code != 0
    assert "GUANXI_SECRET_KEY" in said
    assert "Traceback" not in said


async def test_there_may_be_nothing_to_retry(db):
    assert await guanxi("codes", "retry") == (0, "没有需要重试的二维码\n")


async def test_the_budget_is_told_in_words(db):
    account = await make.account()
    assert await guanxi("codes", "budget") == (0, f"{account.app_id}  永久二维码已用 0 个，共 100000 个\n")
