"""IEX by definitions (IEX-1 to IEX-6), against a server of the test's own and against the replay server."""
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import time

import harness
import pytest
from harness import SOURCE, dead_letters, files_of, wait_until
from iex_server import IexServer, recorded

TOKEN = "sk_5ecret0000iex1111token2222"
STAMP = r"\d{14}"
KILLED = -9


@pytest.fixture
def iex():
    server = IexServer()
    server.chart("MSFT", recorded("stock_MSFT_chart_1m"))
    server.chart("MSFT", recorded("stock_MSFT_chart_1d"), "1d")
    yield server
    server.close()


class Lake:
    """A pipeline of kind iex of this test's own, and its bucket."""

    def __init__(self, penstock, server):
        self.penstock, self.server = penstock, server
        shutil.copytree(SOURCE / "pipelines/iex", penstock.path("iex"))
        self.bucket = penstock.path("lake")
        self.env = {"IEX_TOKEN": TOKEN}

    def define(self, **series):
        path = self.bucket / "iex/definitions.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(series))

    def run(self, *options, **rest):
        return self.penstock("run", "iex", "--endpoint", self.server.origin, "--bucket", self.bucket, *options,
                             env={**self.env, **rest.pop("env", {})}, **rest)

    def ran(self, *options, code=0, **rest):
        outcome = self.run("--output", "json", *options, **rest)
        assert outcome.code == code, outcome
        return outcome.rows[0]

    def keys(self, below=""):
        return [key for key in files_of(self.bucket) if key.startswith("iex/" + below)]

    def keep(self, series, stamp, body, extension="json"):
        """A raw object, as an earlier run would have left it."""
        path = self.bucket / f"iex/raw/chart/{series}/{stamp}.{extension}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        return path

    def process(self, *options, code=0, **rest):
        outcome = self.penstock("process", "iex", "--bucket", self.bucket, "--output", "json", *options, **rest)
        assert outcome.code == code, outcome
        return outcome.rows[0]

    def sql(self, text):
        return self.penstock.sql(text, "--bucket", self.bucket)


@pytest.fixture
def lake(penstock, iex):
    return Lake(penstock, iex)


MSFT = {"endpoint": "chart", "symbol": "MSFT", "range": "1m"}


def test_iex1_a_key_that_is_added_is_asked_for_by_the_next_run(lake, iex):
    lake.define(MSFT=MSFT)
    assert lake.ran()["series"] == 1
    iex.chart("AAPL", [{"date": "2019-03-04", "open": 175.95}])
    lake.define(MSFT=MSFT, AAPL_month={"endpoint": "chart", "symbol": "AAPL", "range": "1m"})
    again = lake.ran()
    assert (again["series"], again["answered"], again["wrong"], again["failed"]) == (2, 2, 0, 0)
    assert iex.asked_for("AAPL") == ["/stock/AAPL/chart/1m"]
    assert lake.sql("select date, open from iex.aapl_month") == [{"date": "2019-03-04", "open": 175.95}]
    assert lake.sql("select count(distinct requested_at) as n from iex.msft") == [{"n": 2}]


def test_iex1_a_wrong_key_is_reported_and_skipped_and_the_others_run(lake, iex):
    lake.define(MSFT=MSFT, BAD={"endpoint": "chart", "symbol": "MSFT", "range": "7w"}, EVIL={"endpoint": "chart"})
    outcome = lake.run("--output", "json")
    assert outcome.code == 0, outcome
    assert (outcome.rows[0]["answered"], outcome.rows[0]["wrong"]) == (1, 2)
    # In the log, with the reason …
    for key, why in ("BAD", "range"), ("EVIL", "symbol"):
        assert re.search(rf'"wrong_series".*"{key}".*{why}', outcome.err), outcome
    # … and in the answer of the execution and its summary object.
    summary = json.loads((lake.bucket / f"iex/markers/iex/runs/{outcome.rows[0]['execution']}.json").read_text())
    assert summary["summary"]["wrong"] == 2
    shown = lake.penstock.ok("executions", "show", outcome.rows[0]["execution"], "--bucket", lake.bucket, "--output", "json").out
    assert "7w" in shown and "EVIL" in shown
    assert [path for path, _ in iex.asked] == ["/stock/MSFT/chart/1m"]


