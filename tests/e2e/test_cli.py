"""The command line: help, mistakes, formats, signals, every verb (ALL-2, ALL-3, ALL-4, FTSE-6, FTSE-7)."""
import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time

import pyarrow.parquet as parquet
import pytest
from harness import (FIRST, LAST, SYMBOLS, TIMEOUT_S, assert_same_lake, catches, cells_of, cpu_seconds, edit, files_of, lake_of,
                     make_pipeline, recorded_rows, table_of, wait_until)

VERBS = ["init", "run", "executions", "workflow", "query", "dashboard", "tables", "raw", "process", "ledger", "backfill", "dlq", "lifecycle",
         "serve", "schedules", "stream", "replay", "doctor", "completion"]


@pytest.fixture
def lake(penstock, tiny, replay, run):
    outcome = run("lake", replay)
    assert outcome.code == 0, outcome
    return penstock.path("lake")


def test_help_and_version(penstock):
    """ALL-3: --help of every verb has an example that begins as it is typed; the list of verbs is complete."""
    top = penstock.ok("--help").out
    listed = re.findall(r"^  ([a-z]+)  +\S", top.split("Subcommands:")[1].split("Examples:")[0], re.MULTILINE)
    assert sorted(listed) == sorted(VERBS)
    for verb in VERBS:
        text = penstock.ok(verb, "--help").out
        assert f"penstock {verb}" in text.split("Example")[-1] or f"penstock {verb}" in text.split("\n\n")[-1], text
    assert re.fullmatch(r"penstock \d+\.\d+\.\d+\n", penstock.ok("--version").out)


def test_the_examples_of_help_are_real(penstock):
    """ALL-3: what --help shows as examples are commands that parse: none is refused for its options."""
    text = "\n".join(penstock.ok(verb, "--help").out for verb in VERBS)
    examples = re.findall(r"^(?:.*Example: |  )penstock ((?:\w+ )+?)(.*)$", text, re.MULTILINE)
    assert len(examples) > 12
    for verbs, rest in examples:
        command = re.split(r"   +", verbs + rest)[0]
        for option in re.findall(r"--[a-z-]+", command):
            assert option in penstock.ok(*verbs.split()[:1], "--help").out + penstock.ok("--help").out + \
                "".join(penstock(verbs.split()[0], sub, "--help").out for sub in verbs.split()[1:2]), command


@pytest.mark.parametrize("arguments,word", [
    (["rnu"], "run"), (["qurey", "select 1"], "query"), (["dlq", "list"], "dlq"), (["run", "tiny", "--dat", LAST], "--date"),
    (["run", "tinny"], "tiny"), (["query", "selec 1"], "selec"), (["run", "tiny", "--date", "2017-02-30"], "2017-02-30"),
    (["run", "tiny", "--from", "2017-08-11", "--to", "2017-08-01"], "--from"), (["run", "tiny", "--to", LAST], "--from"),
    (["run", "tiny", "--date", LAST, "--from", LAST], "--date"), (["run", "tiny", "--live", "--demo"], "--demo"),
    (["run", "tiny", "--date", "1890-01-02"], "1890-01-02"), (["run", "tiny", "--input", "[1]"], "--input"),
    (["run"], "pipeline"), (["tables", "show", "tiny.bars"], "no bucket"),
    (["--output", "yaml", "dlq", "ls"], "yaml"), (["--log-level", "loud", "dlq", "ls"], "loud"), (["query"], "--saved"),
    (["query", "select 1", "--format", "xls"], "xls"), (["query", "select 1", "--engine", "oracle"], "duckdb"),
    (["process", "tiny", "--date", "soon"], "soon"),
    (["query", "--saved", "movers", "--pipeline", "tiny", "--param", "x"], "NAME=VALUE"),
    (["query", "--file", "none.sql"], "none.sql"), (["executions", "show", "nothing"], "nothing"),
    (["executions", "resume", "nothing"], "nothing"), (["dlq", "show", "nothing"], "nothing"),
    (["replay", "--fault", "sneeze"], "sneeze"), (["replay", "--listen", "nowhere"], "ADDRESS:PORT"),
    (["serve", "tiny", "--listen", "nowhere"], "ADDRESS:PORT"), (["serve", "tiny", "--listen", "0.0.0.0:0"], "loopback"),
    (["serve", "tinny"], "tiny"), (["schedules", "ls", "tinny"], "tiny"),
    (["replay", "--quota", "many"], "many"), (["replay", "--dir", "/nonexistent"], "/nonexistent"),
    (["completion", "tcsh"], "bash"), (["--bucket", "s3://x/y", "tables", "ls"], "s3://"), ([], "--help"),
    (["stream", "put"], "`penstock stream put --help`"),
])
def test_usage(penstock, tiny, arguments, word):
    """ALL-3: a mistake ends in 2, says which word is wrong (or which was meant), and makes no bucket."""
    outcome = penstock(*arguments)
    assert outcome.code == 2, outcome
    assert word in outcome.err and outcome.err.startswith("penstock: "), outcome
    assert not files_of(penstock.path("lake"))


