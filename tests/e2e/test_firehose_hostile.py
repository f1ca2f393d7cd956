"""Clients that mean no good, at the door of the Firehose API: whatever they send, others are served (STREAM-1, ALL-3)."""
import json
import pathlib
import resource
import socket
import time
import urllib.parse

import pytest
from test_firehose import make

HEAD = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Firehose_20150804.{}\r\n"


def connect(serving):
    url = urllib.parse.urlparse(serving.origin)
    return socket.create_connection((url.hostname, url.port), timeout=60)


def raw(serving, data):
    """Status and body of the answer to these bytes; (0, b"") when the connection just ends."""
    with connect(serving) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(65536)
            if not piece:
                return 0, answer
            answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += connection.recv(65536)
        return int(head.split()[1]), body


def call(action, body):
    return HEAD.format(action).encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
def served(serve):
    serving = serve()
    make(serving.client(), "a")
    yield serving
    # Whatever came before, a record is taken, and all that was acknowledged counted.
    assert raw(serving, call("PutRecord", b'{"DeliveryStreamName":"a","Record":{"Data":"YQ=="}}'))[0] == 200
    assert serving.process.poll() is None, serving.text


def rss_mib(serving):
    status = pathlib.Path(f"/proc/{serving.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


@pytest.mark.parametrize("body, name", [
    (b"", "SerializationException"), (b"{", "SerializationException"), (b"\xff\xfe\x00", "SerializationException"),
    (b"[" * 100_000, "SerializationException"), (b'{"a":' * 50_000, "SerializationException"),
    (b'{"DeliveryStreamName":"a","Record":{"Data":"!!!!"}}', "SerializationException"),
    (b'{"DeliveryStreamName":"a","Record":{"Data":"YQ"}}', "SerializationException"),
    (b'{"DeliveryStreamName":"../../etc","Record":{"Data":"YQ=="}}', "ValidationException"),
    (b'{"DeliveryStreamName":"..","Record":{"Data":"YQ=="}}', "ResourceNotFoundException")])
def test_bodies_that_are_wrong(served, body, name):
    """Bad JSON, bad Base64, names that would be paths: refused by name."""
    status, answer = raw(served, call("PutRecord", body))
    assert (status, json.loads(answer)["__type"]) == (400, name)


def test_requests_that_are_wrong(served):
    """No HTTP, a head or a body over the limit, lengths that lie: an answer or an end, never a hang."""
    assert raw(served, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200)[0] in (0, 400), "TLS"
    assert raw(served, b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n")[0] == 431
    assert raw(served, HEAD.format("PutRecord").encode() + b"Content-Length: 9000000\r\n\r\n")[0] == 413, "before it is sent"
    assert raw(served, HEAD.format("PutRecord").encode() + b"Content-Length: -1\r\n\r\n")[0] == 400
    assert raw(served, HEAD.format("PutRecord").encode() + b"Content-Length: 99999999999999999999\r\n\r\n")[0] in (400, 413)
    chunked = HEAD.format("PutRecord").encode() + b"Transfer-Encoding: chunked\r\n\r\n"
    assert raw(served, chunked + b"zz\r\n")[0] == 400
    assert raw(served, chunked + (b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 9)[0] == 413
    assert raw(served, b"GET /streams/%ZZ/records HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 400
    assert raw(served, b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 405
    assert rss_mib(served) < 300


def test_slow_senders_hold_nobody_up(served):
    """Slow-loris: heads and bodies that come letter by letter; a put beside them is answered at once."""
    slow = [connect(served) for _ in range(400)]
    for index, connection in enumerate(slow):
        connection.sendall(HEAD.format("PutRecord").encode() + (b"Content-Length: 50000\r\n\r\n{" if index % 2 else b"X-"))
    for _ in range(5):
        for connection in slow:
            connection.sendall(b" " if connection.fileno() % 2 else b"a")
        begun = time.monotonic()
        assert raw(served, call("PutRecord", b'{"DeliveryStreamName":"a","Record":{"Data":"YQ=="}}'))[0] == 200
        assert time.monotonic() - begun < 10
    for connection in slow:
        connection.close()


def test_bodies_that_are_only_announced_take_nothing_from_others(served):
    """A hundred that say 8 MiB and send a letter: all announced together would be more than there is room for."""
    silent = [connect(served) for _ in range(100)]
    for connection in silent:
        connection.sendall(HEAD.format("PutRecord").encode() + b"Content-Length: 8388608\r\n\r\n{")
    assert raw(served, call("PutRecord", b'{"DeliveryStreamName":"a","Record":{"Data":"YQ=="}}'))[0] == 200
    for connection in silent:
        connection.close()


def test_pages_of_others_are_refused(served):
    """What a browser sends for a page of somebody else: with an Origin, or under a name that was made to lead here."""
    put = b'{"DeliveryStreamName":"a","Record":{"Data":"YQ=="}}'
    assert raw(served, call("PutRecord", put).replace(b"\r\n", b"\r\nOrigin: http://evil.example\r\n", 1))[0] == 403
    for path in (b"/streams", b"/dashboards", b"/functions/none"):
        assert raw(served, b"GET %s HTTP/1.1\r\nHost: evil.example:8181\r\n\r\n" % path)[0] == 403
    assert raw(served, call("PutRecord", put).replace(b"localhost", b"evil.example"))[0] == 403
    for host in (b"localhost:8181", b"127.0.0.1", b"[::1]:8181"):
        assert raw(served, b"GET /streams HTTP/1.1\r\nHost: %s\r\n\r\n" % host)[0] == 200


def test_ten_thousand_idle_connections(serve):
    """They cost memory of their sockets; puts are answered beside them."""
    wanted = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted + 1_000:
        pytest.skip(f"this machine lets a process have {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 1_000, hard))
    idle = []
    try:
        serving = serve()
        make(serving.client(), "a")
        put = call("PutRecord", b'{"DeliveryStreamName":"a","Record":{"Data":"YQ=="}}')
        begun = time.monotonic()
        for count in range(wanted):
            idle.append(connect(serving))
            if count % 1_000 == 999:
                assert raw(serving, put)[0] == 200
        assert rss_mib(serving) < 300
        print(f"{wanted} connections in {time.monotonic() - begun:.1f} s, {rss_mib(serving)} MiB")
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert raw(serving, put)[0] == 200
