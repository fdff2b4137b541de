"""Calls AWS Lambda through boto3 and checks what comes back, with functions in Python and in sh.

usage: lambda_boto3.py READY [NAME...]

READY is the file that `local-runner up --ready-file` has written, of a runner with Tests/Clients/lambda/topology.yaml
and with the `python3` of this script first in PATH. With names only these checks run. Each check prints `ok NAME` or
`FAILED NAME: reason`, or `skipped NAME: reason`; the exit code is 1 if any has failed. Checks run beside one another,
and leave no function, no mapping and no queue.
"""

import base64
import concurrent.futures
import hashlib
import importlib.util
import io
import json
import pathlib
import re
import shutil
import stat
import sys
import threading
import time
import traceback
import uuid
import zipfile

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from checks import cut, equal, true

if len(sys.argv) < 2:
    sys.exit(__doc__)
ready = json.loads(pathlib.Path(sys.argv[1]).read_text())
account, region = ready["account"], ready["region"]
run = uuid.uuid4().hex[:8]
session = boto3.Session(aws_access_key_id=account, aws_secret_access_key="test", region_name=region)
settings = Config(retries={"total_max_attempts": 1}, max_pool_connections=40, read_timeout=60, proxies={})
functions = session.client("lambda", endpoint_url=ready["lambda"], config=settings)
# Without the checks that botocore makes itself.
unchecked = session.client(
    "lambda", endpoint_url=ready["lambda"], config=settings.merge(Config(parameter_validation=False))
)
sqs = session.client("sqs", endpoint_url=ready["sqs"], config=settings)

sources = pathlib.Path(__file__).parent / "lambda"
role = f"arn:aws:iam::{account}:role/clients"
function_prefix = f"arn:aws:lambda:{region}:{account}:function:"
queue_prefix = f"arn:aws:sqs:{region}:{account}:"
log_ends = re.compile(r"END RequestId: [0-9a-f-]{36}\nREPORT RequestId: [0-9a-f-]{36}\tDuration: [0-9.]+ ms\t")
checks = []
made = {"function": [], "mapping": [], "queue": []}
called = set()


def check(function):
    """Marks a function as a check; its name is the check's."""
    checks.append(function)
    return function


class Skipped(Exception):
    """A check needs what there is not here."""


# What checks need


def until(condition, what, seconds=20.0):
    """Waits until a condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def refused(exception, status, call, /, text=None, **parameters):
    """Checks that a call is refused with an exception of this class and this status, and a text that matches."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        found = (type(error).__name__, error.response["ResponseMetadata"]["HTTPStatusCode"])
        message = error.response["Error"]["Message"]
        equal(found, (exception, status), f"refusal ({message})")
        # A class that botocore knows, which is not the one that all errors have.
        true(isinstance(error, getattr(functions.exceptions, exception)), f"the class of {exception}")
        if text is not None and not re.search(text, message):
            raise AssertionError(f"expected a text like {text!r}, found {message!r}") from error
        return error.response
    raise AssertionError(f"expected {exception}, found the answer {cut(answer)}")


def not_offered(call, **parameters):
    """Checks that a call is refused as unknown here."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        equal(error.response["Error"]["Code"], "UnknownOperationException", "refusal")
        equal(error.response["ResponseMetadata"]["HTTPStatusCode"], 404, "status")
        return
    raise AssertionError(f"expected UnknownOperationException, found the answer {cut(answer)}")


def name(suffix=""):
    """A name that no other run has."""
    return f"clients-{run}-{uuid.uuid4().hex[:8]}{suffix}"


class Queue:
    """A queue that is deleted at the end."""

    def __init__(self, suffix="", **attributes):
        if suffix == ".fifo":
            attributes["FifoQueue"] = "true"
        self.name = name(suffix)
        self.arn = queue_prefix + self.name
        self.url = sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]
        made["queue"].append(self.url)

    def send(self, bodies, group=None):
        """Sends messages, in batches of ten."""
        for start in range(0, len(bodies), 10):
            entries = []
            for index, body in enumerate(bodies[start : start + 10]):
                text = body if isinstance(body, str) else json.dumps(body)
                more = {"MessageGroupId": group, "MessageDeduplicationId": uuid.uuid4().hex} if group else {}
                entries.append({"Id": str(index), "MessageBody": text, **more})
            answer = sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
            equal(answer.get("Failed"), None, "messages that are not sent")

    def take(self, count, seconds=20.0):
        """Receives and deletes so many messages, in the order of the queue."""
        found = []
        end = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < end:
            found += self.receive(wait=1)
        equal(len(found), count, f"messages of {self.name} ({[cut(message['Body'], 80) for message in found]})")
        return found

    def receive(self, wait=0):
        answer = sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def notes(self, count, seconds=20.0):
        """What functions have told by this queue; there must be no more."""
        notes = [json.loads(message["Body"]) for message in self.take(count, seconds)]
        equal(self.receive(), [], "further notes")
        return notes

    def counts(self):
        """Messages that are visible, in flight and delayed."""
        answer = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return [int(answer[f"ApproximateNumberOfMessages{part}"]) for part in ("", "NotVisible", "Delayed")]

    def is_empty(self):
        return self.counts() == [0, 0, 0]


def zipped(files):
    """A zip file of texts by name; of a program the value is (text, mode), of a link (target, mode of a link)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            content, mode = content if isinstance(content, tuple) else (content, stat.S_IFREG | 0o644)
            entry = zipfile.ZipInfo(path)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def code(version="1", **more):
    """The zip file of the handler, in a version."""
    text = (sources / "handler.py").read_text().replace('VERSION = "1"', f'VERSION = "{version}"')
    return zipped({"handler.py": text, "notes.py": (sources / "notes.py").read_text(), **more})