def test_did_you_mean_a_table(penstock, lake):
    """ALL-3: a table that is nearly right, in SQL and in `tables`."""
    for arguments in (["query", "select * from tiny.bar"], ["tables", "show", "tiny.bas"], ["tables", "check", "tiny.bras"]):
        outcome = penstock(*arguments, "--bucket", lake)
        assert outcome.code == 2 and "did you mean tiny.bars" in outcome.err, outcome
    outcome = penstock("query", "--saved", "mover", "--pipeline", "tiny", "--bucket", lake)
    assert outcome.code == 2 and "movers" in outcome.err, outcome
    outcome = penstock("tables", "show", "bars", "--bucket", lake)
    assert outcome.code == 2 and "DATABASE.TABLE" in outcome.err, outcome


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(penstock, shell):
    """ALL-3: the completion scripts parse, and bash's completes verbs and options."""
    text = penstock.ok("completion", shell).out
    assert all(verb in text for verb in VERBS)
    if shell != "fish":
        checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
        assert checked.returncode == 0, checked.stderr
    if shell == "bash":
        def completed(*words):
            script = text + f"\nCOMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}; _penstock; " \
                            'printf "%s\\n" "${COMPREPLY[@]}"'
            return subprocess.run(["bash", "-c", script], text=True, capture_output=True, check=True).stdout.split()

        assert completed("penstock", "qu") == ["query"]
        assert completed("penstock", "dlq", "re") == ["redrive"]
        assert "--saved" in completed("penstock", "query", "--s")


def test_output_formats(penstock, lake):
    """ALL-3: what prints data prints it as JSON, CSV and NDJSON that parse and agree."""
    for command in (["tables", "ls"], ["executions", "ls"], ["raw", "ls", "tiny"], ["dlq", "ls"], ["tables", "show", "tiny.bars"],
                    ["tables", "check", "tiny.bars"], ["query", "--list", "--pipeline", "tiny"],
                    ["query", "select symbol, date, close from tiny.bars where dt = '2017-08-03' order by symbol"]):
        outputs = {name: penstock.ok(*command, "--bucket", lake, "--output", name).out for name in ("json", "csv", "ndjson")}
        rows = json.loads(outputs["json"])
        assert [json.loads(line) for line in outputs["ndjson"].splitlines()] == rows
        table = list(csv.DictReader(io.StringIO(outputs["csv"])))
        assert len(table) == len(rows)
        if rows:
            assert list(rows[0]) == list(table[0])
    assert penstock.ok("run", "tiny", "--date", "2017-07-04", "--output", "json").code == 0


def test_run_prints_rows(penstock, tiny, replay, run):
    """ALL-2: a run's result as JSON: nothing but that on standard output."""
    rows = run("lake", replay, "--output", "json").rows
    whole, empty = recorded_rows()
    assert [(row["read"], row["accepted"], row["rejected"], row["in_dlq"], row["state"]) for row in rows] == \
        [(len(whole) + len(empty), len(whole), len(empty), 0, "done")]


