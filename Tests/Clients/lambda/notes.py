"""Tells the test what a function has seen: by a queue, since functions share nothing else with it."""

import json
import os
import urllib.request


def note(queue=None, **what):
    """Sends a note to a queue, without a name to that of the variable NOTES.

    The request is made by hand: an import of boto3 would take longer than the rest of a function.
    """
    endpoint = os.environ["AWS_ENDPOINT_URL_SQS"]
    account = os.environ["AWS_ACCESS_KEY_ID"]
    body = {"QueueUrl": f"{endpoint}/{account}/{queue or os.environ['NOTES']}", "MessageBody": json.dumps(what)}
    headers = {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}
    request = urllib.request.Request(endpoint, json.dumps(body).encode(), headers)
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()
