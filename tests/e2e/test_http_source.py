"""APIs without code (kind http): the two examples over recorded APIs, as docs/http-source.md shows them, and paging."""
import json
import re
import shutil

import pytest
from harness import SOURCE, files_of

KEY = "fmp-5ecret-key-0000"
HEAD = """name: {name}
source:
  kind: http
  url: https://financialmodelingprep.com/stable/{path}
  auth: {{kind: query, name: apikey, env: FMP_API_KEY}}
"""


@pytest.fixture
def server(start_replay):
    return start_replay("--fmp-key", KEY, "--dead", "34/1536")


@pytest.fixture
def run(penstock, server):
    """One run of a pipeline folder of this test's own."""

    def run_once(pipeline, code=0, **env):
        outcome = penstock("run", pipeline, "--endpoint", server.origin, "--bucket", "lake", "--output", "json",
                           env={"FMP_API_KEY": KEY, **env})
        assert outcome.code == code, outcome
        return outcome.rows[0]

    return run_once


def example(penstock, name):
    shutil.copytree(SOURCE / "pipelines" / name, penstock.path(name))
    return penstock.path(name, "pipeline.yaml")


def pipeline(penstock, name, path, rest):
    folder = penstock.path(name)
    folder.mkdir()
    shutil.copy(SOURCE / "pipelines/fmp-eod/workflow.asl.json", folder)
    (folder / "pipeline.yaml").write_text(HEAD.format(name=name, path=path) + rest)


@pytest.mark.parametrize("name", ["fmp-eod", "yahoo-csv"])
def test_an_api_is_added_in_fifteen_lines_or_so(name):
    text = (SOURCE / f"pipelines/{name}/pipeline.yaml").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(lines) <= 16
    shown = (SOURCE / "docs/http-source.md").read_text()
    assert "\n".join(lines) in shown


def test_fmp_only_what_is_new_is_asked_for(penstock, run):
    """Incremental: the greatest date is remembered in the bucket, and sent next time."""
    example(penstock, "fmp-eod")
    first = run("fmp-eod")
    assert (first["series"], first["answered"]) == (2, 2) and first["rows"] > 100
    state = json.loads(penstock.path("lake/fmp-eod/state/aapl.json").read_text())
    last = penstock.sql("select max(date) as last from fmp_eod.aapl", "--bucket", "lake")[0]["last"]
    assert state["cursor"] == last
    second = run("fmp-eod")
    assert second["rows"] <= 4 and second["failed"] == 0  # the last day of each once more
    types = {row["column"]: row["type"] for row in
             penstock.ok("tables", "show", "fmp_eod.aapl", "--bucket", "lake", "--output", "json").rows}
    assert types["date"] == "date" and types["close"] == "double"


def test_killed_after_the_cursor_was_advanced_no_row_is_lost(penstock, run, server):
    """ALL-5: what the cursor says is kept is kept, and the next run makes its rows."""
    example(penstock, "fmp-eod")
    run("fmp-eod")
    whole = penstock.sql("select distinct symbol, date from fmp_eod.aapl order by all", "--bucket", "lake")
    shutil.rmtree(penstock.path("lake"))
    killed = penstock("run", "fmp-eod", "--endpoint", server.origin, "--bucket", "lake",
                      env={"FMP_API_KEY": KEY, "PENSTOCK_FAULT": "records.fetch.advanced=kill"})
    assert killed.code == -9, killed
    run("fmp-eod")
    assert penstock.sql("select distinct symbol, date from fmp_eod.aapl order by all", "--bucket", "lake") == whole


def test_yahoo_an_api_of_csv(penstock, run):
    example(penstock, "yahoo-csv")
    done = run("yahoo-csv")
    assert (done["series"], done["answered"], done["failed"]) == (2, 2, 0)
    assert [key for key in files_of(penstock.path("lake")) if re.fullmatch(r"yahoo-csv/raw/aapl_2017/\d{14}\.csv", key)]
    (row,) = penstock.sql('select count(*) as days, min("Date") as first, typeof(max("Close")) as type from yahoo_csv.aapl_2017',
                          "--bucket", "lake")
    assert row["days"] > 100 and row["first"] == "2017-01-03" and row["type"] == "DOUBLE"


def test_pages_are_numbered_and_each_becomes_a_file(penstock, run):
    pipeline(penstock, "gone", "delisted-companies",
             "  pagination: {kind: page, parameter: page, first: 0, size_parameter: limit, size: 2}\n"
             "  series: {delisted: {}}\n")
    done = run("gone")
    assert done["failed"] == 0
    raw = [key for key in files_of(penstock.path("lake")) if key.startswith("gone/raw/delisted/")]
    stems = sorted(re.sub(r"^\d{14}", "", key.rsplit("/", 1)[1]) for key in raw)
    assert stems[:2] == ["-0002.json", "-0003.json"] and stems[-1] == ".json"
    assert done["files"] == len(raw) and done["rows"] == 6
    assert penstock.sql("select count(distinct symbol) as n from gone.delisted", "--bucket", "lake") == [{"n": done["rows"]}]


def test_a_secret_that_is_missing_is_named_and_none_is_kept(penstock, run):
    example(penstock, "fmp-eod")
    # Named before anything is asked; a server on loopback is not asked for one.
    outcome = penstock("run", "fmp-eod", "--bucket", "lake", env={"FMP_API_KEY": ""})
    assert outcome.code == 2 and "FMP_API_KEY" in outcome.err, outcome
    run("fmp-eod", code=1, FMP_API_KEY="wrong-" + KEY)
    run("fmp-eod")
    assert not [path for root in (penstock.path("lake"), penstock.home) for path in root.rglob("*")
                if path.is_file() and KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize("name", ["fmp-eod", "yahoo-csv"])
def test_the_demo_needs_nothing(penstock, name):
    example(penstock, name)
    done = penstock.ok("run", name, "--demo", "--output", "json", env={"FMP_API_KEY": KEY}).rows[0]
    assert done["failed"] == 0 and done["rows"] > 100