def test_query_files(penstock, lake):
    """FTSE-2: --out writes Parquet, CSV, JSON, NDJSON and Markdown by the file's name, whole or not at all."""
    whole, _ = recorded_rows()
    sql = "select * from tiny.bars order by dt, symbol"
    for name in ("rows.parquet", "rows.csv", "rows.json", "rows.ndjson", "rows.md"):
        penstock.ok("query", sql, "--bucket", lake, "--out", name)
    got = parquet.read_table(penstock.path("rows.parquet")).to_pylist()
    assert cells_of(got) == whole and all(row["dt"] == row["date"] for row in got)
    with open(penstock.path("rows.csv"), newline="") as file:
        assert [float(row["close"]) for row in csv.DictReader(file)] == [row["close"] for row in got]
    assert [row["symbol"] for row in json.loads(penstock.path("rows.json").read_text())] == [row["symbol"] for row in got]
    assert len(penstock.path("rows.ndjson").read_text().splitlines()) == len(got)
    assert penstock.path("rows.md").read_text().startswith("| symbol |")
    before = penstock.path("rows.csv").read_bytes()
    bad = penstock("query", "select error('no') from tiny.bars", "--bucket", lake, "--out", "rows.csv")
    assert bad.code != 0 and penstock.path("rows.csv").read_bytes() == before
    penstock.path("q.sql").write_text("select count(*) as n from bars where symbol = :symbol")
    out = penstock.ok("query", "--file", "q.sql", "--pipeline", "tiny", "--param", "symbol=GE", "--bucket", lake, "--format", "csv")
    assert out.out.split() == ["n", "14"]  # GE has an empty cell on one of the 15 days


def test_saved_queries(penstock, lake):
    """FTSE-7, FTSE-9: every saved query runs; movers are right by the recorded closes."""
    names = [row["query"] for row in penstock.ok("query", "--list", "--pipeline", "tiny", "--output", "json").rows]
    assert {"movers", "volume_leaders", "average_20d", "week52_high_low", "gaps", "quality_by_day"} <= set(names)
    results = {name: json.loads(penstock.ok("query", "--saved", name, "--pipeline", "tiny", "--bucket", lake, "--format",
                                            "json").out) for name in names}
    whole, empty = recorded_rows()
    closes = {symbol: {day: cells["close"] for (day, other), cells in whole.items() if other == symbol} for symbol in SYMBOLS}
    changes = {}
    for symbol, by_day in closes.items():
        before, last = sorted(by_day)[-2:]
        changes[symbol] = round((by_day[last] / by_day[before] - 1) * 100, 2)
    assert {row["symbol"]: round(row["change_percent"], 2) for row in results["movers"]} == \
        {symbol: change for symbol, change in changes.items() if change != 0}
    rejected = sum(row["rejected"] for row in results["quality_by_day"] if row.get("rejected"))
    assert rejected == len(empty)
    assert results["volume_leaders"][0]["symbol"] == max(
        (cells["volume"], symbol) for (day, symbol), cells in whole.items() if day.isoformat() == LAST)[1]


@pytest.mark.parametrize("sql", [
    "select * from read_csv('/etc/passwd')", "select * from read_text('/etc/passwd')", "select * from '/etc/passwd'",
    "select * from read_parquet('https://example.com/x.parquet')", "copy (select 1) to 'out.csv'", "attach 'x.db'",
    "install httpfs", "load httpfs", "set enable_external_access = true", "pragma database_list", "create table t(a int)",
    "select * from glob('/*')", "export database 'x'", "select 1; select 2", "drop view tiny.bars",
    "with x as (select * from read_blob('/etc/shadow')) select * from x", "select getenv('HOME')",
])
def test_sandbox(penstock, lake, sql):
    """FTSE-2, ALL-4: SQL reads the tables and nothing else: no file, no network, no setting; exit 2."""
    before = files_of(penstock.folder)
    outcome = penstock("query", sql, "--bucket", lake)
    assert outcome.code == 2, outcome
    assert "root:" not in outcome.out + outcome.err and outcome.out == ""
    assert files_of(penstock.folder) == before


