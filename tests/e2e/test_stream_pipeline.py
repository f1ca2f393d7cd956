"""The collector and its table (STREAM-4, STREAM-5): minute bars of a session on a delivery stream, and what SQL says of them."""
import collections
import contextlib
import datetime
import json
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import zoneinfo

import boto3
import duckdb
import pytest
from harness import SOURCE, Serve, dead_letters, edit, wait_until

TEN = ["BYND", "DDOG", "FB", "NFLX", "OKTA", "PINS", "SHOP", "SNAP", "SQ", "TTD"]
DAY = "2020-05-14"
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
QUERY = SOURCE / "pipelines/stream/queries/hourly_highs.sql"
STREAM = "finance-delivery-stream"


def collect(penstock, target, code=0, bucket="lake", **given):
    """The summary of a run; `target`: a replay server, or options."""
    options = ["--endpoint", target.origin] if hasattr(target, "origin") else target
    if given:
        options = [*options, "--input", json.dumps(given)]
    outcome = penstock("run", "stream", *options, "--bucket", bucket, "--output", "json")
    assert outcome.code == code, outcome
    return outcome.rows[0]


def table(penstock, columns="*", bucket="lake"):
    """Without the database's name."""
    return penstock.sql(f"select {columns} from finance_stream_data order by name, ts", "--bucket", bucket)


def raw_bars(bucket, ticker, day=DAY):
    """What the provider said: {ts: (high, low)} of the minutes that have both."""
    body = json.loads(pathlib.Path(bucket, f"stream/raw/dt={day}/{ticker}.json").read_text())
    result = body["chart"]["result"][0]
    quote = result["indicators"]["quote"][0]
    out = {}
    for stamp, high, low in zip(result["timestamp"], quote["high"], quote["low"]):
        if high is not None and low is not None:
            local = datetime.datetime.fromtimestamp(stamp, NEW_YORK)
            out[local.isoformat(sep=" ")] = (high, low)
    return out


def in_session(bars, close="16:00"):
    return {ts: prices for ts, prices in bars.items() if "09:30" <= ts[11:16] < close}


def parquet_files(bucket="lake"):
    return sorted(pathlib.Path(bucket).glob("stream/clean/finance_stream_data/dt=*/*.parquet"))


def test_stream4_the_demo_brings_ten_tickers_of_the_day_into_the_table(penstock):
    summary = collect(penstock, ["--demo"], bucket="demo")
    assert (summary["date"], summary["tickers"], summary["failed"]) == (DAY, 10, 0)
    assert summary["generated"] == 10 and summary["outside_session"] == 10  # the closing quote of each
    assert summary["bars"] + summary["without_trades"] == 10 * 390
    rows = table(penstock, "name, high, low, ts, generated", bucket="demo")
    expected = {(ticker, ts): prices for ticker in TEN
                for ts, prices in in_session(raw_bars(penstock.path("demo"), ticker)).items()}
    assert {(row["name"], row["ts"]): (row["high"], row["low"]) for row in rows} == expected
    assert len(rows) == summary["bars"] and all(row["generated"] for row in rows)
    assert (rows[0]["ts"], rows[-1]["ts"]) == (f"{DAY} 09:30:00-04:00", f"{DAY} 15:59:00-04:00")
    described = penstock.ok("tables", "show", "stream.finance_stream_data", "--bucket", "demo").out
    assert "finance_stream_data" in described


def test_stream4_a_day_that_is_collected_again_is_there_once(penstock):
    first = collect(penstock, ["--demo"])
    rows, highs = table(penstock), penstock.ok("query", "--saved", "hourly_highs", "--pipeline", "stream", "--bucket", "lake").out
    files = parquet_files(penstock.path("lake"))
    again = collect(penstock, ["--demo"])
    assert again["bars"] == first["bars"] and again["execution"] != first["execution"]
    assert len(parquet_files(penstock.path("lake"))) > len(files), "it was put again"
    assert [{k: v for k, v in row.items() if k != "dt"} for row in table(penstock)] == \
        [{k: v for k, v in row.items() if k != "dt"} for row in rows]
    assert penstock.ok("query", "--saved", "hourly_highs", "--pipeline", "stream", "--bucket", "lake").out == highs


