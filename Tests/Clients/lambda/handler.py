"""A function that does what its event says under "do", and notes the messages of queues."""

import os
import sys
import time

import notes

VERSION = "1"
if os.environ.get("FAILS"):
    raise RuntimeError("this module cannot be loaded")


class Refusal(Exception):
    pass


def fail(text):
    raise Refusal(text)


def describe(context):
    client = context.client_context
    return {
        "id": context.aws_request_id,
        "remaining": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "custom": client and client.custom,
        "environment": client and client.env,
        "installation": client and client.client and client.client.installation_id,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }


def place():
    import awslambdaric

    return {
        "version": VERSION,
        "runtime": awslambdaric.__file__,
        "folder": os.getcwd(),
        "root": os.environ["LAMBDA_TASK_ROOT"],
        "temporary": os.environ["TMPDIR"],
        "python": sys.executable,
        "level": os.environ.get("LEVEL"),
        "pid": os.getpid(),
    }


def records(event, context):
    """Notes each message, with the invocation that got it."""
    for record in event["Records"]:
        attributes = record["attributes"]
        began = time.time()
        if record["body"].startswith("sleep "):
            time.sleep(float(record["body"].split()[1]))
        notes.note(
            body=record["body"],
            batch=context.aws_request_id,
            size=len(event["Records"]),
            receives=int(attributes["ApproximateReceiveCount"]),
            group=attributes.get("MessageGroupId"),
            source=record["eventSourceARN"],
            attributes=record["messageAttributes"],
            began=began,
            ended=time.time(),
        )


def main(event, context):
    if not isinstance(event, dict):
        return event
    if "Records" in event:
        return records(event, context)
    if "responsePayload" in event:
        return notes.note(record=event)
    do = event.get("do", "echo")
    if do == "echo":
        return event
    if do == "context":
        return describe(context)
    if do == "place":
        return place()
    if do == "error":
        fail(event["text"])
    if do == "note":
        return notes.note(event.get("notes"), body=event["text"], id=context.aws_request_id)
    if do == "sleep":
        if "notes" in event:
            notes.note(event["notes"], body="asleep")
        time.sleep(event["seconds"])
        return os.getpid()
    if do == "exit":
        os._exit(event["status"])
    if do == "big":
        return "x" * event["bytes"]
    if do == "memory":
        hold = bytearray(event["megabytes"] << 20)
        time.sleep(5)
        return len(hold)
    if do == "print":
        return print(event["text"])
    if do == "set":
        return {1, 2}
    raise ValueError(do)