def test_query_limits(penstock, lake):
    """FTSE-2: a query that takes too long ends by itself, by --timeout-ms and by Ctrl-C."""
    endless = "select count(*) from range(100000000) a, range(100000000) b"
    outcome = penstock("query", endless, "--bucket", lake, "--timeout-ms", "200")
    assert outcome.code == 1 and "200" in outcome.err, outcome
    process = penstock.popen("query", endless, "--bucket", lake)
    wait_until(lambda: catches(process, signal.SIGINT) and cpu_seconds(process) > 1, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130


def test_ctrl_c_and_resume(penstock, tiny, start_replay, replay, run):
    """ALL-3, ALL-5: Ctrl-C stops a run in order, with 130; `executions resume` and `run` go on from there."""
    assert run("undisturbed", replay).code == 0
    slow = start_replay("--fault", "latency=600s:symbol=D*")  # two that keep the run from ending, however slow we are
    for bucket, end in (("run", signal.SIGINT), ("resume", signal.SIGTERM)):
        process = penstock.popen("run", "tiny", "--endpoint", slow.origin, "--from", FIRST, "--to", LAST, "--bucket", bucket)
        raw = penstock.path(bucket, "tiny/raw")
        wait_until(lambda: len([*raw.rglob("*.json")]) == len(SYMBOLS) - 2, process)
        process.send_signal(end)
        out, err = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 130 and "stopped" in err, (out, err)
        rows = penstock.ok("executions", "ls", "--bucket", bucket, "--output", "json").rows
        assert [row["status"] for row in rows] == ["RUNNING"]
        requests = replay.requests
        if bucket == "run":
            assert run(bucket, replay).code == 0
        else:
            done = penstock.ok("executions", "resume", rows[0]["name"], "--endpoint", replay.origin, "--bucket", bucket)
            assert "SUCCEEDED" in done.out
        assert 0 < replay.requests - requests < len(SYMBOLS), "what was fetched is not fetched again"
        assert_same_lake(penstock.path(bucket), penstock.path("undisturbed"))


def test_executions(penstock, lake, replay, run):
    """FTSE-7: ls, show and history of executions; the same --name is run once."""
    rows = penstock.ok("executions", "ls", "--bucket", lake, "--output", "json").rows
    assert [(row["pipeline"], row["status"]) for row in rows] == [("tiny", "SUCCEEDED")]
    shown = json.loads(penstock.ok("executions", "show", rows[0]["name"], "--bucket", lake).out)
    assert shown["input"]["from"] == FIRST and shown["output"]["transform"]["files"] == 12
    history = penstock.ok("executions", "show", rows[0]["name"], "--history", "--bucket", lake, "--output", "json").rows
    types = [row["type"] for row in history]
    assert types[0] == "ExecutionStarted" and types[-1] == "ExecutionSucceeded"
    assert types.count("TaskSucceeded") == 12 + 2
    assert [row["id"] for row in history] == list(range(1, len(history) + 1))
    assert penstock("executions", "ls", "--status", "FAILED", "--bucket", lake, "--output", "json").rows == []
    assert run(lake, replay, "--name", "mine", first="2017-07-10", last="2017-07-10").code == 0
    requests = replay.requests
    run(lake, replay, "--name", "mine", first="2017-07-10", last="2017-07-10")
    assert replay.requests == requests
    names = [row["name"] for row in penstock.ok("executions", "ls", "--bucket", lake, "--output", "json").rows]
    assert names.count("mine") == 1


def test_raw(penstock, lake, replay, run):
    """IEX-5, FTSE-3: `raw clear` asks first, lists with --dry-run, and never touches the clean lake."""
    before = lake_of(lake)
    keys = [row["key"] for row in penstock.ok("raw", "ls", "tiny", "--bucket", lake, "--output", "json").rows]
    assert keys == sorted(key for key in files_of(lake) if "/raw/" in key) and len(keys) == 12
    assert penstock.ok("raw", "ls", "tiny", "--date", "2017-08-10", "--bucket", lake, "--output", "json").rows == []
    listed = penstock.ok("raw", "clear", "tiny", "--dry-run", "--bucket", lake, "--output", "json").rows
    assert [row["key"] for row in listed] == keys
    assert penstock("raw", "clear", "tiny", "--bucket", lake).code == 2
    assert [key for key in files_of(lake) if "/raw/" in key] == keys
    assert "12 raw objects" in penstock.ok("raw", "clear", "tiny", "--yes", "--bucket", lake).out
    assert not [key for key in files_of(lake) if "/raw/" in key]
    assert lake_of(lake) == before
    assert "already done" in run(lake, replay).out


def test_lifecycle(penstock, lake):
    """FTSE-6: raw is removed after 30 days; clean is archived after 90 and removed after 180."""
    def age(path, days):
        then = time.time() - days * 86400 - 60
        os.utime(path, (then, then))

    assert "Nothing is old enough" in penstock.ok("lifecycle", "plan", "tiny", "--bucket", lake).err
    raw = sorted((lake / f"tiny/raw/dt={LAST}").iterdir())
    clean = sorted((lake / "tiny/clean/bars").glob("dt=*/*.parquet"))
    for path, days in ((raw[0], 29), (raw[1], 30), (raw[2], 400), (clean[0], 89), (clean[1], 90), (clean[2], 179),
                       (clean[3], 180)):
        age(path, days)

    def key(path):
        return path.relative_to(lake).as_posix()

    plan = penstock.ok("lifecycle", "plan", "tiny", "--bucket", lake, "--output", "json").rows
    assert {(row["action"], row["key"], row["age_days"]) for row in plan} == {
        ("remove", key(raw[1]), 30), ("remove", key(raw[2]), 400), ("archive", key(clean[1]), 90), ("archive", key(clean[2]), 179),
        ("remove", key(clean[3]), 180)}
    before, archived = files_of(lake), [clean[1], clean[2]]
    assert "archived 2, removed 3" in penstock.ok("lifecycle", "apply", "tiny", "--bucket", lake).out
    after = files_of(lake)
    gone = {key(path) for path in (raw[1], raw[2], clean[1], clean[2], clean[3])}
    made = {key(path).replace("tiny/", "tiny/archive/", 1): before[key(path)] for path in archived}
    assert after == {**{k: v for k, v in before.items() if k not in gone}, **made}
    assert "archived 0, removed 0" in penstock.ok("lifecycle", "apply", "tiny", "--bucket", lake).out
    days = penstock.sql("select count(distinct dt) as n from tiny.bars", "--bucket", lake)
    assert days == [{"n": 12}]


def test_doctor(penstock, lake, tiny):
    """ALL-3: doctor checks clock, bucket, disk, state, SQL, data and the pipeline, and says what to fix."""
    before = files_of(lake)
    rows = penstock.ok("doctor", "tiny", "--bucket", lake, "--output", "json").rows
    assert {row["result"] for row in rows} == {"ok"}
    assert {"clock", "bucket", "disk", "state", "SQL", "tiny"} <= {row["check"] for row in rows}
    assert files_of(lake) == before
    sick = penstock("doctor", "tiny", "--bucket", lake, env={"PENSTOCK_DATA": "/nonexistent"})
    assert sick.code == 2 and "FAILED" in sick.out and "PENSTOCK_DATA" in sick.err
    old = penstock("doctor", "tiny", "--bucket", lake, env={"PENSTOCK_NOW": "1990-01-01T00:00:00Z"})
    assert old.code == 2 and "clock" in old.err


def test_tables(penstock, lake):
    """FTSE-2: ls, show and check of the tables."""
    rows = {row["table"]: row for row in penstock.ok("tables", "ls", "--bucket", lake, "--output", "json").rows}
    assert (rows["tiny.bars"]["partitions"], rows["tiny.bars"]["first"], rows["tiny.bars"]["last"]) == (15, FIRST, LAST)
    columns = [row["column"] for row in penstock.ok("tables", "show", "tiny.bars", "--bucket", lake, "--output", "json").rows]
    assert columns == ["symbol", "date", "open", "high", "low", "close", "adj_close", "volume", "currency", "source",
                       "fetched_at", "dt"]
    whole, empty = recorded_rows()
    out = penstock.ok("tables", "check", "tiny.bars", "--bucket", lake).out
    assert f"{len(whole)} rows in 15 files" in out and f"{len(empty)} rejected rows" in out


def test_progress_in_plain_lines(penstock, tiny, start_replay, run):
    """ALL-2: without a terminal, progress is whole lines with done/total, rate and time left; --quiet has none."""
    edit(tiny / "pipeline.yaml", "in_flight: 8", "in_flight: 1")
    server = start_replay("--fault", "latency=550ms")
    outcome = run("lake", server)
    assert outcome.code == 0
    assert "\r" not in outcome.err and "\033" not in outcome.err + outcome.out
    assert re.search(r"^fetch +\d+/12  [\d.]+/s  \d+ s left$", outcome.err, re.MULTILINE), outcome
    assert re.search(r"^fetch +12/12  [\d.]+/s  in [\d.]+ s$", outcome.err, re.MULTILINE), outcome
    quiet = run("quiet", start_replay("--fault", "404:symbol=GE"), "--quiet", "--log-level", "off", "--output", "csv")
    assert quiet.code == 1 and quiet.err == "" and len(quiet.out.splitlines()) == 2, quiet


def test_progress_on_a_terminal(penstock, tiny, start_replay):
    """ALL-2: on a terminal it is one line, drawn over; the log is text."""
    server = start_replay("--fault", "latency=150ms")
    leader, follower = pty.openpty()
    process = penstock.popen("run", "tiny", "--endpoint", server.origin, "--date", LAST, "--bucket", "lake", stderr=follower,
                             env={"TERM": "xterm"}, text=False)
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    process.communicate(timeout=TIMEOUT_S)
    os.close(leader)
    assert process.returncode == 0
    assert b"\r\033[K" in shown and "█".encode() in shown and b"12/12" in shown, shown


def test_logs_are_json_lines(penstock, tiny, replay, run):
    """FTSE-7: one structured line an event, with pipeline and execution, when nobody is looking."""
    outcome = run("lake", replay, "--log-level", "debug")
    events = [json.loads(line) for line in outcome.err.splitlines() if line.startswith("{")]
    names = {event["event"] for event in events}
    assert {"run_started", "run_ended", "fetched"} <= names, names
    ended = next(event for event in events if event["event"] == "run_ended")
    assert ended["pipeline"] == "tiny" and ended["execution"].startswith("tiny-") and ended["accepted"] > 0
    assert all({"time", "level", "event"} <= event.keys() for event in events)


def test_pipe_that_closes(penstock, lake):
    """ALL-3: `penstock … | head -1` is no failure."""
    process = penstock.popen("query", "select * from tiny.bars, range(2000)", "--bucket", lake, "--format", "csv")
    process.stdout.readline()
    process.stdout.close()
    _, err = process.stderr.read(), process.stderr.close()
    assert process.wait(60) in (0, 1) and process.returncode >= 0


def test_output_to_a_full_disk(penstock, lake):
    """ALL-3: standard output that cannot be written is a failure, not silence."""
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    with open("/dev/full", "w") as full:
        outcome = penstock("query", "select * from tiny.bars", "--bucket", lake, stdout=full)
    assert outcome.code == 1 and "standard output" in outcome.err


def test_no_secret_is_kept(penstock, replay, run):
    """ALL-4: what is masked in the log stands in no file of the bucket either."""
    folder = make_pipeline(penstock, "secret", ["AAPL"])
    edit(folder / "pipeline.yaml", "kind: yahoo", "kind: yahoo\n  user_agent: ${MY_AGENT}")
    outcome = run("lake", replay, "--log-level", "debug", pipeline="secret", env={"MY_AGENT": "agent-s3cr3t"})
    assert outcome.code == 0
    assert "s3cr3t" not in outcome.out + outcome.err
    for path in penstock.path("lake").rglob("*"):
        if path.is_file():
            assert b"s3cr3t" not in path.read_bytes(), path


def test_bucket_by_environment(penstock, tiny, replay):
    """ALL-1: PENSTOCK_BUCKET and PENSTOCK_STATE stand for the options; --bucket goes first."""
    env = {"PENSTOCK_BUCKET": str(penstock.path("here")), "PENSTOCK_STATE": str(penstock.path("state"))}
    penstock.ok("run", "tiny", "--date", LAST, "--endpoint", replay.origin, env=env)
    assert len(table_of(penstock.path("here"))) == 12
    assert (penstock.path("state") / "state.db").is_file()
    assert not (penstock.path("here") / ".penstock/state.db").exists()
    penstock.ok("run", "tiny", "--date", LAST, "--endpoint", replay.origin, "--bucket", "there", env=env)
    assert len(table_of(penstock.path("there"))) == 12
    shutil.rmtree(penstock.path("there"))
