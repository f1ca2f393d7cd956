"""The main job, whole: `penstock run sp500 --demo`, and the one of the FTSE 100 (ALL-1, FTSE-1, FTSE-2, FTSE-3)."""
import datetime
import pathlib
import re

import duckdb
import pytest
from harness import SOURCE, dead_letters, recorded


def objects_of(bucket):
    return {path: path.stat().st_mtime_ns for path in pathlib.Path(bucket).rglob("*")
            if path.is_file() and ".penstock" not in path.parts}


def test_sp500(penstock):
    """ALL-1, FTSE-1, FTSE-2, FTSE-3: 606,801 rows of 503 symbols, the 790 with empty cells rejected; again: nothing."""
    first = penstock.ok("run", "sp500", "--demo", "--bucket", penstock.path("demo"), cwd=SOURCE)
    assert "606,801" in first.out and "not_null 790" in first.out and "Top movers of 2017-08-11" in first.out
    assert first.out.count("done\n") == 6
    assert len(recorded()) == 606_801

    bucket = penstock.path("demo")
    counts = penstock.sql("""select (select count(*) from sp500.bars) as clean,
                                    (select count(*) from sp500.bars_rejected) as rejected,
                                    (select count(*) from sp500.bars_rejected where rule = 'not_null') as empty,
                                    (select count(distinct symbol) from sp500.bars) as symbols,
                                    (select count(distinct dt) from sp500.bars) as days""", "--bucket", bucket)[0]
    assert counts["empty"] == 790 and counts["clean"] + counts["rejected"] == 606_801
    assert (counts["symbols"], counts["days"]) == (503, len(recorded()["Date"].unique()))

    # Every cell, by a tool that is not ours: the rows of the set are those of clean and rejected together.
    db = duckdb.connect()
    db.register("recorded", recorded())
    lake = " union all by name ".join(
        f"select symbol, date, open, high, low, close, volume, dt from "
        f"read_parquet('{bucket}/sp500/{area}/bars/*/*.parquet', hive_partitioning = true, hive_types = {{'dt': DATE}})"
        for area in ("clean", "rejected"))
    difference = db.execute(f"""
        select count(*) from ({lake}) lake full join recorded r on r."Name" = lake.symbol and r."Date" = lake.date
        where lake.symbol is null or r."Name" is null or lake.dt <> r."Date" or r."Open" is distinct from lake.open
           or r."High" is distinct from lake.high or r."Low" is distinct from lake.low
           or r."Close" is distinct from lake.close or r."Volume" is distinct from lake.volume""").fetchone()[0]
    assert difference == 0
    assert dead_letters(penstock, bucket) == []
    penstock.ok("tables", "check", "sp500.bars", "--bucket", bucket, cwd=SOURCE)

    before = objects_of(bucket)
    again = penstock.ok("run", "sp500", "--demo", "--bucket", bucket, cwd=SOURCE)
    assert again.out.count("already done") == 6 and "Nothing to do" in again.out
    assert objects_of(bucket) == before

    # The commands that it says to try next work.
    advice = again.out.split("Try next")[1]
    query = re.search(r'penstock query --bucket (\S+) "(.+)"', advice)
    assert len(penstock.sql(query[2], "--bucket", bucket)) == 5
    assert penstock.ok("query", "--saved", "quality_by_day", "--pipeline", "sp500", "--bucket", bucket, cwd=SOURCE).out


def test_ftse100(penstock):
    """FTSE-1, FTSE-9: recorded and generated charts; what is generated says so in every row and wherever it is shown."""
    outcome = penstock.ok("run", "ftse100", "--demo", "--bucket", penstock.path("demo"), cwd=SOURCE)
    assert "generated" in outcome.out.split("\n")[0]
    movers = re.findall(r"^(?:up|down) .*$", outcome.out, re.MULTILINE)
    assert len(movers) == 10 and all(line.rstrip().endswith("(generated)") for line in movers)
    bucket = penstock.path("demo")
    rows = penstock.sql("select source, count(*) as n, count(distinct symbol) as symbols from ftse100.bars group by all",
                        "--bucket", bucket)
    by_source = {row["source"]: row for row in rows}
    assert set(by_source) == {"yahoo", "yahoo (generated)"}
    recorded_symbols = penstock.sql("select distinct symbol from ftse100.bars where source = 'yahoo'", "--bucket", bucket)
    assert recorded_symbols == [{"symbol": "OCDO.L"}]
    assert by_source["yahoo (generated)"]["symbols"] == 100
    currency = penstock.sql("select distinct currency from ftse100.bars", "--bucket", bucket)
    assert currency == [{"currency": "GBP"}]
    # Half days and holidays of London: Christmas is no session, its eve is one.
    days = penstock.sql("select distinct dt from ftse100.bars where dt between '2024-12-23' and '2024-12-27' order by dt",
                        "--bucket", bucket)
    assert [row["dt"] for row in days] == ["2024-12-23", "2024-12-24", "2024-12-27"]
    assert datetime.date.fromisoformat(days[-1]["dt"]).weekday() == 4


@pytest.mark.parametrize("name", ["sp500", "ftse100"])
def test_doctor_of_the_shipped_pipelines(penstock, name):
    """ALL-1: the pipelines of the project are sound."""
    penstock.ok("doctor", name, "--bucket", penstock.path("lake"), cwd=SOURCE, env={"FMP_API_KEY": "somebodys-key"})
