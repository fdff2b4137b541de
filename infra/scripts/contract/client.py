"""Walks through the README's example with the client that openapi-python-client has made of openapi.json."""

import sys
import time

from headgate_client import AuthenticatedClient
from headgate_client.api.default import (
    delete_schedules_name,
    get_queues,
    get_schedules,
    get_schedules_name,
    get_schedules_name_upcoming,
    get_triggers,
    get_triggers_id,
    post_schedules_name_fire,
    post_schedules_name_pause,
    post_schedules_name_resume,
    post_schedules_preview,
    put_schedules_name,
)
from headgate_client.models import GetTriggersState, Pause, Problem, Resume, ScheduleDocument

url, key, target = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)
document = ScheduleDocument.from_dict({
    "action": {"http": {"url": target, "body": {"hello": "world"}}},
    "when": [{"every": "1s"}],
})


def expect(response, status):
    assert response.status_code == status, f"expected {status}, found {response.status_code}: {response.content}"
    assert response.parsed is not None or status == 204, f"{response.content} is not as it is described"
    return response.parsed


assert len(expect(post_schedules_preview.sync_detailed(client=client, body=document, count=3), 200).upcoming) == 3
made = expect(put_schedules_name.sync_detailed("hello", client=client, body=document), 201)
assert made.name == "hello" and made.revision == 1 and made.warnings == []
for _ in range(120):
    page = expect(get_triggers.sync_detailed(client=client, schedule="hello", state=GetTriggersState.DELIVERED, limit=3), 200)
    if page.items:
        break
    time.sleep(0.5)
assert page.items, "no trigger has been delivered within a minute"
shown = expect(get_triggers_id.sync_detailed(page.items[0].id, client=client), 200)
assert shown.state == "delivered" and shown.attempts[0].status == 200
assert "hello" in [item.name for item in expect(get_schedules.sync_detailed(client=client), 200).items]
assert expect(get_schedules_name_upcoming.sync_detailed("hello", client=client), 200).upcoming
assert {queue.name for queue in expect(get_queues.sync_detailed(client=client), 200).items} == {"triggers", "outcomes"}
paused = expect(post_schedules_name_pause.sync_detailed("hello", client=client, body=Pause(reason="why")), 200)
assert paused.state == "paused" and paused.pause_reason == "why"
expect(post_schedules_name_fire.sync_detailed("hello", client=client), 202)
assert expect(post_schedules_name_resume.sync_detailed("hello", client=client, body=Resume()), 200).state == "active"
# What is shown is put again.
again = ScheduleDocument.from_dict(expect(get_schedules_name.sync_detailed("hello", client=client), 200).to_dict())
expect(put_schedules_name.sync_detailed("hello", client=client, body=again), 200)
expect(delete_schedules_name.sync_detailed("hello", client=client), 204)
gone = expect(get_schedules_name.sync_detailed("hello", client=client), 404)
assert isinstance(gone, Problem) and "hello" in gone.detail
print("contract: the generated client has walked through the example")