def test_stream5_the_highest_high_of_each_company_and_hour(penstock):
    collect(penstock, ["--demo"])
    expected = []
    for ticker in TEN:
        hours = collections.defaultdict(list)
        for ts, (high, _) in in_session(raw_bars(penstock.path("lake"), ticker)).items():
            hours[ts[:13]].append((high, ts))
        for hour, bars in sorted(hours.items()):
            highest = max(high for high, _ in bars)
            expected += [(ticker, hour, ts, round(highest, 4), "made up") for high, ts in sorted(bars) if high == highest]
    assert len(expected) >= 70
    saved = json.loads(penstock.ok("query", "--saved", "hourly_highs", "--pipeline", "stream", "--bucket", "lake", "--format", "json").out)
    assert [tuple(row.values()) for row in saved] == expected

    # The same text in an engine that reads the files as they lie, with each bar there twice.
    collect(penstock, ["--demo"])
    plain = duckdb.connect()
    files = [str(file) for file in parquet_files(penstock.path("lake"))]
    plain.execute(f"create view finance_stream_data as select * from read_parquet({files})")
    assert plain.execute("select count(*) from finance_stream_data").fetchone()[0] == 2 * len(table(penstock))
    assert plain.execute(QUERY.read_text()).fetchall() == expected


def test_stream4_recorded_minutes_of_another_day(penstock, replay):
    summary = collect(penstock, replay, date="2024-10-02", tickers="AAPL")
    # One minute without a trade, and the next day's closing quote.
    assert [summary[key] for key in ("tickers", "bars", "without_trades", "outside_session", "generated", "failed")] == \
        [1, 389, 1, 1, 0, 0]
    rows = table(penstock, "name, high, low, ts, generated")
    assert {row["ts"]: (row["high"], row["low"]) for row in rows} == in_session(
        {ts: prices for ts, prices in raw_bars(penstock.path("lake"), "AAPL", "2024-10-02").items() if ts.startswith("2024-10-02")})
    assert all(row["generated"] is None for row in rows)
    assert penstock.path("lake/stream/raw/dt=2024-10-02/AAPL.json").read_bytes() == (SOURCE / "data/minutes/AAPL_2024-10-02.json").read_bytes()


@pytest.mark.parametrize("day, first, last", [
    ("2020-11-27", "09:30:00-05:00", "12:59:00-05:00"),  # a half day
    ("2020-03-06", "09:30:00-05:00", "15:59:00-05:00"),  # the clocks change on the Sunday behind it
    ("2020-03-09", "09:30:00-04:00", "15:59:00-04:00"),
    ("2020-11-02", "09:30:00-05:00", "15:59:00-05:00"),
])
def test_stream4_the_day_is_the_exchanges_session(penstock, start_replay, day, first, last):
    collect(penstock, start_replay("--generate-any"), date=day, tickers="ANY")
    stamps = [row["ts"] for row in table(penstock, "name, ts")]
    assert (stamps[0], stamps[-1]) == (f"{day} {first}", f"{day} {last}")


@pytest.mark.parametrize("given, words", [
    ({"date": "2020-05-25"}, ["no session of New York Stock Exchange: Memorial Day", "2020-05-22 or 2020-05-26"]),
    ({"date": "2020-05-16"}, ["a weekend"]),
    ({"date": "yesterday"}, ["2020-05-14"]),
    ({"date": "2120-05-14"}, ["the calendar XNYS knows"]),
    ({"date": DAY, "tickers": "FB;SHOP"}, ["not a ticker"]),
    ({"date": DAY, "ticker": "FB"}, ["did you mean tickers?"]),
])
def test_stream4_what_cannot_be_collected_is_refused_before_anything_is_made(penstock, given, words):
    outcome = penstock("run", "stream", "--demo", "--input", json.dumps(given))
    assert outcome.code == 2, outcome
    for word in words:
        assert word in outcome.err, outcome
    assert not penstock.path("demo").exists()


def test_stream4_renamed_tickers_are_asked_for_by_todays_name_and_stored_under_theirs(penstock, start_replay):
    server = start_replay("--fault", "404:symbol=FB", "--fault", "404:symbol=SQ")
    summary = collect(penstock, server, date=DAY, tickers="FB,SQ,SHOP")
    assert summary["failed"] == 0
    names = penstock.sql("select name, count(*) as bars from finance_stream_data group by name order by name", "--bucket", "lake")
    assert [row["name"] for row in names] == ["FB", "SHOP", "SQ"] and all(row["bars"] > 380 for row in names)
    raw = json.loads(penstock.path(f"lake/stream/raw/dt={DAY}/FB.json").read_text())
    assert raw["chart"]["result"][0]["meta"]["symbol"] == "META"


