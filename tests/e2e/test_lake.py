"""A range of real days into the lake, and what the lake then is (FTSE-1, FTSE-2, FTSE-3)."""
import datetime
import json
import os
import re
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from harness import (FIRST, LAST, PRICES, SYMBOLS, assert_same_lake, cells_of, edit, files_of, key_of, lake_of, marker_of,
                     recorded_rows, table_of, without, write_symbols)

COLUMNS = [
    pa.field("symbol", pa.string(), nullable=False),
    pa.field("date", pa.date32(), nullable=False),
    *[pa.field(name, pa.float64()) for name in ("open", "high", "low", "close", "adj_close")],
    pa.field("volume", pa.int64()),
    pa.field("currency", pa.string()),
    pa.field("source", pa.string()),
    pa.field("fetched_at", pa.timestamp("ms", tz="UTC")),
]


@pytest.fixture
def lake(penstock, tiny, replay, run):
    """The bucket after one run of the range."""
    outcome = run("lake", replay)
    assert outcome.code == 0, outcome
    return penstock.path("lake")


def days_of(first=FIRST, last=LAST):
    return sorted({key[0].isoformat() for key in recorded_rows(["AAPL"], first, last)[0]})


def test_layout(lake):
    """FTSE-1, FTSE-2, FTSE-3: the bucket has the layout of the design, and nothing else."""
    shapes = [rf"tiny/raw/dt={LAST}/[A-Z]+_{FIRST}\.json",
              r"tiny/(clean|rejected)/bars/dt=2017-\d\d-\d\d/bars\.parquet",
              rf"tiny/markers/tiny/dt={LAST}\.json",
              r"tiny/markers/tiny/runs/tiny-.*\.json",
              r"tiny/markers/tiny/metrics\.prom",
              r"tiny/markers/tiny/coverage\.jsonl",
              r"catalog/tiny\.json"]
    keys = list(files_of(lake))
    strangers = [key for key in keys if not any(re.fullmatch(shape, key) for shape in shapes)]
    assert not strangers
    assert all(any(re.fullmatch(shape, key) for key in keys) for shape in shapes)
    assert {key.split("/")[-1].split("_")[0] for key in keys if "/raw/" in key} == set(SYMBOLS)
    assert [key.split("dt=")[1][:10] for key in keys if "/clean/bars/" in key] == days_of()


def test_rows_are_the_recorded_ones(lake):
    """FTSE-1, FTSE-2: every cell as recorded; rows with an empty cell whole in rejected/, with rule and raw key."""
    whole, empty = recorded_rows()
    clean, rejected = table_of(lake), table_of(lake, "rejected")
    assert cells_of(clean) == whole and len(clean) == len(whole)
    assert cells_of(rejected) == empty and len(rejected) == len(empty) > 0
    for row in clean:
        assert (row["currency"], row["source"], row["adj_close"]) == ("USD", "yahoo", row["close"])
        assert row["fetched_at"].date() >= row["date"]
    for row in rejected:
        assert row["rule"] == "not_null"
        missing = [name for name in PRICES if row[name] is None]
        assert all(name in row["reason"] for name in missing)
        assert row["raw_key"] == f"tiny/raw/dt={LAST}/{row['symbol']}_{FIRST}.json"
        assert (lake / row["raw_key"]).is_file()


def test_parquet(lake):
    """FTSE-2: zstd, sorted by symbol, statistics, page index, metadata; the day of the path is the day of the rows."""
    files = sorted((lake / "tiny/clean/bars").glob("dt=*/bars.parquet"))
    assert len(files) == 15
    for path in files:
        file = parquet.ParquetFile(path, page_checksum_verification=True)
        assert list(file.schema_arrow) == COLUMNS
        group = file.metadata.row_group(0)
        assert file.metadata.num_row_groups == 1
        assert [column.column_index for column in group.sorting_columns] == [0, 1]
        for i in range(group.num_columns):
            column = group.column(i)
            # Columns that repeat are stored as differences, which leave zstd nothing to do; small ones it hardly makes smaller.
            repeats = column.path_in_schema in ("date", "currency", "source", "fetched_at")
            small = column.total_uncompressed_size < 600
            assert column.compression == ("UNCOMPRESSED" if repeats or small else "ZSTD")
            assert column.has_column_index and column.has_offset_index
            assert column.statistics.has_min_max and column.statistics.null_count == 0
        symbols = file.read()["symbol"].to_pylist()
        assert symbols == sorted(symbols)
        assert (group.column(0).statistics.min, group.column(0).statistics.max) == (symbols[0], symbols[-1])
        assert set(file.read()["date"].to_pylist()) == {datetime.date.fromisoformat(path.parent.name[3:])}
        assert file.metadata.metadata[b"penstock.table"] == b"bars"
        assert file.metadata.metadata[b"penstock.rule_version"] == b"1"
    for path in (lake / "tiny/rejected/bars").glob("dt=*/bars.parquet"):
        names = parquet.ParquetFile(path).schema_arrow.names
        assert names == [field.name for field in COLUMNS] + ["rule", "reason", "raw_key"]


