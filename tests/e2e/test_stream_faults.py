"""Streams that are killed under load, and full disks: what was acknowledged is in the lake once (STREAM-3, STREAM-4, ALL-5)."""
import base64
import http.client
import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request

import pyarrow.parquet
import pytest
from harness import Serve

WAIT_S = 120
KILLS = int(os.environ.get("PENSTOCK_STREAM_KILLS", "5"))  # the long form: 200
COLUMNS = [{"name": "id", "type": "bigint", "nullable": True}, {"name": "note", "type": "string", "nullable": True}]


def declare(penstock, name, prefix, parquet, interval_s=0):
    """A stream as it lies in the state folder. Its buffering has the least that there is: deliveries are always under way."""
    folder = penstock.path("lake/.penstock/streams", name)
    folder.mkdir(parents=True)
    spec = {"name": name, "version": 1, "created": "2020-01-01T00:00:00.000Z", "updated": "2020-01-01T00:00:00.000Z",
            "buffering": {"size_mib": 1, "interval_s": interval_s}, "prefix": prefix + "/dt=!{timestamp:yyyy-MM-dd}/",
            "error_prefix": f"errors/{name}/", "file_extension": "", "timezone": "UTC", "compression": "UNCOMPRESSED",
            "partition_by_transform": False, "most_partitions": 500, "database": "market", "table": name, "description": "",
            "folder": "", "kept": {}, "partition_keys": [], "transform": {"built_in": []}, "tags": {}}
    spec["parquet" if parquet else "json_columns"] = {"columns": COLUMNS, "compression": "zstd"} if parquet else COLUMNS
    (folder / "stream.json").write_text(json.dumps(spec))


class Producer(threading.Thread):
    """Puts batches until the server is gone. `acknowledged`: ids that it was told are safe."""

    def __init__(self, origin, stream, first, seed):
        super().__init__(daemon=True)
        self.address, self.stream, self.next, self.random = origin.removeprefix("http://"), stream, first, random.Random(seed)
        self.acknowledged, self.refused = [], 0
        self.start()

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        while True:
            ids = range(self.next, self.next + self.random.randint(1, 60))
            self.next = ids.stop
            records = [{"Data": base64.b64encode(json.dumps({"id": i, "note": "x" * (i % 200)}).encode() + b"\n").decode()} for i in ids]
            body = json.dumps({"DeliveryStreamName": self.stream, "Records": records})
            try:
                connection.request("POST", "/", body, {"X-Amz-Target": "Firehose_20150804.PutRecordBatch",
                                                       "Content-Type": "application/x-amz-json-1.1"})
                answer = connection.getresponse()
                told = json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                return
            if answer.status == 200:
                self.acknowledged += [i for i, one in zip(ids, told["RequestResponses"]) if "RecordId" in one]
            else:
                self.refused += 1


def delivered(penstock, stream, parquet):
    """The ids in all objects, as any tool would read them: no name of ours is known here."""
    ids = []
    for path in penstock.path("lake", stream).rglob("*"):
        if path.is_file() and parquet:
            ids += pyarrow.parquet.ParquetFile(path).read(columns=["id"]).column("id").to_pylist()
        elif path.is_file():
            ids += [json.loads(line)["id"] for line in path.read_text().splitlines()]
    return ids


def wait_until(true, what):
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["ndjson", "parquet"])
def test_killed_under_load(penstock, kind):
    """STREAM-4: kill -9 in a loop: no acknowledged record is lost, none is in the lake twice, a query shows the same count."""
    parquet = kind == "parquet"
    declare(penstock, "ticks", "ticks", parquet)
    chance = random.Random(20261121)
    acknowledged, first, serving = [], 0, None
    try:
        for run in range(KILLS):
            serving = Serve(penstock)
            producers = [Producer(serving.origin, "ticks", first + n * 10**7, run * 10 + n) for n in range(3)]
            first += 10**9
            time.sleep(chance.uniform(0.02, 0.8))
            assert serving.stop(signal.SIGKILL) == -signal.SIGKILL, serving.text
            for producer in producers:
                producer.join(WAIT_S)
                acknowledged += producer.acknowledged
                assert producer.refused == 0
            if run == 0 or run == KILLS - 1:  # nobody serves: the log and the lake together
                counted = penstock.sql("select count(*) as n, count(distinct id) as ids from market.ticks")[0]
                assert counted["n"] == counted["ids"] >= len(acknowledged)
        assert len(acknowledged) > 100
        serving = Serve(penstock)
        wait_until(lambda: set(acknowledged) <= set(delivered(penstock, "ticks", parquet)), lambda: serving.text[-3000:])
        counted = penstock.sql("select count(*) as n, count(distinct id) as ids from market.ticks")[0]
        assert serving.stop() == 0, serving.text
    finally:
        if serving is not None:
            serving.stop(signal.SIGKILL)
    ids = delivered(penstock, "ticks", parquet)
    assert len(ids) == len(set(ids)), "a record is in the lake twice"
    assert counted == {"n": len(ids), "ids": len(ids)}
    assert len(ids) - len(acknowledged) < KILLS * 3 * 60 + 1, "only what was under way at a kill may be there unacknowledged"


