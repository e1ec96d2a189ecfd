"""Events: named for what happened, versioned, frozen, and free of phones and openids."""

import dataclasses
import re
import sys
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.contexts import CONTEXTS, registry
from infra.events import Event, decode, encode
from tests.architecture.sources import PRODUCT


def _kinds(kind=Event):
    for child in kind.__subclasses__():
        # A dataclass with slots is made twice; its module knows the one that is used.
        used = getattr(sys.modules[child.__module__], child.__name__, None) is child
        if used and child.__module__.split(".")[0] in PRODUCT:
            yield child
        yield from _kinds(child)


KINDS = sorted(_kinds(), key=lambda kind: kind.name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_event_is_a_versioned_frozen_fact_without_personal_data(kind):
    assert re.fullmatch(r"[a-z]+\.[a-z_]+\.v\d+", kind.name)
    assert kind.__dataclass_params__.frozen
    for field in dataclasses.fields(kind):
        assert not re.search("phone|mobile|openid|unionid|password|secret|token", field.name), field.name


def test_names_are_given_once():
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 5


def test_every_handler_and_job_has_a_name_and_a_queue_that_is_worked():
    queues = {"critical", "default", "bulk", "media"}
    jobs = [job for context in CONTEXTS for job in context.jobs]
    assert len({job.name for job in jobs}) == len(jobs)
    assert {job.queue for job in jobs} | {handler.queue for handler in registry().handlers.values()} <= queues


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_event_survives_its_way_through_the_queue_and_ignores_what_a_newer_publisher_adds(kind):
    samples = {UUID: UUID(int=7), str: "x", datetime: datetime(2026, 3, 4, tzinfo=UTC), int: 1}
    samples |= {tuple[UUID, ...]: (UUID(int=7), UUID(int=8)), UUID | None: UUID(int=7)}
    event = kind(**{field.name: samples[field.type] for field in dataclasses.fields(kind)})
    assert event.key
    newer = encode(event)[:-1] + ', "added_later": 1}'
    assert decode(kind, newer) == decode(kind, encode(event)) == event