def test_marker_and_summary(lake):
    """FTSE-3, FTSE-7: the marker has hash, rows and rule version of every input; the run's summary and metrics agree."""
    whole, empty = recorded_rows()
    marker = json.loads(marker_of(lake).read_text())
    assert {row["key"] for row in marker["inputs"]} == {key for key in files_of(lake) if "/raw/" in key}
    assert {row["key"]: row["sha256"] for row in marker["inputs"]} == \
        {key: digest for key, digest in files_of(lake).items() if "/raw/" in key}
    assert marker["totals"]["rows"] == len(whole) + len(empty)
    assert marker["totals"]["rejected_by_rule"] == {"not_null": len(empty)}
    assert set(marker["outputs"]) == {key for key in files_of(lake) if "/clean/" in key or "/rejected/" in key}
    summary = json.loads(next((lake / "tiny/markers/tiny/runs").iterdir()).read_text())
    assert (summary["from"], summary["to"], summary["symbols"], summary["not_fetched"]) == (FIRST, LAST, 12, 0)
    assert summary["transform"]["accepted"] == len(whole) and summary["transform"]["rejected"] == len(empty)
    metrics = (lake / "tiny/markers/tiny/metrics.prom").read_text()
    assert f'penstock_run_rows_accepted{{pipeline="tiny"}} {len(whole)}\n' in metrics


def test_other_tools_read_it(lake):
    """FTSE-2: DuckDB of PyPI reads the lake as a Hive table."""
    whole, _ = recorded_rows()
    source = f"read_parquet('{lake}/tiny/clean/bars/*/*.parquet', hive_partitioning = true, hive_types = {{'dt': DATE}})"
    db = duckdb.connect()
    rows = db.execute(f"select symbol, dt, close from {source}").fetchall()
    assert sorted(rows) == sorted((symbol, day, cells["close"]) for (day, symbol), cells in whole.items())
    day = datetime.date(2017, 8, 3)
    got = db.execute(f"select count(*), min(date), max(date) from {source} where dt = '2017-08-03'").fetchone()
    assert got == (12, day, day)


def test_a_question_for_a_day_opens_that_day_only(penstock, lake):
    """FTSE-2: partitions prune. Other files are damaged (not the first one, which gives the columns): a query that read
    them would say so."""
    for path in sorted((lake / "tiny/clean/bars").glob("dt=*/bars.parquet"))[1:]:
        if "2017-08-03" not in str(path):
            path.write_bytes(b"no parquet")
    assert penstock.sql("select count(*) as n from tiny.bars where dt = '2017-08-03'", "--bucket", lake) == [{"n": 12}]
    assert penstock("query", "select count(high) from tiny.bars", "--bucket", lake).code == 1