@pytest.mark.parametrize("point", ["log.write", "log.sync", "stream.delivery.planned", "stream.delivery.put", "stream.delivery.put_all",
                                   "stream.delivery.delivered"])
def test_killed_at_a_point(penstock, point):
    """ALL-5: the server dies at an exact place of its own, at several passages."""
    declare(penstock, "ticks", "ticks", True)
    acknowledged = []
    for passage in (1, 2, 5):
        serving = Serve(penstock, env={"PENSTOCK_FAULT": f"{point}=kill@{passage}"})
        producer = Producer(serving.origin, "ticks", 10**6 * passage, passage)
        assert serving.process.wait(WAIT_S) == -signal.SIGKILL, serving.text
        producer.join(WAIT_S)
        acknowledged += producer.acknowledged
        serving.stop()
    counted = penstock.sql("select count(*) as n, count(distinct id) as ids from market.ticks")[0]
    assert counted["n"] == counted["ids"] >= len(acknowledged)
    serving = Serve(penstock)
    wait_until(lambda: set(acknowledged) <= set(delivered(penstock, "ticks", True)), lambda: serving.text[-3000:])
    assert serving.stop() == 0, serving.text
    ids = delivered(penstock, "ticks", True)
    assert len(ids) == len(set(ids))


def test_live_rows(penstock):
    """What is acknowledged is a part of the table at once, and not a moment twice, while deliveries run; unless it is not wanted."""
    declare(penstock, "slow", "slow", True, interval_s=900)
    declare(penstock, "quick", "quick", False)
    serving = Serve(penstock)
    try:
        firehose = serving.client()
        for i in range(3):
            firehose.put_record(DeliveryStreamName="slow", Record={"Data": json.dumps({"id": i, "note": "n"}).encode()})
        assert penstock.sql("select id, note from market.slow order by id") == [{"id": i, "note": "n"} for i in range(3)]
        assert not penstock.path("lake/slow").exists()
        refused = penstock("query", "select * from market.slow", "--no-live")
        assert refused.code == 2 and "no table" in refused.err, "nothing was delivered yet"
        assert penstock("query", "select * from market.slow", env={"PENSTOCK_LIVE": "false"}).code == 2

        producer = Producer(serving.origin, "quick", 0, 1)
        for _ in range(6):
            before = len(producer.acknowledged)
            counted = penstock.sql("select count(*) as n, count(distinct id) as ids from market.quick")[0]
            assert counted["n"] == counted["ids"] >= before
    finally:
        serving.stop()
    producer.join(WAIT_S)


def put(serving, **record):
    """The HTTP status, of one attempt; clients would try again."""
    data = base64.b64encode(json.dumps(record).encode()).decode()
    request = urllib.request.Request(serving.origin, json.dumps({"DeliveryStreamName": "ticks", "Record": {"Data": data}}).encode(),
                                     {"X-Amz-Target": "Firehose_20150804.PutRecord", "Content-Type": "application/x-amz-json-1.1"})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        assert "ServiceUnavailableException" in refused.read().decode()
        return refused.code


def test_a_failed_sync_stops_the_stream(penstock):
    """The disk says that it lost something: nothing more is acknowledged until the process is started again."""
    declare(penstock, "ticks", "ticks", False, interval_s=900)
    serving = Serve(penstock, env={"PENSTOCK_FAULT": "log.sync=error@3"})
    assert [put(serving, id=i) for i in range(5)] == [200, 200, 500, 500, 500]
    with pytest.raises(urllib.error.HTTPError):
        serving.ask("/healthz")
    serving.stop(signal.SIGKILL)
    serving = Serve(penstock)
    assert put(serving, id=9) == 200
    ids = [row["id"] for row in penstock.sql("select id from market.ticks order by id")]
    assert ids in ([0, 1, 9], [0, 1, 2, 9]), "the third was written; whether the disk had it nobody could say"
    assert serving.stop() == 0


def test_a_full_disk(penstock):
    """Nothing is acknowledged that is not stored; when there is space again it goes on, in the same process."""
    declare(penstock, "ticks", "ticks", False, interval_s=900)
    serving = Serve(penstock, env={"PENSTOCK_FAULT": "log.write=error@2"})
    assert [put(serving, id=i) for i in range(4)] == [200, 500, 200, 200]
    assert [row["id"] for row in penstock.sql("select id from market.ticks order by id")] == [0, 2, 3]
    assert serving.stop() == 0
