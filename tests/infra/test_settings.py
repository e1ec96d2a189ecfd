"""Settings: production refuses what would be unsafe there, and says what."""

import os

import pytest
from pydantic import ValidationError

from infra.settings import Environment, Settings

SAFE = {
    "environment": "production",
    "secret_key": "a key of this installation's own",
    "clock_file": None,
    "wechat_api_url": "https://api.weixin.qq.com",
    "public_url": "https://guanxi.example.com",
}


@pytest.fixture(autouse=True)
def _no_environment(fresh_settings):
    for name in [name for name in os.environ if name.startswith("GUANXI_")]:
        fresh_settings.delenv(name)


def test_a_safe_production_starts():
    assert Settings(**SAFE).environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secret_key": "development-secret-never-in-production"}, "GUANXI_SECRET_KEY"),
        ({"clock_file": "/tmp/clock"}, "GUANXI_CLOCK_FILE"),
        ({"wechat_api_url": "http://127.0.0.1:9000"}, "https"),
        ({"wechat_open_url": "http://127.0.0.1:9000"}, "https"),
        ({"public_url": None}, "GUANXI_PUBLIC_URL"),
        ({"public_url": "http://guanxi.example.com"}, "GUANXI_PUBLIC_URL"),
    ],
)
def test_production_refuses_what_is_for_the_demo_only(changes, reason):
    with pytest.raises(ValidationError, match=reason):
        Settings(**SAFE | changes)
    for environment in ("demo", "test"):
        Settings(**SAFE | changes | {"environment": environment})


def test_nothing_set_means_production_and_so_refuses_to_start():
    with pytest.raises(ValidationError, match="GUANXI_SECRET_KEY"):
        Settings()


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "staging"},
        {"pool_size": 1},
        {"pool_size": 101},
        {"lock_timeout_ms": 99},
        {"statement_timeout_ms": 0},
        {"public_url": "guanxi.example.com"},
        {"public_url": "https://guanxi.example.com/path"},
        {"public_url": "ftp://guanxi.example.com"},
    ],
)
def test_a_malformed_value_is_refused_at_the_start(changes):
    with pytest.raises(ValidationError):
        Settings(**SAFE | changes)


def test_an_unknown_time_zone_is_refused_at_the_start():
    with pytest.raises(ValidationError):
        Settings(**SAFE, business_timezone="Asia/Nowhere")


def test_secrets_do_not_show():
    text = repr(Settings(**SAFE, database_url="postgres://u:p4ssw0rd@h/d", former_secret_keys=["an old key"]))
    for secret in (SAFE["secret_key"], "p4ssw0rd", "an old key"):
        assert secret not in text


def test_the_broker_is_redis_unless_another_is_named():
    assert Settings(**SAFE, redis_url="redis://r/1").broker == "redis://r/1"
    assert Settings(**SAFE, broker_url="amqp://q").broker == "amqp://q"
