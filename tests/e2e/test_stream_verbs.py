"""Streams without an SDK: `penstock stream …` and POST /streams/NAME/records (STREAM-1, STREAM-6, ALL-3)."""
import gzip
import json
import signal
import subprocess
import urllib.error
import urllib.request

from harness import wait_until
from test_firehose import make


def post(serving, body, stream="a", **headers):
    """(status, answer, headers)."""
    headers = {"Content-Type": "application/x-ndjson", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(f"{serving.origin}/streams/{stream}/records", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


def test_records_without_an_sdk(penstock, serve):
    """STREAM-1: NDJSON, CSV, gzip; a line that is wrong is named, and nothing of its request is stored."""
    serving = serve()
    make(serving.client(), "a")
    assert post(serving, b'{"i": 1}\n{"i": 2}')[:2] == (200, {"accepted": 2})
    assert post(serving, b"i,name\n3,FB\n", Content_Type="text/csv")[:2] == (200, {"accepted": 1})
    assert post(serving, gzip.compress(b'{"i": 4}\n'), Content_Encoding="gzip")[:2] == (200, {"accepted": 1})
    status, answer, _ = post(serving, b'{"i": 5}\n{"i"\n')
    assert status == 400 and "line 2" in answer["message"]
    assert post(serving, b"{}", stream="b")[0] == 404
    assert post(serving, b"{}", Content_Type="image/png")[0] == 415
    assert post(serving, b"{}", Origin="http://example.com")[0] == 403, "a web page of somebody else"
    lines = penstock.ok("stream", "tail", "a", "--bucket", "lake", "-n", "3").out.splitlines()
    assert lines == ['{"i": 2}', '{"i":3,"name":"FB"}', '{"i": 4}']


def test_stream_verbs(penstock, serve):
    """STREAM-6: put, ls, show, top, tail, with a server and without one."""
    serving = serve()
    make(serving.client(), "a")
    file = penstock.path("bars.ndjson")
    file.write_text("".join(f'{{"i": {i}}}\n' for i in range(45_000)))
    assert penstock.ok("stream", "put", "a", file, "--bucket", "lake").out == "45000\n", "in several requests"
    [row] = penstock.ok("stream", "ls", "--bucket", "lake", "--output", "json").rows
    assert row["stream"] == "a" and row["state"] == "active" and row["records"] == 45_000
    shown = json.loads(penstock.ok("stream", "show", "a", "--bucket", "lake").out)
    assert shown["specification"]["name"] == "a" and shown["now"]["records"] == 45_000
    top = penstock.ok("stream", "top", "--bucket", "lake", "--count", "2", "--interval", "0.2").out
    assert top.count("records/s") == 2 and "\x1b" not in top, "plain lines, as it is no terminal"
    outcome = penstock("stream", "put", "none", file, "--bucket", "lake")
    assert outcome.code != 0 and "no stream none" in outcome.err, outcome
    file.write_text("{}\n{\n")
    outcome = penstock("stream", "put", "a", file, "--bucket", "lake")
    assert outcome.code != 0 and "line 2" in outcome.err and "0 records were accepted" in outcome.err, outcome
    # What is on the stream already is not to be put again.
    file.write_text("{}\n" * 20_004 + "{\n")
    outcome = penstock("stream", "put", "a", file, "--bucket", "lake")
    assert outcome.code != 0 and "20000 records were accepted" in outcome.err and "line 20005" in outcome.err, outcome
    assert "from line 20001 on" in outcome.err, outcome
    outcome = penstock("stream", "put", "a", penstock.folder, "--bucket", "lake")
    assert outcome.code != 0 and "directory" in outcome.err and outcome.out == "", outcome
    assert serving.stop() == 0
    # Nobody serves: into the log, for the next one.
    csv = penstock.path("bars.csv")
    csv.write_text("i\n45000\n")
    outcome = penstock.ok("stream", "put", "a", csv, "--format", "csv", "--bucket", "lake")
    assert outcome.out == "1\n" and "Nobody serves" in outcome.err, outcome
    [row] = penstock.ok("stream", "ls", "--bucket", "lake", "--output", "json").rows
    assert row["state"] == "not served" and row["buffered"] > 0, "what waits for the next one"
    assert penstock.ok("stream", "tail", "a", "--bucket", "lake", "-n", "1").out == '{"i":45000}\n'
    for verb in (["tail", "none"], ["show", "none"], ["put", "none"]):
        outcome = penstock("stream", *verb, "--bucket", "lake")
        assert outcome.code != 0 and "no stream none" in outcome.err, outcome


def test_what_is_piped_arrives_as_it_comes(penstock, serve):
    """STREAM-1: a producer that goes on for days; Ctrl-C ends it, and says how far it came."""
    serving = serve()
    make(serving.client(), "a")
    process = penstock.popen("stream", "put", "a", "--bucket", "lake", stdin=subprocess.PIPE)
    for i in range(3):
        process.stdin.write(f'{{"i": {i}}}\n')
        process.stdin.flush()
        wait_until(lambda: json.loads(serving.ask("/streams/a"))["records"] == i + 1, process)
    process.stdin.write('{"i": 3')  # no whole line yet
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "3 records were accepted" in process.stderr.read()


def test_a_server_that_takes_nothing_is_told(penstock, serve):
    """ALL-3: `stream put` waits for a server whose disk is full or broken, and says so."""
    serving = serve(env={"PENSTOCK_FAULT": "log.sync=error@1"})
    make(serving.client(), "a")
    file = penstock.path("bars.ndjson")
    file.write_text("{}\n")
    process = penstock.popen("stream", "put", "a", file, "--bucket", "lake")
    said = process.stderr.readline()
    assert "waiting for" in said and serving.origin in said
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130


def test_verbs_show_keys(penstock, serve):
    """STREAM-1: verbs of this machine sign, too."""
    keys = {"PENSTOCK_ACCESS_KEYS": "AKIDPRODUCER:0123456789abcdef0123"}
    serving = serve(env=keys)
    make(serving.client("AKIDPRODUCER", "0123456789abcdef0123"), "a")
    file = penstock.path("bars.ndjson")
    file.write_text("{}\n")
    assert penstock.ok("stream", "put", "a", file, "--bucket", "lake", env=keys).out == "1\n"
    outcome = penstock("stream", "put", "a", file, "--bucket", "lake")
    assert outcome.code != 0 and "PENSTOCK_ACCESS_KEYS" in outcome.err, outcome
    curl = ["curl", "-sS", "--aws-sigv4", "aws:amz:us-east-1:firehose", "--user", "AKIDPRODUCER:0123456789abcdef0123"]
    put = subprocess.run([*curl, "--data-binary", f"@{file}", f"{serving.origin}/streams/a/records"], capture_output=True, check=True)
    assert json.loads(put.stdout) == {"accepted": 1}
    call = subprocess.run([*curl, f"{serving.origin}/functions/none?date=2020-05-14&tickers=FB%2CSQ"], capture_output=True, check=True)
    assert json.loads(call.stdout)["statusCode"] == 404
