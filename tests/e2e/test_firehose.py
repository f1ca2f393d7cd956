"""The Firehose API (STREAM-1, STREAM-6) by the clients that people have: boto3, the AWS CLI, the SDK for JavaScript."""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import botocore.exceptions
import pytest
from harness import SOURCE

WAIT_S = 60
DESTINATION = {"RoleARN": "arn:aws:iam::123456789012:role/firehose", "BucketARN": "arn:aws:s3:::finance"}


def make(client, name="finance-delivery-stream", **destination):
    return client.create_delivery_stream(DeliveryStreamName=name,
                                         ExtendedS3DestinationConfiguration={**DESTINATION, **destination})["DeliveryStreamARN"]


def wait_until_gone(client, name):
    """A stream is deleted behind the call, as by AWS: what it holds is delivered first."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            status = client.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]["DeliveryStreamStatus"]
        except client.exceptions.ResourceNotFoundException:
            return
        assert status == "DELETING" and time.monotonic() < end, status
        time.sleep(0.05)


def objects(penstock, prefix=""):
    """The delivered bytes of the bucket by key."""
    root = penstock.path("lake")
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    return {key: data for key, data in found.items() if not key.startswith((".penstock/", "catalog/")) and key.startswith(prefix)}


def refusal(call, **arguments):
    """(name, HTTP status, message) of a call that has to be refused."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def test_put_record_by_boto3(serve):
    """STREAM-1: put_record and put_record_batch of an unchanged boto3."""
    serving = serve()
    firehose = serving.client()
    arn = make(firehose)
    assert arn == "arn:aws:firehose:eu-west-1:000000000000:deliverystream/finance-delivery-stream"
    one = firehose.put_record(DeliveryStreamName="finance-delivery-stream", Record={"Data": b'{"name": "FB"}\n'})
    assert one["RecordId"] and one["Encrypted"] is False and one["ResponseMetadata"]["RequestId"]
    batch = firehose.put_record_batch(DeliveryStreamName="finance-delivery-stream",
                                      Records=[{"Data": bytes([i % 256]) * i} for i in range(500)])
    assert batch["FailedPutCount"] == 0
    ids = [one["RecordId"]] + [entry["RecordId"] for entry in batch["RequestResponses"]]
    assert len(set(ids)) == 501 and ids == sorted(ids)
    metrics = serving.ask("/metrics")
    assert 'penstock_stream_incoming_records_total{stream="finance-delivery-stream"} 501' in metrics, "STREAM-6"
    assert serving.stop() == 0


def test_records_are_delivered_once(penstock, serve):
    """STREAM-1, STREAM-3, ALL-5: what was acknowledged is in the lake once, through kill -9 and a restart."""
    import gzip

    serving = serve()
    firehose = serving.client()
    make(firehose, "a", Prefix="a/", CompressionFormat="GZIP", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0})
    make(firehose, "b", Prefix="b/", BufferingHints={"SizeInMBs": 128, "IntervalInSeconds": 900})
    for begin in range(0, 2000, 500):
        records = [{"Data": b'{"i": %d}\n' % i} for i in range(begin, begin + 500)]
        for name in "ab":
            assert firehose.put_record_batch(DeliveryStreamName=name, Records=records)["FailedPutCount"] == 0
    serving.stop(signal.SIGKILL)
    serving = serve()
    firehose = serving.client()
    every = sorted(b'{"i": %d}\n' % i for i in range(2000))

    def delivered(prefix, opened=lambda data: data):
        return sorted(line for data in objects(penstock, prefix).values() for line in opened(data).splitlines(keepends=True))

    end = time.monotonic() + WAIT_S
    while delivered("a/", gzip.decompress) != every:
        assert time.monotonic() < end, (objects(penstock).keys(), serving.text)
        time.sleep(0.1)
    metrics = serving.ask("/metrics")
    assert "penstock_stream_data_freshness_seconds" in metrics and "penstock_stream_delivery_failures_total" in metrics, "STREAM-6"
    # Waits for 15 minutes, or for its deletion.
    assert delivered("b/") == []
    firehose.delete_delivery_stream(DeliveryStreamName="b")
    assert refusal(firehose.put_record, DeliveryStreamName="b", Record={"Data": b"x"})[0] == "ResourceNotFoundException"
    wait_until_gone(firehose, "b")
    assert delivered("b/") == every
    assert serving.stop() == 0