def create(archive=None, variables={}, **more):
    """Creates a function that is deleted at the end; returns its name."""
    parameters = {
        "FunctionName": name(),
        "Runtime": "python3.12",
        "Handler": "handler.main",
        "Role": role,
        "Timeout": 20,
        "Environment": {"Variables": {"PYTHONDONTWRITEBYTECODE": "1", **variables}},
        "Code": {"ZipFile": code() if archive is None else archive},
        **more,
    }
    function = functions.create_function(**parameters)["FunctionName"]
    made["function"].append(function)
    return function


def invoke(function, event={}, **more):
    """The answer of an invocation, read."""
    answer = functions.invoke(FunctionName=function, Payload=json.dumps(event), **more)
    answer["Payload"] = answer["Payload"].read()
    return answer


def call(function, event={}, **more):
    """What a function answers; it must not fail."""
    answer = invoke(function, event, **more)
    equal((answer["StatusCode"], answer.get("FunctionError")), (200, None), f"status ({cut(answer['Payload'])})")
    return json.loads(answer["Payload"])


def failure(function, event={}, **more):
    """How a function fails; it must."""
    answer = invoke(function, event, **more)
    equal((answer["StatusCode"], answer.get("FunctionError")), (200, "Unhandled"), f"status of {cut(answer)}")
    return json.loads(answer["Payload"])


def tail(function, event={}):
    """The end of an invocation's log."""
    return base64.b64decode(invoke(function, event, LogType="Tail")["LogResult"]).decode()


def mapping(queue, function, **more):
    """A mapping that is enabled; it is deleted at the end."""
    answer = functions.create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=function, **more)
    made["mapping"].append(answer["UUID"])
    reaches(answer["UUID"], "Enabled")
    return answer["UUID"]


def reaches(mapping, state):
    """Waits for a state of a mapping; boto3 has no waiters for that."""
    until(lambda: functions.get_event_source_mapping(UUID=mapping)["State"] == state, f"{mapping} is {state}")


# Powertools


def dead_letters(queue, seen, count, seconds):
    """The numbers of the messages that have come to a dead-letter queue of the topology, of this run."""
    url = f"{ready['sqs']}/{account}/{queue}"
    found = []
    end = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            body = json.loads(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if body["notes"] == seen.name:
                found.append(body["number"])
    return found


@check
def powertools_standard():
    """What fails comes again alone and ends as a dead letter; what does not is handled once."""
    seen = Queue()
    url = f"{ready['sqs']}/{account}/orders"
    for start in (0, 10):
        entries = [
            {"Id": str(number), "MessageBody": json.dumps({"notes": seen.name, "number": number, "fails": number == 7})}
            for number in range(start, start + 10)
        ]
        equal(sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed"), None, "refused entries")
    equal(dead_letters("orders-dead", seen, 1, 40), [7], "dead letters")
    handled = sorted((note["number"], note["receives"]) for note in seen.notes(21))
    equal(handled, sorted([(number, 1) for number in range(20)] + [(7, 2)]), "messages and receives")


@check
def powertools_fifo():
    """Within a group nothing overtakes what failed, and the other groups go on."""
    seen = Queue()
    url = f"{ready['sqs']}/{account}/orders.fifo"
    group = {key: f"{key}-{run}" for key in "abc"}
    for number in range(1, 5):
        for key in "abc":
            # a's second message succeeds the second time. b's last one never does: what followed it would have been
            # received as often, and would be a dead letter with it.
            fails = {("a", 2): 1, ("b", 4): 9}.get((key, number), 0)
            body = {"notes": seen.name, "number": number, "group": key, "fails": fails}
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body), MessageGroupId=group[key])
    notes = seen.notes(14, 40)
    numbers = {key: [note["number"] for note in notes if note["group"] == group[key]] for key in "abc"}
    equal(numbers, {"a": [1, 2, 2, 3, 4], "b": [1, 2, 3, 4, 4], "c": [1, 2, 3, 4]}, "messages of the groups")
    equal(dead_letters("orders-dead.fifo", seen, 1, 10), [4], "dead letters")


# Mappings


@check
def mapping_filters():
    """What no pattern matches is deleted, and the function never sees it."""
    queue, seen = Queue(), Queue()
    patterns = [
        {"body": {"kind": ["order"], "amount": [{"numeric": [">", 10]}]}},
        {"body": {"kind": [{"prefix": "refund"}], "test": [{"exists": False}]}},
    ]
    uuid = mapping(
        queue,
        create(variables={"NOTES": seen.name}),
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]},
    )
    wanted = [{"kind": "order", "amount": 11}, {"kind": "refund-1"}, {"kind": "order", "amount": 1e6}]
    others = [{"kind": "order", "amount": 10}, {"kind": "order"}, {"kind": "refund", "test": 1}, "text", "17", "[]"]
    queue.send(wanted + others)
    bodies = [json.loads(note["body"]) for note in seen.notes(3)]
    equal(sorted(map(json.dumps, bodies)), sorted(map(json.dumps, wanted)), "messages")
    until(queue.is_empty, "the others are deleted")
    equal(seen.receive(), [], "further messages")
    refused(
        "InvalidParameterValueException",
        400,
        functions.update_event_source_mapping,
        "Invalid filter pattern definition",
        UUID=uuid,
        FilterCriteria={"Filters": [{"Pattern": '{"body": 1}'}]},
    )
    answer = functions.update_event_source_mapping(UUID=uuid, FilterCriteria={})
    equal("FilterCriteria" in answer, False, "filters after they are removed")
    reaches(uuid, "Enabled")
    queue.send(["text"])
    equal([note["body"] for note in seen.notes(1)], ["text"], "messages without filters")


