"""Handlers as people write them for AWS Lambda, good and bad."""
import os
import subprocess
import sys
import time

started = time.time()
calls = 0


def echo(event, context):
    print("echo", context.aws_request_id)
    print("to stderr", file=sys.stderr)
    return {"event": event, "request_id": context.aws_request_id, "arn": context.invoked_function_arn,
            "name": context.function_name, "remaining_ms": context.get_remaining_time_in_millis()}


def count(event, context):
    global calls
    calls += 1
    return {"calls": calls, "pid": os.getpid()}


def environ(event, context):
    return dict(os.environ)


def fail(event, context):
    raise ValueError("no such symbol: XYZ")


def hang(event, context):
    if event.get("hang", True):
        time.sleep(3600)
    return os.getpid()


def crash(event, context):
    if event.get("crash", True):
        print("about to crash", file=sys.stderr, flush=True)
        os._exit(7)
    return os.getpid()


def big(event, context):
    return "x" * event["bytes"]


def chatty(event, context):
    line = "y" * 999 + "\n"
    for _ in range(event["bytes"] // 1000):
        sys.stdout.write(line)
    sys.stdout.flush()
    return "said"


def hungry(event, context):
    return len(bytearray(event["bytes"]))


def forks(event, context):
    """Leaves two processes behind: one that holds its output, and one that leaves its group, too."""
    here = subprocess.Popen(["sleep", "3600"])
    away = subprocess.Popen(["sleep", "3601"], start_new_session=True)
    return [here.pid, away.pid]


def sleeps(event, context):
    time.sleep(event["seconds"])
    return os.getpid()