def test_a_stream_is_described_as_it_was_made(serve):
    """STREAM-1: every setting comes back, also after a restart; updates change what they name, over one version."""
    serving = serve()
    firehose = serving.client()
    processing = {"Enabled": True, "Processors": [
        {"Type": "MetadataExtraction", "Parameters": [
            {"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{name: .name}"},
            {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"}]},
        {"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]}]}
    settings = {
        "Prefix": "bars/name=!{partitionKeyFromQuery:name}/dt=!{timestamp:yyyy-MM-dd}/",
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60}, "CompressionFormat": "GZIP",
        "CustomTimeZone": "America/New_York", "FileExtension": ".json.gz", "ProcessingConfiguration": processing,
        "DynamicPartitioningConfiguration": {"Enabled": True, "RetryOptions": {"DurationInSeconds": 300}},
        "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"}}
    make(firehose, "bars", **settings)

    def described():
        return serving.client().describe_delivery_stream(DeliveryStreamName="bars")["DeliveryStreamDescription"]

    first = described()
    assert first["DeliveryStreamStatus"] == "ACTIVE" and first["DeliveryStreamType"] == "DirectPut"
    assert first["VersionId"] == "1" and "LastUpdateTimestamp" not in first and not first["HasMoreDestinations"]
    assert abs(first["CreateTimestamp"].timestamp() - time.time()) < 600
    [destination] = first["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    assert {key: extended[key] for key in settings} == settings
    assert extended["RoleARN"] == DESTINATION["RoleARN"] and extended["BucketARN"] == DESTINATION["BucketARN"]
    assert destination["S3DestinationDescription"]["CompressionFormat"] == "GZIP"

    update = {"DeliveryStreamName": "bars", "CurrentDeliveryStreamVersionId": "1",
              "DestinationId": destination["DestinationId"],
              "ExtendedS3DestinationUpdate": {"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 0}}}
    firehose.update_destination(**update)
    assert refusal(firehose.update_destination, **update)[:2] == ("ConcurrentModificationException", 400)
    assert refusal(firehose.update_destination, **{**update, "CurrentDeliveryStreamVersionId": "2", "DestinationId": "x"})[0] == \
        "InvalidArgumentException"
    assert serving.stop() == 0
    serving = serve()
    second = described()
    assert second["VersionId"] == "2" and second["LastUpdateTimestamp"] > second["CreateTimestamp"]
    extended = second["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert extended["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 0}
    assert {key: extended[key] for key in settings if key != "BufferingHints"} == \
        {key: settings[key] for key in settings if key != "BufferingHints"}


def test_lists_and_tags_by_boto3(serve):
    """STREAM-1: names page by page; tags; a deleted stream is gone."""
    firehose = serve().client()
    names = [f"stream-{i:02}" for i in range(23)]
    for name in reversed(names):
        firehose.create_delivery_stream(DeliveryStreamName=name, S3DestinationConfiguration=DESTINATION,
                                        Tags=[{"Key": "team", "Value": "markets"}])
    page = firehose.list_delivery_streams()
    assert page["DeliveryStreamNames"] == names[:10] and page["HasMoreDeliveryStreams"], "10 by default"
    page = firehose.list_delivery_streams(Limit=13, ExclusiveStartDeliveryStreamName=names[9])
    assert page["DeliveryStreamNames"] == names[10:] and not page["HasMoreDeliveryStreams"]
    assert firehose.list_delivery_streams(DeliveryStreamType="MSKAsSource")["DeliveryStreamNames"] == []
    firehose.tag_delivery_stream(DeliveryStreamName=names[0], Tags=[{"Key": "b"}, {"Key": "a", "Value": "ü / 1"}])
    tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName=names[0], Limit=2)
    assert tags["Tags"] == [{"Key": "a", "Value": "ü / 1"}, {"Key": "b", "Value": ""}] and tags["HasMoreTags"]
    firehose.untag_delivery_stream(DeliveryStreamName=names[0], TagKeys=["a", "b", "none"])
    tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName=names[0])
    assert tags["Tags"] == [{"Key": "team", "Value": "markets"}] and not tags["HasMoreTags"]
    assert firehose.describe_delivery_stream(DeliveryStreamName=names[0])["DeliveryStreamDescription"]["VersionId"] == "1"
    firehose.delete_delivery_stream(DeliveryStreamName=names[0])
    wait_until_gone(firehose, names[0])
    assert firehose.list_delivery_streams(Limit=1)["DeliveryStreamNames"] == names[1:2]


def test_refusals_by_name(serve):
    """STREAM-1: boto3 raises the exceptions that people catch."""
    firehose = serve().client(parameter_validation=False)
    make(firehose, "a")
    assert refusal(firehose.create_delivery_stream, DeliveryStreamName="a", ExtendedS3DestinationConfiguration=DESTINATION) == \
        ("ResourceInUseException", 400, "Firehose a under accountId 000000000000 already exists")
    name, status, text = refusal(firehose.put_record, DeliveryStreamName="b", Record={"Data": b"x"})
    assert (name, status) == ("ResourceNotFoundException", 400) and text == "Firehose b under account 000000000000 not found."
    with pytest.raises(firehose.exceptions.ResourceNotFoundException):
        firehose.describe_delivery_stream(DeliveryStreamName="b")
    with pytest.raises(firehose.exceptions.InvalidArgumentException, match="4 MB"):
        firehose.put_record_batch(DeliveryStreamName="a", Records=[{"Data": b"x" * 1_000_000}] * 5)
    assert refusal(firehose.put_record, DeliveryStreamName="a", Record={"Data": b"x" * 1_024_001})[0] == "ValidationException"
    assert refusal(firehose.put_record_batch, DeliveryStreamName="a", Records=[{"Data": b"x"}] * 501)[0] == "ValidationException"
    assert refusal(firehose.put_record_batch, DeliveryStreamName="a", Records=[])[0] == "ValidationException"
    assert refusal(firehose.put_record, DeliveryStreamName="a b", Record={"Data": b"x"})[0] == "ValidationException"
    assert refusal(firehose.start_delivery_stream_encryption, DeliveryStreamName="a")[0] == "InvalidArgumentException"
    # The largest that is allowed.
    firehose.put_record(DeliveryStreamName="a", Record={"Data": b"x" * 1_024_000})


def test_signatures(penstock, serve):
    """STREAM-1: with access keys configured, a request counts when one of them signed it within five minutes."""
    assert penstock("serve", "--listen", "0.0.0.0:0").code == 2
    keys = {"PENSTOCK_ACCESS_KEYS": "AKIDPRODUCER:0123456789abcdef0123,AKIDOTHER:fedcba9876543210"}
    serving = serve(env=keys, listen="0.0.0.0:0")
    serving.origin = serving.origin.replace("0.0.0.0", "127.0.0.1")
    make(serving.client("AKIDPRODUCER", "0123456789abcdef0123"), "a")
    serving.client("AKIDOTHER", "fedcba9876543210").put_record(DeliveryStreamName="a", Record={"Data": b"x"})
    put = {"DeliveryStreamName": "a", "Record": {"Data": b"x"}}
    assert refusal(serving.client("AKIDPRODUCER", "0123456789abcdef0124").put_record, **put)[:2] == ("InvalidSignatureException", 400)
    assert refusal(serving.client("AKIDNOBODY", "0123456789abcdef0123").put_record, **put)[:2] == ("UnrecognizedClientException", 400)
    assert refusal(serving.client(signature_version=botocore.UNSIGNED).put_record, **put)[:2] == \
        ("MissingAuthenticationTokenException", 400)
    assert 'incoming_records_total{stream="a"} 1\n' in serving.ask("/metrics")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        serving.ask("/streams")
    request = urllib.request.Request(serving.origin + "/healthz", method="HEAD")
    assert urllib.request.urlopen(request, timeout=30).status == 200, "as load balancers ask"
    assert "0123456789abcdef" not in serving.text, "ALL-4"
    assert serving.stop() == 0
    # The clock of another day: what is signed now is too old, or too new, for it.
    serving = serve(env={**keys, "PENSTOCK_NOW": "2026-01-01T00:00:00Z"})
    name, _, text = refusal(serving.client("AKIDOTHER", "fedcba9876543210").put_record, **put)
    assert name == "InvalidSignatureException" and "Signature not yet current" in text


def test_what_is_measured_is_what_the_page_says(serve):
    """STREAM-6: /metrics and docs/streams.md name the same metrics."""
    serving = serve()
    make(serving.client(), "a")
    served = set(re.findall(r"^# TYPE penstock_stream_(\w+)", serving.ask("/metrics"), re.MULTILINE))
    page = (SOURCE / "docs/streams.md").read_text().partition("## How it goes")[2]
    assert served == {name for name in re.findall(r"`(\w+)`", page) if "_" in name}


def test_one_process_serves_the_streams(penstock, serve):
    """ALL-3: a second one says who has them."""
    serving = serve()
    outcome = penstock("serve", "--bucket", "lake", "--listen", "127.0.0.1:0")
    assert outcome.code != 0 and serving.origin in outcome.err, outcome
    assert json.loads(serving.ask("/streams")) == []


def test_put_record_by_the_aws_cli(penstock, serve):
    """STREAM-1: the AWS CLI, with the keys of a server that has some."""
    serving = serve(env={"PENSTOCK_ACCESS_KEYS": "AKIDPRODUCER:0123456789abcdef0123"})

    def aws(*args, secret="0123456789abcdef0123"):
        env = {**penstock.env, "AWS_ACCESS_KEY_ID": "AKIDPRODUCER", "AWS_SECRET_ACCESS_KEY": secret,
               "AWS_DEFAULT_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": ""}
        return subprocess.run([sys.executable, "-m", "awscli", "--endpoint-url", serving.origin, "--output", "json", "firehose",
                               *args], env=env, capture_output=True, text=True, timeout=WAIT_S)

    made = aws("create-delivery-stream", "--delivery-stream-name", "cli", "--extended-s3-destination-configuration",
               "RoleARN={RoleARN},BucketARN={BucketARN},Prefix=cli/".format(**DESTINATION))
    assert made.returncode == 0 and json.loads(made.stdout)["DeliveryStreamARN"].endswith("deliverystream/cli"), made
    put = aws("put-record", "--delivery-stream-name", "cli", "--record", "Data=hello")
    assert put.returncode == 0 and json.loads(put.stdout)["RecordId"], put
    assert json.loads(aws("list-delivery-streams").stdout)["DeliveryStreamNames"] == ["cli"]
    wrong = aws("list-delivery-streams", secret="x" * 20)
    assert wrong.returncode != 0 and "InvalidSignatureException" in wrong.stderr, wrong


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    """The SDK for JavaScript from npm, of one version; kept in build/ where there is one."""
    if not shutil.which("npm"):
        pytest.skip("no npm")
    build = SOURCE / "build"
    folder = (build if build.is_dir() else tmp_path_factory.mktemp("node")) / "aws-sdk-js-3.1169.0"
    if not (folder / "node_modules/@aws-sdk/client-firehose/package.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", folder, "--no-package-lock", "--no-save", "--no-audit", "--no-fund",
                        "--ignore-scripts", "--loglevel=error", "@aws-sdk/client-firehose@3.1169.0"], check=True, timeout=300)
    return folder


def test_put_record_by_the_sdk_for_javascript(penstock, serve, node_modules):
    """STREAM-1: aws-sdk for JavaScript, version 3, by its own HTTP client."""
    serving = serve()
    make(serving.client(), "js", Prefix="js/", BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0})
    env = {**penstock.env, "NODE_MODULES": str(node_modules), "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    done = subprocess.run(["node", pathlib.Path(__file__).with_name("firehose_client.mjs"), serving.origin, "js"], env=env,
                          capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == 0, done
    said = json.loads(done.stdout)
    assert said["failed"] == 0 and len({said["id"], *said["ids"]}) == 501 and said["status"] == "ACTIVE"
    assert said["refused"] == {"isIt": True, "name": "ResourceNotFoundException", "status": 400,
                               "message": "Firehose no-such-stream under account 000000000000 not found."}
    end = time.monotonic() + WAIT_S
    expected = sorted([b"from node", *(f"{i} ü".encode() for i in range(500))])
    while sorted(line for data in objects(penstock, "js/").values() for line in data.splitlines()) != expected:
        assert time.monotonic() < end, (objects(penstock).keys(), serving.text)
        time.sleep(0.1)