@check
def mapping_window():
    """Messages gather in a window, into batches that are larger than a receive."""
    queue, seen = Queue(), Queue()
    mapping(queue, create(variables={"NOTES": seen.name}), BatchSize=100, MaximumBatchingWindowInSeconds=2)
    start = time.time()
    queue.send([f"message {number}" for number in range(30)])
    notes = seen.notes(30)
    equal(sorted(note["body"] for note in notes), sorted(f"message {number}" for number in range(30)), "messages")
    batches = {note["batch"]: note["size"] for note in notes}
    true(len(batches) <= 2 and sum(batches.values()) == 30, f"at most two batches: {batches}")
    true(min(note["began"] for note in notes) - start > 1.5, "the window was waited for")


@check
def mapping_fifo_order():
    """Each group in its order, with one batch at a time, in up to as many environments as there are groups."""
    queue, seen = Queue(".fifo"), Queue()
    mapping(queue, create(variables={"NOTES": seen.name}), BatchSize=3)
    for start in range(0, 9, 3):
        for group in "abcd":
            queue.send([f"{group}{number}" for number in range(start, start + 3)], group)
    notes = seen.notes(36)
    for group in "abcd":
        bodies = [note["body"] for note in notes if note["group"] == group]
        equal(bodies, [f"{group}{number}" for number in range(9)], f"group {group}")
    true(max(note["size"] for note in notes) <= 3, "batches are no larger than was asked for")
    equal(queue.counts(), [0, 0, 0], "messages that are left")


