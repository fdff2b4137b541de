"""Checks that an endpoint with keys takes requests that are signed with Signature Version 4, and refuses all others.

usage: sqs_signed.py URL KEY SECRET [TOKEN_KEY TOKEN_SECRET TOKEN]

KEY and SECRET are of a key without a session token; the others, of one with it. It runs with a boto3 of either
protocol. Each check prints `ok NAME` or `FAILED NAME: reason`; the exit code is 1 if any has failed.
"""

import datetime
import http.client
import json
import re
import sys
import urllib.parse
import uuid

import boto3
import botocore.auth
from botocore import UNSIGNED
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

if len(sys.argv) not in (4, 7):
    sys.exit(__doc__)
url, key, secret = sys.argv[1:4]
token_key, token_secret, token = sys.argv[4:7] if len(sys.argv) == 7 else (None, None, None)
region = "us-east-1"
place = urllib.parse.urlsplit(url)
run = uuid.uuid4().hex[:8]
checks = []


def check(function):
    """Marks a function as a check; its name is the check's."""
    checks.append(function)
    return function


def client(*credentials, **config):
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    settings = Config(retries={"total_max_attempts": 1}, proxies={}, **config)
    return boto3.client("sqs", endpoint_url=url, region_name=region, config=settings, **dict(zip(names, credentials)))


def refused(code, status, sqs, text=None):
    """Checks how a client's call is refused."""
    try:
        sqs.list_queues()
    except ClientError as error:
        compare(
            code,
            status,
            text,
            error.response["Error"]["Code"],
            error.response["ResponseMetadata"]["HTTPStatusCode"],
            error.response["Error"].get("Message", ""),
        )
    else:
        raise AssertionError(f"expected {code}, found an answer")


def compare(code, status, text, found_code, found_status, message):
    if (found_code, found_status) != (code, status):
        raise AssertionError(f"expected {code} {status}, found {found_code} {found_status}: {message}")
    if text is not None and not re.search(text, message):
        raise AssertionError(f"expected a text like {text!r}, found {message!r}")


