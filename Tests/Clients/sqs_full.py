"""Fills the endpoint's Redis until sends are refused, and checks that nothing else is, and that nothing is lost.

usage: sqs_full.py URL

The Redis should be small, such as `redis-server --maxmemory 20mb --maxmemory-policy noeviction`, and nobody else's.
Each check prints `ok NAME` or `FAILED NAME: reason`; the exit code is 1 if any has failed. It takes some seconds.
"""

import http.client
import json
import sys
import time
import urllib.parse
import uuid

from checks import cut, equal, true

BODY_BYTES = 60_000
MOST_BATCHES = 1_000  # 600 MB: a Redis that takes more has no limit that this could reach
PLACE = urllib.parse.urlsplit(sys.argv[1])
FAILURES = []


class Account:
    """What was sent to a queue, and what became of it."""

    def __init__(self, suffix="", **attributes):
        name = f"full-{uuid.uuid4().hex[:12]}{suffix}"
        self.url = must("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]
        self.sent = set()  # their answer said so
        self.received = {}  # receipt handles
        self.deleted = set()

    def send(self, size=BODY_BYTES, **more):
        """The status of one send, and its error's code."""
        body = new_body(size)
        status, answer = call("SendMessage", QueueUrl=self.url, MessageBody=body, **more)
        if status == 200:
            self.sent.add(body)
        return status, code(answer)

    def send_batch(self, count=10):
        """The status of a batch, its error's code, and the codes of entries that failed."""
        bodies = {str(index): new_body(BODY_BYTES) for index in range(count)}
        entries = [{"Id": key, "MessageBody": body} for key, body in bodies.items()]
        status, answer = call("SendMessageBatch", QueueUrl=self.url, Entries=entries)
        if status != 200:
            return status, code(answer), []
        self.sent |= {bodies[entry["Id"]] for entry in answer.get("Successful", [])}
        return status, None, [entry["Code"] for entry in answer.get("Failed", [])]

    def receive(self, count=10):
        """Takes up to so many; one that comes for the second time is a mistake."""
        found = must("ReceiveMessage", QueueUrl=self.url, MaxNumberOfMessages=count).get("Messages", [])
        for message in found:
            body = message["Body"]
            true(body in self.sent, f"a message was received whose send was refused: {cut(body, 60)}")
            true(body not in self.received, f"a message was received twice: {cut(body, 60)}")
            self.received[body] = message["ReceiptHandle"]
        return [message["Body"] for message in found]

    def delete(self, bodies):
        for body in bodies:
            must("DeleteMessage", QueueUrl=self.url, ReceiptHandle=self.received[body])
            self.deleted.add(body)

    def count(self, name="ApproximateNumberOfMessages"):
        return int(must("GetQueueAttributes", QueueUrl=self.url, AttributeNames=[name])["Attributes"][name])

    def drain(self):
        """Receives and deletes all that can be received."""
        while found := self.receive():
            self.delete(found)


def new_body(size):
    start = uuid.uuid4().hex
    return start + "." * (size - len(start))


def call(action, **parameters):
    """The status of a request and its content."""
    connection = http.client.HTTPConnection(PLACE.netloc, timeout=30)
    try:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        connection.request("POST", "/", json.dumps(parameters), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def must(action, **parameters):
    status, answer = call(action, **parameters)
    equal(status, 200, f"status of {action} ({cut(answer)})")
    return answer


def code(answer):
    return answer.get("__type", "").rsplit("#", 1)[-1] or None


def path_status(path):
    connection = http.client.HTTPConnection(PLACE.netloc, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def check(name, function, *parameters):
    """Prints what came of a check; it may return figures."""
    try:
        figures = function(*parameters)
    except Exception as error:
        FAILURES.append(name)
        reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        print(f"FAILED {name}: {cut(reason, 900)}", flush=True)
    else:
        print(f"ok {name}{f' ({figures})' if figures else ''}", flush=True)


def fill(queue):
    """Batches, then single messages, until no message of any size finds room."""
    for _ in range(MOST_BATCHES):
        status, found, failed = queue.send_batch()
        if status != 200:
            equal((status, found), (503, "ServiceUnavailable"), "refusal of a batch")
            break
        # AWS fails entries one by one; a failure that is not the sender's may be repeated.
        if failed:
            equal(set(failed) <= {"ServiceUnavailable", "InternalError"}, True, f"codes of entries: {set(failed)}")
            break
    else:
        raise AssertionError(f"the Redis still has room after {len(queue.sent)} messages")
    return f"{len(queue.sent)} messages of {BODY_BYTES} bytes"


def sends_are_refused(queue, fifo):
    for size in (BODY_BYTES, 1_000, 100):
        # Redis refuses by what is used before a send: some small ones may still find room.
        for _ in range(2_000):
            status, found = queue.send(size)
            if status != 200:
                break
        equal((status, found), (503, "ServiceUnavailable"), f"a send of {size} bytes")
    more = {"MessageGroupId": "g", "MessageDeduplicationId": uuid.uuid4().hex}
    equal(fifo.send(100, **more), (503, "ServiceUnavailable"), "a send to a FIFO queue")
    equal(queue.send_batch(2)[:2], (503, "ServiceUnavailable"), "a batch")
    delayed = queue.send(100, DelaySeconds=1)
    equal(delayed, (503, "ServiceUnavailable"), "a send with a delay")


def mistakes_are_still_told(queue):
    """A send that is wrong is the sender's fault, whether there is room or not."""
    status, answer = call("SendMessage", QueueUrl=queue.url, MessageBody="\x01")
    equal((status, code(answer)), (400, "InvalidMessageContents"), "a body that is not allowed")
    status, answer = call("SendMessage", QueueUrl=f"{queue.url}-none", MessageBody="x")
    equal((status, code(answer)), (400, "QueueDoesNotExist"), "a queue that does not exist")


def others_go_on(queue):
    """Everything but sends, with what is there."""
    before = queue.count()
    equal(before, len(queue.sent), "messages that are visible")
    first = queue.receive(2)
    equal(len(first), 2, "messages received")
    equal(queue.count("ApproximateNumberOfMessagesNotVisible"), 2, "messages in flight")
    for body, seconds in zip(first, (60, 0)):
        handle = queue.received[body]
        must("ChangeMessageVisibility", QueueUrl=queue.url, ReceiptHandle=handle, VisibilityTimeout=seconds)
    # The second is visible again: it is not a message that came twice.
    del queue.received[first[1]]
    equal(queue.count("ApproximateNumberOfMessagesNotVisible"), 1, "messages in flight")
    entries = [{"Id": "a", "ReceiptHandle": queue.received[first[0]], "VisibilityTimeout": 90}]
    answer = must("ChangeMessageVisibilityBatch", QueueUrl=queue.url, Entries=entries)
    equal(len(answer["Successful"]), 1, "timeouts that were changed")
    must("SetQueueAttributes", QueueUrl=queue.url, Attributes={"VisibilityTimeout": "120"})
    must("TagQueue", QueueUrl=queue.url, Tags={"a": "b"})
    must("ListQueues")
    must("GetQueueUrl", QueueName=queue.url.rsplit("/", 1)[1])
    equal((path_status("/healthz"), path_status("/readyz")), (200, 200), "statuses of /healthz and /readyz")


def fifo_goes_on(fifo):
    found = must("ReceiveMessage", QueueUrl=fifo.url, MaxNumberOfMessages=10)["Messages"]
    equal([message["Body"] for message in found], fifo.order, "messages of a FIFO queue, in order")
    for message in found:
        must("DeleteMessage", QueueUrl=fifo.url, ReceiptHandle=message["ReceiptHandle"])
    equal(fifo.count("ApproximateNumberOfMessagesNotVisible"), 0, "messages in flight")


def dead_letters_go_on(queue, dead):
    """A message that was received too often goes to another queue, which copies it."""
    body = next(iter(queue.sent))
    equal(queue.receive(1), [body], "message received")
    equal(queue.receive(1), [], "messages received after the last receive")
    end = time.monotonic() + 5
    found = []
    while not found and time.monotonic() < end:
        found = must("ReceiveMessage", QueueUrl=dead.url, WaitTimeSeconds=1).get("Messages", [])
    equal([message["Body"] for message in found], [body], "dead letters")
    must("DeleteMessage", QueueUrl=dead.url, ReceiptHandle=found[0]["ReceiptHandle"])


def room_is_made(queue):
    """After deletions there is room for new messages."""
    taken = queue.receive(10)
    equal(len(taken), 10, "messages received")
    queue.delete(taken)
    for _ in range(5):
        equal(queue.send(), (200, None), "a send after ten were deleted")


def fill_again_while_it_is_emptied(queue):
    """Refusals and successes in turn, and each answer is true."""
    refused = 0
    for _ in range(40):
        for _ in range(3):
            status, found, _ = queue.send_batch(10)
            if status != 200:
                equal((status, found), (503, "ServiceUnavailable"), "refusal of a batch")
                refused += 1
        queue.delete(queue.receive(10))
    true(refused > 0, "some batches are refused")
    return f"{refused} of 120 batches refused"


def all_arrive_once(queue):
    # The one that has been in flight since the Redis was full.
    in_flight = [body for body in queue.received if body not in queue.deleted]
    queue.delete(in_flight)
    queue.drain()
    equal(len(queue.sent - queue.deleted), 0, "messages that were sent and did not arrive")
    equal(len(queue.deleted - queue.sent), 0, "messages that arrived and were not sent")
    for state in ("", "NotVisible", "Delayed"):
        equal(queue.count(f"ApproximateNumberOfMessages{state}"), 0, f"messages {state}")
    return f"{len(queue.sent)} messages"


def main():
    queue, fifo, dead = Account(VisibilityTimeout="600"), Account(".fifo", FifoQueue="true"), Account()
    fifo.order = []
    for index in range(3):
        body = f"{index}-{uuid.uuid4().hex}"
        more = {"MessageGroupId": "g", "MessageDeduplicationId": body}
        must("SendMessage", QueueUrl=fifo.url, MessageBody=body, **more)
        fifo.order.append(body)
    target = must("GetQueueAttributes", QueueUrl=dead.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})
    poisoned = Account(VisibilityTimeout="0", RedrivePolicy=policy)
    equal(poisoned.send(), (200, None), "a send to the queue with a redrive policy")
    check("a_redis_is_filled", fill, queue)
    if FAILURES:
        return 1
    check("sends_are_refused", sends_are_refused, queue, fifo)
    check("mistakes_are_still_told", mistakes_are_still_told, queue)
    check("everything_else_goes_on", others_go_on, queue)
    check("fifo_goes_on", fifo_goes_on, fifo)
    check("dead_letters_go_on", dead_letters_go_on, poisoned, dead)
    check("sends_succeed_when_there_is_room", room_is_made, queue)
    check("fill_again_while_it_is_emptied", fill_again_while_it_is_emptied, queue)
    check("every_message_that_was_sent_arrives_once", all_arrive_once, queue)
    for account in (queue, fifo, dead, poisoned):
        call("DeleteQueue", QueueUrl=account.url)
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