@check
def mapping_concurrency():
    """A maximum is never exceeded; attributes of messages come along."""
    queue, seen = Queue(), Queue()
    function = create(variables={"NOTES": seen.name})
    mapping(queue, function, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    attribute = {"colour": {"DataType": "String", "StringValue": "red"}}
    for _ in range(6):
        sqs.send_message(QueueUrl=queue.url, MessageBody="sleep 0.3", MessageAttributes=attribute)
    notes = seen.notes(6)
    for note in notes:
        beside = [other for other in notes if other["began"] <= note["began"] < other["ended"]]
        true(len(beside) <= 2, f"{len(beside)} at once")
        equal((note["size"], note["receives"], note["source"]), (1, 1, queue.arn), "size, receives and source")
        equal(note["attributes"]["colour"]["stringValue"], "red", "attribute")


@check
def mapping_life():
    """Create, list, update, disable, enable and delete, with the states in between."""
    queue, other, seen = Queue(), Queue(), Queue()
    function = create(variables={"NOTES": seen.name})
    created = functions.create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=function, Enabled=False)
    uuid = created["UUID"]
    made["mapping"].append(uuid)
    equal(created["ResponseMetadata"]["HTTPStatusCode"], 202, "status")
    equal((created["BatchSize"], created["MaximumBatchingWindowInSeconds"]), (10, 0), "defaults")
    equal(created["FunctionArn"], function_prefix + function, "function")
    reaches(uuid, "Disabled")
    queue.send(["waits"])
    time.sleep(0.5)
    equal(queue.counts(), [1, 0, 0], "messages of a disabled mapping")
    updated = functions.update_event_source_mapping(
        UUID=uuid, Enabled=True, BatchSize=1, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    equal(updated["State"], "Enabling", "state")
    reaches(uuid, "Enabled")
    equal([note["body"] for note in seen.notes(1)], ["waits"], "messages")
    until(queue.is_empty, "it is deleted")
    again = functions.get_event_source_mapping(UUID=uuid)
    equal((again["BatchSize"], again["FunctionResponseTypes"]), (1, ["ReportBatchItemFailures"]), "settings")
    second = mapping(other, function)
    pages = functions.get_paginator("list_event_source_mappings").paginate(
        FunctionName=function, PaginationConfig={"PageSize": 1}
    )
    equal({found["UUID"] for page in pages for found in page["EventSourceMappings"]}, {uuid, second}, "list")
    found = functions.list_event_source_mappings(EventSourceArn=other.arn)["EventSourceMappings"]
    equal([entry["UUID"] for entry in found], [second], "list of a queue")
    refused(
        "ResourceConflictException",
        409,
        functions.create_event_source_mapping,
        uuid,
        EventSourceArn=queue.arn,
        FunctionName=function,
    )
    equal(functions.update_event_source_mapping(UUID=uuid, Enabled=False)["State"], "Disabling", "state")
    reaches(uuid, "Disabled")
    equal(functions.delete_event_source_mapping(UUID=uuid)["State"], "Deleting", "state")

    def is_gone():
        try:
            functions.get_event_source_mapping(UUID=uuid)
        except functions.exceptions.ResourceNotFoundException:
            return True

    until(is_gone, "it is gone")
    queue.send(["stays"])
    time.sleep(0.5)
    equal(queue.counts(), [1, 0, 0], "messages without a mapping")


@check
def mapping_refusals():
    """What a mapping of a queue cannot be."""
    queue, fifo, short = Queue(), Queue(".fifo"), Queue(VisibilityTimeout="5")
    function = create()
    base = {"EventSourceArn": queue.arn, "FunctionName": function}
    for more, text in [
        ({"BatchSize": 11}, "batch window"),
        ({"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1}, "between 1 and 10000"),
        ({"MaximumBatchingWindowInSeconds": 301}, "between 0 and 300"),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "between 2 and 1000"),
        ({"EventSourceArn": fifo.arn, "BatchSize": 11}, "between 1 and 10"),
        ({"EventSourceArn": fifo.arn, "MaximumBatchingWindowInSeconds": 1}, "not supported"),
        ({"EventSourceArn": short.arn}, "less than Function timeout: 20"),
        ({"EventSourceArn": queue_prefix + name()}, "NonExistentQueue"),
        ({"EventSourceArn": f"arn:aws:kinesis:{region}:{account}:stream/s"}, "Unrecognized event source"),
        ({"StartingPosition": "LATEST"}, "StartingPosition"),
        ({"DestinationConfig": {"OnFailure": {"Destination": queue.arn}}}, "DestinationConfig"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern definition"),
    ]:
        refused("InvalidParameterValueException", 400, unchecked.create_event_source_mapping, text, **{**base, **more})
    base["FunctionName"] = name()
    refused("ResourceNotFoundException", 404, functions.create_event_source_mapping, **base)
    refused("ResourceNotFoundException", 404, functions.get_event_source_mapping, UUID=str(uuid.uuid4()))


# Asynchronous invocations


@check
def event_with_destinations():
    """What fails goes to its destination and its dead-letter queue, what succeeds to a function."""
    failed, dead, seen = Queue(), Queue(), Queue()
    target = create(variables={"NOTES": seen.name})
    function = create(DeadLetterConfig={"TargetArn": dead.arn})
    configuration = {
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {
            "OnFailure": {"Destination": failed.arn},
            "OnSuccess": {"Destination": function_prefix + target},
        },
    }
    functions.put_function_event_invoke_config(FunctionName=function, **configuration)
    found = functions.get_function_event_invoke_config(FunctionName=function)
    equal({key: found[key] for key in configuration}, configuration, "configuration")
    lost = invoke(function, {"do": "error", "text": "no"}, InvocationType="Event")
    equal((lost["StatusCode"], lost["Payload"]), (202, b""), "answer")
    kept = invoke(function, {"do": "context"}, InvocationType="Event")
    record = json.loads(failed.take(1)[0]["Body"])
    equal(record["version"], "1.0", "version")
    equal(
        record["requestContext"],
        {
            "requestId": lost["ResponseMetadata"]["RequestId"],
            "functionArn": f"{function_prefix}{function}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "context",
    )
    equal(record["requestPayload"], {"do": "error", "text": "no"}, "event")
    equal(
        (record["responsePayload"]["errorType"], record["responseContext"]["functionError"]),
        ("Refusal", "Unhandled"),
        "error",
    )
    message = dead.take(1)[0]
    equal(json.loads(message["Body"]), {"do": "error", "text": "no"}, "dead letter")
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    equal(
        attributes,
        {"RequestID": lost["ResponseMetadata"]["RequestId"], "ErrorCode": "200", "ErrorMessage": "no"},
        "attributes",
    )
    record = seen.notes(1)[0]["record"]
    equal(
        (record["requestContext"]["condition"], record["requestContext"]["requestId"]),
        ("Success", kept["ResponseMetadata"]["RequestId"]),
        "record of a success",
    )
    equal(record["responsePayload"]["id"], kept["ResponseMetadata"]["RequestId"], "id within the function")


@check
def event_invoke_configuration():
    """Put, update, list and delete, by qualifier; a reservation of 0 ends an event at once."""
    failed = Queue()
    function = create()
    functions.put_function_event_invoke_config(
        FunctionName=function,
        MaximumEventAgeInSeconds=120,
        DestinationConfig={"OnFailure": {"Destination": failed.arn}},
    )
    updated = functions.update_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=1)
    equal((updated["MaximumEventAgeInSeconds"], updated["MaximumRetryAttempts"]), (120, 1), "configuration")
    version = functions.publish_version(FunctionName=function)["Version"]
    functions.put_function_event_invoke_config(FunctionName=function, Qualifier=version, MaximumRetryAttempts=2)
    pages = functions.get_paginator("list_function_event_invoke_configs").paginate(FunctionName=function)
    arns = {entry["FunctionArn"] for page in pages for entry in page["FunctionEventInvokeConfigs"]}
    equal(arns, {f"{function_prefix}{function}:{part}" for part in ("$LATEST", version)}, "list")
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    equal(invoke(function, {}, InvocationType="Event")["StatusCode"], 202, "status")
    context = json.loads(failed.take(1)[0]["Body"])["requestContext"]
    equal((context["condition"], context["approximateInvokeCount"]), ("ZeroReservedConcurrency", 0), "record")
    functions.delete_function_event_invoke_config(FunctionName=function)
    refused("ResourceNotFoundException", 404, functions.get_function_event_invoke_config, FunctionName=function)
    fifo = Queue(".fifo")
    for destination in (fifo.arn, f"arn:aws:sns:{region}:{account}:topic", function_prefix + function):
        refused(
            "InvalidParameterValueException",
            400,
            functions.put_function_event_invoke_config,
            FunctionName=function,
            DestinationConfig={"OnFailure": {"Destination": destination}},
        )


@check
def event():
    """Accepted at once, with the id that the function sees."""
    seen = Queue()
    answer = invoke("echo", {"do": "note", "notes": seen.name, "text": "hello"}, InvocationType="Event")
    equal((answer["StatusCode"], answer["Payload"]), (202, b""), "answer")
    equal(seen.notes(1), [{"body": "hello", "id": answer["ResponseMetadata"]["RequestId"]}], "notes")
    refused(
        "RequestTooLargeException",
        413,
        functions.invoke,
        FunctionName="echo",
        InvocationType="Event",
        Payload=json.dumps("x" * 1_048_575),
    )


# Synchronous invocations


@check
def answer():
    """What the handler returns, as JSON, and the version that ran."""
    for value in [{"a": [1, None, "ä"]}, [], "text", 1.5, None, True]:
        equal(call("echo", value), value, "answer")
    answer = invoke("echo", {"a": 1})
    equal((answer["ExecutedVersion"], answer["Payload"]), ("$LATEST", b'{"a": 1}'), "version and payload")
    equal(answer["ResponseMetadata"]["HTTPHeaders"]["content-type"], "application/json", "content type")
    for alias in (function_prefix + "echo", f"{account}:function:echo", "echo:$LATEST"):
        equal(call(alias, [alias]), [alias], "answer")
    nothing = functions.invoke(FunctionName="echo")
    equal(nothing["Payload"].read(), b"{}", "answer to no payload")
    refused("InvalidRequestContentException", 400, functions.invoke, FunctionName="echo", Payload=b"{")


@check
def context():
    """What a handler's context has."""
    custom = {"custom": {"a": "1"}, "env": {"b": "2"}, "client": {"installation_id": "i"}}
    encoded = base64.b64encode(json.dumps(custom).encode()).decode()
    answer = invoke("echo", {"do": "context"}, ClientContext=encoded)
    found = json.loads(answer["Payload"])
    equal(found["id"], answer["ResponseMetadata"]["RequestId"], "request id")
    true(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["id"]), "the request id is a UUID")
    true(15_000 < found["remaining"] <= 20_000, f"remaining time {found['remaining']}")
    equal((found["arn"], found["name"], found["version"]), (function_prefix + "echo", "echo", "$LATEST"), "function")
    equal((found["memory"], found["group"]), ("128", "/aws/lambda/echo"), "memory and log group")
    equal((found["custom"], found["environment"], found["installation"]), ({"a": "1"}, {"b": "2"}, "i"), "client")
    true(re.match("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16}", found["trace"]), f"trace {found['trace']}")
    plain = call("echo", {"do": "context"}, Qualifier="$LATEST")
    equal((plain["custom"], plain["arn"]), (None, function_prefix + "echo:$LATEST"), "client and qualified ARN")
    refused("InvalidRequestContentException", 400, functions.invoke, FunctionName="echo", ClientContext="no base64")


@check
def error_with_stack_trace():
    found = failure("echo", {"do": "error", "text": "no"})
    equal((found["errorType"], found["errorMessage"]), ("Refusal", "no"), "error")
    true("in fail" in found["stackTrace"][-1] and "handler.py" in found["stackTrace"][0], f"{found['stackTrace']}")
    found = failure("echo", {"do": "set"})
    equal(found["errorType"], "Runtime.MarshalError", "an answer that is not JSON")


@check
def timeout():
    """What takes too long is ended; the next invocation has a new environment."""
    start = time.monotonic()
    found = failure("short", {"do": "sleep", "seconds": 10})
    equal(found["errorType"], "Sandbox.Timedout", "error")
    true(found["errorMessage"].endswith("Error: Task timed out after 1.00 seconds"), found["errorMessage"])
    true(time.monotonic() - start < 8, "it is ended in time")
    equal(call("short", [1]), [1], "the next answer")
    true("Task timed out after 1.00 seconds" in tail("short", {"do": "sleep", "seconds": 10}), "the log says so")


@check
def end_of_the_process():
    """A handler that ends its process fails its invocation, and no other."""
    for status, text in [(3, "exit status 3"), (0, "Runtime exited without providing a reason")]:
        found = failure("echo", {"do": "exit", "status": status})
        equal(found["errorType"], "Runtime.ExitError", "error")
        true(found["errorMessage"].endswith(text), found["errorMessage"])
        equal(call("echo", [status]), [status], "the next answer")


@check
def too_much_memory():
    found = failure("echo", {"do": "memory", "megabytes": 300})
    equal(found["errorType"], "Runtime.ExitError", "error")
    true(found["errorMessage"].endswith("signal: killed"), found["errorMessage"])


@check
def seven_megabytes():
    """6 MB in both directions."""
    equal(failure("echo", {"do": "big", "bytes": 7 << 20})["errorType"], "Function.ResponseSizeTooLarge", "error")
    equal(len(call("echo", {"do": "big", "bytes": 6 << 20})), 6 << 20, "a long answer")
    refused("RequestTooLargeException", 413, functions.invoke, FunctionName="echo", Payload=json.dumps("x" * (7 << 20)))


@check
def log_tail():
    """The last 4 KB of the invocation's log."""
    # What the function still writes about an earlier failure is in the log of whatever it does next.
    invoke("echo", {})
    log = tail("echo", {"do": "print", "text": "two\nlines"})
    lines = log.splitlines()
    true(lines[0].startswith("START RequestId: ") and lines[0].endswith("Version: $LATEST"), f"first line: {lines[0]}")
    equal(lines[1:3], ["two", "lines"], "lines of the function")
    true(log_ends.search(log), f"last lines: {lines[-2:]}")
    long = tail("echo", {"do": "print", "text": "x" * 10_000})
    true(4_000 < len(long.encode()) <= 4_096 and log_ends.search(long), f"{len(long)} bytes of a long log")
    equal("LogResult" in invoke("echo", {}), False, "a log that was not asked for")
    true("[ERROR] Refusal: no" in tail("echo", {"do": "error", "text": "no"}), "an error is in the log")


@check
def dry_run_and_unknown_functions():
    equal(invoke("echo", {"do": "exit", "status": 1}, InvocationType="DryRun")["StatusCode"], 204, "status")
    for function in (name(), "echo:none", f"{function_prefix}none"):
        for kind in ("RequestResponse", "Event", "DryRun"):
            refused(
                "ResourceNotFoundException",
                404,
                functions.invoke,
                "Function not found: arn:aws:lambda:",
                FunctionName=function,
                InvocationType=kind,
            )


@check
def throttle():
    """What is reserved is a limit, too."""
    seen = Queue()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(call, "single", {"do": "sleep", "seconds": 1.5, "notes": seen.name})
        seen.notes(1)
        answer = refused("TooManyRequestsException", 429, functions.invoke, FunctionName="single")
        equal(answer["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded", "reason")
        slow.result()
    equal(call("single", [1]), [1], "an answer afterwards")


@check
def environments():
    """One invocation at a time in each, and used again."""
    function = create()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        pids = list(pool.map(lambda _: call(function, {"do": "sleep", "seconds": 1}), range(3)))
    equal(len(set(pids)), 3, "environments of three invocations at once")
    true(call(function, {"do": "place"})["pid"] in pids, "an environment is used again")


@check
def streamed_response():
    """What a runtime streams is collected; an error in its trailers is the function's."""
    equal(invoke("raw", {"do": "stream", "parts": ["one ", "two ", "three"]})["Payload"], b"one two three", "answer")
    found = failure("raw", {"do": "stream error", "text": "broke off"})
    equal(found, {"errorType": "Late", "errorMessage": "broke off"}, "error")


# Functions


@check
def code_from_a_zip():
    """A handler in a zip file runs with the host's awslambdaric, and a link within it is followed."""
    archive = code(**{"linked.py": ("handler.py", stat.S_IFLNK | 0o777)})
    function = create(archive, {"LEVEL": "debug"})
    functions.get_waiter("function_active_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    functions.get_waiter("function_exists").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    found = call(function, {"do": "place"})
    equal((found["version"], found["level"]), ("1", "debug"), "version and variable")
    equal(found["runtime"], importlib.util.find_spec("awslambdaric").origin, "runtime")
    equal(found["root"], found["folder"], "working folder")
    true(not pathlib.Path(found["folder"]).is_relative_to(sources), found["folder"])
    functions.update_function_configuration(FunctionName=function, Handler="linked.main")
    functions.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    equal(call(function, {"do": "place"})["version"], "1", "version by way of a link")


@check
def runtime_in_the_zip():
    """A package that brings its own awslambdaric runs with that."""
    folder = pathlib.Path(importlib.util.find_spec("awslambdaric").origin).parent
    files = {}
    for package in (folder, folder.parent / "snapshot_restore_py", folder.parent / "simplejson"):
        for path in package.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                files[str(path.relative_to(folder.parent))] = path.read_bytes()
    for path in folder.parent.glob("runtime_client*.so"):
        files[path.name] = path.read_bytes()
    found = call(create(code(**files)), {"do": "place"})
    equal(pathlib.Path(found["runtime"]).parent.parent, pathlib.Path(found["folder"]), "place of the runtime")


@check
def bootstrap_in_sh():
    """A runtime of its own: a shell script with curl."""
    if not shutil.which("curl"):
        raise Skipped("there is no curl")
    text = (sources / "bootstrap.sh").read_text()
    archive = zipped({"bootstrap": (text, stat.S_IFREG | 0o755)})
    function = create(archive, Runtime="provided.al2023", Handler="any.name")
    equal(call(function, {"a": 1}), {"handler": "any.name", "event": {"a": 1}}, "answer")
    log = tail(function, {"b": 2})
    true(re.search("^handling [0-9a-f-]{36}$", log, re.MULTILINE), log)
    archive = zipped({"bootstrap": text})
    function = create(archive, Runtime="provided.al2023", Handler="any.name")
    equal(failure(function)["errorType"], "Runtime.InvalidEntrypoint", "a program that cannot be executed")


@check
def starts_that_fail():
    """A module that cannot be loaded, one that is not there, and a handler that is not."""
    function = create(variables={"FAILS": "1"})
    found = failure(function)
    equal((found["errorType"], found["errorMessage"]), ("RuntimeError", "this module cannot be loaded"), "error")
    for handler, error in [
        ("nothing.main", "Runtime.ImportModuleError"),
        ("handler.nothing", "Runtime.HandlerNotFound"),
    ]:
        functions.update_function_configuration(FunctionName=function, Handler=handler, Environment={"Variables": {}})
        equal(failure(function)["errorType"], error, "error")
    functions.update_function_configuration(FunctionName=function, Handler="handler.main")
    equal(call(function, [1]), [1], "the answer when that is mended")


@check
def zip_refusals():
    """An archive that could write elsewhere makes no function and no file."""
    link = stat.S_IFLNK | 0o777
    outside = f"/tmp/clients-{run}"
    function = name()
    for files, text in [
        ({"../x": "1"}, r'"\.\./x"'),
        ({"a/../../x": "1"}, r'"a/\.\./\.\./x"'),
        ({outside: "1"}, "absolute"),
        ({"link": ("/etc/passwd", link)}, '"link"'),
        ({"link": ("../..", link)}, '"link"'),
        ({"a/link": ("..", link), "a/link/x": "1"}, "link"),
    ]:
        refused(
            "InvalidParameterValueException",
            400,
            functions.create_function,
            f"^Could not unzip uploaded file.*{text}",
            FunctionName=function,
            Runtime="python3.12",
            Handler="handler.main",
            Role=role,
            Code={"ZipFile": zipped(files)},
        )
    true(not pathlib.Path(outside).exists(), f"{outside} was written")
    refused("ResourceNotFoundException", 404, functions.get_function, FunctionName=function)
    existing = create()
    refused(
        "InvalidParameterValueException",
        400,
        functions.update_function_code,
        FunctionName=existing,
        ZipFile=zipped({"../x": "1"}),
    )
    refused("InvalidParameterValueException", 400, functions.update_function_code, FunctionName=existing, ZipFile=b"no")
    equal(call(existing, {"do": "place"})["version"], "1", "version")


@check
def versions():
    """New code, published versions, and what is deleted of them."""
    first, second = code("one"), code("two")
    function = create(first)
    digest = base64.b64encode(hashlib.sha256(second).digest()).decode()
    one = functions.publish_version(FunctionName=function, Description="the first")
    equal((one["Version"], one["FunctionArn"]), ("1", f"{function_prefix}{function}:1"), "version")
    functions.get_waiter("published_version_active").wait(
        FunctionName=function, Qualifier="1", WaiterConfig={"Delay": 1}
    )
    equal(functions.publish_version(FunctionName=function)["Version"], "1", "version without a change")
    trial = functions.update_function_code(FunctionName=function, ZipFile=second, DryRun=True)
    equal((trial["CodeSha256"], call(function, {"do": "place"})["version"]), (digest, "one"), "a dry run")
    two = functions.update_function_code(FunctionName=function, ZipFile=second, Publish=True)
    equal((two["Version"], two["CodeSha256"], two["CodeSize"]), ("2", digest, len(second)), "version, digest and size")
    functions.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    for qualifier, version in [("1", "one"), ("2", "two"), ("$LATEST", "two")]:
        answer = invoke(function, {"do": "place"}, Qualifier=qualifier)
        equal((answer["ExecutedVersion"], json.loads(answer["Payload"])["version"]), (qualifier, version), "version")
    pages = functions.get_paginator("list_versions_by_function").paginate(
        FunctionName=function, PaginationConfig={"PageSize": 1}
    )
    equal([found["Version"] for page in pages for found in page["Versions"]], ["$LATEST", "1", "2"], "list")
    refused(
        "PreconditionFailedException",
        412,
        functions.update_function_code,
        FunctionName=function,
        ZipFile=first,
        RevisionId=str(uuid.uuid4()),
    )
    functions.delete_function(FunctionName=function, Qualifier="1")
    refused("ResourceNotFoundException", 404, functions.invoke, FunctionName=function, Qualifier="1")
    equal(call(function, {"do": "place"})["version"], "two", "version that is left")


@check
def aliases():
    """A name for a version, or for two with their weights."""
    function = create(code("one"), Publish=True)
    functions.update_function_code(FunctionName=function, ZipFile=code("two"), Publish=True)
    alias = functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1", Description="what runs")
    equal(alias["AliasArn"], f"{function_prefix}{function}:live", "ARN")
    found = call(function, {"do": "context"}, Qualifier="live")
    equal((found["version"], found["arn"]), ("1", f"{function_prefix}{function}:live"), "version and ARN")
    updated = functions.update_alias(
        FunctionName=function, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
    )
    equal(updated["RoutingConfig"], {"AdditionalVersionWeights": {"2": 0.5}}, "weights")
    executed = {invoke(function, Qualifier="live")["ExecutedVersion"] for _ in range(40)}
    equal(executed, {"1", "2"}, "versions of 40 invocations")
    functions.create_alias(FunctionName=function, Name="next", FunctionVersion="2")
    pages = functions.get_paginator("list_aliases").paginate(FunctionName=function, PaginationConfig={"PageSize": 1})
    equal([found["Name"] for page in pages for found in page["Aliases"]], ["live", "next"], "list")
    refused("ResourceConflictException", 409, functions.delete_function, FunctionName=function, Qualifier="1")
    refused(
        "ResourceConflictException",
        409,
        functions.create_alias,
        FunctionName=function,
        Name="live",
        FunctionVersion="1",
    )
    functions.delete_alias(FunctionName=function, Name="live")
    refused("ResourceNotFoundException", 404, functions.get_alias, FunctionName=function, Name="live")
    refused("ResourceNotFoundException", 404, functions.invoke, FunctionName=function, Qualifier="live")


@check
def configuration():
    """What a function is shown as, what changes, and what is refused."""
    function = create(Description="before", MemorySize=256, Tags={"team": "a"})
    found = functions.get_function(FunctionName=function)
    shown = found["Configuration"]
    equal((shown["State"], shown["LastUpdateStatus"], shown["PackageType"]), ("Active", "Successful", "Zip"), "state")
    equal((shown["MemorySize"], shown["Timeout"], shown["Runtime"]), (256, 20, "python3.12"), "settings")
    true(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", shown["LastModified"]), shown["LastModified"])
    equal(
        (found["Tags"], functions.list_tags(Resource=function_prefix + function)["Tags"]),
        ({"team": "a"}, {"team": "a"}),
        "tags",
    )
    equal(call(function, {"do": "place"})["level"], None, "variable")
    updated = functions.update_function_configuration(
        FunctionName=function, Description="after", Timeout=30, Environment={"Variables": {"LEVEL": "info"}}
    )
    equal((updated["Description"], updated["Timeout"], updated["MemorySize"]), ("after", 30, 256), "settings")
    functions.get_waiter("function_updated").wait(FunctionName=function, WaiterConfig={"Delay": 1})
    equal(call(function, {"do": "place"})["level"], "info", "variable of the next environment")
    for more in [
        {"Timeout": 901},
        {"MemorySize": 64},
        {"Environment": {"Variables": {"AWS_REGION": "x"}}},
        {"Environment": {"Variables": {"LONG": "x" * 4_096}}},
        {"Runtime": "nodejs22.x"},
        {"Layers": [f"arn:aws:lambda:{region}:{account}:layer:l:1"]},
    ]:
        try:
            unchecked.update_function_configuration(FunctionName=function, **more)
        except ClientError as error:
            expected = {"InvalidParameterValueException", "ValidationException"}
            true(error.response["Error"]["Code"] in expected, f"{more}: {error}")
        else:
            raise AssertionError(f"accepted: {more}")
    equal(functions.get_function_configuration(FunctionName=function)["Timeout"], 30, "timeout after refusals")
    refused(
        "ResourceConflictException",
        409,
        functions.create_function,
        FunctionName=function,
        Runtime="python3.12",
        Handler="handler.main",
        Role=role,
        Code={"ZipFile": code()},
    )
    functions.delete_function(FunctionName=function)
    refused("ResourceNotFoundException", 404, functions.get_function, FunctionName=function)
    refused("ResourceNotFoundException", 404, functions.invoke, FunctionName=function)


@check
def lists_of_functions():
    """All functions, a page at a time, by name."""
    own = {create() for _ in range(3)}
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    names = [found["FunctionName"] for page in pages for found in page["Functions"]]
    true(own | {"echo", "short", "single", "raw", "batch", "fifo"} <= set(names), f"{names}")
    equal(names, sorted(names), "order")


@check
def functions_of_the_topology():
    """The topology alone changes its functions and mappings; they can be published."""
    for change in (
        lambda: functions.delete_function(FunctionName="short"),
        lambda: functions.update_function_configuration(FunctionName="short", Timeout=5),
        lambda: functions.update_function_code(FunctionName="short", ZipFile=code()),
    ):
        refused("ResourceConflictException", 409, change, "topology")
    equal(functions.get_function_configuration(FunctionName="short")["Timeout"], 1, "timeout")
    found = functions.list_event_source_mappings(FunctionName="batch")["EventSourceMappings"]
    equal([entry["EventSourceArn"] for entry in found], [queue_prefix + "orders"], "queues of batch")
    equal(found[0]["FunctionResponseTypes"], ["ReportBatchItemFailures"], "report")
    version = functions.publish_version(FunctionName="echo")["Version"]
    equal(call("echo", [version], Qualifier=version), [version], "answer of a published version")


@check
def concurrency_and_account():
    """Reservations, and the account that they are taken from."""
    function = create()
    equal("ReservedConcurrentExecutions" in functions.get_function_concurrency(FunctionName=function), False, "none")
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=25)
    equal(functions.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"], 25, "reserved")
    equal(functions.get_function(FunctionName=function)["Concurrency"], {"ReservedConcurrentExecutions": 25}, "shown")
    limits = functions.get_account_settings()["AccountLimit"]
    equal((limits["ConcurrentExecutions"], limits["CodeSizeZipped"]), (1_000, 52_428_800), "limits")
    # `single` reserves one.
    true(
        limits["UnreservedConcurrentExecutions"] <= 974, f"{limits['UnreservedConcurrentExecutions']} are not reserved"
    )
    true(functions.get_account_settings()["AccountUsage"]["FunctionCount"] >= 7, "functions are counted")
    refused(
        "InvalidParameterValueException",
        400,
        functions.put_function_concurrency,
        r"below its minimum value of \[100\]",
        FunctionName=function,
        ReservedConcurrentExecutions=900,
    )
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    refused("TooManyRequestsException", 429, functions.invoke, FunctionName=function)
    functions.delete_function_concurrency(FunctionName=function)
    equal(call(function, [1]), [1], "an answer without a reservation")


@check
def what_is_not_offered():
    """Calls that are not here say so."""
    not_offered(functions.invoke_with_response_stream, FunctionName="raw", Payload=b"{}")
    not_offered(functions.list_layers)
    not_offered(functions.create_function_url_config, FunctionName="echo", AuthType="NONE")
    not_offered(functions.get_policy, FunctionName="echo")
    not_offered(functions.tag_resource, Resource=function_prefix + "echo", Tags={"a": "b"})
    not_offered(
        functions.put_provisioned_concurrency_config,
        FunctionName="echo",
        Qualifier="1",
        ProvisionedConcurrentExecutions=1,
    )
    try:
        functions.create_function(
            FunctionName=name(), Role=role, PackageType="Image", Code={"ImageUri": "registry/image:1"}
        )
    except functions.exceptions.InvalidParameterValueException as error:
        true("Image" in error.response["Error"]["Message"], str(error))
    else:
        raise AssertionError("an image is accepted")


# The run

printing = threading.Lock()


def say(line):
    with printing:
        print(line, flush=True)


def perform(function):
    """Runs a check; returns whether it has not failed."""
    start = time.monotonic()
    try:
        function()
    except Skipped as reason:
        say(f"skipped {function.__name__}: {reason}")
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = next((frame.lineno for frame in reversed(frames) if frame.name == function.__name__), 0)
        reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        say(f"FAILED {function.__name__}: line {place}: {cut(reason, 900)}")
        return False
    else:
        say(f"ok {function.__name__} ({time.monotonic() - start:.1f} s)")
    return True


def clean_up():
    """Deletes what the checks have made, as far as they have not done so themselves."""
    for kind, delete in [
        ("mapping", lambda key: functions.delete_event_source_mapping(UUID=key)),
        ("function", lambda key: functions.delete_function(FunctionName=key)),
        ("queue", lambda key: sqs.delete_queue(QueueUrl=key)),
    ]:
        for key in made[kind]:
            try:
                delete(key)
            except (ClientError, BotoCoreError):
                pass  # It is deleted already, or a check has said what is wrong.


def main():
    functions.meta.events.register("before-call.lambda", lambda model, **_: called.add(model.name))
    wanted = sys.argv[2:]
    unknown = set(wanted) - {function.__name__ for function in checks}
    if unknown:
        sys.exit(f"there is no check {', '.join(sorted(unknown))}")
    print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}", flush=True)
    chosen = [function for function in checks if not wanted or function.__name__ in wanted]
    # The longest come first.
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        results = list(pool.map(perform, chosen))
    clean_up()
    if not wanted:
        say(f"{len(called)} actions were called")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
