"""Runs Celery on kombu's transport for SQS: plain tasks, tasks for later, retries, and a worker that is killed.

usage: sqs_celery.py URL

Prints `ok NAME` or `FAILED NAME: reason` for each check; the exit code is 1 if any has failed. Workers are processes
of their own, which import this file as the module of the app; the variables CLIENTS_* say how they are to run. It takes
less than a minute, and leaves no process and no queue.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

from celery import Celery

VISIBILITY = 5
url = os.environ.get("CLIENTS_URL") or (sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
name = os.environ.get("CLIENTS_QUEUE") or f"clients-celery-{uuid.uuid4().hex[:8]}"
place = urllib.parse.urlsplit(url)

app = Celery("sqs_celery", broker=f"sqs://test:test@{place.hostname}:{place.port}//")
app.conf.update(
    broker_transport_options={
        "region": "us-east-1",
        "is_secure": False,
        "visibility_timeout": VISIBILITY,
        "wait_time_seconds": 2,
        "polling_interval": 0.1,
        "client-config": {"proxies": {}},
    },
    broker_connection_retry_on_startup=True,
    task_default_queue=name,
    task_ignore_result=True,
    worker_prefetch_multiplier=4,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=True,
    enable_utc=True,
    task_publish_retry=False,
    worker_soft_shutdown_timeout=0,
)
if os.environ.get("CLIENTS_QUEUE_URL"):
    # The worker then neither lists nor makes queues.
    app.conf.broker_transport_options["predefined_queues"] = {
        name: {
            "url": os.environ["CLIENTS_QUEUE_URL"],
            "region": "us-east-1",
            "access_key_id": "test",
            "secret_access_key": "test",
        }
    }


def note(**values):
    """Writes a line that the main process reads; one write, so that lines do not mix."""
    line = json.dumps(values | {"time": time.time(), "worker": os.environ.get("CLIENTS_WORKER")}) + "\n"
    with open(os.environ["CLIENTS_NOTES"], "a", encoding="utf-8") as file:
        file.write(line)


@app.task(name="clients.plain")
def plain(number, text):
    time.sleep(0.05)
    note(task="plain", number=number, text=text)


@app.task(name="clients.later")
def later():
    note(task="later")


@app.task(name="clients.again", bind=True, max_retries=3)
def again(self):
    note(task="again", attempt=self.request.retries)
    if self.request.retries < 2:
        raise self.retry(countdown=1)


@app.task(name="clients.killed", acks_late=True)
def killed():
    note(task="killed", state="begun")
    if os.environ["CLIENTS_WORKER"] == "first":
        time.sleep(120)
    note(task="killed", state="done")


class Worker:
    """A worker in a process group of its own."""

    def __init__(self, label, work, queue_url=""):
        self.log = work / f"{label}.log"
        environment = os.environ | {
            "CLIENTS_URL": url,
            "CLIENTS_QUEUE": name,
            "CLIENTS_QUEUE_URL": queue_url,
            "CLIENTS_WORKER": label,
            "CLIENTS_NOTES": str(work / "notes"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_PROXY": "*",
            "C_FORCE_ROOT": "1",
        }
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "sqs_celery",
            "worker",
            "--pool",
            "prefork",
            "--concurrency",
            "1",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel",
            "info",
            "--hostname",
            f"{label}@%h",
        ]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=pathlib.Path(__file__).resolve().parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self):
        """Kills the process and its children at once."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(10)

    def stop(self):
        """Lets it finish what it does; fails if it does not end in time."""
        self.process.terminate()
        code = self.process.wait(15)
        if code != 0:
            raise AssertionError(f"the worker ended with {code}: {self.tail()}")

    def tail(self):
        return self.log.read_text(errors="replace")[-1500:]