def test_iex1_definitions_that_are_no_document_name_the_object(lake, iex):
    (lake.bucket / "iex").mkdir(parents=True)
    (lake.bucket / "iex/definitions.json").write_text('{"MSFT": ')
    outcome = lake.run()
    assert outcome.code == 1 and "iex/definitions.json" in outcome.err, outcome
    assert iex.asked == []


def test_iex1_the_sample_goes_into_a_bucket_that_has_none(lake, iex):
    outcome = lake.run("--output", "json")
    assert (lake.bucket / "iex/definitions.json").read_bytes() == (SOURCE / "pipelines/iex/definitions.json").read_bytes(), outcome


def test_iex2_what_is_missing_or_malformed_is_named_before_anything_is_asked(lake, iex):
    lake.define(MSFT=MSFT)
    here = {"IEX_S3_BUCKET": str(lake.bucket), "IEX_S3_PREFIX": "iex/", "IEX_ENDPOINT": iex.origin, "IEX_TOKEN": TOKEN,
            "IEX_ROLE": "arn:aws:iam::123456789012:role/iex"}
    for name, value in [("IEX_S3_BUCKET", None), ("IEX_S3_BUCKET", "No Bucket"), ("IEX_S3_PREFIX", None), ("IEX_S3_PREFIX", "iex"),
                        ("IEX_S3_PREFIX", ""), ("IEX_ENDPOINT", None), ("IEX_ENDPOINT", "cloud.iexapis.com"), ("IEX_ROLE", "me")]:
        env = {**here, name: value}
        outcome = lake.penstock("run", "iex", env={k: v for k, v in env.items() if v is not None})
        assert outcome.code == 2 and name in outcome.err, (name, value, outcome)
        assert TOKEN not in outcome.err + outcome.out
    assert iex.asked == [] and lake.keys("raw/") == []
    # A token is asked for where it would be of use; on loopback it need not be.
    outcome = lake.penstock("run", "iex", env={**here, "IEX_ENDPOINT": "https://iex.invalid/stable", "IEX_TOKEN": ""})
    assert outcome.code == 2 and "IEX_TOKEN" in outcome.err, outcome
    # All of them right: nothing else has to be said.
    outcome = lake.penstock.ok("run", "iex", "--output", "json", env=here)
    assert outcome.rows[0]["answered"] == 1
    listed = lake.penstock.ok("raw", "ls", "iex", "--output", "json", env=here).rows
    assert len(listed) == 1 and listed[0]["key"].startswith("iex/raw/chart/MSFT/")


def test_iex2_the_prefix_of_the_environment_holds_everything(lake, iex):
    lake.define(MSFT=MSFT)
    shutil.move(lake.bucket / "iex", lake.bucket / "mine")
    env = {"IEX_S3_PREFIX": "mine/"}
    assert lake.ran(env=env)["answered"] == 1
    outside = [key for key in files_of(lake.bucket) if not key.startswith(("mine/", "catalog/"))]
    assert outside == []
    assert lake.sql("select count(*) as n from iex.msft")[0]["n"] == 23


def test_iex3_the_exact_layout_and_the_answer_byte_for_byte(lake, iex):
    odd = b"date,open\r\n2019-03-04, 1.50\r\n2019-03-05,\xc3\xa9\r\n\r\n"
    iex.chart("AAPL", odd)
    lake.define(MSFT=MSFT, AAPL={"endpoint": "chart", "symbol": "AAPL", "range": "1m", "params": {"format": "csv"}})
    before = time.strftime("%Y%m%d%H%M%S", time.gmtime())
    assert lake.ran()["answered"] == 2
    after = time.strftime("%Y%m%d%H%M%S", time.gmtime())
    raw, processed = lake.keys("raw/"), lake.keys("processed/")
    assert len(raw) == len(processed) == 2
    for series, extension, body in ("AAPL", "csv", odd), ("MSFT", "json", recorded("stock_MSFT_chart_1m")):
        (key,) = [key for key in raw if re.fullmatch(rf"iex/raw/chart/{series}/{STAMP}\.{extension}", key)]
        assert (lake.bucket / key).read_bytes() == body
        stamp = pathlib.Path(key).stem
        assert before <= stamp <= after
        assert f"iex/processed/{series}/{stamp}.parquet" in processed
    assert {key.split("/")[1] for key in lake.keys()} == {"definitions.json", "raw", "processed", "markers"}