def test_stream4_what_fails_is_in_the_dead_letter_queue_and_done_again_from_there(penstock, replay, start_replay):
    summary = collect(penstock, replay, code=1, date=DAY, tickers="SHOP,GEN00001")
    assert (summary["tickers"], summary["failed"]) == (2, 1)
    assert {row["name"] for row in table(penstock, "name, ts")} == {"SHOP"}
    letter = dead_letters(penstock, "lake")[0]["body"]
    assert letter["step"] == "collect_bars" and letter["input"] == {"ticker": "GEN00001", "date": DAY}
    assert "no minute bars of GEN00001" in letter["cause"]
    penstock.ok("dlq", "redrive", "--bucket", "lake", "--endpoint", start_replay("--generate", "1").origin)
    assert {row["name"] for row in table(penstock, "name, ts")} == {"GEN00001", "SHOP"}
    assert dead_letters(penstock, "lake") == []


@pytest.fixture
def serve(penstock):
    """`penstock serve stream`, of a copy that delivers at once."""
    started = []
    shutil.copytree(SOURCE / "pipelines/stream", penstock.path("stream"))
    edit(penstock.path("stream/pipeline.yaml"), "interval_s: 60", "interval_s: 0")

    def start(*options, **rest):
        started.append(Serve(penstock, "stream", *options, **rest))
        return started[-1]

    yield start
    for each in started:
        each.stop(signal.SIGKILL)


def curl(url, *options):
    """(HTTP status, the answer) of a plain call."""
    out = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *options, url], capture_output=True, text=True, timeout=120, check=True).stdout
    body, _, status = out.rpartition("\n")
    return int(status), json.loads(body)


def call(serving, query=""):
    status, answer = curl(f"{serving.origin}/functions/data-collector{query}")
    assert answer["statusCode"] == status and answer["isBase64Encoded"] is False, answer
    return status, json.loads(answer["body"])


def delivered(penstock, serving, count):
    """The rows of the table, when there are so many: they are delivered at once, but not at the same moment."""
    rows = []

    def come():
        rows[:] = table(penstock, "name, ts") if parquet_files(penstock.path("lake")) else []
        return len(rows) >= count

    wait_until(come, serving.process)
    assert len(rows) == count
    return rows


def test_stream4_one_plain_url_call_collects_a_day(penstock, replay, serve):
    serving = serve("--endpoint", replay.origin)
    status, body = call(serving, f"?date={DAY}&tickers=FB,SHOP")
    assert status == 200 and body["failed"] == 0 and body["date"] == DAY and body["stream"] == STREAM, body
    assert body["count"] + body["without_trades"] == 780
    status, again = call(serving, f"?date={DAY}&tickers=FB%2CSHOP")
    assert status == 200 and again["count"] == body["count"]
    assert again["execution"] != body["execution"], "one execution a request"
    listed = {row["name"]: row["status"] for row in penstock.ok("executions", "ls", "--bucket", "lake", "--output", "json").rows}
    assert listed[body["execution"]] == listed[again["execution"]] == "SUCCEEDED"
    for query, expected in (("?date=2020-05-25", "Memorial Day"), ("?day=2020-05-14", "no such parameter"),
                            ("?tickers=%2Fetc", "not a ticker"), ("?tickers=%FF", "not UTF-8"), (f"?date={DAY}&date={DAY}", "stands twice")):
        status, refused = call(serving, query)
        assert status == 400 and expected in refused["message"], refused
    assert curl(f"{serving.origin}/functions/data-colector")[0] == 404
    assert curl(f"{serving.origin}/functions/data-collector", "-H", "Sec-Fetch-Site: cross-site")[0] == 403
    status, some = call(serving, f"?date={DAY}&tickers=SNAP,NOBODY")
    assert status == 207 and some["failed"] == 1 and "dlq" in some["advice"], some
    assert call(serving, f"?date={DAY}&tickers=NOBODY")[0] == 502
    delivered(penstock, serving, body["count"] + some["count"])
    assert serving.stop() == 0