def test_again_does_nothing(penstock, lake, replay, run):
    """FTSE-3: the same range again asks nobody, writes nothing and says so; `process` too."""
    before, requests = files_of(lake), replay.requests
    times = {path: path.stat().st_mtime_ns for path in lake.rglob("*") if path.is_file() and ".penstock" not in str(path)}
    outcome = run("lake", replay)
    assert outcome.code == 0 and "already done" in outcome.out
    assert penstock.ok("process", "tiny", "--bucket", lake).err.startswith("Nothing to do")
    assert replay.requests == requests
    assert files_of(lake) == before
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_changed_raw_object_is_processed_again(penstock, lake):
    """FTSE-2, FTSE-3: new bytes under an old key replace its rows. A high below the low is rejected by `bounds`, and
    the good row of the older answer stays."""
    whole, _ = recorded_rows()
    before = {key_of(row): row for row in table_of(lake)}
    raw = lake / f"tiny/raw/dt={LAST}/AAPL_{FIRST}.json"
    answer = json.loads(raw.read_bytes())
    quote = answer["chart"]["result"][0]["indicators"]["quote"][0]
    quote["close"][-1] = quote["high"][-1]  # of LAST: another, possible close
    quote["high"][-2] = 1.0  # of the day before: impossible
    raw.write_text(json.dumps(answer))
    rows = penstock.ok("process", "tiny", "--bucket", lake, "--output", "json").rows
    assert [(row["files"], row["done_before"]) for row in rows] == [(12, 11)]

    last, second = datetime.date.fromisoformat(LAST), datetime.date(2017, 8, 10)
    after = {key_of(row): row for row in table_of(lake)}
    assert after[(last, "AAPL")]["close"] == whole[(last, "AAPL")]["high"] != whole[(last, "AAPL")]["close"]
    assert after[(second, "AAPL")] == before[(second, "AAPL")]
    refused = [row for row in table_of(lake, "rejected") if row["rule"] == "bounds"]
    assert [key_of(row) for row in refused] == [(second, "AAPL")]
    assert refused[0]["high"] == 1.0 and refused[0]["low"] == whole[(second, "AAPL")]["low"]
    assert refused[0]["raw_key"] == f"tiny/raw/dt={LAST}/AAPL_{FIRST}.json" and refused[0]["reason"]
    others = [key for key in after if key[1] != "AAPL"]
    assert all(after[key] == before[key] for key in others)


def test_rule_version(penstock, lake, tiny, replay, run):
    """FTSE-3: a raised rule_version judges the kept answers again, nobody is asked; rows move to rejected/ and back."""
    before, requests = lake_of(lake), replay.requests
    clean = table_of(lake)
    edit(tiny / "pipeline.yaml", "rule_version: 1", "rule_version: 2")
    edit(tiny / "pipeline.yaml", "- {name: jump, severity: warn, max_ratio: 1.5}", "- {name: jump, max_ratio: 1.02}")
    assert run("lake", replay).code == 0
    jumped = [row for row in table_of(lake, "rejected") if row["rule"] == "jump"]
    assert jumped, "no close of these days differs from the one before by two per cent?"
    assert {key_of(row) for row in jumped} | {key_of(row) for row in table_of(lake)} == {key_of(row) for row in clean}
    assert len(table_of(lake)) + len(jumped) == len(clean)

    edit(tiny / "pipeline.yaml", "rule_version: 2", "rule_version: 3")
    edit(tiny / "pipeline.yaml", "max_ratio: 1.02", "max_ratio: 1.5, severity: warn")
    penstock.ok("process", "tiny", "--bucket", lake)
    assert table_of(lake) == clean
    assert lake_of(lake).keys() == before.keys()
    assert replay.requests == requests


def test_lake_from_raw_alone(penstock, lake):
    """FTSE-3: without marker and lake, `process` makes both from raw, byte for byte, however often."""
    whole = penstock.path("whole")
    shutil.copytree(lake, whole)
    marker = json.loads(marker_of(lake).read_text())
    for row in marker["inputs"]:  # without a marker, an answer is as old as its object
        fetched = datetime.datetime.fromisoformat(row["fetched_at"]).timestamp()
        os.utime(lake / row["key"], (fetched, fetched))
    for attempt in range(2):
        shutil.rmtree(lake / "tiny/markers")
        if attempt == 0:
            shutil.rmtree(lake / "tiny/clean")
            shutil.rmtree(lake / "tiny/rejected")
            shutil.rmtree(lake / "catalog")
        penstock.ok("process", "tiny", "--bucket", lake)
        assert_same_lake(lake, whole)


def test_new_symbols_alone_are_fetched(lake, tiny, replay, run):
    """FTSE-1, FTSE-3: symbols added to symbols.csv are asked for; the others are not asked again."""
    requests, before = replay.requests, table_of(lake)
    write_symbols(tiny, [*SYMBOLS, "MSFT", "XOM"])
    assert run("lake", replay).code == 0
    assert replay.requests - requests == 2
    after = table_of(lake)
    assert {row["symbol"] for row in after} == {*SYMBOLS, "MSFT", "XOM"}
    assert [row for row in after if row["symbol"] in SYMBOLS] == before
    assert cells_of(after) == recorded_rows([*SYMBOLS, "MSFT", "XOM"])[0]


