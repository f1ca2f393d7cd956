"""A stream's transform (STREAM-2, STREAM-3) as its users run it: a pipeline with a handler, records by boto3, objects in the lake."""
import base64
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import time

import pytest
from harness import SOURCE, Serve, wait_until

STREAM = "finance-delivery-stream"
RIC = "4.0.2"


def handler(name):
    return {"command": [sys.executable, "-m", "awslambdaric", name], "environment": {"PYTHONDONTWRITEBYTECODE": "1"}}


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
    """Starts `penstock serve` with a pipeline folder whose stream passes `transform` and is delivered at once. A handler cannot be
    declared over the API (whoever may put records could run commands): it stands in pipeline.yaml. Again: the same folder."""
    started = []
    folder = penstock.path("pipeline")

    def start(transform=None, code=None):
        if transform is not None:
            shutil.copytree(SOURCE / "pipelines/stream", folder)
            for name, text in (code or {}).items():
                (folder / name).write_text(text)
            file = folder / "pipeline.yaml"
            before, _, behind = file.read_text().partition("\nstream:\n")
            section = {"name": STREAM, "buffering": {"size_mib": 1, "interval_s": 0}, "prefix": "delivered/",
                       "error_prefix": "errors/!{firehose:error-output-type}/", "transform": transform}
            file.write_text(f"{before}\nstream: {json.dumps(section)}\n\n{behind[behind.index('# Made-up bars'):]}")
        started.append(Serve(penstock, str(folder), "--log-level", "info"))
        return started[-1]

    yield start
    for each in started:
        each.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def lambda_ric(tmp_path_factory):
    """aws-lambda-ric from npm, the client that Lambda's own runtime of Node is; kept in build/ where there is one. Its native part is
    compiled from what the package brings, against the machine's libcurl: the package's install script builds a curl for minutes."""
    node, npm, compiler = (shutil.which(name) for name in ("node", "npm", "g++"))
    headers = pathlib.Path(node or "/bin/node").resolve().parent.parent / "include/node"
    if not (node and npm and compiler and (headers / "node_api.h").is_file()):
        pytest.skip("no npm, no compiler, or no headers of node")
    build = SOURCE / "build"
    folder = (build if build.is_dir() else tmp_path_factory.mktemp("ric")) / f"aws-lambda-ric-{RIC}"
    client = folder / "aws-lambda-ric"
    if (folder / "complete").is_file():
        return client / "index.mjs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for package, version in (("aws-lambda-ric", RIC), ("node-addon-api", "8.3.1")):
        packed = subprocess.run([npm, "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, timeout=300,
                                capture_output=True, text=True).stdout.split()[-1]
        with tarfile.open(folder / packed) as archive:
            archive.extractall(folder / "unpacked", filter="data")
        (folder / "unpacked/package").rename(folder / package)
    cpp = folder / "aws-lambda-cpp"
    with tarfile.open(client / "deps/aws-lambda-cpp.tar.xz") as archive:
        archive.extractall(cpp, filter="data")
    version = re.search(r"VERSION (\d+)\.(\d+)\.(\d+)", (cpp / "CMakeLists.txt").read_text())
    text = (cpp / "src/version.cpp.in").read_text().replace("@PROJECT_VERSION@", ".".join(version.groups()))
    for name, number in zip(("MAJOR", "MINOR", "PATCH"), version.groups()):
        text = text.replace(f"@PROJECT_VERSION_{name}@", number)
    (cpp / "src/version.cpp").write_text(text)
    sources = [client / "src/native/rapid-client.cc", *(cpp / "src" / f"{name}.cpp" for name in ("runtime", "logging", "version"))]
    subprocess.run([compiler, "-std=c++20", "-O1", "-fPIC", "-shared", "-pthread", "-w", "-DNODE_GYP_MODULE_NAME=rapid_client",
                    "-DBUILDING_NODE_EXTENSION", f"-I{headers}", f"-I{folder / 'node-addon-api'}", f"-I{cpp / 'include'}",
                    *sources, "-lcurl", "-o", client / "rapid-client.node"], check=True, timeout=300)
    (folder / "complete").touch()
    return client / "index.mjs"


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
    return sorted(path for path in pathlib.Path(penstock.path("lake"), "stream", area).rglob("*") if path.is_file())


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


LOUD = textwrap.dedent('''
    export const handler = async (event, context) => {
      console.log("node has", event.records.length, "records of", context.functionName);
      return {records: event.records.map(({recordId, data}) => {
        const word = Buffer.from(data, "base64").toString();
        if (word === "throw") throw new RangeError("too loud");
        return {recordId, result: "Ok", data: Buffer.from(word.toUpperCase() + "\\n").toString("base64")};
      })};
    };
''')


def test_stream2_a_handler_of_node_by_the_client_of_lambda(penstock, serve, lambda_ric):
    """aws-lambda-ric from npm, by pipeline.yaml as docs/transforms.md has it."""
    serving = serve({"command": ["node", str(lambda_ric), "loud.handler"], "memory_mib": 512, "retries": 1}, code={"loud.mjs": LOUD})
    put(serving, "one", "zwei ü")
    wait_until(lambda: len(delivered(penstock)) >= 2, serving.process)
    put(serving, "throw")
    wait_until(lambda: errors(penstock), serving.process)
    assert sorted(delivered(penstock)) == ["ONE\n", "ZWEI Ü\n"]
    (error,) = errors(penstock)
    assert error["attemptsMade"] == 2 and "RangeError" in error["errorMessage"] and "too loud" in error["errorMessage"]
    lines = serving.events
    assert any("node has 2 records" in line.get("text", "") for line in lines if line["event"] == "function_output")


def test_stream3_what_a_handler_refuses_is_kept_with_the_reason(penstock, serve):
    serving = serve(handler("app.handler"), code={"app.py": SAYS})
    put(serving, "one", "drop", "fail", "forget", "crash", "two")
    wait_until(lambda: len(delivered(penstock)) >= 3 and len(errors(penstock)) >= 2, serving.process)
    assert sorted(delivered(penstock)) == ["CRASH\n", "ONE\n", "TWO\n"]
    said = {base64.b64decode(each["rawData"]).decode(): each for each in errors(penstock)}
    assert {raw: each["errorCode"] for raw, each in said.items()} == {
        "fail": "Lambda.ProcessingFailedStatus", "forget": "Lambda.MissingRecordId"}
    assert said["fail"]["attemptsMade"] == 2, "the first attempt crashed"
    assert all("processing-failed" in str(path) for path in objects(penstock, "errors"))
    lines = serving.events
    said = [line for line in lines if line["event"] == "function_output"]
    assert [line["text"] for line in said] == ["handler has 6 records"] * 2
    assert {(line["stream"], line["output"]) for line in said} == {(STREAM, "stdout")}
    assert len({line["request_id"] for line in said}) == 2, "each attempt has its own"


def test_all5_a_killed_serve_takes_its_handler_along_and_the_next_one_delivers(penstock, serve):
    serving = serve(handler("app.handler"), code={"app.py": SAYS})
    put(serving, "hang", "three")
    wait_until(pathlib.Path(penstock.path("pipeline", "hung")).exists, serving.process)
    serving.stop(signal.SIGKILL)
    (pid,) = set(pathlib.Path(penstock.path("pipeline", "pids")).read_text().split())
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
