"""Settings from the environment (prefix `GUANXI_`): secrets and addresses only.

What an administrator may change is a parameter.
"""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_DEVELOPMENT_SECRET = "development-secret-never-in-production"  # noqa: S105 - refused in production, below


class Environment(StrEnum):
    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class Settings(BaseSettings):
    """Raises `ValidationError` on start when a value is missing, malformed or unsafe for production."""

    model_config = SettingsConfigDict(env_prefix="GUANXI_", env_ignore_empty=True, extra="ignore", frozen=True)

    environment: Environment = Environment.PRODUCTION
    database_url: SecretStr = SecretStr("postgres://guanxi@127.0.0.1:5432/guanxi")
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    broker_url: SecretStr | None = None
    secret_key: SecretStr = SecretStr(_DEVELOPMENT_SECRET)
    former_secret_keys: list[SecretStr] = Field(default_factory=list)
    clock_file: Path | None = None
    business_timezone: str = "Asia/Shanghai"
    wechat_api_url: str = "https://api.weixin.qq.com"
    wechat_open_url: str = "https://open.weixin.qq.com"
    public_url: str | None = None
    files_folder: Path = Path("/var/lib/guanxi/files")
    files_s3_endpoint: str | None = None
    files_s3_bucket: str | None = None
    files_s3_region: str = "us-east-1"
    files_s3_access_key: SecretStr | None = None
    files_s3_secret_key: SecretStr | None = None
    files_s3_addressing: Literal["auto", "path", "virtual"] = "auto"
    backup_folder: Path | None = None
    postgres_bin: Path | None = None
    trusted_proxies: str = "127.0.0.1"
    log_level: str = "INFO"
    log_json: bool = True
    pool_size: int = Field(default=10, ge=2, le=100)
    statement_timeout_ms: int = Field(default=30_000, ge=100)
    lock_timeout_ms: int = Field(default=2_500, ge=100)

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.business_timezone)

    @property
    def has_development_secret(self) -> bool:
        return self.secret_key.get_secret_value() == _DEVELOPMENT_SECRET

    @property
    def broker(self) -> str:
        return (self.broker_url or self.redis_url).get_secret_value()

    @field_validator("business_timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone {name!r}") from error
        return name

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, url: str | None) -> str | None:
        """Scheme and host only: whoever appends a path to it must get an address that exists."""
        parts = urlsplit(url or "https://-")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("GUANXI_PUBLIC_URL is like https://guanxi.example.com")
        return url and url.rstrip("/")

    @model_validator(mode="after")
    def _a_whole_bucket(self) -> Self:
        if self.files_s3_bucket and not (self.files_s3_access_key and self.files_s3_secret_key):
            raise ValueError("GUANXI_FILES_S3_BUCKET needs GUANXI_FILES_S3_ACCESS_KEY and GUANXI_FILES_S3_SECRET_KEY")
        return self

    @model_validator(mode="after")
    def _refuse_what_production_must_not_have(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.has_development_secret:
            raise ValueError("production needs a GUANXI_SECRET_KEY of its own")
        if self.clock_file is not None:
            raise ValueError("production refuses GUANXI_CLOCK_FILE: its clock is the real one")
        if {urlsplit(url).scheme for url in (self.wechat_api_url, self.wechat_open_url)} != {"https"}:
            raise ValueError("production talks to the platform by https only, never to the simulator")
        if urlsplit(self.public_url or "").scheme != "https":
            raise ValueError("production needs GUANXI_PUBLIC_URL, the https address where platform and phones reach us")
        return self


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once; tests clear the cache after changing the environment."""
    return Settings()
