"""What openapi.json says of texts by their format, for schemathesis; and the rules between fields that no schema can say."""

import datetime
import json
import os
import random
import re
import urllib.request
import uuid

import schemathesis
from hypothesis import strategies as st

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001, "us": 0.000001}


def seconds(text):
    return sum(float(amount) * UNITS[unit] for amount, unit in re.findall(r"([\d.]+)(ms|us|[wdhms])", text))


def duration(least, most):
    """Texts between two lengths: whole milliseconds, written as one unit or two."""
    low, high = max(1, round(seconds(least) * 1000)), round(seconds(most) * 1000)
    ms = st.integers(low, high)
    whole = st.integers((low + 999) // 1000, high // 1000)
    texts = [ms.map(lambda n: f"{n}ms"), st.sampled_from([f"{low}ms", f"{high}ms"])]
    if whole is not None and (low + 999) // 1000 <= high // 1000:
        texts += [whole.map(lambda n: f"{n}s"), whole.map(lambda n: f"PT{n}S"),
                  whole.map(lambda n: f"{n // 60}m{n % 60}s" if n >= 60 else f"{n}s")]
    return st.one_of(texts)


def formats_of(value):
    if isinstance(value, dict):
        if isinstance(value.get("format"), str):
            yield value["format"]
        for inner in value.values():
            yield from formats_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from formats_of(inner)


with urllib.request.urlopen(os.environ["HEADGATE_API"] + "/openapi.json") as answer:
    DOCUMENT = json.load(answer)
for name in set(formats_of(DOCUMENT)):
    if name.startswith("duration:"):
        schemathesis.openapi.format(name, duration(*name.removeprefix("duration:").split("..")))

minute, hour = st.integers(0, 59).map(str), st.integers(0, 23).map(str)
field = st.one_of(st.just("*"), minute, minute.map(lambda n: f"*/{max(1, int(n))}"), st.just("1,5-9"), st.just("H"))
schemathesis.openapi.format(
    "cron",
    st.one_of(
        st.sampled_from(["@daily", "@hourly", "*/60 * * * *", "0\t0 * * MON", "0 0 0 L * ?", "5~15 * * * *"]),
        st.tuples(field, hour, st.sampled_from(["*", "1", "15W", "L"]), st.sampled_from(["*", "JAN", "*/5"]),
                  st.sampled_from(["*", "1-5", "6#3", "SUN"])).map(" ".join)))
schemathesis.openapi.format("time-zone", st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"]))
schemathesis.openapi.format(
    "http-url",
    st.tuples(st.sampled_from(["http://", "https://", "HTTP://"]),
              st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{2,5})?", fullmatch=True), st.sampled_from(["", ":1", ":65535"]),
              st.from_regex(r"(/[a-zA-Z0-9._~%41-]{0,10}){0,3}(\?[a-z=&]{0,9})?", fullmatch=True)).map("".join))
schemathesis.openapi.format(
    "margin", st.one_of(duration("0s", "7d"), st.integers(0, 10000).map(lambda n: f"{n // 100}.{n % 100:02}%")))
# Years that others can write in their own time zone too.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30)).map(lambda t: t.isoformat() + "Z"))


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """Each line is looked at alone: any text is an import, if only one of refused lines."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def is_valid(case):
    """The case is meant to be accepted."""
    meta = getattr(case, "meta", None)
    mode = getattr(getattr(meta, "generation", None), "mode", None)
    return mode is not None and mode.value == "positive"


def repair_action(holder):
    """A GET or HEAD has no body; secrets would have to be there; names of headers that Headgate sets are refused."""
    if isinstance(holder, dict):
        # Flows would have to be there, and an action is only one thing.
        holder.pop("flow", None)
        if holder.get("http") is None:
            holder["http"] = {"url": "http://example.com/"}
    call = (holder or {}).get("http")
    if not isinstance(call, dict):
        return
    if call.get("method") in ("GET", "HEAD"):
        call.pop("body", None)
    call.pop("signing", None)
    if isinstance(call.get("headers"), dict):
        kept = {}
        for name, value in call["headers"].items():
            reserved = name.lower() in ("host", "content-length", "transfer-encoding", "connection", "idempotency-key")
            if not reserved and not name.lower().startswith(("headgate-", "webhook-")):
                if name.lower() not in map(str.lower, kept):
                    kept[name] = value
        call["headers"] = kept


def repair_schedule(body):
    """What runs: something lies ahead, the end is after the beginning, and a spread has a margin."""
    for holder in (body.get("action"), body.get("onFailure")):
        repair_action(holder)
    body["when"] = (body.get("when") or [])[:98] + [{"every": "1h"}]
    for entry in body["when"] + (body.get("except") or []):
        if "cron" in entry:
            # Six fields with ? are Quartz's, which both dialects read; five are not.
            entry["cron"] = entry["cron"] if entry.get("dialect") != "quartz" else "0 0 0 L * ?"
    body.pop("except", None)
    for name in ("from", "until", "name", "spread"):
        body.pop(name, None)
    repair_retry(body)


def example(schema):
    """What the schema shows: no schema can say what makes a flow or a binding."""
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if content.get("schema", {}).get("$ref", "").endswith("/" + schema) and "example" in content:
                return json.loads(json.dumps(content["example"]))
    raise KeyError(schema)


def repair_retry(body):
    """The cap is not below the initial wait."""
    if isinstance(body.get("retry"), dict):
        body["retry"].pop("cap", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers
    if headers is not None and is_valid(case):
        # Each request is its own; what it expects to find cannot be known.
        if "Idempotency-Key" in headers:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        headers.pop("If-Match", None)
    if not is_valid(case):
        # Null stands for a field that is left out: a mistake that has become null is none any more.
        if isinstance(case.body, dict):
            case.body = {name: [] if value is None else value for name, value in case.body.items()}
        return
    path, body, query = case.operation.path, case.body, case.query
    if query and path == "/v1/forecast":
        for name in ("from", "to"):
            query.pop(name, None)
        query["step"] = "1h"
    if query and path in ("/v1/schedules/{name}/upcoming", "/v1/schedules/preview"):
        # A schedule with maxTriggers says nothing of a time that lies behind millions of others.
        query.pop("after", None)
    if path == "/v1/bindings/{type}" and case.path_parameters:
        case.path_parameters["type"] = "model.train"
    if not isinstance(body, dict):
        return
    if path == "/v1/flows/{name}":
        case.body = example("FlowDocument")
    elif path == "/v1/bindings/{type}":
        case.body = example("BindingDocument")
    elif path == "/v1/flows/{name}/executions":
        # All flows that this makes are the example. The id of another start may have another input.
        body.pop("version", None)
        body.pop("id", None)
        body["input"] = example("Start")["input"]
    elif path in ("/v1/schedules/{name}", "/v1/schedules/preview"):
        repair_schedule(body)
    elif path == "/v1/triggers":
        repair_action(body.get("action"))
        repair_retry(body)
    elif path == "/v1/schedules/{name}/backfill":
        body["from"], body["to"] = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"
    elif path == "/v1/tenants/{tenant}":
        for name in ("tenant", "revision", "updatedAt"):
            body.pop(name, None)
        repair_action(body.get("onFailure"))
        body["paused"] = False
    elif path == "/v1/keys":
        # The header names the tenant that the key acts for.
        body.pop("tenant", None)
