"""A runtime for tests: asks for work by the Runtime API, and does what each event says under "do"."""
import base64, http.client, json, os, signal, socket, subprocess, sys, threading, time

host = os.environ["AWS_LAMBDA_RUNTIME_API"]
base = "/2018-06-01/runtime"


def call(method, path, body=None, headers={}):
    """Status, headers and body of one call, on a connection of its own."""
    connection = http.client.HTTPConnection(host)
    connection.request(method, base + path, body, headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def stream(path, chunks, trailers={}):
    """A streamed response; the trailers tell of an error. Without the last chunk if they are None."""
    connection = socket.create_connection(tuple(host.split(":")))
    head = f"POST {base}{path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n"
    head += "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
    head += "".join(f"Trailer: {name}\r\n" for name in trailers or {}) + "\r\n"
    connection.sendall(head.encode())
    for chunk in chunks:
        connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        time.sleep(0.02)
    if trailers is None:
        return connection.close()
    connection.sendall(b"0\r\n" + "".join(f"{k}: {v}\r\n" for k, v in trailers.items()).encode() + b"\r\n")
    connection.recv(4096)
    connection.close()


def handle(event, context):
    """What the answer is; nothing if it has been given, or is not to be."""
    do, path = event.get("do", "echo"), "/invocation/" + context["id"]
    if do == "echo":
        return json.dumps(event).encode()
    if do == "context":
        return json.dumps(context).encode()
    if do == "environment":
        return json.dumps({"pid": os.getpid(), "cwd": os.getcwd(), "variables": dict(os.environ)}).encode()
    if do == "raw":
        return event["text"].encode()
    if do == "print":
        print(event["text"], flush=True)
        return b"null"
    if do == "flood":
        while True:
            os.write(1, b"x" * 1000 + b"\n")
    if do == "sleep":
        time.sleep(event["seconds"])
        return b"null"
    if do == "exit":
        os._exit(event["status"])
    if do == "signal":
        os.kill(os.getpid(), event["number"])
    if do == "memory":
        if event.get("thread"):
            # A child of another thread than the first.
            program = f"h = bytearray({event['megabytes']} << 20); import time; time.sleep(20)"
            start = lambda: subprocess.run([sys.executable, "-c", program])
            thread = threading.Thread(target=start)
            thread.start()
            thread.join()
        hold = bytearray(event["megabytes"] << 20)
        time.sleep(event.get("seconds", 0))
        return str(len(hold)).encode()
    if do == "big":
        return b"x" * event["bytes"]
    if do == "child":
        child = subprocess.Popen(["sleep", "1000"])
        print("child", child.pid, flush=True)
        if event.get("hang"):
            time.sleep(1000)
        return str(child.pid).encode()
    if do == "temporary":
        name = os.environ["TMPDIR"] + "/count"
        count = int(open(name).read()) + 1 if os.path.exists(name) else 1
        open(name, "w").write(str(count))
        return str(count).encode()
    if do == "error":
        body = json.dumps({"errorType": "Sorry", "errorMessage": event["text"], "stackTrace": ["a", "b"]})
        call("POST", path + "/error", body, {"Lambda-Runtime-Function-Error-Type": "Function.Sorry"})
        return None
    if do == "stream":
        stream(path + "/response", [part.encode() for part in event["parts"]])
        return None
    if do == "stream error":
        error = base64.b64encode(event["text"].encode()).decode()
        stream(path + "/response", [b"half"], {
            "Lambda-Runtime-Function-Error-Type": "Late", "Lambda-Runtime-Function-Error-Body": error})
        return None
    if do == "calls":
        results = [call(c[0], c[1].replace("ID", context["id"]), c[2] if len(c) > 2 else None)[0]
                   for c in event["calls"]]
        return json.dumps(results).encode()
    if do == "batch":
        names = [record["body"] for record in event["Records"]]
        return json.dumps(names).encode()
    raise ValueError(do)


def batch(event):
    """Handles the messages of a queue: those that say so fail."""
    failed = []
    for record in event["Records"]:
        print("message", record["body"], record["attributes"]["ApproximateReceiveCount"], flush=True)
        if record["body"].startswith("sleep "):
            time.sleep(float(record["body"].split()[1]))
        if record["body"].startswith("fail"):
            failed.append({"itemIdentifier": record["messageId"]})
    return json.dumps({"batchItemFailures": failed}).encode()


# A start that fails: always, or as often as a file says.
if os.environ.get("FAILS") == "exit":
    sys.exit(7)
if os.environ.get("FAILS") == "report":
    call("POST", "/init/error", json.dumps({"errorType": "Init.Bad", "errorMessage": "cannot begin"}))
    sys.exit(1)
if os.environ.get("FAILS") == "hang":
    time.sleep(1000)
if os.environ.get("FAILS_ONCE"):
    marker = os.environ["FAILS_ONCE"]
    if not os.path.exists(marker):
        open(marker, "w").close()
        sys.exit(1)
print("version", os.environ.get("VERSION_TEXT", "1"), flush=True)

while True:
    status, headers, body = call("GET", "/invocation/next")
    if status != 200:
        sys.exit(f"next: {status} {body}")
    event = json.loads(body)
    context = {
        "id": headers["Lambda-Runtime-Aws-Request-Id"],
        "headers": {name.lower(): value for name, value in headers.items()},
    }
    answer = batch(event) if "Records" in event else handle(event, context)
    if answer is not None:
        call("POST", f"/invocation/{context['id']}/response", answer)