def test_day_by_day_is_the_same_as_a_range(penstock, lake, replay):
    """FTSE-3: runs of one day each, the last one first, give the rows of one run of the range."""
    for day in reversed(days_of()):
        penstock.ok("run", "tiny", "--endpoint", replay.origin, "--date", day, "--bucket", "daily")
    daily = penstock.path("daily")
    assert without(table_of(daily), "fetched_at") == without(table_of(lake), "fetched_at")
    assert without(table_of(daily, "rejected"), "fetched_at", "raw_key") == \
        without(table_of(lake, "rejected"), "fetched_at", "raw_key")
    assert len(list((daily / "tiny/markers/tiny").glob("dt=*.json"))) == 15


def test_download_csv_gives_the_same_rows(penstock, lake, tiny, replay, run):
    """FTSE-1: the provider's CSV instead of its charts: other raw bytes, the same rows."""
    edit(tiny / "pipeline.yaml", "format: json", "format: csv")
    assert run("csv", replay).code == 0
    bucket = penstock.path("csv")
    assert {path.suffix for path in (bucket / "tiny/raw").rglob("*") if path.is_file()} == {".csv"}
    assert cells_of(table_of(bucket)) == cells_of(table_of(lake))


def test_no_session_no_work(penstock, tiny, replay):
    """FTSE-1: a weekend and a holiday are nothing to do; a day whose session is not over is refused."""
    requests = replay.requests
    for day, why in (("2017-08-12", "weekend"), ("2017-07-04", "Independence Day")):
        outcome = penstock.ok("run", "tiny", "--date", day, "--endpoint", replay.origin, "--bucket", "lake")
        assert why in outcome.out
    early = penstock("run", "tiny", "--date", "2017-08-11", "--endpoint", replay.origin, "--bucket", "lake",
                     env={"PENSTOCK_NOW": "2017-08-11T19:00:00Z"})
    assert early.code == 2 and "2017-08-10" in early.err
    assert replay.requests == requests


def test_again_brings_back_what_was_lost(penstock, lake, replay, run):
    """FTSE-3: `run` goes by its markers, also when the files behind them are gone; --again asks and makes them anew."""
    whole, requests = lake_of(lake), replay.requests
    shutil.rmtree(lake / "tiny/clean")
    assert run("lake", replay).code == 0
    assert not (lake / "tiny/clean").exists() and replay.requests == requests
    outcome = run("lake", replay, "--again")
    assert outcome.code == 0, outcome
    assert replay.requests == requests + len(SYMBOLS)
    assert lake_of(lake) == whole


def test_raised_rule_version_without_raw_asks_again(penstock, lake, tiny, replay, run):
    """FTSE-6: retention removed the raw answers; a raised rule_version then asks for them again instead of failing."""
    requests = replay.requests
    penstock.ok("raw", "clear", "tiny", "--yes", "--bucket", lake)
    edit(tiny / "pipeline.yaml", "rule_version: 1", "rule_version: 2")
    outcome = run("lake", replay)
    assert outcome.code == 0, outcome
    assert replay.requests == requests + len(SYMBOLS)
    assert all(row["rule_version"] == 2 for row in json.loads(marker_of(lake).read_text())["inputs"])


def test_an_answer_that_came_too_early_is_asked_for_again(penstock, tiny, replay):
    """FTSE-1: within a week of its day, an answer without a good row does not count as done; later it does."""
    # Recorded days end on 2017-08-11: the provider has no bar of the 14th.
    day = ("run", "tiny", "--endpoint", replay.origin, "--date", "2017-08-14", "--bucket", "lake")
    soon, late = {"PENSTOCK_NOW": "2017-08-15T08:00:00Z"}, {"PENSTOCK_NOW": "2017-09-15T08:00:00Z"}
    replay.reset()
    for expected in (1, 2):
        assert penstock(*day, env=soon).code == 0
        assert replay.requests == expected * len(SYMBOLS)
    assert "Nothing to do" in penstock(*day, env=late).out
    assert replay.requests == 2 * len(SYMBOLS)
