"""Calls every action of Amazon SQS through boto3 and checks what comes back.

usage: sqs_boto3.py URL [NAME...]

URL is the endpoint's; with names only these checks run. It runs with a boto3 that speaks AWS JSON and with one that
still speaks the query protocol. Each check prints `ok NAME` or `FAILED NAME: reason`; the exit code is 1 if any has
failed. botocore itself verifies the digests of bodies in answers.
"""

import hashlib
import http.client
import json
import re
import struct
import sys
import threading
import time
import traceback
import urllib.parse
import uuid

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from checks import cut, equal, true

MESSAGE_BYTES = 1_048_576
url = sys.argv[1]
run = uuid.uuid4().hex[:8]
session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
settings = dict(
    endpoint_url=url,
    config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20, read_timeout=60, proxies={}),
)
sqs = session.client("sqs", **settings)
is_json = sqs.meta.service_model.metadata["protocol"] == "json"
made = []
checks = []


def check(function):
    """Marks a function as a check; its name is the check's."""
    checks.append(function)
    return function


def name(suffix=""):
    """A queue's name that no other run has."""
    return f"clients-{run}-{uuid.uuid4().hex[:8]}{suffix}"


def create(suffix="", tags=None, **attributes):
    """Makes a queue that is deleted at the end."""
    if suffix == ".fifo":
        attributes["FifoQueue"] = "true"
    extra = {"tags": tags} if tags else {}
    queue = sqs.create_queue(QueueName=name(suffix), Attributes=attributes, **extra)["QueueUrl"]
    made.append(queue)
    return queue


def attribute(queue, key):
    """The value of one attribute; None: the queue has none."""
    return sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[key]).get("Attributes", {}).get(key)


def arn(queue):
    return attribute(queue, "QueueArn")


def receive(queue, count=1, wait=2, **more):
    """Receives so many messages, however many calls that takes."""
    found = []
    end = time.monotonic() + max(wait, 1) * 3
    while len(found) < count and time.monotonic() < end:
        answer = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=min(10, count - len(found)), WaitTimeSeconds=wait, **more
        )
        found += answer.get("Messages", [])
    equal(len(found), count, "messages received")
    return found


def nothing(queue, **more):
    """Checks that there is nothing to receive; the list is absent then."""
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0, **more)
    equal(answer.get("Messages"), None, "messages of an empty receive")


def refused(code, status, call, /, text=None, exception=None, **parameters):
    """Checks that a call is refused with this code and status, an exception of this class, and a text that matches.

    Without a status, any of 400 to 499 will do.
    """
    try:
        answer = call(**parameters)
    except ClientError as error:
        found = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        if status is None and 400 <= found[1] < 500:
            status = found[1]
        equal(found, (code, status), f"refusal ({error.response['Error'].get('Message')})")
        if exception is not None and not isinstance(error, getattr(sqs.exceptions, exception)):
            raise AssertionError(f"expected the class {exception}, found {type(error).__name__}") from error
        if text is not None and not re.search(text, error.response["Error"]["Message"]):
            raise AssertionError(
                f"expected a text like {text!r}, found {error.response['Error']['Message']!r}"
            ) from error
        return error.response
    raise AssertionError(f"expected {code}, found the answer {cut(answer)}")


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def attributes_md5(attributes):
    """The digest of attributes as the Developer Guide describes it."""
    digest = hashlib.md5()
    for key in sorted(attributes):
        value = attributes[key]
        for part in (key.encode(), value["DataType"].encode()):
            digest.update(struct.pack(">I", len(part)) + part)
        binary = value["DataType"].startswith("Binary")
        content = value["BinaryValue"] if binary else value["StringValue"].encode()
        digest.update((b"\x02" if binary else b"\x01") + struct.pack(">I", len(content)) + content)
    return digest.hexdigest()


