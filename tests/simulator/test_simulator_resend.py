import hashlib

import pytest

from tests.simulator.harness import APP_ID


@pytest.fixture
async def push_id(simulator, receiver):
    receiver.reply("欢迎")
    return (await simulator.act(await simulator.fan(), "follow"))["push_id"]


async def resend(simulator, push_id, **body):
    return (await simulator.ok(f"/sim/pushes/{push_id}/resend", {"times": 1} | body))["deliveries"]


async def test_signed_anew(simulator, receiver, push_id):
    deliveries = await resend(simulator, push_id, times=2)
    assert [(each["status"], each["answer"]["Content"]) for each in deliveries] == [(200, "欢迎")] * 2
    first, second, third = receiver.received
    assert first.clear == second.clear == third.clear
    assert len({each.query["nonce"] for each in receiver.received}) == 3
    assert len({each.body for each in receiver.received}) == 3


@pytest.mark.parametrize("offset", [-3600, 3600])
async def test_signed_at_another_time(simulator, receiver, push_id, offset):
    await resend(simulator, push_id, resign_offset_seconds=offset)
    first, second = receiver.received
    moved = int(second.query["timestamp"]) - int(first.query["timestamp"])
    assert abs(moved - offset) < 10
    assert second.clear == first.clear


async def test_the_byte_identical_first_request(simulator, receiver, push_id):
    simulator.move_clock(1000)
    await resend(simulator, push_id, as_first_signed=True)
    first, second = receiver.received
    assert (second.query, second.body) == (first.query, first.body)


async def test_in_parallel_with_hashes_of_the_answers(simulator, receiver, push_id):
    receiver.always("success")
    deliveries = await resend(simulator, push_id, times=20, parallel=True)
    assert len(deliveries) == 20
    assert {each["body_sha256"] for each in deliveries} == {hashlib.sha256(b"success").hexdigest()}
    assert len(receiver.received) == 21


async def test_nothing_changes_on_the_phone(simulator, receiver, push_id):
    before = await simulator.push(push_id)
    receiver.always("nonsense")
    [delivery] = await resend(simulator, push_id)
    assert delivery["error"].startswith("malformed")
    after = await simulator.push(push_id)
    assert (after["outcome"], after["reply"]) == (before["outcome"], before["reply"])
    assert [attempt["resent"] for attempt in after["attempts"]] == [False, True]
    bubbles = await simulator.phone(after["fan_id"])
    assert [bubble[0] for bubble in bubbles] == ["me", "account"]


@pytest.mark.parametrize(
    "body", [{"times": 0}, {"times": 1001}, {"as_first_signed": True, "resign_offset_seconds": 1}, {"x": 1}]
)
async def test_bad_requests(simulator, push_id, body):
    status, answer = await simulator.post(f"/sim/pushes/{push_id}/resend", body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")


async def test_unknown_push(simulator):
    status, answer = await simulator.post("/sim/pushes/p404/resend", {"times": 1})
    assert (status, answer["error"]["code"]) == (404, "push_unknown")
    assert (await simulator.ok(f"/sim/stats?app_id={APP_ID}"))["resends"] == 0