def test_stream4_a_run_puts_on_the_streams_of_the_process_that_serves(penstock, replay, serve):
    serving = serve("--endpoint", replay.origin)
    firehose = boto3.client("firehose", endpoint_url=serving.origin, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    firehose.put_record(DeliveryStreamName=STREAM, Record={"Data": json.dumps(
        {"name": "MINE", "high": 2.5, "low": 1.5, "ts": f"{DAY} 09:30:00-04:00"}).encode()})
    outcome = penstock("run", "stream", "--endpoint", replay.origin, "--input", json.dumps({"date": DAY, "tickers": "SHOP"}), "--bucket", "lake")
    assert outcome.code == 0 and serving.origin in outcome.err, outcome
    bars = len(in_session(raw_bars(penstock.path("lake"), "SHOP")))
    assert {row["name"] for row in delivered(penstock, serving, bars + 1)} == {"MINE", "SHOP"}


def test_stream4_a_killed_server_loses_nothing_that_was_collected(penstock, replay, serve):
    serving = serve("--endpoint", replay.origin)
    _, body = call(serving, f"?date={DAY}&tickers=FB")
    assert serving.stop(signal.SIGKILL) == -9
    delivered(penstock, serve("--endpoint", replay.origin), body["count"])


def test_stream2_a_handler_of_the_pipeline_gives_the_keys_of_the_prefix(penstock, replay, serve):
    """A pipeline.yaml with a Lambda handler; what waits for it is told by queries, which run no programs."""
    file = penstock.path("stream/pipeline.yaml")
    edit(file, "  table:", f"""  transform: {{command: [{sys.executable}, -m, awslambdaric, keys.handler], environment: {{PYTHONDONTWRITEBYTECODE: "1"}}}}
  prefix: "clean/finance_stream_data/symbol=!{{partitionKeyFromLambda:symbol}}/dt=!{{timestamp:yyyy-MM-dd}}/"
  table:""")
    penstock.path("stream/keys.py").write_text(textwrap.dedent("""
        import base64, json

        def handler(event, context):
            return {"records": [{"recordId": record["recordId"], "result": "Ok", "data": record["data"], "metadata": {
                "partitionKeys": {"symbol": json.loads(base64.b64decode(record["data"]))["name"].lower()}}}
                for record in event["records"]]}
    """))
    serving = serve("--endpoint", replay.origin)
    for name in ("ONE", "TWO"):
        serving.client().put_record(DeliveryStreamName=STREAM, Record={"Data": json.dumps({"name": name, "ts": "x"}).encode()})
    wait_until(lambda: len(list(penstock.path("lake").glob("stream/clean/finance_stream_data/symbol=*/dt=*/*.parquet"))) == 2,
               serving.process)
    folders = penstock.path("lake/stream/clean/finance_stream_data").glob("symbol=*")
    assert sorted(folder.name for folder in folders) == ["symbol=one", "symbol=two"]
    assert serving.stop() == 0

    file.write_text("{}\n" * 3)
    penstock.ok("stream", "put", STREAM, file, "--bucket", "lake")  # nobody serves: they wait
    outcome = penstock("query", "select count(*) as rows from finance_stream_data", "--bucket", "lake", "--format", "json")
    assert json.loads(outcome.out) == [{"rows": 2}], outcome
    [warning] = [json.loads(line) for line in outcome.err.splitlines() if line.startswith("{")]
    assert (warning["event"], warning["stream"], warning["records"]) == ("waiting_records_not_seen", STREAM, 3)


def test_stream1_dashboards_take_no_time_from_producers(penstock, serve):
    """ALL-3: pages whose queries last for minutes, more of them than there are threads: a put beside them is answered at once."""
    penstock.path("stream/queries/endless.sql").write_text(
        "-- Never done.\nselect sum(a.range * b.range) as sum from range(1000000) a, range(1000000) b\n")
    serving = serve()
    client = serving.client()
    with contextlib.ExitStack() as stack:
        pages = [stack.enter_context(socket.create_connection(("127.0.0.1", int(serving.origin.rpartition(":")[2])))) for _ in range(6)]
        for page in pages:
            page.sendall(b"GET /dashboards/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # Two are being made; the others are told to come again.
        assert sum(b"503" in page.recv(100) for page in select_ready(pages, 4)) == 4
        for i in range(5):
            client.put_record(DeliveryStreamName=STREAM, Record={"Data": json.dumps({"name": "ONE", "ts": str(i)}).encode()})
    assert serving.stop() == 0, "the queries end with it"


def select_ready(sockets, count):
    """So many of the sockets that have something to read."""
    ready = []
    while len(ready) < count:
        ready = select.select(sockets, [], [], 60)[0]
        assert ready, "no answer"
    return ready
