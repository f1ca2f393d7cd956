#!/usr/bin/env python3
"""Amazon SQS for tests: moto's, on a free port of loopback. Prints its address, ends when its standard input does.

    build/venv/bin/python tests/servers/sqs.py

moto does not lock its queues, so requests are answered one at a time. /t-NAME/ in front of a path is a world of time of
its own: PUT /t-NAME/clock with microseconds since the epoch sets it, and it stands still but for a microsecond a request.
"""
import os
import sys
import threading

os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "true"

import moto.sqs.models as sqs  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

lock = threading.Lock()
clocks, ticks = {}, {}  # by world: microseconds as set, and one for each request so far
real_time, real_time_millis = sqs.unix_time, sqs.unix_time_millis
world = None  # of the request that is being answered


def now_us():
    return clocks[world] + ticks[world] if world else None


sqs.unix_time = lambda *args: real_time(*args) if args or now_us() is None else now_us() / 1e6
sqs.unix_time_millis = lambda *args: real_time_millis(*args) if args or now_us() is None else now_us() / 1e3
application = DomainDispatcherApplication(create_backend_app)


def answer(environ, start_response):
    global world
    with lock:
        head, _, rest = environ["PATH_INFO"].lstrip("/").partition("/")
        world = head if head.startswith("t-") else None
        if world and rest == "clock":
            clocks[world] = int(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            ticks.setdefault(world, 0)
            start_response("204 No Content", [])
            return []
        if world:
            environ["PATH_INFO"] = "/" + rest
            ticks[world] += 1
        return list(application(environ, start_response))




if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, answer, threaded=True)
    WSGIRequestHandler.log = lambda *args, **kwargs: None
    print(f"http://127.0.0.1:{server.port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