def until(condition, what, seconds=10.0):
    """Waits until a condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


# Queues


@check
def create_and_find_a_queue():
    wanted = name()
    queue = sqs.create_queue(QueueName=wanted)["QueueUrl"]
    made.append(queue)
    equal(queue.rsplit("/", 1)[1], wanted, "last part of the URL")
    true(re.fullmatch(r"https?://[^/]+/\d{12}/" + wanted, queue), f"a queue's URL ends with account and name: {queue}")
    equal(sqs.get_queue_url(QueueName=wanted)["QueueUrl"], queue, "URL")
    account = queue.split("/")[3]
    equal(sqs.get_queue_url(QueueName=wanted, QueueOwnerAWSAccountId=account)["QueueUrl"], queue, "URL by owner")
    equal(arn(queue), f"arn:aws:sqs:us-east-1:{account}:{wanted}", "ARN")


@check
def create_again_is_idempotent_or_refused():
    queue = create(VisibilityTimeout="45")
    wanted = queue.rsplit("/", 1)[1]
    equal(sqs.create_queue(QueueName=wanted, Attributes={"VisibilityTimeout": "45"})["QueueUrl"], queue, "URL")
    equal(sqs.create_queue(QueueName=wanted)["QueueUrl"], queue, "URL without attributes")
    refused(
        "QueueAlreadyExists",
        400,
        sqs.create_queue,
        exception="QueueNameExists",
        text="VisibilityTimeout",
        QueueName=wanted,
        Attributes={"VisibilityTimeout": "46"},
    )


@check
def names_are_checked():
    for wrong in ("", "a b", "a.fifo", "ä", "a" * 81, "a/b"):
        try:
            sqs.create_queue(QueueName=wrong)
        except ClientError as error:
            expected = "MissingParameter" if wrong == "" else "InvalidParameterValue"
            equal(error.response["Error"]["Code"], expected, f"code for the name {wrong!r}")
            equal(error.response["ResponseMetadata"]["HTTPStatusCode"], 400, "status")
        else:
            raise AssertionError(f"the name {wrong!r} was accepted")
    refused("InvalidParameterValue", 400, sqs.create_queue, QueueName=name(), Attributes={"FifoQueue": "true"})


@check
def attributes_have_their_defaults():
    queue = create()
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    expected = {
        "DelaySeconds": "0",
        "MaximumMessageSize": str(MESSAGE_BYTES),
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "30",
        "SqsManagedSseEnabled": "true",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
    }
    equal({key: found.get(key) for key in expected}, expected, "attributes")
    true(
        abs(int(found["CreatedTimestamp"]) - time.time()) < 60,
        f"CreatedTimestamp in seconds: {found['CreatedTimestamp']}",
    )
    true(abs(int(found["LastModifiedTimestamp"]) - time.time()) < 60, "LastModifiedTimestamp in seconds")
    others = set(found) - set(expected) - {"CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"}
    equal(others, set(), "attributes that a standard queue does not have")
    equal(sqs.get_queue_attributes(QueueUrl=queue).get("Attributes"), None, "attributes when none are asked for")


@check
def fifo_attributes_have_their_defaults():
    queue = create(".fifo")
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    expected = {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    }
    equal({key: found.get(key) for key in expected}, expected, "attributes")


@check
def set_and_get_attributes():
    queue = create()
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": '<one> & "two"',
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "sqs:SendMessage",
                    "Resource": arn(queue),
                }
            ],
        }
    )
    values = {
        "DelaySeconds": "1",
        "MaximumMessageSize": "2048",
        "MessageRetentionPeriod": "3600",
        "ReceiveMessageWaitTimeSeconds": "3",
        "VisibilityTimeout": "7",
        "Policy": policy,
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=values)
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(values))["Attributes"]
    equal(json.loads(found.pop("Policy")), json.loads(values.pop("Policy")), "policy")
    equal(found, values, "attributes")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    equal(attribute(queue, "Policy"), None, "policy after it was removed")


@check
def attributes_are_checked():
    queue = create()
    for key, value in (
        ("VisibilityTimeout", "43201"),
        ("VisibilityTimeout", "-1"),
        ("VisibilityTimeout", "x"),
        ("DelaySeconds", "901"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("MessageRetentionPeriod", "59"),
        ("MessageRetentionPeriod", "1209601"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("Policy", "{"),
    ):
        refused(
            "InvalidAttributeValue", 400, sqs.set_queue_attributes, text=key, QueueUrl=queue, Attributes={key: value}
        )
    refused("InvalidAttributeName", 400, sqs.set_queue_attributes, QueueUrl=queue, Attributes={"Nonsense": "1"})
    refused("InvalidAttributeName", 400, sqs.set_queue_attributes, QueueUrl=queue, Attributes={"QueueArn": "1"})
    refused(
        "InvalidAttributeName",
        400,
        sqs.get_queue_attributes,
        exception="InvalidAttributeName",
        QueueUrl=queue,
        AttributeNames=["Nonsense"],
    )
    # None of several is set if one is wrong.
    refused(
        "InvalidAttributeValue",
        400,
        sqs.set_queue_attributes,
        QueueUrl=queue,
        Attributes={"DelaySeconds": "5", "VisibilityTimeout": "99999"},
    )
    equal(attribute(queue, "DelaySeconds"), "0", "attribute of a call that was refused")


@check
def a_deleted_queue_is_gone():
    queue = create()
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.delete_queue(QueueUrl=queue)
    wanted = queue.rsplit("/", 1)[1]
    code = "AWS.SimpleQueueService.NonExistentQueue"
    calls = [
        (sqs.get_queue_url, dict(QueueName=wanted)),
        (sqs.send_message, dict(QueueUrl=queue, MessageBody="x")),
        (sqs.receive_message, dict(QueueUrl=queue)),
        (sqs.delete_message, dict(QueueUrl=queue, ReceiptHandle="x")),
        (sqs.get_queue_attributes, dict(QueueUrl=queue, AttributeNames=["All"])),
        (sqs.set_queue_attributes, dict(QueueUrl=queue, Attributes={"DelaySeconds": "1"})),
        (sqs.purge_queue, dict(QueueUrl=queue)),
        (sqs.tag_queue, dict(QueueUrl=queue, Tags={"a": "b"})),
        (sqs.list_queue_tags, dict(QueueUrl=queue)),
        (sqs.list_dead_letter_source_queues, dict(QueueUrl=queue)),
        (sqs.delete_queue, dict(QueueUrl=queue)),
        (sqs.change_message_visibility, dict(QueueUrl=queue, ReceiptHandle="x", VisibilityTimeout=1)),
        (sqs.delete_message_batch, dict(QueueUrl=queue, Entries=[dict(Id="a", ReceiptHandle="x")])),
    ]
    for call, parameters in calls:
        refused(code, 400, call, exception="QueueDoesNotExist", text="The specified queue does not exist", **parameters)
    refused(
        "AWS.SimpleQueueService.QueueDeletedRecently",
        400,
        sqs.create_queue,
        exception="QueueDeletedRecently",
        QueueName=wanted,
    )


@check
def list_queues_by_prefix_and_page():
    prefix = name()
    expected = set()
    for index in range(7):
        queue = sqs.create_queue(QueueName=f"{prefix}-{index}")["QueueUrl"]
        made.append(queue)
        expected.add(queue)
    equal(set(sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"]), expected, "queues")
    first = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=3)
    equal(len(first["QueueUrls"]), 3, "queues of the first page")
    true(first.get("NextToken"), "the first page has a NextToken")
    pages = list(sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix, PaginationConfig={"PageSize": 3}))
    found = [queue for page in pages for queue in page.get("QueueUrls", [])]
    equal((len(found), set(found)), (7, expected), "queues of all pages")
    equal(sqs.list_queues(QueueNamePrefix=name()).get("QueueUrls") or [], [], "queues of an unknown prefix")
    refused("InvalidParameterValue", 400, sqs.list_queues, QueueNamePrefix=prefix, MaxResults=1001)


@check
def tags():
    queue = create(tags={"first": "1", "a b": "<&>\"' ü"})
    equal(sqs.list_queue_tags(QueueUrl=queue).get("Tags"), {"first": "1", "a b": "<&>\"' ü"}, "tags")
    sqs.tag_queue(QueueUrl=queue, Tags={"first": "2", "third": ""})
    equal(sqs.list_queue_tags(QueueUrl=queue)["Tags"], {"first": "2", "a b": "<&>\"' ü", "third": ""}, "tags")
    sqs.untag_queue(QueueUrl=queue, TagKeys=["first", "unknown", "a b"])
    equal(sqs.list_queue_tags(QueueUrl=queue)["Tags"], {"third": ""}, "tags")
    sqs.untag_queue(QueueUrl=queue, TagKeys=["third"])
    equal(sqs.list_queue_tags(QueueUrl=queue).get("Tags"), None, "tags of a queue without any")


@check
def permissions():
    queue = create()
    sqs.add_permission(
        QueueUrl=queue,
        Label="one",
        AWSAccountIds=["111111111111", "222222222222"],
        Actions=["SendMessage", "ReceiveMessage"],
    )
    sqs.add_permission(QueueUrl=queue, Label="two", AWSAccountIds=["333333333333"], Actions=["*"])
    policy = json.loads(attribute(queue, "Policy"))
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    equal(set(statements), {"one", "two"}, "labels")
    one = statements["one"]
    equal(one["Effect"], "Allow", "effect")
    equal(
        sorted(one["Principal"]["AWS"]),
        ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"],
        "principals",
    )
    equal(sorted(one["Action"]), ["SQS:ReceiveMessage", "SQS:SendMessage"], "actions")
    equal(one["Resource"], arn(queue), "resource")
    refused(
        "InvalidParameterValue",
        400,
        sqs.add_permission,
        text="Already exists",
        QueueUrl=queue,
        Label="one",
        AWSAccountIds=["111111111111"],
        Actions=["SendMessage"],
    )
    sqs.remove_permission(QueueUrl=queue, Label="one")
    policy = json.loads(attribute(queue, "Policy"))
    equal([statement["Sid"] for statement in policy["Statement"]], ["two"], "labels")
    refused("InvalidParameterValue", 400, sqs.remove_permission, QueueUrl=queue, Label="one")


# Sending and receiving


@check
def send_receive_delete():
    queue = create()
    before = time.time() * 1000
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello")
    equal(sent["MD5OfMessageBody"], md5("hello"), "MD5OfMessageBody")
    true("MD5OfMessageAttributes" not in sent, "no digest of attributes without attributes")
    true("SequenceNumber" not in sent, "no sequence number in a standard queue")
    equal(str(uuid.UUID(sent["MessageId"])), sent["MessageId"], "MessageId")
    equal(attribute(queue, "ApproximateNumberOfMessages"), "1", "messages")
    message = receive(queue, AttributeNames=["All"])[0]
    equal((message["MessageId"], message["Body"], message["MD5OfBody"]), (sent["MessageId"], "hello", md5("hello")))
    details = message["Attributes"]
    equal(details["ApproximateReceiveCount"], "1", "ApproximateReceiveCount")
    true(before - 5000 < int(details["SentTimestamp"]) < time.time() * 1000 + 5000, "SentTimestamp in milliseconds")
    true(
        int(details["ApproximateFirstReceiveTimestamp"]) >= int(details["SentTimestamp"]),
        "first received after it was sent",
    )
    true(details.get("SenderId"), "SenderId")
    equal(attribute(queue, "ApproximateNumberOfMessagesNotVisible"), "1", "messages in flight")
    nothing(queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    equal(attribute(queue, "ApproximateNumberOfMessagesNotVisible"), "0", "messages in flight")
    # A second deletion is no mistake.
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@check
def system_attributes_are_returned_when_asked_for():
    queue = create(VisibilityTimeout="0")
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    true("Attributes" not in receive(queue)[0], "no attributes are asked for")
    found = receive(queue, AttributeNames=["SentTimestamp", "ApproximateReceiveCount"])[0]["Attributes"]
    equal(set(found), {"SentTimestamp", "ApproximateReceiveCount"}, "attributes")
    equal(found["ApproximateReceiveCount"], "2", "ApproximateReceiveCount")
    if "MessageSystemAttributeNames" in sqs.meta.service_model.operation_model("ReceiveMessage").input_shape.members:
        found = receive(queue, MessageSystemAttributeNames=["SenderId"])[0]["Attributes"]
        equal(set(found), {"SenderId"}, "attributes by MessageSystemAttributeNames")


@check
def texts_come_back_byte_for_byte():
    queue = create()
    bodies = {
        "line feeds": "a\nb\n\nc\n",
        "carriage returns": "a\r\nb\rc\r",
        "tabs and blanks": "\t a\t  b \t",
        "only blanks": "   ",
        "only a line feed": "\n",
        "xml": '<a href="x">&amp; & \' ]]> <![CDATA[x]]> <!-- --></a>',
        "json": '{"a": "\\u0041\\n"}',
        "percent and plus": "100%+1 %41 %zz a=b&c=d;e?f#g",
        "accents": "äöüß ÀÉ ñ",
        "combining": "e\u0301 vs \u00e9",
        "cjk and rtl": "漢字かな مرحبا",
        "beyond 16 bits": "😀👨‍👩‍👧‍👦𝄞\U0010fffd",
        "edges": "\u0080\u0085\u00a0\u2028\u2029\ud7ff\ue000\ufffd\ufeff",
        "backslashes": '\\ \\n " / \u007f',
        "quotes": "'\"`",
        "leading bom": "\ufeffx",
    }
    for what, body in bodies.items():
        attributes = {"text": {"DataType": "String", "StringValue": body}}
        sent = sqs.send_message(QueueUrl=queue, MessageBody=body, MessageAttributes=attributes)
        equal(sent["MD5OfMessageBody"], md5(body), f"digest of a body ({what})")
        equal(sent["MD5OfMessageAttributes"], attributes_md5(attributes), f"digest of attributes ({what})")
        message = receive(queue, MessageAttributeNames=["All"])[0]
        equal(message["Body"].encode(), body.encode(), f"body ({what})")
        equal(message["MessageAttributes"]["text"]["StringValue"].encode(), body.encode(), f"attribute ({what})")
        equal(message["MD5OfMessageAttributes"], attributes_md5(attributes), f"digest of received attributes ({what})")
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@check
def characters_outside_of_xml_are_refused():
    queue = create()
    for wrong in ("a\x00b", "\x01", "\x1f", "\x0b", "\ufffe", "\uffff"):
        refused(
            "InvalidMessageContents",
            400,
            sqs.send_message,
            exception="InvalidMessageContents",
            QueueUrl=queue,
            MessageBody=wrong,
        )
    refused("MissingParameter", 400, sqs.send_message, QueueUrl=queue, MessageBody="")
    nothing(queue)


@check
def ten_attributes_of_all_types():
    queue = create()
    attributes = {
        "string": {"DataType": "String", "StringValue": "v"},
        "labelled": {"DataType": "String.my-label_1.x", "StringValue": "<&>\r\n'\""},
        "number": {"DataType": "Number", "StringValue": "-12.50"},
        "number.float": {"DataType": "Number.float", "StringValue": "1e10"},
        "number.large": {"DataType": "Number", "StringValue": "99999999999999999999999999999999999999"},
        "bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
        "Bytes-png": {"DataType": "Binary.png", "BinaryValue": b"\x89PNG\r\n\x1a\n\x00"},
        "A": {"DataType": "String", "StringValue": "上"},
        "a_b-c.d": {"DataType": "String", "StringValue": "x" * 5000},
        "z9": {"DataType": "String", "StringValue": "0"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="b", MessageAttributes=attributes)
    equal(sent["MD5OfMessageAttributes"], attributes_md5(attributes), "MD5OfMessageAttributes")
    message = receive(queue, MessageAttributeNames=["All"])[0]
    equal(message["MD5OfMessageAttributes"], attributes_md5(attributes), "MD5OfMessageAttributes of a receive")
    equal(message["MessageAttributes"], attributes, "attributes")
    attributes["eleventh"] = {"DataType": "String", "StringValue": "x"}
    refused(
        "InvalidParameterValue",
        400,
        sqs.send_message,
        text=r"\[11\].*\[10\]",
        QueueUrl=queue,
        MessageBody="b",
        MessageAttributes=attributes,
    )


@check
def attributes_are_selected_by_name_and_prefix():
    queue = create(VisibilityTimeout="0")
    attributes = {key: {"DataType": "String", "StringValue": key} for key in ("a", "a.one", "a.two", "ab", "c")}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    for asked, expected in (
        (["a"], {"a"}),
        (["a.*"], {"a.one", "a.two"}),
        (["c", "ab", "none"], {"ab", "c"}),
        ([".*"], set(attributes)),
        (["All"], set(attributes)),
        (["none"], set()),
        ([], set()),
    ):
        message = receive(queue, MessageAttributeNames=asked)[0]
        found = message.get("MessageAttributes", {})
        equal(set(found), expected, f"attributes of {asked}")
        digest = attributes_md5({key: attributes[key] for key in expected}) if expected else None
        equal(message.get("MD5OfMessageAttributes"), digest, f"digest of {asked}")


@check
def message_attributes_are_checked():
    queue = create()
    for key, value in (
        ("a", {"DataType": "Number", "StringValue": "x"}),
        ("a", {"DataType": "Nonsense", "StringValue": "x"}),
        ("a", {"DataType": "String", "StringValue": ""}),
        ("AWS.x", {"DataType": "String", "StringValue": "x"}),
        ("amazon.x", {"DataType": "String", "StringValue": "x"}),
        ("a b", {"DataType": "String", "StringValue": "x"}),
        (".a", {"DataType": "String", "StringValue": "x"}),
        ("a..b", {"DataType": "String", "StringValue": "x"}),
        ("a" * 257, {"DataType": "String", "StringValue": "x"}),
        ("a", {"DataType": "Binary", "BinaryValue": b""}),
    ):
        try:
            refused(
                "InvalidParameterValue",
                400,
                sqs.send_message,
                QueueUrl=queue,
                MessageBody="x",
                MessageAttributes={key: value},
            )
        except AssertionError as error:
            raise AssertionError(f"attribute {cut(key, 40)} {value}: {error}") from error


@check
def trace_header():
    queue = create()
    header = {
        "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x", MessageSystemAttributes=header)
    equal(sent["MD5OfMessageSystemAttributes"], attributes_md5(header), "MD5OfMessageSystemAttributes")
    message = receive(queue, AttributeNames=["AWSTraceHeader"])[0]
    equal(message["Attributes"], {"AWSTraceHeader": header["AWSTraceHeader"]["StringValue"]}, "attributes")


@check
def delays():
    queue = create()
    sqs.send_message(QueueUrl=queue, MessageBody="late", DelaySeconds=2)
    nothing(queue)
    equal(attribute(queue, "ApproximateNumberOfMessagesDelayed"), "1", "delayed messages")
    start = time.monotonic()
    equal(receive(queue, wait=10)[0]["Body"], "late", "body")
    true(0.8 < time.monotonic() - start < 5, f"a delay of 2 s took {time.monotonic() - start:.1f} s more")
    refused("InvalidParameterValue", 400, sqs.send_message, QueueUrl=queue, MessageBody="x", DelaySeconds=901)
    slow = create(DelaySeconds="900")
    sqs.send_message(QueueUrl=slow, MessageBody="now", DelaySeconds=0)
    equal(receive(slow)[0]["Body"], "now", "body of a message that overrides the queue's delay")


@check
def visibility():
    queue = create()
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    first = receive(queue, VisibilityTimeout=1)[0]
    nothing(queue)
    start = time.monotonic()
    second = receive(queue, wait=10, AttributeNames=["All"])[0]
    true(time.monotonic() - start < 4, "a timeout of 1 s ends in time")
    equal(second["Attributes"]["ApproximateReceiveCount"], "2", "ApproximateReceiveCount")
    true(first["ReceiptHandle"] != second["ReceiptHandle"], "each receive has a handle of its own")
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0)
    third = receive(queue, wait=0)[0]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=third["ReceiptHandle"], VisibilityTimeout=30)
    nothing(queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=third["ReceiptHandle"])
    refused(
        "InvalidParameterValue",
        400,
        sqs.change_message_visibility,
        text="does not exist or is not available for visibility timeout change",
        QueueUrl=queue,
        ReceiptHandle=third["ReceiptHandle"],
        VisibilityTimeout=30,
    )
    refused(
        "InvalidParameterValue",
        400,
        sqs.change_message_visibility,
        QueueUrl=queue,
        ReceiptHandle=third["ReceiptHandle"],
        VisibilityTimeout=43201,
    )
    # Sources differ on the status: 400 in the API Reference, 404 in models of newer clients.
    refused(
        "ReceiptHandleIsInvalid",
        None,
        sqs.change_message_visibility,
        exception="ReceiptHandleIsInvalid",
        QueueUrl=queue,
        ReceiptHandle="nonsense",
        VisibilityTimeout=3,
    )
    refused(
        "ReceiptHandleIsInvalid",
        None,
        sqs.delete_message,
        exception="ReceiptHandleIsInvalid",
        QueueUrl=queue,
        ReceiptHandle="nonsense",
    )


@check
def receive_parameters_are_checked():
    queue = create()
    for parameters in (
        dict(MaxNumberOfMessages=0),
        dict(MaxNumberOfMessages=11),
        dict(WaitTimeSeconds=21),
        dict(WaitTimeSeconds=-1),
        dict(VisibilityTimeout=43201),
        dict(VisibilityTimeout=-1),
        dict(ReceiveRequestAttemptId="x"),
    ):
        refused("InvalidParameterValue", 400, sqs.receive_message, QueueUrl=queue, **parameters)
    refused("InvalidAttributeName", 400, sqs.receive_message, QueueUrl=queue, AttributeNames=["Nonsense"])


@check
def a_send_wakes_a_long_poll():
    queue = create()
    found = {}

    def poll():
        start = time.monotonic()
        found["messages"] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", [])
        found["seconds"] = time.monotonic() - start

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    time.sleep(1)
    sqs.send_message(QueueUrl=queue, MessageBody="woken")
    thread.join(25)
    true(not thread.is_alive(), "the poll has ended")
    equal([message["Body"] for message in found["messages"]], ["woken"], "messages")
    true(0.9 < found["seconds"] < 3, f"the poll of 20 s took {found['seconds']:.1f} s")


@check
def a_long_poll_ends_without_messages():
    queue = create(ReceiveMessageWaitTimeSeconds="2")
    start = time.monotonic()
    equal(sqs.receive_message(QueueUrl=queue).get("Messages"), None, "messages")
    true(1.8 < time.monotonic() - start < 4, f"the queue's wait of 2 s took {time.monotonic() - start:.1f} s")
    start = time.monotonic()
    sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0)
    true(time.monotonic() - start < 1, "WaitTimeSeconds=0 overrides the queue's wait")


@check
def purge():
    queue = create()
    for index in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=str(index))
    receive(queue)
    sqs.purge_queue(QueueUrl=queue)
    until(lambda: attribute(queue, "ApproximateNumberOfMessages") == "0", "the queue is empty")
    equal(attribute(queue, "ApproximateNumberOfMessagesNotVisible"), "0", "messages in flight")
    nothing(queue)
    refused(
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        403,
        sqs.purge_queue,
        exception="PurgeQueueInProgress",
        text="every 60 seconds",
        QueueUrl=queue,
    )


# Sizes


@check
def a_message_of_the_greatest_size():
    queue = create()
    body = "0123456789abcdef" * (MESSAGE_BYTES // 16)
    sent = sqs.send_message(QueueUrl=queue, MessageBody=body)
    equal(sent["MD5OfMessageBody"], md5(body), "digest")
    message = receive(queue)[0]
    true(message["Body"] == body, "the body comes back as it was sent")
    refused(
        "InvalidParameterValue",
        400,
        sqs.send_message,
        text=f"must be shorter than {MESSAGE_BYTES} bytes",
        QueueUrl=queue,
        MessageBody=body + "x",
    )


@check
def size_counts_bytes_and_attributes():
    queue = create(MaximumMessageSize="1024")
    attributes = {"name": {"DataType": "String", "StringValue": "value"}}  # 4 + 6 + 5 bytes
    sqs.send_message(QueueUrl=queue, MessageBody="ä" * 504 + "x", MessageAttributes=attributes)
    refused(
        "InvalidParameterValue",
        400,
        sqs.send_message,
        text="must be shorter than 1024 bytes",
        QueueUrl=queue,
        MessageBody="ä" * 505,
        MessageAttributes=attributes,
    )


@check
def characters_that_grow_on_the_wire():
    queue = create()
    # Escaped, each of these is several bytes long; what counts is the message's own length.
    body = "<" * (MESSAGE_BYTES - 3) + "\u20ac"
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    true(receive(queue)[0]["Body"] == body, "the body comes back as it was sent")


# Batches


@check
def a_batch_of_ten_with_a_wrong_entry():
    queue = create()
    entries = [{"Id": f"id-{index}", "MessageBody": f"body {index}"} for index in range(10)]
    entries[3]["MessageBody"] = "wrong \x01"
    entries[5]["MessageAttributes"] = {"k": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    equal([entry["Id"] for entry in answer["Failed"]], ["id-3"], "entries that failed")
    failed = answer["Failed"][0]
    equal((failed["SenderFault"], failed["Code"]), (True, "InvalidMessageContents"), "failure")
    sent = {entry["Id"]: entry for entry in answer["Successful"]}
    equal(set(sent), {f"id-{index}" for index in range(10)} - {"id-3"}, "entries that were sent")
    for index in set(range(10)) - {3}:
        equal(sent[f"id-{index}"]["MD5OfMessageBody"], md5(f"body {index}"), "digest")
    equal(
        sent["id-5"]["MD5OfMessageAttributes"], attributes_md5(entries[5]["MessageAttributes"]), "digest of attributes"
    )
    messages = receive(queue, 9)
    equal({message["Body"] for message in messages}, {f"body {index}" for index in range(10)} - {"body 3"}, "bodies")
    changes = [
        {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
        for index, message in enumerate(messages)
    ]
    changes[0]["ReceiptHandle"] = "nonsense"
    changes[1]["VisibilityTimeout"] = 43201
    answer = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=changes)
    equal({entry["Id"] for entry in answer["Successful"]}, {str(index) for index in range(2, 9)}, "changed")
    equal(
        {entry["Id"]: entry["Code"] for entry in answer["Failed"]},
        {"0": "ReceiptHandleIsInvalid", "1": "InvalidParameterValue"},
        "not changed",
    )
    again = receive(queue, 7)
    deletions = [{"Id": str(index), "ReceiptHandle": item["ReceiptHandle"]} for index, item in enumerate(again)]
    deletions.append({"Id": "wrong", "ReceiptHandle": "nonsense"})
    answer = sqs.delete_message_batch(QueueUrl=queue, Entries=deletions)
    equal({entry["Id"] for entry in answer["Successful"]}, {str(index) for index in range(7)}, "deleted")
    equal(
        [(entry["Id"], entry["Code"]) for entry in answer["Failed"]],
        [("wrong", "ReceiptHandleIsInvalid")],
        "not deleted",
    )
    equal(attribute(queue, "ApproximateNumberOfMessagesNotVisible"), "2", "messages in flight")


@check
def empty_lists():
    queue = create()
    # The query protocol writes an empty list as a parameter without a value.
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[])
    equal(found.get("Attributes"), None, "attributes when none are asked for")
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    message = receive(queue, AttributeNames=[], MessageAttributeNames=[])[0]
    true("Attributes" not in message, "no attributes are asked for")


@check
def empty_batches_are_refused():
    queue = create()
    code = "AWS.SimpleQueueService.EmptyBatchRequest"
    for call in (sqs.send_message_batch, sqs.delete_message_batch, sqs.change_message_visibility_batch):
        refused(code, 400, call, exception="EmptyBatchRequest", QueueUrl=queue, Entries=[])


@check
def batches_are_checked():
    queue = create()
    prefix = "AWS.SimpleQueueService."

    def send(entries):
        return dict(QueueUrl=queue, Entries=[{"Id": entry, "MessageBody": "x"} for entry in entries])

    refused(
        f"{prefix}TooManyEntriesInBatchRequest",
        400,
        sqs.send_message_batch,
        exception="TooManyEntriesInBatchRequest",
        **send(map(str, range(11))),
    )
    refused(
        f"{prefix}BatchEntryIdsNotDistinct",
        400,
        sqs.send_message_batch,
        exception="BatchEntryIdsNotDistinct",
        **send(["a", "a"]),
    )
    for wrong in ("a b", "a" * 81, "ä"):
        refused(
            f"{prefix}InvalidBatchEntryId",
            400,
            sqs.send_message_batch,
            exception="InvalidBatchEntryId",
            **send([wrong]),
        )
    entries = [{"Id": str(index), "MessageBody": "x" * (MESSAGE_BYTES // 2)} for index in range(2)]
    equal(len(sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]), 2, "entries of the greatest size")
    entries[1]["MessageBody"] += "x"
    refused(
        f"{prefix}BatchRequestTooLong",
        400,
        sqs.send_message_batch,
        exception="BatchRequestTooLong",
        QueueUrl=queue,
        Entries=entries,
    )
    equal(attribute(queue, "ApproximateNumberOfMessages"), "2", "messages")


# FIFO queues


@check
def fifo_order_within_groups():
    queue = create(".fifo")
    sent = []
    for index in range(12):
        answer = sqs.send_message(
            QueueUrl=queue, MessageBody=str(index), MessageGroupId=f"g{index % 3}", MessageDeduplicationId=str(index)
        )
        sent.append(answer["SequenceNumber"])
    true(all(re.fullmatch(r"\d{20}", number) for number in sent), f"sequence numbers of 20 digits: {sent[0]}")
    equal(sent, sorted(set(sent)), "sequence numbers rise")
    first = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1, AttributeNames=["All"])["Messages"][0]
    equal(first["Body"], "0", "first message")
    details = first["Attributes"]
    equal(
        (details["MessageGroupId"], details["MessageDeduplicationId"], details["SequenceNumber"]),
        ("g0", "0", sent[0]),
        "system attributes",
    )
    # The first group is locked while its message is in flight.
    found = receive(queue, 8, AttributeNames=["MessageGroupId"])
    equal({item["Attributes"]["MessageGroupId"] for item in found}, {"g1", "g2"}, "groups")
    for group in (1, 2):
        order = [int(item["Body"]) for item in found if item["Attributes"]["MessageGroupId"] == f"g{group}"]
        equal(order, list(range(group, 12, 3)), f"order of group {group}")
    nothing(queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    equal([item["Body"] for item in receive(queue, 3)], ["3", "6", "9"], "the rest of the first group")


@check
def fifo_a_message_that_was_not_deleted_comes_first_again():
    queue = create(".fifo", VisibilityTimeout="1", ContentBasedDeduplication="true")
    for body in "abc":
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g")
    equal(receive(queue)[0]["Body"], "a", "body")
    equal(receive(queue, wait=5)[0]["Body"], "a", "body after the timeout")


@check
def fifo_deduplication():
    queue = create(".fifo", ContentBasedDeduplication="true")
    first = sqs.send_message(QueueUrl=queue, MessageBody="same", MessageGroupId="g")
    second = sqs.send_message(QueueUrl=queue, MessageBody="same", MessageGroupId="g")
    equal(
        (second["MessageId"], second["SequenceNumber"]),
        (first["MessageId"], first["SequenceNumber"]),
        "a repeated send has the first one's answer",
    )
    other = sqs.send_message(QueueUrl=queue, MessageBody="same", MessageGroupId="g", MessageDeduplicationId="other")
    true(other["MessageId"] != first["MessageId"], "another deduplication id, another message")
    found = receive(queue, 2, AttributeNames=["MessageDeduplicationId"])
    nothing(queue)
    equal(found[0]["Attributes"]["MessageDeduplicationId"], hashlib.sha256(b"same").hexdigest(), "id by content")
    for message in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    # It lasts beyond the deletion.
    sqs.send_message(QueueUrl=queue, MessageBody="same", MessageGroupId="g")
    nothing(queue)


@check
def fifo_parameters_are_checked():
    queue = create(".fifo")
    refused("MissingParameter", 400, sqs.send_message, text="MessageGroupId", QueueUrl=queue, MessageBody="x")
    refused(
        "InvalidParameterValue",
        400,
        sqs.send_message,
        text="ContentBasedDeduplication",
        QueueUrl=queue,
        MessageBody="x",
        MessageGroupId="g",
    )
    refused(
        "InvalidParameterValue",
        400,
        sqs.send_message,
        text="DelaySeconds",
        QueueUrl=queue,
        MessageBody="x",
        MessageGroupId="g",
        MessageDeduplicationId="d",
        DelaySeconds=5,
    )
    for wrong in ("a b", "ä", "a" * 129):
        refused(
            "InvalidParameterValue",
            400,
            sqs.send_message,
            text="MessageGroupId",
            QueueUrl=queue,
            MessageBody="x",
            MessageGroupId=wrong,
            MessageDeduplicationId="d",
        )
    standard = create()
    refused("InvalidAttributeName", 400, sqs.set_queue_attributes, QueueUrl=standard, Attributes={"FifoQueue": "true"})
    refused(
        "InvalidParameterValue",
        400,
        sqs.send_message,
        text="MessageDeduplicationId",
        QueueUrl=standard,
        MessageBody="x",
        MessageDeduplicationId="d",
    )
    # Standard queues take group ids, for their fairness.
    sqs.send_message(QueueUrl=standard, MessageBody="x", MessageGroupId="g")
    equal(
        receive(standard, AttributeNames=["MessageGroupId"])[0].get("Attributes"), {"MessageGroupId": "g"}, "attributes"
    )


@check
def fifo_a_repeated_receive_has_the_same_messages():
    queue = create(".fifo", ContentBasedDeduplication="true")
    for body in "ab":
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g")
    one = receive(queue, 2, ReceiveRequestAttemptId="attempt")
    two = receive(queue, 2, ReceiveRequestAttemptId="attempt")
    equal([item["MessageId"] for item in two], [item["MessageId"] for item in one], "messages")


@check
def fifo_an_old_handle_is_refused():
    queue = create(".fifo", ContentBasedDeduplication="true")
    sqs.send_message(QueueUrl=queue, MessageBody="a", MessageGroupId="g")
    old = receive(queue, VisibilityTimeout=1)[0]["ReceiptHandle"]
    time.sleep(1.2)
    refused(
        "InvalidParameterValue",
        400,
        sqs.delete_message,
        text="The receipt handle has expired",
        QueueUrl=queue,
        ReceiptHandle=old,
    )
    new = receive(queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=new)
    nothing(queue)


@check
def fifo_high_throughput():
    attributes = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    queue = create(".fifo", **attributes)
    equal({key: attribute(queue, key) for key in attributes}, attributes, "attributes")
    # Each group has deduplication ids of its own.
    for group in "ab":
        sqs.send_message(QueueUrl=queue, MessageBody=group, MessageGroupId=group, MessageDeduplicationId="same")
    equal({message["Body"] for message in receive(queue, 2)}, {"a", "b"}, "bodies")


@check
def fifo_a_delay_of_the_queue():
    queue = create(".fifo", ContentBasedDeduplication="true", DelaySeconds="1")
    sqs.send_message(QueueUrl=queue, MessageBody="late", MessageGroupId="g")
    nothing(queue)
    equal(receive(queue, wait=5)[0]["Body"], "late", "body")


@check
def fifo_batches_keep_their_order():
    queue = create(".fifo", ContentBasedDeduplication="true")
    entries = [{"Id": str(index), "MessageBody": f"b{index}", "MessageGroupId": "g"} for index in range(10)]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    numbers = {entry["Id"]: entry["SequenceNumber"] for entry in answer["Successful"]}
    equal([numbers[str(index)] for index in range(10)], sorted(numbers.values()), "sequence numbers in order")
    equal([item["Body"] for item in receive(queue, 10)], [f"b{index}" for index in range(10)], "bodies")


# Dead letters


def with_dead_letters(most=1, suffix="", **attributes):
    dead = create(suffix)
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": str(most)})
    return create(suffix, RedrivePolicy=policy, **attributes), dead


@check
def dead_letters():
    queue, dead = with_dead_letters(2, VisibilityTimeout="0")
    policy = json.loads(attribute(queue, "RedrivePolicy"))
    equal((policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])), (arn(dead), 2), "policy")
    attributes = {"k": {"DataType": "String", "StringValue": "v"}}
    sent = sqs.send_message(QueueUrl=queue, MessageBody="poison", MessageAttributes=attributes)
    for _ in range(2):
        receive(queue)
    nothing(queue)
    message = receive(dead, wait=5, AttributeNames=["All"], MessageAttributeNames=["All"])[0]
    equal((message["MessageId"], message["Body"]), (sent["MessageId"], "poison"), "dead letter")
    equal(message["MessageAttributes"], attributes, "attributes")
    equal(message["Attributes"].get("DeadLetterQueueSourceArn"), arn(queue), "DeadLetterQueueSourceArn")
    equal(message["Attributes"]["ApproximateReceiveCount"], "3", "the count of receives goes on")


@check
def fifo_dead_letters():
    queue, dead = with_dead_letters(1, ".fifo", ContentBasedDeduplication="true", VisibilityTimeout="1")
    for body in "ab":
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="g")
    equal(receive(queue)[0]["Body"], "a", "body")
    equal(receive(queue, wait=5)[0]["Body"], "b", "body after the first is a dead letter")
    message = receive(dead, AttributeNames=["All"])[0]
    equal((message["Body"], message["Attributes"]["MessageGroupId"]), ("a", "g"), "dead letter")


@check
def redrive_policies_are_checked():
    queue, dead = with_dead_letters()
    account = queue.split("/")[3]
    for wrong in (
        {"deadLetterTargetArn": arn(dead)},
        {"maxReceiveCount": 1},
        {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 0},
        {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1001},
        {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{account}:{name()}", "maxReceiveCount": 1},
        {"deadLetterTargetArn": arn(create(".fifo")), "maxReceiveCount": 1},
    ):
        refused(
            "InvalidParameterValue",
            400,
            sqs.set_queue_attributes,
            text="RedrivePolicy",
            QueueUrl=queue,
            Attributes={"RedrivePolicy": json.dumps(wrong)},
        )
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": ""})
    equal(attribute(queue, "RedrivePolicy"), None, "policy after it was removed")


@check
def list_dead_letter_source_queues():
    dead = create()
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 3})
    sources = {create(RedrivePolicy=policy) for _ in range(5)}
    equal(set(sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"]), sources, "sources")
    pager = sqs.get_paginator("list_dead_letter_source_queues")
    pages = list(pager.paginate(QueueUrl=dead, PaginationConfig={"PageSize": 2}))
    found = [queue for page in pages for queue in page.get("queueUrls", [])]
    equal((len(pages), len(found), set(found)), (3, 5, sources), "sources of all pages")
    answer = sqs.list_dead_letter_source_queues(QueueUrl=create())
    # The query protocol has no empty lists.
    equal(answer.get("queueUrls", None if is_json else []), [], "sources of a queue that has none")


@check
def move_tasks():
    queue, dead = with_dead_letters(1, VisibilityTimeout="0")
    for index in range(5):
        sqs.send_message(QueueUrl=queue, MessageBody=str(index))
    receive(queue, 5)
    nothing(queue)
    until(lambda: attribute(dead, "ApproximateNumberOfMessages") == "5", "five dead letters")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "30"})
    handle = sqs.start_message_move_task(SourceArn=arn(dead))["TaskHandle"]
    true(handle, "a task has a handle")

    def finished():
        result = sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"][0]
        return result if result["Status"] == "COMPLETED" else None

    result = until(finished, "the task has finished")
    equal((result["SourceArn"], result["ApproximateNumberOfMessagesMoved"]), (arn(dead), 5), "task")
    true(abs(result["StartedTimestamp"] / 1000 - time.time()) < 60, "StartedTimestamp in milliseconds")
    true("TaskHandle" not in result, "only a running task has a handle")
    equal({item["Body"] for item in receive(queue, 5)}, {str(index) for index in range(5)}, "bodies that came back")
    refused(
        "AWS.SimpleQueueService.UnsupportedOperation",
        400,
        sqs.cancel_message_move_task,
        exception="UnsupportedOperation",
        TaskHandle=handle,
    )


@check
def move_tasks_are_cancelled():
    queue, dead = with_dead_letters()
    target = create()
    for _ in range(3):
        sqs.send_message_batch(QueueUrl=dead, Entries=[{"Id": str(index), "MessageBody": "x"} for index in range(10)])
    handle = sqs.start_message_move_task(
        SourceArn=arn(dead), DestinationArn=arn(target), MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    task = sqs.list_message_move_tasks(SourceArn=arn(dead), MaxResults=10)["Results"][0]
    equal(
        (task["Status"], task["TaskHandle"], task["DestinationArn"], task["MaxNumberOfMessagesPerSecond"]),
        ("RUNNING", handle, arn(target), 1),
        "task",
    )
    refused(
        "AWS.SimpleQueueService.UnsupportedOperation",
        400,
        sqs.start_message_move_task,
        exception="UnsupportedOperation",
        SourceArn=arn(dead),
    )
    until(lambda: attribute(target, "ApproximateNumberOfMessages") != "0", "a message was moved")
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    true(1 <= moved < 30, f"some messages were moved: {moved}")
    until(
        lambda: sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"][0]["Status"] == "CANCELLED", "cancelled", 15
    )


@check
def move_tasks_are_checked():
    queue = create()
    account = queue.split("/")[3]
    refused("InvalidParameterValue", 400, sqs.start_message_move_task, text="Dead Letter Queue", SourceArn=arn(queue))
    unknown = f"arn:aws:sqs:us-east-1:{account}:{name()}"
    refused(
        "ResourceNotFoundException",
        404,
        sqs.start_message_move_task,
        exception="ResourceNotFoundException",
        SourceArn=unknown,
    )
    refused(
        "ResourceNotFoundException",
        404,
        sqs.list_message_move_tasks,
        exception="ResourceNotFoundException",
        SourceArn=unknown,
    )


@check
def redrive_allow_policies():
    dead, allowed, other = create(), create(), create()
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 3})
    permission = {"redrivePermission": "byQueue", "sourceQueueArns": [arn(allowed)]}
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": json.dumps(permission)})
    equal(json.loads(attribute(dead, "RedriveAllowPolicy")), permission, "policy")
    sqs.set_queue_attributes(QueueUrl=allowed, Attributes={"RedrivePolicy": policy})
    refused(
        "InvalidParameterValue", 400, sqs.set_queue_attributes, QueueUrl=other, Attributes={"RedrivePolicy": policy}
    )


# Others


@check
def every_path_of_the_query_protocol():
    queue = create()
    place = urllib.parse.urlsplit(url)
    path = urllib.parse.urlsplit(queue).path

    def call(method, target, form):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        text = urllib.parse.urlencode(form)
        try:
            if method == "GET":
                connection.request("GET", f"{target}?{text}")
            else:
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", target, body=text, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read().decode()
        finally:
            connection.close()

    for method in ("GET", "POST"):
        for target, more in ((path, {}), ("/", {"QueueUrl": queue}), (path, {"Version": "2012-11-05"})):
            status, kind, body = call(method, target, {"Action": "SendMessage", "MessageBody": "a+b &<é>"} | more)
            equal((status, kind), (200, "text/xml"), f"{method} {target} {more}: {body}")
            true(f"<MD5OfMessageBody>{md5('a+b &<é>')}</MD5OfMessageBody>" in body, f"digest in {body}")
            true(
                body.count("<SendMessageResponse xmlns=") == 1 and "<SendMessageResult>" in body, f"elements of {body}"
            )
    equal({message["Body"] for message in receive(queue, 6)}, {"a+b &<é>"}, "bodies")
    status, kind, body = call("GET", path, {"Action": "Nonsense"})
    true(status == 400 and "<Code>InvalidAction</Code>" in body and "<Type>Sender</Type>" in body, f"{status} {body}")
    status, kind, body = call("GET", path + "x", {"Action": "ReceiveMessage"})
    true(status == 400 and "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in body, f"{status} {body}")


@check
def the_resource_api():
    service = session.resource("sqs", **settings)
    queue = service.create_queue(QueueName=name(), Attributes={"VisibilityTimeout": "20"})
    made.append(queue.url)
    equal(service.get_queue_by_name(QueueName=queue.url.rsplit("/", 1)[1]).url, queue.url, "URL")
    equal(queue.attributes["VisibilityTimeout"], "20", "attribute")
    queue.send_message(MessageBody="one")
    queue.send_messages(Entries=[{"Id": "a", "MessageBody": "two"}])
    bodies = []
    for _ in range(4):
        for message in queue.receive_messages(WaitTimeSeconds=1, MaxNumberOfMessages=10):
            bodies.append(message.body)
            message.change_visibility(VisibilityTimeout=10)
            message.delete()
        if len(bodies) == 2:
            break
    equal(sorted(bodies), ["one", "two"], "bodies")
    queue.load()
    equal(queue.attributes["ApproximateNumberOfMessagesNotVisible"], "0", "messages in flight")
    true(
        queue.url in [item.url for item in service.queues.filter(QueueNamePrefix=f"clients-{run}")],
        "the queue is listed",
    )
    queue.delete()
    try:
        service.get_queue_by_name(QueueName=queue.url.rsplit("/", 1)[1])
    except service.meta.client.exceptions.QueueDoesNotExist:
        pass
    else:
        raise AssertionError("the queue is still there")


@check
def answers_have_request_ids():
    answer = sqs.list_queues(QueueNamePrefix=run)["ResponseMetadata"]
    true(answer.get("RequestId"), "an answer has a request id")
    wanted = name()
    error = refused("AWS.SimpleQueueService.NonExistentQueue", 400, sqs.get_queue_url, QueueName=wanted)
    true(error["ResponseMetadata"].get("RequestId"), "a refusal has a request id")
    equal(error["Error"].get("Type") or "Sender", "Sender", "type of the error")


@check
def a_connection_serves_many_requests():
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    connection.connect()
    connection.auto_open = 0
    for index in range(50):
        try:
            if is_json:
                headers = {"X-Amz-Target": "AmazonSQS.GetQueueUrl", "Content-Type": "application/x-amz-json-1.0"}
                connection.request("POST", "/", body=json.dumps({"QueueName": "x" * 79}), headers=headers)
            else:
                headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
                connection.request("POST", "/", body=f"Action=GetQueueUrl&QueueName={'x' * 79}", headers=headers)
            answer = connection.getresponse()
            answer.read()
        except (http.client.HTTPException, OSError) as error:
            raise AssertionError(f"closed after {index} requests, without Connection: close: {error!r}") from error
        true(answer.getheader("Connection") != "close", "an answer does not close the connection")
    connection.close()


@check
def many_threads_lose_and_double_nothing():
    queue = create()
    received, mistakes, lock = [], [], threading.Lock()
    done = threading.Event()

    def consume():
        try:
            take()
        except Exception as error:
            mistakes.append(error)

    def take():
        while not done.is_set():
            messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
                "Messages", []
            )
            if messages:
                entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
                sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
                with lock:
                    received.extend(message["Body"] for message in messages)

    threads = [threading.Thread(target=consume, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for start in range(0, 200, 10):
            entries = [{"Id": str(index), "MessageBody": str(index)} for index in range(start, start + 10)]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        until(lambda: len(received) >= 200 or mistakes, "200 messages are received", 20)
    finally:
        done.set()
        for thread in threads:
            thread.join(5)
    if mistakes:
        raise mistakes[0]
    equal(sorted(map(int, received)), list(range(200)), "messages")


@check
def every_action_was_called():
    if not sys.argv[2:]:
        equal(set(sqs.meta.service_model.operation_names) - called, set(), "actions that no check has called")


called = set()


def main():
    sqs.meta.events.register("before-call.sqs", lambda model, **_: called.add(model.name))
    wanted = sys.argv[2:]
    unknown = set(wanted) - {function.__name__ for function in checks}
    if unknown:
        sys.exit(f"there is no check {', '.join(sorted(unknown))}")
    failures = 0
    print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}, {'AWS JSON' if is_json else 'query protocol'}")
    for function in checks:
        if wanted and function.__name__ not in wanted:
            continue
        start = time.monotonic()
        try:
            function()
        except Exception as error:
            failures += 1
            line = traceback.extract_tb(error.__traceback__)
            place = next(frame.lineno for frame in reversed(line) if frame.name == function.__name__)
            reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            print(f"FAILED {function.__name__}: line {place}: {cut(reason, 900)}", flush=True)
        else:
            print(f"ok {function.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
    for queue in made:
        try:
            sqs.delete_queue(QueueUrl=queue)
        except (ClientError, BotoCoreError):
            pass  # It is deleted already, or a check has said what is wrong.
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