def test_iex3_ranges_have_their_own_schemas(lake):
    lake.define(MSFT=MSFT, MSFT_1d={"endpoint": "chart", "symbol": "MSFT", "range": "1d"})
    assert lake.ran()["rows"] == 23 + 390
    columns = lambda table: {row["column"] for row in
                             lake.penstock.ok("tables", "show", f"iex.{table}", "--bucket", lake.bucket, "--output", "json").rows}
    assert "minute" in columns("msft_1d") and "minute" not in columns("msft")
    assert "changePercent" in columns("msft")
    tables = {row["table"] for row in lake.penstock.ok("tables", "ls", "--bucket", lake.bucket, "--output", "json").rows}
    assert tables == {"iex.msft", "iex.msft_1d"}


def test_iex1_and_3_each_range_and_a_batch_are_asked_for_as_the_api_has_them(lake, iex):
    ranges = ["1d", "5d", "5dm", "1m", "3m", "6m", "ytd", "1y", "2y", "5y", "max", "date/20190220"]
    for range in ranges:
        iex.chart("BRK.B", [{"date": "2019-03-04", "minute": "09:30", "average": 1.5}] if range in ("1d", "5dm", ranges[-1]) else
                  [{"date": "2019-03-04", "open": 1.5, "changePercent": 0}], range)
    iex.answers["/stock/market/batch"] = json.dumps(
        {"AAPL": {"quote": {"companyName": "Apple", "latestPrice": 175}, "chart": [{"date": "2019-03-04", "close": 175.85}]},
         "MSFT": {"quote": {"companyName": "Microsoft", "latestPrice": 112.5}, "chart": []}}).encode()
    lake.define(**{re.sub(r"\W", "_", f"R_{range}"): {"symbol": "BRK.B", "range": range, "params": {"chartLast": 5}} for range in ranges},
                watch={"endpoint": "batch", "symbols": ["AAPL", "MSFT"], "types": ["quote", "chart"], "range": "5d"})
    ran = lake.ran()
    assert (ran["series"], ran["answered"], ran["failed"]) == (13, 13, 0)
    asked = {path: {name: value for name, value in query.items() if name != "token"} for path, query in iex.asked}
    assert asked == {**{f"/stock/BRK.B/chart/{range}": {"chartLast": "5"} for range in ranges},
                     "/stock/market/batch": {"symbols": "AAPL,MSFT", "types": "quote,chart", "range": "5d"}}
    tables = {row["table"]: row for row in lake.penstock.ok("tables", "ls", "--bucket", lake.bucket, "--output", "json").rows}
    assert len(tables) == 13
    assert lake.sql("select average from iex.r_5dm union all select average from iex.r_date_20190220") == [{"average": 1.5}] * 2
    assert lake.sql("select open from iex.r_max") == [{"open": 1.5}]
    assert lake.sql("select symbol, type, companyName, latestPrice, close from iex.watch order by all") == [
        {"symbol": "AAPL", "type": "chart", "companyName": None, "latestPrice": None, "close": 175.85},
        {"symbol": "AAPL", "type": "quote", "companyName": "Apple", "latestPrice": 175.0, "close": None},
        {"symbol": "MSFT", "type": "quote", "companyName": "Microsoft", "latestPrice": 112.5, "close": None}]


def test_iex4_a_schedule_runs_it(penstock, serve, lake, iex):
    lake.define(MSFT=MSFT)
    path = penstock.path("iex/pipeline.yaml")
    path.write_text(re.sub(r"^schedules:\n(  - .*\n)+", "schedules:\n  - {name: close, cron: \"15 21 ? * * *\"}\n", path.read_text(), flags=re.MULTILINE))
    serving = serve("iex", "--endpoint", iex.origin, bucket=lake.bucket,
                    env={**lake.env, "PENSTOCK_NOW": "2019-03-01T21:14:57Z"})
    wait_until(lambda: lake.keys("processed/MSFT/"), serving.process)
    assert serving.stop() == 0
    assert lake.keys("processed/MSFT/")[0].startswith("iex/processed/MSFT/2019030121")