class at:
    """Lets botocore sign as if it were so many seconds later."""

    def __init__(self, seconds):
        self.change = datetime.timedelta(seconds=seconds)

    def __enter__(self):
        change = self.change
        self.saved = {}
        # Newer versions of botocore ask get_current_datetime, older ones datetime.datetime.
        if hasattr(botocore.auth, "get_current_datetime"):
            original = botocore.auth.get_current_datetime
            self.saved["get_current_datetime"] = original
            botocore.auth.get_current_datetime = lambda *values, **named: original(*values, **named) + change
            return

        class Clock(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + change

        class Module:
            datetime = Clock

            def __getattr__(self, name):
                return getattr(datetime, name)

        self.saved["datetime"] = botocore.auth.datetime
        botocore.auth.datetime = Module()

    def __exit__(self, *_):
        for name, value in self.saved.items():
            setattr(botocore.auth, name, value)


def signed(
    method, path, body=b"", headers=None, query=None, credentials=None, lifetime=None, service="sqs", scope=region
):
    """A signed request: its target and headers. With a lifetime the signature is in the query."""
    target = url.rstrip("/") + path + (f"?{query}" if query else "")
    request = AWSRequest(method=method, url=target, data=body, headers=headers or {})
    credentials = credentials or Credentials(key, secret)
    if lifetime is None:
        SigV4Auth(credentials, service, scope).add_auth(request)
    else:
        SigV4QueryAuth(credentials, service, scope, expires=lifetime).add_auth(request)
    prepared = request.prepare()
    return prepared.url[len(url.rstrip("/")) :], dict(prepared.headers.items())


def call(method, target, headers, body=b""):
    """Sends a request as it is: the status, and the body as text."""
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    headers.pop("Content-Length", None)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    try:
        connection.request(method, target, body=body or None, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def is_listed(answer):
    status, body = answer
    if status != 200 or not ("ListQueuesResponse" in body or body.startswith("{")):
        raise AssertionError(f"expected 200 and a list, found {status}: {body[:300]}")


def is_refused(answer, code, status, text=None):
    found, body = answer
    if body.startswith("{"):
        document = json.loads(body)
        name, message = document["__type"].split("#")[-1], document.get("message") or document.get("Message", "")
    else:
        name = (re.search("<Code>(.*?)</Code>", body) or [None, None])[1]
        message = (re.search("<Message>(.*?)</Message>", body, re.S) or [None, ""])[1]
    compare(code, status, text, name, found, message)


JSON_HEADERS = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ListQueues"}
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
LIST = "Action=ListQueues&Version=2012-11-05"


@check
def the_right_key_works():
    sqs = client(key, secret)
    queue = sqs.create_queue(QueueName=f"clients-{run}", tags={"a b": "ü&="})["QueueUrl"]
    try:
        attributes = {"k": {"DataType": "Binary", "BinaryValue": bytes(range(256))}}
        sqs.send_message(QueueUrl=queue, MessageBody="ü + & = % \r\n 😀", MessageAttributes=attributes)
        message = sqs.receive_message(
            QueueUrl=queue, MessageAttributeNames=["All"], AttributeNames=["All"], WaitTimeSeconds=2
        )["Messages"][0]
        if message["Body"] != "ü + & = % \r\n 😀" or message["MessageAttributes"] != attributes:
            raise AssertionError(f"the message came back as {message}")
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    finally:
        sqs.delete_queue(QueueUrl=queue)


@check
def any_region_may_be_signed_for():
    is_listed(call("GET", *signed("GET", "/", query=LIST, scope="eu-central-1")))


@check
def a_wrong_secret_is_refused():
    refused("SignatureDoesNotMatch", 403, client(key, secret + "x"), "signature we calculated does not match")


@check
def an_unknown_key_is_refused():
    refused("InvalidClientTokenId", 403, client("AKIDUNKNOWNUNKNOWN00", secret), "security token .* is invalid")


@check
def an_unsigned_request_is_refused():
    refused("MissingAuthenticationToken", 403, client(signature_version=UNSIGNED))
    is_refused(call("GET", f"/?{LIST}", {}), "MissingAuthenticationToken", 403)
    is_refused(call("POST", "/", JSON_HEADERS, b"{}"), "MissingAuthenticationToken", 403)


@check
def a_session_token_works_and_is_checked():
    if token is None:
        return
    client(token_key, token_secret, token).list_queues()
    refused("InvalidClientTokenId", 403, client(token_key, token_secret, token + "x"))
    refused("InvalidClientTokenId", 403, client(token_key, token_secret))
    refused("InvalidClientTokenId", 403, client(key, secret, token))
    credentials = Credentials(token_key, token_secret, token)
    is_listed(call("GET", *signed("GET", "/", query=LIST, credentials=credentials, lifetime=60)))


@check
def a_clock_that_is_an_hour_late_is_refused():
    with at(-3600):
        refused(
            "SignatureDoesNotMatch", 403, client(key, secret), r"Signature expired: \d{8}T\d{6}Z is now earlier than"
        )


@check
def a_clock_that_is_an_hour_early_is_refused():
    with at(3600):
        refused("SignatureDoesNotMatch", 403, client(key, secret), "Signature not yet current")


@check
def a_clock_that_is_ten_minutes_off_works():
    for seconds in (-600, 600):
        with at(seconds):
            client(key, secret).list_queues()


@check
def a_presigned_url_works():
    is_listed(call("GET", *signed("GET", "/", query=LIST, lifetime=60)))
    query = f"{LIST}&QueueNamePrefix=" + urllib.parse.quote("a b+c/ü~*", safe="")
    is_listed(call("GET", *signed("GET", "/", query=query, lifetime=60)))


@check
def an_expired_presigned_url_is_refused():
    with at(-120):
        target, headers = signed("GET", "/", query=LIST, lifetime=60)
    is_refused(call("GET", target, headers), "RequestExpired", 403)
    with at(-120):
        target, headers = signed("GET", "/", query=LIST, lifetime=600)
    is_listed(call("GET", target, headers))


@check
def a_changed_presigned_url_is_refused():
    target, headers = signed("GET", "/", query=LIST, lifetime=60)
    is_refused(call("GET", f"{target}&QueueNamePrefix=x", headers), "SignatureDoesNotMatch", 403)
    is_refused(
        call("GET", target.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), headers), "SignatureDoesNotMatch", 403
    )
    is_refused(
        call("GET", re.sub("X-Amz-Signature=.", "X-Amz-Signature=g", target), headers), "SignatureDoesNotMatch", 403
    )


@check
def a_signed_post_works_in_either_protocol():
    is_listed(call("POST", *signed("POST", "/", b"{}", JSON_HEADERS), b"{}"))
    body = LIST.encode()
    is_listed(call("POST", *signed("POST", "/", body, FORM_HEADERS), body))


@check
def a_changed_body_is_refused():
    target, headers = signed("POST", "/", b"{}", JSON_HEADERS)
    is_refused(call("POST", target, headers, b"{ }"), "SignatureDoesNotMatch", 403)
    target, headers = signed("POST", "/", LIST.encode(), FORM_HEADERS)
    is_refused(call("POST", target, headers, LIST.encode() + b"&MaxResults=1"), "SignatureDoesNotMatch", 403)


@check
def a_changed_header_is_refused():
    target, headers = signed("POST", "/", b"{}", JSON_HEADERS)
    changed = dict(headers)
    changed["X-Amz-Target"] = "AmazonSQS.GetQueueUrl"
    is_refused(call("POST", target, changed, b"{}"), "SignatureDoesNotMatch", 403)
    changed = dict(headers)
    changed["Host"] = "sqs.eu-central-1.amazonaws.com"
    is_refused(call("POST", target, changed, b"{}"), "SignatureDoesNotMatch", 403)
    # Headers that are not signed may change: proxies add some.
    changed = dict(headers)
    changed["X-Forwarded-For"] = "10.0.0.1"
    is_listed(call("POST", target, changed, b"{}"))


@check
def a_changed_path_query_or_method_is_refused():
    target, headers = signed("POST", "/", b"{}", JSON_HEADERS)
    is_refused(call("POST", "/000000000000/x", headers, b"{}"), "SignatureDoesNotMatch", 403)
    is_refused(call("POST", "/?a=b", headers, b"{}"), "SignatureDoesNotMatch", 403)
    target, headers = signed("GET", "/", query=LIST)
    is_refused(call("POST", target, headers), "SignatureDoesNotMatch", 403)


@check
def a_signature_of_another_service_is_refused():
    target, headers = signed("GET", "/", query=LIST, service="sns")
    is_refused(
        call("GET", target, headers), "SignatureDoesNotMatch", 403, "Credential should be scoped to correct service"
    )


@check
def a_header_that_is_no_signature_is_refused():
    target, headers = signed("GET", "/", query=LIST)
    authorization = headers["Authorization"]
    headers["Authorization"] = re.sub(r", Signature=\w+", "", authorization)
    is_refused(call("GET", target, headers), "IncompleteSignature", 400)
    headers["Authorization"] = "AWS4-HMAC-SHA256"
    is_refused(call("GET", target, headers), "IncompleteSignature", 400)


def main():
    failures = 0
    for function in checks:
        if token is None and function is a_session_token_works_and_is_checked:
            continue
        try:
            function()
        except (AssertionError, BotoCoreError, ClientError, OSError, http.client.HTTPException, LookupError) as error:
            failures += 1
            reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            print(f"FAILED {function.__name__}: {reason}", flush=True)
        else:
            print(f"ok {function.__name__}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
