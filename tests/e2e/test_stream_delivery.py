"""Delivery of streams by `penstock serve` (STREAM-3): records by boto3, objects in the lake, errors put again by the command."""
import json
import signal
import time

from test_firehose import WAIT_S, make

NAME = "finance-delivery-stream"


def records_below(penstock, folder):
    """All lines of the objects below a folder of the bucket, sorted."""
    place = penstock.path("lake") / folder
    lines = []
    for path in place.rglob("*") if place.is_dir() else []:
        if path.is_file():
            lines += path.read_text().splitlines()
    return sorted(lines)


def await_records(penstock, folder, count):
    until = time.monotonic() + WAIT_S
    while len(records_below(penstock, folder)) < count and time.monotonic() < until:
        time.sleep(0.05)
    return records_below(penstock, folder)


def partitioned(query):
    return {"Prefix": "t/k=!{partitionKeyFromQuery:k}/", "ErrorOutputPrefix": "e/!{firehose:error-output-type}/",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0},
            "DynamicPartitioningConfiguration": {"Enabled": True},
            "ProcessingConfiguration": {"Enabled": True, "Processors": [
                {"Type": "MetadataExtraction", "Parameters": [
                    {"ParameterName": "MetadataExtractionQuery", "ParameterValue": query},
                    {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"}]}]}}


def put(firehose, numbers):
    answer = firehose.put_record_batch(DeliveryStreamName=NAME, Records=[
        {"Data": json.dumps({"n": n, "k": f"p{n % 3}"}) + "\n"} for n in numbers])
    assert answer["FailedPutCount"] == 0


def test_killed_deliveries_deliver_once(penstock, serve):
    """A producer, kill -9 in the middle of deliveries, a restart: each acknowledged record is there once."""
    expected = []
    for run in range(6):
        serving = serve()
        firehose = serving.client()
        if run == 0:
            make(firehose, **partitioned("{k: .k}"))
        for batch in range(5):
            numbers = range(run * 1000 + batch * 100, run * 1000 + batch * 100 + 100)
            put(firehose, numbers)
            expected += numbers
        serving.stop(signal.SIGKILL)
    serve()
    lines = await_records(penstock, "t", len(expected))
    assert sorted(json.loads(line)["n"] for line in lines) == expected
    assert records_below(penstock, "e") == []


def test_errors_are_put_again_once(penstock, serve):
    """What failed is shown with its reason, and goes through the stream again, once, when it has been mended."""
    serving = serve()
    firehose = serving.client()
    make(firehose, **partitioned("{k: .absent}"))
    put(firehose, range(20))
    errors = await_records(penstock, "e/processing-failed", 20)
    assert {json.loads(line)["errorCode"] for line in errors} == {"DynamicPartitioning.MetadataExtractionFailed"}
    rows = penstock.ok("stream", "errors", "ls", NAME, "--output", "json", "--bucket", "lake").rows
    assert sum(row["records"] for row in rows) == 20
    shown = penstock.ok("stream", "errors", "show", NAME, rows[0]["key"], "--output", "json", "--bucket", "lake").rows
    assert json.loads(shown[0]["data"])["k"].startswith("p") and shown[0]["message"].startswith("partitionKeys values")

    described = firehose.describe_delivery_stream(DeliveryStreamName=NAME)["DeliveryStreamDescription"]
    firehose.update_destination(DeliveryStreamName=NAME, CurrentDeliveryStreamVersionId=described["VersionId"],
                                DestinationId=described["Destinations"][0]["DestinationId"],
                                ExtendedS3DestinationUpdate=partitioned("{k: .k}"))
    for _ in range(2):
        penstock.ok("stream", "errors", "replay", NAME, "--bucket", "lake", "--wait", str(WAIT_S))
    assert len(await_records(penstock, "t", 20)) == 20
    assert records_below(penstock, "e") == []
    assert sorted(path.name for path in (penstock.path("lake") / "t").iterdir()) == ["k=p0", "k=p1", "k=p2"]

    unread = penstock.path("lake/e/processing-failed", f"{NAME}-1-2020-01-01-00-00-00-00000000-0000-8000-8000-000000000001")
    unread.parent.mkdir(parents=True, exist_ok=True)
    unread.write_text("no JSON\n")
    said = penstock("stream", "errors", "replay", NAME, "--bucket", "lake", "--wait", str(WAIT_S))
    assert said.code == 1 and unread.name in said.err and unread.exists()
