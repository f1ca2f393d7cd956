"""Streams delivered to a bucket on a real S3 server (versitygw): through kill -9, compaction, and read by awswrangler (STREAM-1,
STREAM-3, ALL-5)."""
import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading

import botocore.exceptions
import pyarrow.parquet
import pytest
from cloud import KEY, SECRET, aws_environment
from harness import SOURCE, Serve, wait_until
from test_firehose import make
from test_stream_conversion import converting

NAME = "finance-delivery-stream"
KILLED = -9
DAY = "2020-05-14"
AWSWRANGLER = "3.17.1"


@pytest.fixture
def lake(penstock, s3, bucket):
    """A machine whose lake is a bucket, with a declared table."""
    penstock.env.update(aws_environment(s3=s3))
    penstock.ok("tables", "create", "market.bars", "n=bigint", "name=string", "legs=array<struct<px:double,qty:int>>", "--bucket",
                bucket.uri)
    yield penstock
    assert not penstock.path("s3:").exists()


def serve(lake, bucket, now):
    return Serve(lake, bucket=bucket.uri, env={"PENSTOCK_NOW": now})


def dies(lake, bucket, now, fault):
    """A server that a fault point kills, as kill -9 does."""
    process = lake.popen("serve", "--bucket", bucket.uri, "--listen", "127.0.0.1:0",
                         env={"PENSTOCK_NOW": now, "PENSTOCK_FAULT": fault})
    assert process.wait(120) == KILLED, process.communicate()
    process.stdout.close()


def keys(bucket):
    place = bucket.place / "bars"
    return sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())


def record(n):
    return {"Data": json.dumps({"n": n, "name": f"T{n % 10}", "legs": [{"px": n / 2, "qty": n}]})}


def ask(lake, bucket):
    """Rows, different ones, and a sum that no row is missing from."""
    return lake.sql("select count(*) as rows, count(distinct n) as distinct_rows, sum(legs[1].qty) as total from market.bars",
                    "--bucket", bucket.uri)[0]


def test_a_bucket_in_s3_killed_and_compacted_keeps_its_count(lake, bucket):
    """A producer, kill -9 in the middle of deliveries to S3, restarts; a day later compaction, which dies at each of its steps: the
    same rows by SQL at any time."""
    dice = random.Random(20200514)
    acknowledged, sent = set(), 0
    for run in range(6):
        serving = serve(lake, bucket, f"{DAY}T13:{30 + 2 * run}:00Z")
        firehose = serving.client()
        if run == 0:
            make(firehose, NAME, **converting())
        timer = threading.Timer(dice.uniform(0.1, 1.0), serving.process.kill)
        timer.start()
        with contextlib.suppress(botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            while serving.process.poll() is None:
                numbers = range(sent, sent + 50)
                sent += 50
                answer = firehose.put_record_batch(DeliveryStreamName=NAME, Records=[record(n) for n in numbers])
                assert answer["FailedPutCount"] == 0
                acknowledged.update(numbers)
        timer.join()
        assert serving.stop() == KILLED
    assert len(acknowledged) >= 100
    serving = serve(lake, bucket, f"{DAY}T14:30:00Z")
    counted = ask(lake, bucket)
    assert counted["rows"] == counted["distinct_rows"] >= len(acknowledged), "once each, and what was acknowledged"
    found = {row["n"] for row in lake.sql("select n from market.bars", "--bucket", bucket.uri)}
    assert acknowledged <= found <= set(range(sent))
    assert counted["total"] == sum(found)
    # All that is in the log comes to the bucket.
    wait_until(lambda: s3_rows(bucket) == counted["rows"], serving.process)
    assert serving.stop() == 0
    small = keys(bucket)
    assert len(small) >= 4 and all(key.startswith(f"dt={DAY}/{NAME}-") for key in small)

    next_day = "2020-05-15"
    for minute, point in enumerate(("planned", "hidden")):
        dies(lake, bucket, f"{next_day}T03:0{minute}:00Z", f"stream.compaction.{point}=kill")
        assert ask(lake, bucket) == counted, point
    serving = serve(lake, bucket, f"{next_day}T03:02:00Z")
    wait_until(lambda: "hidden" in compaction(lake), serving.process)
    assert ask(lake, bucket) == counted, "the large one is there beside the small ones"
    assert sorted(set(keys(bucket)) - set(small))[0].startswith(f"dt={DAY}/_")
    assert serving.stop(signal.SIGKILL) == KILLED

    dies(lake, bucket, f"{next_day}T04:10:00Z", "stream.compaction.visible=kill")
    assert ask(lake, bucket) == counted
    dies(lake, bucket, f"{next_day}T04:11:00Z", "stream.compaction.replaced=kill@2")
    assert ask(lake, bucket) == counted and len(set(small) - set(keys(bucket))) == 2
    serving = serve(lake, bucket, f"{next_day}T04:12:00Z")
    wait_until(lambda: not set(small) & set(keys(bucket)), serving.process)
    assert ask(lake, bucket) == counted
    assert serving.stop() == 0
    serving = serve(lake, bucket, f"{next_day}T05:20:00Z")
    wait_until(lambda: len(keys(bucket)) == 1, serving.process)
    assert serving.stop() == 0
    assert ask(lake, bucket) == counted
    (large,) = keys(bucket)
    assert ".to-" in large and s3_rows(bucket) == counted["rows"]


def s3_rows(bucket):
    """Of all Parquet files that are there, read as they lie."""
    return sum(pyarrow.parquet.ParquetFile(io.BytesIO((bucket.place / "bars" / key).read_bytes())).metadata.num_rows
               for key in keys(bucket))


def compaction(lake):
    """What compaction.json says."""
    return "".join(path.read_text() for path in lake.folder.rglob("compaction.json"))


@pytest.fixture(scope="session")
def awswrangler(tmp_path_factory):
    """The package from PyPI, of one version, kept in build/ where there is one; what it needs the tests have (it asks for pyarrow
    below 26, and works with 26)."""
    build = SOURCE / "build"
    folder = (build if build.is_dir() else tmp_path_factory.mktemp("awswrangler")) / f"awswrangler-{AWSWRANGLER}"
    if not (folder / "complete").is_file():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", folder,
                        f"awswrangler=={AWSWRANGLER}", "typing-extensions==4.16.0"], check=True, timeout=300)
        (folder / "complete").touch()
    return folder


def test_awswrangler_reads_what_was_delivered(lake, s3, bucket, awswrangler):
    """awswrangler has no calls of Firehose: its boto3 session puts, by endpoint_url, and it reads the dataset from S3."""
    serving = Serve(lake, bucket=bucket.uri)
    make(serving.client(), NAME, **converting())
    env = {**os.environ, "PYTHONPATH": str(awswrangler), "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
           "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run([sys.executable, "-B", SOURCE / "tests/e2e/awswrangler_client.py", serving.origin, s3.origin, NAME,
                           f"{bucket.uri}/bars/"], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    said = json.loads(done.stdout)
    assert said["version"] == AWSWRANGLER and said["put"] == 1000
    assert said["rows"] == 1000 and said["numbers"] == sum(range(1000)) and said["columns"] == ["n", "name", "legs", "dt"]
    assert said["first_legs"] == [{"px": 0.0, "qty": 0}]
    assert said["of_the_day"] == 1000 and said["of_no_day"] == 0
    assert said["types"]["legs"] == "array<struct<px:double,qty:int>>" and said["partitions"] == {"dt": "string"}
    assert ask(lake, bucket)["rows"] == 1000, "SQL sees the same"
    assert serving.stop() == 0
