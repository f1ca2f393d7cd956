"""Streams of the Firehose API that convert their records by a table of the catalog (STREAM-1, STREAM-3): by boto3, read back by
pyarrow, by DuckDB and by `penstock query`."""
import base64
import datetime
import decimal
import json
import pathlib

import duckdb
import pyarrow.parquet
import pytest
from harness import wait_until
from test_firehose import make, refusal

NAME = "finance-delivery-stream"
COLUMNS = ["name=string", "high=decimal(10,2)", "ts=timestamp", "legs=array<struct<px:double,qty:int>>",
           "tags=map<string,array<string>>", "venue=struct<mic:varchar(4),opened:date>", "lots=tinyint"]


def conversion(database="market", table="bars", region="eu-west-1", **openx):
    return {"SchemaConfiguration": {"DatabaseName": database, "TableName": table, "Region": region, "RoleARN":
                                    "arn:aws:iam::123456789012:role/firehose", "CatalogId": "123456789012", "VersionId": "LATEST"},
            "InputFormatConfiguration": {"Deserializer": openx or {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}}, "Enabled": True}


def converting(place="bars", **rest):
    return {"Prefix": f"{place}/dt=!{{timestamp:yyyy-MM-dd}}/", "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0},
            "DataFormatConversionConfiguration": conversion(**rest)}


def put(firehose, *records, name=NAME):
    answer = firehose.put_record_batch(DeliveryStreamName=name, Records=[
        {"Data": record if isinstance(record, (str, bytes)) else json.dumps(record)} for record in records])
    assert answer["FailedPutCount"] == 0


def files(penstock, place="bars"):
    return sorted(str(path) for path in pathlib.Path(penstock.path("lake"), place).rglob("*.parquet"))


def errors(penstock):
    folder = pathlib.Path(penstock.path("lake"), "errors/format-conversion-failed")
    return [json.loads(line) for path in folder.rglob("*") if path.is_file() for line in path.read_text().splitlines()]


def rows(penstock, place="bars"):
    return sum(pyarrow.parquet.ParquetFile(file).metadata.num_rows for file in files(penstock, place))


BARS = [
    {"name": "FB", "high": 205.1, "ts": "2020-05-14T13:30:00Z", "legs": [{"px": 1.5, "qty": 2}, None],
     "tags": {"Sector": ["tech", None]}, "venue": {"mic": "XNYS", "opened": "1792-5-17"}, "lots": "7"},
    {"NAME": "SQ", "High": "206.005", "TS": 1589463000, "Legs": {"PX": 2, "Qty": "3"}, "tags": {}, "venue": ["XNAS"], "new": 1},
    {"name": "TTD"},
]
WRONG = [{"name": "wide", "high": 123456789.5}, {"name": "deep", "legs": [{"px": 1}, {"px": "oops"}]}, "no JSON",
         {"name": "long", "venue": {"mic": "XNYSE"}}]
UTC = datetime.timezone.utc
EXPECTED = [
    {"name": "FB", "high": decimal.Decimal("205.10"), "ts": datetime.datetime(2020, 5, 14, 13, 30, tzinfo=UTC),
     "legs": [{"px": 1.5, "qty": 2}, None], "tags": {"sector": ["tech", None]},
     "venue": {"mic": "XNYS", "opened": datetime.date(1792, 5, 17)}, "lots": 7},
    {"name": "SQ", "high": decimal.Decimal("206.01"), "ts": datetime.datetime(2020, 5, 14, 13, 30, tzinfo=UTC),
     "legs": [{"px": 2.0, "qty": 3}], "tags": {}, "venue": {"mic": "XNAS", "opened": None}, "lots": None},
    {"name": "TTD", "high": None, "ts": None, "legs": None, "tags": None, "venue": None, "lots": None},
]


@pytest.fixture
def converted(penstock, serve):
    """A server with a stream that converts by market.bars, and the bars delivered."""
    penstock.ok("tables", "create", "market.bars", *COLUMNS, "--bucket", "lake")
    serving = serve()
    firehose = serving.client()
    make(firehose, NAME, **converting())
    put(firehose, *BARS, *WRONG)
    wait_until(lambda: rows(penstock) >= len(BARS) and len(errors(penstock)) >= len(WRONG), serving.process)
    return penstock, serving


def test_nested_and_decimal_columns_are_read_by_others(converted):
    penstock, _ = converted
    table = pyarrow.parquet.ParquetDataset(files(penstock)).read()
    got = [row | {"tags": None if row["tags"] is None else dict(row["tags"])} for row in table.sort_by("name").to_pylist()]
    assert [{key: row[key] for key in EXPECTED[0]} for row in got] == EXPECTED
    assert str(table.schema.field("high").type) == "decimal128(10, 2)" and str(table.schema.field("lots").type) == "int8"
    plain = duckdb.connect()
    plain.execute("set timezone = 'UTC'")
    assert plain.execute(f"select name, high, legs[1].px, tags['sector'][1], venue.opened from read_parquet({files(penstock)}) "
                         "where name = 'FB'").fetchall() == \
        [("FB", decimal.Decimal("205.10"), 1.5, "tech", datetime.date(1792, 5, 17))]


