"""Checks that thousands of connections that ask for nothing take nothing from the others.

usage: sqs_idle.py URL [PID [CONNECTIONS]]

PID is the endpoint's process: with it memory and processor time are checked, too. CONNECTIONS is 10,000 unless given,
or as many as the limit of open files allows. If the endpoint itself may open fewer files than that, such as after
`ulimit -n 1024`, only the checks of that case run. Each check prints `ok NAME` or `FAILED NAME: reason`; the exit code
is 1 if any has failed. It takes about a minute.
"""

import http.client
import json
import os
import re
import resource
import select
import socket
import struct
import sys
import threading
import time
import urllib.parse
import uuid

from checks import cut, equal, true

SPARE_FILES = 100
RATE = 2_000  # connections a second that are opened
WITHIN = 2.0  # seconds in which a request of somebody else is answered
MEMORY = 200 << 10  # KiB by which the process may grow
MEMORY_OF_POLLS = 500 << 10
BUSY = 0.5  # of a core, while nothing is asked for

place = urllib.parse.urlsplit(sys.argv[1])
pid = int(sys.argv[2]) if len(sys.argv) > 2 else None
run = uuid.uuid4().hex[:8]
failures = 0


class Crowd:
    """Connections that each send the same bytes once, and then maybe one more byte a second."""

    def __init__(self, count, first=b"", trickle=b""):
        self.count, self.first, self.trickle = count, first, trickle
        self.epoll = select.epoll()
        self.waiting, self.open = {}, {}
        self.established = 0
        self.ends = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def connect(self):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex((place.hostname, place.port))
        self.waiting[one.fileno()] = one
        self.epoll.register(one, select.EPOLLOUT)

    def work(self):
        start = time.monotonic()
        started, next_byte = 0, start + 1
        while not self.ends:
            # At a steady rate: this is about connections that stay, not about how fast they come.
            due = min(self.count, int((time.monotonic() - start) * RATE))
            while started < due:
                self.connect()
                started += 1
            for number, event in self.epoll.poll(0.02):
                self.handle(number, event)
            if self.trickle and time.monotonic() > next_byte:
                next_byte += 1
                self.send_a_byte_each()

    def send_a_byte_each(self):
        for number, (one, sent) in list(self.open.items()):
            self.open[number] = one, sent + 1
            self.send(number, one, self.trickle[sent : sent + 1])

    def handle(self, number, event):
        one = self.waiting.pop(number, None)
        if one is not None:
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                one.close()
                return
            self.established += 1
            self.open[number] = one, 0
            self.epoll.modify(one, select.EPOLLIN)
            if self.first:
                self.send(number, one, self.first)
            return
        if number not in self.open:
            return
        one, _ = self.open[number]
        try:
            if one.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # It was reset, which is an end as well.
        self.drop(number)

    def send(self, number, one, data):
        try:
            one.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(number)

    def drop(self, number):
        self.open.pop(number)[0].close()

    def hang_up(self, count=None):
        """Closes so many, or all: every other one without a farewell, with a reset."""
        if count is None:
            self.stop()
        for index, number in enumerate(list(self.open)[:count]):
            if number not in self.open:
                continue
            one, _ = self.open.pop(number)
            if index % 2:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        if count is None:
            for one in self.waiting.values():
                one.close()
            self.waiting = {}

    def stop(self):
        self.ends = True
        if self.thread is not threading.current_thread():
            self.thread.join(10)


def head_and_body(action, **parameters):
    body = json.dumps(parameters).encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"X-Amz-Target: AmazonSQS.{action}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask(action, connection=None, timeout=WITHIN, **parameters):
    """One request, on a connection of its own unless one is given. Its answer must come in time."""
    own = connection is None
    connection = connection or http.client.HTTPConnection(place.netloc, timeout=timeout)
    start = time.monotonic()
    try:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        connection.request("POST", "/", json.dumps(parameters), headers)
        answer = connection.getresponse()
        content = answer.read()
    except OSError as error:
        after = time.monotonic() - start
        raise AssertionError(f"{action}: {type(error).__name__} after {after:.1f} s") from error
    finally:
        if own:
            connection.close()
    took = time.monotonic() - start
    equal(answer.status, 200, f"status of {action} ({cut(content)})")
    true(took <= timeout, f"{action} was answered after {took:.1f} s")
    return json.loads(content or b"{}"), took