def test_iex5_raw_clear_asks_first_and_never_touches_processed(lake, penstock):
    lake.define(MSFT=MSFT)
    lake.ran()
    before = files_of(lake.bucket)
    clear = lambda *options: penstock("raw", "clear", "iex", "--bucket", lake.bucket, *options)
    done = clear()
    assert done.code == 2 and "--yes" in done.err, done
    done = clear("--dry-run")
    assert done.code == 0 and "iex/raw/chart/MSFT/" in done.out, done
    assert files_of(lake.bucket) == before
    done = clear("--yes")
    assert done.code == 0 and "removed 1 raw objects" in done.out, done
    assert lake.keys("raw/") == []
    assert {k: v for k, v in before.items() if "/raw/" not in k} == files_of(lake.bucket)
    assert lake.sql("select count(*) as n from iex.msft") == [{"n": 23}]
    done = clear("--yes")
    assert done.code == 0 and "removed 0" in done.out, done


def on_a_terminal(penstock, *arguments, typed=""):
    """The exit code, and what was drawn on it."""
    leader, follower = pty.openpty()
    process = penstock.popen(*arguments, stdin=follower, stderr=follower, text=False, env={"TERM": "xterm"})
    os.close(follower)
    os.write(leader, typed.encode())
    shown = b""
    while True:
        try:
            shown += os.read(leader, 4096)
        except OSError:  # it has ended
            break
    process.communicate(timeout=harness.TIMEOUT_S)
    os.close(leader)
    return process.returncode, shown.decode()


def test_iex5_raw_clear_asks_on_a_terminal(lake, penstock):
    lake.keep("MSFT", "20190301120000", recorded("stock_MSFT_chart_1m"))
    for typed, code, left in ("n\n", 2, 1), ("\n", 2, 1), ("y\n", 0, 0):
        ended, shown = on_a_terminal(penstock, "raw", "clear", "iex", "--bucket", lake.bucket, typed=typed)
        assert (ended, len(lake.keys("raw/"))) == (code, left), shown
        assert "Remove 1 raw objects" in shown and "[y/N]" in shown, shown


def test_iex6_process_shows_how_far_it_is(lake, penstock):
    raw = many(lake, 300)
    code, shown = on_a_terminal(penstock, "process", "iex", "--bucket", lake.bucket)
    assert code == 0 and "\r\033[K" in shown and "█" in shown and f"{raw}/{raw}" in shown, shown