def test_they_are_a_table_of_sql(converted):
    penstock, serving = converted
    asked = "select name, high, legs[1].qty as qty, tags['sector'][1] as sector, venue.mic as mic, dt from {} order by name"
    answer = penstock.sql(asked.format("market.bars"), "--bucket", "lake")
    assert [tuple(row.values())[:5] for row in answer] == [
        ("FB", answer[0]["high"], 2, "tech", "XNYS"), ("SQ", answer[1]["high"], 3, None, "XNAS"), ("TTD", None, None, None, None)]
    assert [float(row["high"]) for row in answer[:2]] == [205.1, 206.01] and answer[0]["dt"]
    assert penstock.sql(asked.format("bars"), "--bucket", "lake") == answer, "without the database's name"
    shown = penstock.ok("tables", "show", "market.bars", "--bucket", "lake").out
    assert "array<struct<px:double,qty:int>>" in shown and "decimal(10,2)" in shown
    # Acknowledged, and not delivered for a quarter of an hour.
    firehose = serving.client()
    described = firehose.describe_delivery_stream(DeliveryStreamName=NAME)["DeliveryStreamDescription"]
    firehose.update_destination(DeliveryStreamName=NAME, CurrentDeliveryStreamVersionId=described["VersionId"],
                                DestinationId=described["Destinations"][0]["DestinationId"], ExtendedS3DestinationUpdate={
                                    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 900}})
    put(firehose, {"name": "LIVE", "legs": [{"px": 9}]})
    assert penstock.sql("select legs[1].px as px from bars where name = 'LIVE'", "--bucket", "lake") == [{"px": 9.0}]
    assert rows(penstock) == len(BARS)


def test_what_does_not_fit_is_kept_with_the_reason(converted):
    penstock, _ = converted
    said = {base64.b64decode(error["rawData"]).decode(): error for error in errors(penstock)}
    assert set(said) == {record if isinstance(record, str) else json.dumps(record) for record in WRONG}
    assert said["no JSON"]["lastErrorCode"] == "DataFormatConversion.ParseError"
    assert said[json.dumps(WRONG[1])]["lastErrorMessage"] == 'Data does not match the schema. For input string: "oops"'
    assert all(error["lastErrorCode"] == "DataFormatConversion.MalformedData" for raw, error in said.items() if raw != "no JSON")
    assert said["no JSON"]["dataCatalogTable"] == {
        "catalogId": "123456789012", "databaseName": "market", "tableName": "bars", "region": "eu-west-1", "versionId": "LATEST",
        "roleArn": "arn:aws:iam::123456789012:role/firehose"}


def test_a_table_that_is_not_there_is_refused_as_by_aws(penstock, serve):
    penstock.ok("tables", "create", "market.bars", *COLUMNS, "--bucket", "lake")
    firehose = serve().client()
    destination = {"RoleARN": "arn:aws:iam::1:role/r", "BucketARN": "arn:aws:s3:::b", **converting(table="bar")}
    name, status, text = refusal(firehose.create_delivery_stream, DeliveryStreamName=NAME,
                                 ExtendedS3DestinationConfiguration=destination)
    assert (name, status) == ("InvalidArgumentException", 400)
    assert "EntityNotFoundException" in text and "market.bar " in text and "did you mean market.bars?" in text
    assert "penstock tables create market.bar" in text, "what to do"
    wrong = penstock("tables", "create", "market.more", "high=decimal(39,2)", "--bucket", "lake")
    assert wrong.code == 2 and "from 1 to 38" in wrong.err, wrong
    again = penstock("tables", "create", "market.bars", "name=string", "--bucket", "lake")
    assert again.code == 2 and "already" in again.err, again


def test_a_stream_by_the_table_of_a_pipeline_has_its_own(penstock, serve):
    """The schema is of a table that a pipeline's stream made; what is delivered elsewhere is a table beside it."""
    penstock.ok("run", "stream", "--demo", "--input", '{"tickers":"FB"}', "--bucket", "lake")
    before = penstock.sql("select count(*) as n from stream.finance_stream_data", "--bucket", "lake")
    serving = serve()
    firehose = serving.client()
    make(firehose, "copy-of-it", **converting("copies", database="stream", table="finance_stream_data"))
    put(firehose, {"name": "FB", "high": 1.5, "low": 1, "ts": "2020-05-14 09:30:00-04:00"}, name="copy-of-it")
    wait_until(lambda: rows(penstock, "copies") == 1, serving.process)
    assert penstock.sql("select name, high from stream.copy_of_it", "--bucket", "lake") == [{"name": "FB", "high": 1.5}]
    assert penstock.sql("select count(*) as n from stream.finance_stream_data", "--bucket", "lake") == before
    serving.stop()


def test_hive_json_serde_reads_times_by_patterns(penstock, serve):
    penstock.ok("tables", "create", "market.bars", "name=string", "ts=timestamp", "attrs=map<string,int>", "--bucket", "lake")
    serving = serve()
    firehose = serving.client()
    make(firehose, NAME, **converting(HiveJsonSerDe={"TimestampFormats": ["dd/MMM/yyyy:HH:mm:ss Z", "millis"]}))
    put(firehose, {"name": "a", "ts": "14/May/2020:09:30:00 -0400"}, {"name": "b", "ts": 1589463000000, "attrs": {"Mixed": 1}},
        {"name": "c", "ts": "2020-05-14T13:30:00Z"})
    wait_until(lambda: rows(penstock) >= 2 and errors(penstock), serving.process)
    assert penstock.sql("select name, epoch_ms(ts) as ms, attrs['Mixed'] as mixed from bars order by name", "--bucket", "lake") == [
        {"name": "a", "ms": 1589463000000, "mixed": None}, {"name": "b", "ms": 1589463000000, "mixed": 1}]
    assert [json.loads(base64.b64decode(error["rawData"]))["name"] for error in errors(penstock)] == ["c"]