def until(condition, what, seconds):
    """Waits until a condition holds, and returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


class Run:
    def __init__(self, work):
        import boto3
        from botocore.config import Config

        self.work = work
        self.notes_file = work / "notes"
        self.notes_file.touch()
        self.sqs = boto3.client(
            "sqs",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}),
        )
        self.workers = []
        self.queue_url = None

    def start(self, label, queue_url=""):
        worker = Worker(label, self.work, queue_url)
        self.workers.append(worker)
        return worker

    def notes(self, task, **wanted):
        lines = self.notes_file.read_text(encoding="utf-8").splitlines()
        return [
            line
            for line in map(json.loads, lines)
            if line["task"] == task and all(line[key] == value for key, value in wanted.items())
        ]

    def counts(self):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)["Attributes"]
        return [int(found[key]) for key in names]

    # Each check goes on from the one before.

    def a_task_makes_its_queue(self):
        self.texts = ["plain", "<&>\"' ü\r\n", "漢字 😀", "x" * 20_000]
        plain.delay(0, self.texts[0])
        self.queue_url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["VisibilityTimeout"])
        if found["Attributes"]["VisibilityTimeout"] != str(VISIBILITY):
            raise AssertionError(f"expected a visibility timeout of {VISIBILITY} s, found {found}")

    def plain_tasks_run_once(self):
        worker = self.start("first")
        for number in range(1, 25):
            plain.delay(number, self.texts[number % 4])
        later.apply_async(countdown=3)
        self.sent_later = time.time()
        again.delay()
        until(lambda: len(self.notes("plain")) >= 25 or worker.process.poll() is not None, "25 tasks have run", 20)
        notes = self.notes("plain")
        if sorted(line["number"] for line in notes) != list(range(25)):
            raise AssertionError(f"tasks that ran: {sorted(line['number'] for line in notes)}; {worker.tail()}")
        for line in notes:
            if line["text"] != self.texts[line["number"] % 4]:
                raise AssertionError(f"task {line['number']} got {line['text'][:100]!r}")

    def a_task_for_later_runs_when_it_is_due(self):
        until(lambda: self.notes("later"), "the task for later has run", 12)
        late = self.notes("later")[0]["time"] - self.sent_later
        if not 2.9 <= late <= 8 or len(self.notes("later")) != 1:
            raise AssertionError(f"expected one run after 3 s, found {len(self.notes('later'))}, after {late:.1f} s")

    def a_task_is_retried(self):
        until(lambda: len(self.notes("again")) >= 3, "the third attempt", 12)
        attempts = [line["attempt"] for line in self.notes("again")]
        if attempts != [0, 1, 2]:
            raise AssertionError(f"expected attempts 0, 1 and 2, found {attempts}")

    def finished_tasks_are_deleted(self):
        until(lambda: self.counts() == [0, 0], "the queue is empty", 5)

    def a_killed_workers_task_is_done_by_another(self):
        killed.delay()
        until(lambda: self.notes("killed", state="begun", worker="first"), "the first worker has begun the task", 10)
        received = time.time()
        self.workers[0].kill()
        if self.counts()[1] != 1:
            raise AssertionError(f"expected the task in flight, found {self.counts()} visible and in flight")
        second = self.start("second", self.queue_url)
        until(
            lambda: self.notes("killed", state="done", worker="second") or second.process.poll() is not None,
            "the second worker has done the task",
            20,
        )
        done = self.notes("killed", state="done")
        if len(done) != 1:
            raise AssertionError(f"expected one completion, found {done}; {second.tail()}")
        # The first worker received it a moment before it noted so.
        if done[0]["time"] - received < VISIBILITY - 1.5:
            after = done[0]["time"] - received
            raise AssertionError(f"it came back after {after:.1f} s, before its timeout of {VISIBILITY} s")
        until(lambda: self.counts() == [0, 0], "the queue is empty", 5)

    def a_worker_stops_when_it_is_asked_to(self):
        self.workers[-1].stop()
        log = "".join(worker.log.read_text(errors="replace") for worker in self.workers)
        for mistake in (
            "Traceback (most recent call last)",
            "consumer: Connection to broker lost",
            "Cannot connect to",
        ):
            if mistake in log:
                at = log.index(mistake)
                raise AssertionError(f"the workers' logs have: {log[max(0, at - 300):at + 1500]}")

    def end(self):
        for worker in self.workers:
            worker.kill()
        if self.queue_url:
            self.sqs.delete_queue(QueueUrl=self.queue_url)


def main():
    failures = 0
    checks = [
        "a_task_makes_its_queue",
        "plain_tasks_run_once",
        "a_task_for_later_runs_when_it_is_due",
        "a_task_is_retried",
        "finished_tasks_are_deleted",
        "a_killed_workers_task_is_done_by_another",
        "a_worker_stops_when_it_is_asked_to",
    ]
    with tempfile.TemporaryDirectory() as folder:
        run = Run(pathlib.Path(folder))
        try:
            for check in checks:
                start = time.monotonic()
                try:
                    getattr(run, check)()
                except Exception as error:
                    failures += 1
                    reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
                    print(f"FAILED {check}: {reason}", flush=True)
                    if not run.queue_url or not run.workers:
                        break
                else:
                    print(f"ok {check} ({time.monotonic() - start:.1f} s)", flush=True)
        finally:
            run.end()
    return 1 if failures else 0


if __name__ == "__main__":
    # The tasks must be those of the module that the workers import.
    sys.modules["sqs_celery"] = sys.modules["__main__"]
    os.environ["NO_PROXY"] = "*"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