def test_iex5_and_6_by_the_older_scripts(lake, penstock):
    """scripts/clear_raw and scripts/process_files, whose settings are the environment."""
    lake.keep("MSFT", "20190301120000", recorded("stock_MSFT_chart_1m"))
    env = {**penstock.env, "PATH": f"{harness.BINARY.parent}:{penstock.env['PATH']}", "PENSTOCK": str(harness.BINARY),
           "IEX_S3_BUCKET": str(lake.bucket), "IEX_S3_PREFIX": "iex/"}
    script = lambda name, *options, **more: subprocess.run([SOURCE / "scripts" / name, *options], env={**env, **more}, cwd=penstock.folder,
                                                           capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
    missing = script("process_files", IEX_S3_PREFIX="iex")
    assert missing.returncode == 2 and "IEX_S3_PREFIX" in missing.stderr, missing
    done = script("process_files")
    assert done.returncode == 0, done
    assert lake.keys("processed/") == ["iex/processed/MSFT/20190301120000.parquet"]
    assert script("clear_raw").returncode == 2 and lake.keys("raw/")
    assert script("clear_raw", "--yes").returncode == 0 and not lake.keys("raw/")
    assert lake.keys("processed/") == ["iex/processed/MSFT/20190301120000.parquet"]


def many(lake, count):
    body = recorded("stock_MSFT_chart_1m")
    for n in range(count):
        lake.keep(f"S{n % 7}", f"2019030{1 + n % 9}12{n // 60 % 60:02}{n % 60:02}", body)
    return len(lake.keys("raw/"))


def test_iex6_process_finds_every_answer_without_its_parquet(lake):
    raw = many(lake, 60)
    lake.keep("S1", "20190401120000", b"date,open\n2019-04-01,1\n", "csv")
    assert lake.process() == {"files": raw + 1, "rows": raw * 23 + 1, "already": 0, "failed": 0, "unknown": 0}
    before = files_of(lake.bucket)
    assert lake.process()["already"] == raw + 1
    assert files_of(lake.bucket) == before
    (lake.bucket / "iex/processed/S1/20190401120000.parquet").unlink()
    again = lake.process()
    assert (again["files"], again["already"]) == (1, raw)
    assert files_of(lake.bucket) == before
    assert lake.sql("select count(*) as n from iex.s1") == [{"n": sum("/S1/" in key for key in lake.keys("raw/")) * 23 - 23 + 1}]


def test_iex6_killed_at_any_moment_the_next_one_completes_the_rest(lake, penstock):
    raw = many(lake, 120)
    done = 0
    for point in "store.put.before_rename=kill@20", "store.put.after_rename=kill@40", "store.put.before_rename=kill@25":
        killed = penstock("process", "iex", "--bucket", lake.bucket, env={"PENSTOCK_FAULT": point})
        assert killed.code == KILLED, killed
        before, done = done, len(lake.keys("processed/"))
        assert before < done < raw
    # Once more, killed between the catalog and the files of new columns.
    lake.keep("NEW", "20190401120000", [{"never": 1, "seen": 2.5}])
    killed = penstock("process", "iex", "--bucket", lake.bucket, env={"PENSTOCK_FAULT": "lake.evolve.registered=kill"})
    assert killed.code == KILLED
    rest = lake.process()
    assert rest["already"] + rest["files"] == raw + 1 and rest["failed"] == 0
    assert len(lake.keys("processed/")) == raw + 1
    assert lake.sql("select never, seen from iex.new") == [{"never": 1, "seen": 2.5}]
    assert not [key for key in files_of(lake.bucket) if ".tmp" in key]


def test_iex6_two_processes_at_once(lake, penstock):
    raw = many(lake, 80)
    both = [penstock.popen("process", "iex", "--bucket", lake.bucket, "--output", "json") for _ in range(2)]
    for one in both:
        out, err = one.communicate(timeout=120)
        assert one.returncode == 0, err
    assert len(lake.keys("processed/")) == raw
    assert lake.process()["already"] == raw
    total = sum(lake.sql(f"select count(*) as n from iex.s{n}")[0]["n"] for n in range(7))
    assert total == raw * 23


def test_two_runs_at_once_keep_both_answers(lake, penstock, iex):
    lake.define(MSFT=MSFT)
    both = [penstock.popen("run", "iex", "--endpoint", iex.origin, "--bucket", lake.bucket, "--name", f"r{n}", env=lake.env) for n in range(2)]
    for one in both:
        out, err = one.communicate(timeout=120)
        assert one.returncode == 0, err
    assert len(lake.keys("raw/")) == len(lake.keys("processed/")) == len(iex.asked) == 2


# Every point between an answer and its Parquet: kept, its cursor advanced (kind http), the state machine's commits, what the
# fetches came to, the catalog, the file, the commits after it.
BETWEEN = ["records.fetch.stored", "lake.evolve.registered"] + \
          [f"store.put.{moment}_rename=kill@{number}" for moment in ("before", "after") for number in range(1, 7)] + \
          [f"workflow.commit.{moment}=kill@{number}" for moment in ("before", "after") for number in range(1, 10)]


@pytest.mark.parametrize("point", BETWEEN)
def test_a_run_that_was_killed_is_completed_by_the_next(lake, point):
    """ALL-5: by the run alone; each answer that was kept has its Parquet, and SQL finds the rows of all of them."""
    lake.define(MSFT=MSFT)
    killed = lake.run(env={"PENSTOCK_FAULT": point if "=" in point else f"{point}=kill"})
    assert killed.code == KILLED or (killed.code == 0 and "workflow.commit" in point), killed
    ran = lake.ran()
    assert (ran["answered"], ran["failed"]) == (1, 0)
    kept = lake.keys("raw/")
    assert 1 <= len(kept) <= 2
    stems = lambda keys: [pathlib.Path(key).stem for key in keys]
    assert stems(lake.keys("processed/")) == stems(kept)
    assert lake.sql("select count(*) as n from iex.msft") == [{"n": 23 * len(kept)}]
    assert dead_letters(lake.penstock, lake.bucket) == []


def define_many(lake, iex, count):
    symbols = [f"S{n}" for n in range(count)]
    for symbol in symbols:
        iex.chart(symbol, [{"date": "2019-03-04", "open": 1.5}])
    lake.define(**{symbol: {"endpoint": "chart", "symbol": symbol, "range": "1m"} for symbol in symbols})


@pytest.mark.parametrize("points", [[f"records.fetch.stored=kill@{number}" for number in (3, 9, 2)],
                                    ["lake.evolve.registered=kill"],
                                    ["store.put.before_rename=kill@40", "store.put.after_rename=kill@7", "store.put.before_rename=kill@9"]],
                         ids=["fetched", "registered", "processed"])
def test_a_run_that_was_killed_among_many_series_is_completed_by_the_next(lake, iex, points):
    """ALL-5: with others on their way; and what another run left is none of this one's."""
    define_many(lake, iex, 24)
    for point in points:
        killed = lake.run(env={"PENSTOCK_FAULT": point})
        assert killed.code == KILLED, killed
    ran = lake.ran()
    assert (ran["series"], ran["answered"], ran["failed"]) == (24, 24, 0)
    raw, processed = lake.keys("raw/"), lake.keys("processed/")
    assert len(raw) == len(processed) == ran["files"] and 24 <= len(raw) <= len(iex.asked)
    tables = {row["table"] for row in lake.penstock.ok("tables", "ls", "--bucket", lake.bucket, "--output", "json").rows}
    assert tables == {f"iex.s{n}" for n in range(24)}
    again = lake.process()
    assert (again["files"], again["already"]) == (0, len(raw))


def test_a_run_of_thousands_of_keys_writes_the_catalog_a_few_times(lake, iex, penstock):
    """What it puts is counted by a fault that would meet the next one: a raw object and a file a key, and a few more."""
    count = 2000
    path = penstock.path("iex/pipeline.yaml")
    path.write_text(path.read_text().replace("requests: 100", "requests: 100000"))
    define_many(lake, iex, count)
    few = {"PENSTOCK_FAULT": f"store.put.before_rename=kill@{2 * count + 20}"}
    for n in 1, 2:
        ran = lake.ran("--name", f"run-{n}", env=few)
        assert (ran["answered"], ran["files"], ran["rows"], ran["failed"]) == (count, count, count, 0)
        assert len(lake.keys("raw/")) == len(lake.keys("processed/")) == len(iex.asked) == n * count
        catalog = (lake.bucket / "catalog/iex.json").read_bytes()
        assert n == 1 or catalog == before
        before = catalog
    assert len(json.loads(catalog)["tables"]) == count
    assert lake.sql(f"select count(*) as n from iex.s{count - 1}") == [{"n": 2}]


def test_columns_that_change_over_time_never_fail_a_run(lake, iex):
    """New, lost and retyped fields, from one run to the next; every file is read by others, too."""
    import polars
    import pyarrow
    import pyarrow.dataset

    lake.define(MSFT=MSFT)
    answers = [
        [{"date": "2019-03-01", "open": 112, "volume": 10, "flag": True}],
        [{"date": "2019-03-04", "open": 113.5, "volume": 11, "flag": 3, "fresh": "x", "more": {"a": [1]}}],
        [{"date": "2019-03-05", "volume": "n/a", "open": None, "late": None}],
        [],
        [{"date": "2019-03-06", "open": 115, "late": 2.5}],
    ]
    for n, answer in enumerate(answers):
        iex.chart("MSFT", answer)
        assert lake.ran("--name", f"run-{n}")["failed"] == 0
    rows = lake.sql("select date, open, volume, flag, fresh, more, late from iex.msft order by date")
    assert rows == [
        {"date": "2019-03-01", "open": 112.0, "volume": "10", "flag": "true", "fresh": None, "more": None, "late": None},
        {"date": "2019-03-04", "open": 113.5, "volume": "11", "flag": "3", "fresh": "x", "more": '{"a":[1]}', "late": None},
        {"date": "2019-03-05", "open": None, "volume": "n/a", "flag": None, "fresh": None, "more": None, "late": None},
        {"date": "2019-03-06", "open": 115.0, "volume": None, "flag": None, "fresh": None, "more": None, "late": 2.5},
    ]
    types = {row["column"]: row["type"] for row in
             lake.penstock.ok("tables", "show", "iex.msft", "--bucket", lake.bucket, "--output", "json").rows}
    assert types == {"requested_at": "timestamp", "date": "string", "open": "double", "volume": "string", "flag": "string",
                     "fresh": "string", "more": "string", "late": "double"}
    files = sorted((lake.bucket / "iex/processed/MSFT").glob("*.parquet"))
    assert len(files) == 5
    assert polars.concat([polars.read_parquet(file) for file in files], how="diagonal_relaxed")["date"].to_list() == \
        ["2019-03-01", "2019-03-04", "2019-03-05", "2019-03-06"]
    by_name = pyarrow.dataset.dataset(files, schema=pyarrow.schema([("date", pyarrow.string()), ("open", pyarrow.float64()), ("late", pyarrow.float64())]))
    assert by_name.to_table().sort_by("date")["open"].to_pylist() == [112.0, 113.5, None, 115.0]


ERRORS = [(404, "text/html; charset=utf-8", b"Unknown symbol"), (402, "text/plain", b"You have exceeded your allotted message quota."),
          (403, "text/html", b"The requested data is not available to free tier accounts."), (451, "text/plain", b"Legal reasons"),
          (429, "text/plain", b"Too many requests"), (200, "text/html", b"<html><body>Proxy login</body></html>")]


@pytest.mark.parametrize("answer", ERRORS, ids=[str(status) for status, _, _ in ERRORS])
def test_what_fails_is_in_the_dead_letter_queue_whole_and_the_others_run(lake, iex, penstock, answer):
    iex.answers["/stock/GONE/chart/1m"] = answer
    gone = {"endpoint": "chart", "symbol": "GONE", "range": "1m"}
    lake.define(MSFT=MSFT, GONE=gone)
    ran = lake.ran(code=1)
    assert (ran["answered"], ran["failed"]) == (1, 1)
    (letter,) = dead_letters(penstock, lake.bucket)
    body = letter["body"]
    assert body["step"] == "fetch_series" and body["input"] == {"key": "GONE", "query": gone}
    if answer[0] != 200:
        assert answer[2].decode() in body["cause"], body
    assert lake.keys("raw/chart/GONE/") == []
    # What was wrong is right now: the work is done again, to its end.
    iex.chart("GONE", [{"date": "2019-03-01", "open": 1.5}])
    redriven = penstock("dlq", "redrive", "--pipeline", "iex", "--bucket", lake.bucket, "--endpoint", iex.origin, env=lake.env)
    assert redriven.code == 0 and "1 done" in redriven.out, redriven
    assert dead_letters(penstock, lake.bucket) == []
    assert lake.sql("select open from iex.gone") == [{"open": 1.5}]


def test_a_run_that_cannot_process_leaves_one_letter_for_all(lake, iex, penstock):
    """As with a full disk: what was fetched is kept, and the letter says where it is."""
    lake.define(MSFT=MSFT, MSFT_1d={"symbol": "MSFT", "range": "1d"}, GONE={"symbol": "GONE"})
    ran = lake.ran(code=1, env={"PENSTOCK_FAULT": "lake.evolve.registered=error"})
    assert (ran["series"], ran["answered"], ran["files"], ran["failed"]) == (3, 0, 0, 3)
    assert len(lake.keys("raw/")) == 2 and lake.keys("processed/") == []
    steps = sorted(letter["body"]["step"] for letter in dead_letters(penstock, lake.bucket))
    assert steps == ["fetch_series", "process_fetched"]
    iex.chart("GONE", [{"date": "2019-03-01", "open": 1.5}])
    redriven = penstock("dlq", "redrive", "--bucket", lake.bucket, "--endpoint", iex.origin, env=lake.env)
    assert redriven.code == 0 and "2 done, 0 failed" in redriven.out, redriven
    assert dead_letters(penstock, lake.bucket) == []
    stems = lambda keys: [re.sub(r"^iex/(raw/chart|processed)/|\.\w+$", "", key) for key in keys]
    assert stems(lake.keys("processed/")) == stems(lake.keys("raw/")) and len(lake.keys("raw/")) == 3
    assert lake.sql("select count(*) as n from iex.msft_1d") == [{"n": 390}]


def test_many_dead_letters_are_done_again_together(lake, iex, penstock):
    """The catalog is written once for all, and not for each; what still fails stays, alone."""
    count = 30
    lake.define(**{f"S{n}": {"symbol": f"S{n}"} for n in range(count)})
    assert lake.ran(code=1)["failed"] == count
    for n in range(count - 2):
        iex.chart(f"S{n}", [{"date": "2019-03-04", "open": 1.5}])
    iex.chart(f"S{count - 2}", b"[{]")
    redriven = penstock("dlq", "redrive", "--bucket", lake.bucket, "--endpoint", iex.origin,
                        env={**lake.env, "PENSTOCK_FAULT": f"store.put.before_rename=kill@{2 * count - 1}"})
    assert redriven.code == 1 and f"{count - 2} done, 3 failed again" in redriven.out, redriven
    left = sorted((letter["body"]["step"], letter["body"]["input"]["key"]) for letter in dead_letters(penstock, lake.bucket))
    assert left == [("fetch_series", f"S{count - 2}"), ("fetch_series", f"S{count - 1}"), ("process_series", f"S{count - 2}")]
    assert lake.process(code=1)["already"] == count - 2


def test_an_answer_that_cannot_be_read_is_kept_and_redriven(lake, penstock):
    path = lake.keep("MSFT", "20190301120000", b"date,open\n1\n", "csv")
    assert lake.process(code=1)["failed"] == 1
    (letter,) = dead_letters(penstock, lake.bucket)
    assert letter["body"]["input"] == {"key": "MSFT", "raw": ["iex/raw/chart/MSFT/20190301120000.csv"]}
    redriven = penstock("dlq", "redrive", "--bucket", lake.bucket, env=lake.env)
    assert redriven.code == 1 and "1 failed again" in redriven.out, redriven
    path.write_bytes(b"date,open\n2019-03-01,1\n")
    redriven = penstock("dlq", "redrive", "--bucket", lake.bucket, env=lake.env)
    assert redriven.code == 0, redriven
    assert lake.sql("select open from iex.msft") == [{"open": 1}]


def test_the_token_is_nowhere(lake, iex, penstock):
    """ALL-4: in the query of each request, and in no object, log, state or output, whatever fails."""
    for number, (status, kind, body) in enumerate([*ERRORS, (500, "text/plain", b"no")]):
        iex.answers[f"/stock/E{number}/chart/1m"] = (status, kind, body + TOKEN.encode() if status == 403 else body)
    lake.define(MSFT=MSFT, BAD={"symbol": "MSFT", "range": "7w"},
                **{f"E{n}": {"endpoint": "chart", "symbol": f"E{n}", "range": "1m"} for n in range(7)})
    outcome = lake.run("--log-level", "debug")
    assert outcome.code == 1, outcome
    assert all(query.get("token") == TOKEN for _, query in iex.asked)
    texts = [outcome.out, outcome.err, json.dumps(dead_letters(penstock, lake.bucket))]
    outcome = penstock("dlq", "redrive", "--bucket", lake.bucket, "--endpoint", iex.origin, "--log-level", "debug", env=lake.env)
    texts += [outcome.out, outcome.err, penstock.ok("executions", "ls", "--bucket", lake.bucket).out]
    assert not [text for text in texts if TOKEN in text]
    holding = [path for root in (lake.bucket, penstock.home) for path in pathlib.Path(root).rglob("*")
               if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert holding == []


def test_init_writes_one_that_runs_as_it_is(penstock):
    penstock.ok("init", "mine", "--template", "iex")
    assert {path.name for path in penstock.path("mine").iterdir()} == \
        {"pipeline.yaml", "workflow.asl.json", "definitions.json", "definitions.schema.json", "pipeline.schema.json", "queries"}
    assert penstock.ok("run", "mine", "--demo", "--output", "json").rows[0]["failed"] == 0
    assert penstock.sql("select count(*) > 0 as some from mine.msft", "--bucket", "demo") == [{"some": True}]


def test_the_state_machine_is_one_that_step_functions_takes(penstock):
    for name in "iex", "fmp-eod", "yahoo-csv":
        assert "no faults" in penstock.ok("workflow", "validate", SOURCE / f"pipelines/{name}/workflow.asl.json").err


def test_the_demo_runs_without_anything_else(penstock):
    shutil.copytree(SOURCE / "pipelines/iex", penstock.path("iex"))
    outcome = penstock.ok("run", "iex", "--demo", "--output", "json")
    assert outcome.rows[0]["failed"] == 0 and outcome.rows[0]["answered"] == outcome.rows[0]["series"] > 3
    for query in (SOURCE / "pipelines/iex/queries").glob("*.sql"):
        rows = json.loads(penstock.ok("query", "--saved", query.stem, "--pipeline", "iex", "--bucket", "demo", "--format", "json").out)
        assert rows, query
