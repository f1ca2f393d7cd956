"""A stream's transform (STREAM-2, STREAM-3) as its users run it: a pipeline with a handler, records by boto3, objects in the lake."""
import base64
import json
import pathlib
import signal
import sys
import textwrap
import time

import pytest
from harness import SOURCE, wait_until
from test_firehose import Serve, make

STREAM = "finance-delivery-stream"


def handler(name):
    command = [sys.executable, "-m", "awslambdaric", name]
    return {"built_in": [], "handler": {"command": command, "environment": {"PYTHONDONTWRITEBYTECODE": "1"}}}


SAYS = textwrap.dedent('''
    """Does to each record what its data says, and writes down who did it."""
    import base64, os, time

    def handler(event, context):
        with open("pids", "a") as file:
            file.write(f"{os.getpid()}\\n")
        print("handler has", len(event["records"]), "records")
        out = []
        for record in event["records"]:
            word = base64.b64decode(record["data"]).decode().strip()
            if word == "hang" and not os.path.exists("hung"):
                open("hung", "w").close()
                time.sleep(3600)
            if word == "crash" and not os.path.exists("crashed"):
                open("crashed", "w").close()
                os._exit(1)
            result = {"drop": "Dropped", "fail": "ProcessingFailed"}.get(word, "Ok")
            data = base64.b64encode(word.upper().encode() + b"\\n").decode()
            if word != "forget":
                out.append({"recordId": record["recordId"], "result": result, "data": data})
        return {"records": out}
''')


@pytest.fixture
def serve(penstock):
    """Starts `penstock serve` with a stream that passes `transform` and is delivered at once. A handler cannot be declared
    over the API (whoever may put records could run commands): it stands in the stream's document, as a pipeline declares it."""
    started = []

    def start(transform=None, code=""):
        if transform is not None:
            serving = Serve(penstock)
            make(serving.client(), ErrorOutputPrefix="errors/!{firehose:error-output-type}/", Prefix="delivered/")
            assert serving.stop() == 0
            folder = penstock.path("handler")
            folder.mkdir()
            (folder / "app.py").write_text(code or (SOURCE / "pipelines/stream/app.py").read_text())
            (document,) = pathlib.Path(penstock.path("lake")).rglob("stream.json")
            spec = json.loads(document.read_text())
            spec |= {"transform": transform, "folder": str(folder), "buffering": {"size_mib": 1, "interval_s": 0}}
            document.write_text(json.dumps(spec))
        started.append(Serve(penstock, "--log-level", "info"))
        return started[-1]

    yield start
    for each in started:
        each.stop(signal.SIGKILL)


def running(pid):
    """Not a zombie that nobody has waited for yet; proc(5), /proc/pid/stat."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def put(serving, *texts):
    answer = serving.client().put_record_batch(DeliveryStreamName=STREAM, Records=[{"Data": text.encode()} for text in texts])
    assert answer["FailedPutCount"] == 0


def objects(penstock, area):
    return sorted(path for path in pathlib.Path(penstock.path("lake"), area).rglob("*") if path.is_file())


def delivered(penstock):
    return b"".join(path.read_bytes() for path in objects(penstock, "delivered")).decode().splitlines(keepends=True)


def errors(penstock):
    return [json.loads(line) for path in objects(penstock, "errors") for line in path.read_text().splitlines()]


def test_stream2_the_sample_handler_of_the_pipeline(penstock, serve):
    serving = serve(handler("app.lambda_handler"))
    bars = [json.dumps({"name": "FB", "high": 200.5 + i}) for i in range(1000)]
    for at in range(0, len(bars), 500):
        put(serving, *bars[at:at + 500])
    wait_until(lambda: len(delivered(penstock)) >= len(bars), serving.process)
    assert sorted(delivered(penstock)) == sorted(bar + "\n" for bar in bars), "each is a line of its own, once"
    assert errors(penstock) == []
    assert serving.stop() == 0


def test_stream3_what_a_handler_refuses_is_kept_with_the_reason(penstock, serve):
    serving = serve(handler("app.handler"), code=SAYS)
    put(serving, "one", "drop", "fail", "forget", "crash", "two")
    wait_until(lambda: len(delivered(penstock)) >= 3 and len(errors(penstock)) >= 2, serving.process)
    assert sorted(delivered(penstock)) == ["CRASH\n", "ONE\n", "TWO\n"]
    said = {base64.b64decode(each["rawData"]).decode(): each for each in errors(penstock)}
    assert {raw: each["errorCode"] for raw, each in said.items()} == {
        "fail": "Lambda.ProcessingFailedStatus", "forget": "Lambda.MissingRecordId"}
    assert said["fail"]["attemptsMade"] == 2, "the first attempt crashed"
    assert all("processing-failed" in str(path) for path in objects(penstock, "errors"))
    lines = [json.loads(line) for line in serving.text.splitlines()]
    said = [line for line in lines if line["event"] == "function_output"]
    assert [line["text"] for line in said] == ["handler has 6 records"] * 2
    assert {(line["stream"], line["output"]) for line in said} == {(STREAM, "stdout")}
    assert len({line["request_id"] for line in said}) == 2, "each attempt has its own"


def test_all5_a_killed_serve_takes_its_handler_along_and_the_next_one_delivers(penstock, serve):
    serving = serve(handler("app.handler"), code=SAYS)
    put(serving, "hang", "three")
    wait_until(pathlib.Path(penstock.path("handler", "hung")).exists, serving.process)
    serving.stop(signal.SIGKILL)
    (pid,) = set(pathlib.Path(penstock.path("handler", "pids")).read_text().split())
    deadline = time.monotonic() + 30
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not running(pid)
    assert delivered(penstock) == []

    serving = serve()
    wait_until(lambda: len(delivered(penstock)) >= 2, serving.process)
    assert sorted(delivered(penstock)) == ["HANG\n", "THREE\n"]


def test_stream2_built_in_transforms(penstock, serve):
    serving = serve({"built_in": [{"rename": {"symbol": "name"}}, {"cast": {"high": "double"}}, {"filter": "high > 10"},
                                  {"append_newline": {}}]})
    put(serving, '{"name":"FB","high":"206.5"}', '{"name":"SQ","high":"9"}', '{"name":"NA","high":"n/a"}', "no JSON")
    wait_until(lambda: delivered(penstock) and len(errors(penstock)) >= 2, serving.process)
    assert delivered(penstock) == ['{"symbol":"FB","high":206.5}\n']
    assert sorted(each["errorCode"] for each in errors(penstock)) == ["Transform.Cast", "Transform.InvalidJson"]