def round_trip(connection=None):
    """A queue is made, and a message goes through it; the slowest answer, in seconds."""
    made, slowest = ask("CreateQueue", connection, QueueName=f"idle-{run}-{uuid.uuid4().hex[:8]}")
    queue = made["QueueUrl"]
    body = uuid.uuid4().hex
    slowest = max(slowest, ask("SendMessage", connection, QueueUrl=queue, MessageBody=body)[1])
    found, took = ask("ReceiveMessage", connection, QueueUrl=queue)
    equal([message["Body"] for message in found.get("Messages", [])], [body], "messages received")
    handle = found["Messages"][0]["ReceiptHandle"]
    slowest = max(slowest, took, ask("DeleteMessage", connection, QueueUrl=queue, ReceiptHandle=handle)[1])
    return max(slowest, ask("DeleteQueue", connection, QueueUrl=queue)[1])


def memory():
    """KiB that are resident."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def processor(seconds):
    """The part of a core that the process uses over some time."""

    def used():
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    start, before = time.monotonic(), used()
    time.sleep(seconds)
    return (used() - before) / (time.monotonic() - start)


def files_of_endpoint():
    with open(f"/proc/{pid}/limits") as limits:
        return int(re.search(r"Max open files\s+(\d+)", limits.read()).group(1))


def check(name, function, *parameters):
    """Prints what came of a check; it may return figures."""
    global failures
    try:
        figures = function(*parameters)
    except Exception as error:
        failures += 1
        reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        print(f"FAILED {name}: {cut(reason, 900)}", flush=True)
    else:
        print(f"ok {name}{f' ({figures})' if figures else ''}", flush=True)


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def all_open(crowd):
    start = time.monotonic()
    until(lambda: crowd.established == crowd.count, 9)
    equal(crowd.established, crowd.count, "connections that were opened in 9 s")
    return f"{crowd.established} in {time.monotonic() - start:.1f} s"


def served(connection=None):
    return f"slowest answer {round_trip(connection):.3f} s"


def memory_has_not_grown(before, most=MEMORY):
    grown = memory() - before
    true(grown < most, f"the process grew by {grown >> 10} MiB")
    return f"{grown / 1024:.0f} MiB more"


def core_is_idle(most=BUSY):
    used = processor(5)
    true(used < most, f"{used:.0%} of a core over 5 s, expected less than {most:.0%}")
    return f"{used:.0%} of a core over 5 s"


def all_closed(crowd, since):
    """By the endpoint, which gives a head 10 s."""
    until(lambda: not crowd.open and not crowd.waiting, since + 30 - time.monotonic())
    equal((len(crowd.open), len(crowd.waiting)), (0, 0), "connections that are open, or not accepted, after 30 s")
    return f"after {time.monotonic() - since:.1f} s"


def crowd_that_sends_no_request(name, count, trickle=b""):
    before = memory() if pid else 0
    crowd = Crowd(count, trickle=trickle)
    try:
        check(f"{name}: they are open", all_open, crowd)
        opened = time.monotonic()
        check(f"{name}: others are served", served)
        if pid:
            check(f"{name}: memory", memory_has_not_grown, before)
            # Reading a byte of each connection every second is work.
            check(f"{name}: no core is busy", core_is_idle, 0.9 if trickle else BUSY)
        check(f"{name}: others are still served", served)
        check(f"{name}: they are closed", all_closed, crowd, opened)
    finally:
        crowd.hang_up()
    check(f"{name}: others are served after them", served)


def polls_that_hang_up(count):
    before = memory() if pid else 0
    queue = ask("CreateQueue", QueueName=f"idle-{run}-polls")[0]["QueueUrl"]
    crowd = Crowd(count, head_and_body("ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=20))
    try:
        check("polls: they are open", all_open, crowd)
        time.sleep(3)
        check("polls: they wait", all_wait, count)
        check("polls: others are served", served)
        if pid:
            check("polls: memory", memory_has_not_grown, before, MEMORY_OF_POLLS)
            check("polls: no core is busy", core_is_idle)
    finally:
        crowd.hang_up()
    check("polls: nothing is lost to those that have hung up", all_arrive, queue)
    check("polls: others are served after them", served)
    ask("DeleteQueue", QueueUrl=queue)


def all_wait(count):
    connection = http.client.HTTPConnection(place.netloc, timeout=WITHIN)
    try:
        connection.request("GET", "/metrics")
        found = re.search(rb"sqs_polls_waiting (\d+)", connection.getresponse().read())
    finally:
        connection.close()
    equal(int(found.group(1)), count, "polls that wait")


def all_arrive(queue):
    sent, received = [], []
    for index in range(100):
        sent.append(f"{index:03}")
        ask("SendMessage", timeout=20, QueueUrl=queue, MessageBody=sent[-1])
    start = time.monotonic()
    while len(received) < len(sent) and time.monotonic() < start + 10:
        answer, _ = ask("ReceiveMessage", timeout=20, QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        received += [message["Body"] for message in answer.get("Messages", [])]
    true(len(received) == len(set(received)), "no message is received twice")
    equal(len(received), len(sent), "messages received that were sent after all had hung up")
    return f"{len(received)} messages"


def polls_that_hang_up_at_once():
    """The end of the connection arrives with the request, or right after it."""
    for name, pause in (("with the request", 0), ("a millisecond later", 0.001), ("a tenth later", 0.1)):
        queue = ask("CreateQueue", QueueName=f"idle-{run}-{uuid.uuid4().hex[:8]}")[0]["QueueUrl"]
        request = head_and_body("ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=20)
        for _ in range(50):
            with socket.create_connection((place.hostname, place.port)) as one:
                one.sendall(request)
                time.sleep(pause)
        time.sleep(0.5)
        check(f"polls that hang up {name}: nothing is lost to them", all_arrive, queue)
        ask("DeleteQueue", QueueUrl=queue)


def more_than_the_endpoint_may_open(count, files):
    """Those that were there first are served, and new ones as soon as there is a place."""
    queue = ask("CreateQueue", QueueName=f"idle-{run}-limit")[0]["QueueUrl"]
    before = http.client.HTTPConnection(place.netloc, timeout=WITHIN)
    check("limit: one connection is served", served, before)
    # Long polls hold their connections longer than silence does.
    crowd = Crowd(min(count, files + 500), head_and_body("ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=20))
    try:
        until(lambda: crowd.established > files, 5)
        time.sleep(1)
        check("limit: the connection that was there is served", served, before)
        check("limit: no core is busy", core_is_idle)
        check("limit: it is still served", served, before)
        crowd.hang_up(len(crowd.open))
        check("limit: new connections are served once others have ended", new_ones_are_served)
    finally:
        crowd.hang_up()
    check("limit: nothing is lost to those that have hung up", all_arrive, queue)
    crowd = Crowd(min(count, files + 500))
    try:
        until(lambda: crowd.established > files, 5)
        time.sleep(1)
        check("limit, silent: the connection that was there is served", served, before)
        check("limit, silent: no core is busy", core_is_idle)
        check("limit, silent: new connections are served once others were closed", new_ones_are_served, 20)
    finally:
        crowd.hang_up()
    check("limit: others are served after them", new_ones_are_served)
    check("limit: the first connection is still served", served, before)


def new_ones_are_served(seconds=5):
    """Whoever is not accepted yet tries again."""
    start, last = time.monotonic(), None
    while time.monotonic() < start + seconds:
        try:
            round_trip()
            return f"after {time.monotonic() - start:.1f} s"
        except AssertionError as error:
            last = error
            time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {last}")


def main():
    wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard - SPARE_FILES)
    if count < wanted:
        print(f"this process may open {hard} files: {count} connections instead of {wanted}")
    files = files_of_endpoint() if pid else None
    if files is not None and files < count:
        print(f"the endpoint may open {files} files: only what that means is checked")
        more_than_the_endpoint_may_open(count, files)
        return 1 if failures else 0
    check("others are served", served)
    polls_that_hang_up_at_once()
    crowd_that_sends_no_request("silent", count)
    crowd_that_sends_no_request("a byte a second", count, b"GET /" + b"a" * 1000)
    polls_that_hang_up(count)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
