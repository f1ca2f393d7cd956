"""kill -9 at any moment loses nothing, corrupts nothing, and the next run completes the rest (ALL-5)."""
import concurrent.futures
import pathlib
import contextlib
import os
import random
import re
import shutil
import subprocess
import time

import pytest
from harness import (SOURCE, SYMBOLS, assert_same_lake, cells_of, dead_letters, files_of, lake_of, make_pipeline, recorded_rows,
                     table_of, write_symbols)

WEEKS = [("2017-07-10", "2017-07-14"), ("2017-07-17", "2017-07-21"), ("2017-07-24", "2017-07-28"),
         ("2017-07-31", "2017-08-04"), ("2017-08-07", "2017-08-11")]
KILLS = 50
KILLED = -9


def run_week(penstock, server, bucket, week, **options):
    return penstock("run", "tiny", "--endpoint", server.origin, "--from", week[0], "--to", week[1], "--bucket", bucket,
                    **options)


def assert_nothing_is_left(penstock, bucket):
    """No execution that nobody works on, no dead letter, no damaged file."""
    statuses = {row["status"] for row in penstock.ok("executions", "ls", "--limit", "1000", "--output", "json", "--bucket",
                                                     bucket).rows}
    assert statuses == {"SUCCEEDED"}
    assert dead_letters(penstock, bucket) == []
    penstock.ok("tables", "check", "tiny.bars", "--bucket", bucket)


def test_fifty_random_kills(penstock, tiny, start_replay):
    """ALL-5: fifty runs killed at random moments, each going on where the one before was killed; then one more run:
    byte-identical to an undisturbed lake. A bucket whose run ended before its kill is followed by a new one."""
    server = start_replay("--fault", "latency=10ms")
    took = []
    for i, week in enumerate(WEEKS):
        began = time.monotonic()
        outcome = run_week(penstock, server, f"undisturbed-{i}", week)
        assert outcome.code == 0, outcome
        took.append(time.monotonic() - began)

    random_ = random.Random(20170811)
    span, bucket, killed, runs = min(took), 0, 0, 0
    while killed < KILLS:
        runs += 1
        assert runs < 10 * KILLS, f"only {killed} of {runs} runs could be killed"
        week = WEEKS[bucket % len(WEEKS)]
        process = penstock.popen("run", "tiny", "--endpoint", server.origin, "--from", week[0], "--to", week[1], "--bucket",
                                 f"disturbed-{bucket}", "--quiet")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(random_.uniform(0.1, 1) * span)
        process.kill()
        out, err = process.communicate()
        assert process.returncode in (0, KILLED), err
        if process.returncode == KILLED:
            killed += 1
            span *= 1.02
        else:  # the machine is quicker now than it was
            bucket += 1
            span *= 0.9
    for i in range(bucket + 1):
        week = i % len(WEEKS)
        outcome = run_week(penstock, server, f"disturbed-{i}", WEEKS[week])
        assert outcome.code == 0, outcome
        assert_same_lake(penstock.path(f"disturbed-{i}"), penstock.path(f"undisturbed-{week}"))
        assert_nothing_is_left(penstock, penstock.path(f"disturbed-{i}"))
        whole, _ = recorded_rows(SYMBOLS, *WEEKS[week])
        assert cells_of(table_of(penstock.path(f"disturbed-{i}"))) == whole


def fault_points():
    found = set()
    for file in (SOURCE / "src").rglob("*.cc"):
        if not file.name.endswith("_test.cc"):
            found.update(re.findall(r'FaultPoint\("([^"]+)"\)', file.read_text()))
    return sorted(found)


# Passed by other commands than a run that succeeds; each has a test below, those of serve in
# test_serve.py, those of the index of last rows in src/lake/tail_index_test.cc and test_market.py.
ELSEWHERE = {"queue.send.after", "lake.archive.copied", "serve.claim.after", "serve.finish.before",
             "lake.index.before", "lake.index.after", "lake.evolve.registered", "queue.move.between"}
# Of other families, each with test files that kill at these.
FAMILIES = {"records.": ["test_iex.py", "test_http_source.py"], "tenders.": ["test_ted.py"], "transfer.": ["test_ted.py"],
            "stream.": ["../../src/stream/delivery_kill_test.cc"], "log.": ["../../src/stream/log_kill_test.cc"]}
# One test a point, so that a point nobody passes any more is seen.
POINTS = sorted(point for point in set(fault_points()) - ELSEWHERE if not point.startswith(tuple(FAMILIES)))
DAYS = ("2017-07-31", "2017-08-01")
MOST_PASSAGES = 60


@pytest.fixture
def small(penstock):
    """Two symbols, two days: every passage of a point can be tried."""
    make_pipeline(penstock, symbols=["AAPL", "REGN"])
    return penstock


def test_points_of_other_families_are_killed_at():
    """ALL-5: no point of another family is left to nobody."""
    for family, files in FAMILIES.items():
        points = [point for point in fault_points() if point.startswith(family)]
        text = "".join((pathlib.Path(__file__).parent / file).read_text() for file in files)
        assert points and [point for point in points if point not in text] == [], files


@pytest.mark.parametrize("point", POINTS)
def test_kill_at_every_passage(small, replay, point):
    """ALL-5: killed, and failed, at each passage of each point around a commit; then one more run."""
    outcome = run_week(small, replay, "undisturbed", DAYS)
    assert outcome.code == 0, outcome
    undisturbed = small.path("undisturbed")

    def attempt(passage):
        bucket = f"disturbed-{passage}"
        first = run_week(small, replay, bucket, DAYS, env={"PENSTOCK_FAULT": f"{point}=kill@{passage}"})
        assert first.code in (0, KILLED), first
        if first.code == KILLED:
            again = run_week(small, replay, bucket, DAYS)
            assert again.code == 0, f"after a kill at passage {passage}: {again}"
        assert_same_lake(small.path(bucket), undisturbed)
        if first.code == KILLED:
            assert_nothing_is_left(small, bucket)
        shutil.rmtree(small.path(bucket))
        return first.code == KILLED

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        killed = list(pool.map(attempt, range(1, 5)))
        assert killed[0], f"{point} is not passed by a run"
        while killed[-1] and len(killed) < MOST_PASSAGES:
            killed += pool.map(attempt, range(len(killed) + 1, len(killed) + 5))


@pytest.mark.parametrize("point", POINTS)
def test_failure_at_a_point(small, replay, point):
    """ALL-3, ALL-5: a commit that fails is said, ends in 1, and the next run completes the rest."""
    assert run_week(small, replay, "undisturbed", DAYS).code == 0
    for passage in (1, 3):
        bucket = f"failed-{passage}"
        first = run_week(small, replay, bucket, DAYS, env={"PENSTOCK_FAULT": f"{point}=error@{passage}"})
        letters = dead_letters(small, bucket)
        assert first.code == 1 or (first.code == 0 and not letters), first
        if first.code == 1:
            assert point in first.err + str(letters), first
        outcome = run_week(small, replay, bucket, DAYS)
        assert outcome.code == 0, outcome
        if letters:
            small.ok("dlq", "redrive", "--bucket", bucket, "--endpoint", replay.origin)
        assert_same_lake(small.path(bucket), small.path("undisturbed"))


def test_kill_while_a_message_is_sent(small, start_replay):
    """FTSE-4, ALL-5: killed right after a dead letter was sent: it is there once, not twice, after the next run."""
    server = start_replay("--fault", "404:symbol=REGN")
    first = run_week(small, server, "lake", DAYS, env={"PENSTOCK_FAULT": "queue.send.after=kill"})
    assert first.code == KILLED
    assert run_week(small, server, "lake", DAYS).code == 1
    letters = dead_letters(small, "lake")
    assert [letter["body"]["input"]["symbol"] for letter in letters] == ["REGN"]
    assert {row["symbol"] for row in table_of(small.path("lake"))} == {"AAPL"}


def test_kill_while_archiving(small, replay):
    """FTSE-6, ALL-5: killed between the copy and the removal: the next `lifecycle apply` ends what was begun."""
    for bucket in ("killed", "undisturbed"):
        assert run_week(small, replay, bucket, DAYS).code == 0
        for path in small.path(bucket, "tiny/clean").rglob("*.parquet"):
            old = time.time() - 100 * 86400
            os.utime(path, (old, old))
        fault = {"PENSTOCK_FAULT": "lake.archive.copied=kill@2"} if bucket == "killed" else {}
        assert small("lifecycle", "apply", "tiny", "--bucket", bucket, env=fault).code == (KILLED if fault else 0)
        small.ok("lifecycle", "apply", "tiny", "--bucket", bucket)
    archived = [key for key in files_of(small.path("killed")) if "/archive/" in key]
    assert len(archived) == len(DAYS)

    def settled(bucket):
        # Times of runs, and the versions of objects, differ from bucket to bucket.
        of_times = ("/runs/", "metrics", "coverage")
        return {key: digest for key, digest in files_of(bucket).items() if not any(word in key for word in of_times)}

    assert settled(small.path("killed")) == settled(small.path("undisturbed"))


def test_kill_while_processing(penstock, tiny, replay):
    """FTSE-3, ALL-5: a backfill from raw alone, killed again and again, ends in the same lake."""
    for week in WEEKS[:3]:
        assert run_week(penstock, replay, "undisturbed", week).code == 0
    shutil.copytree(penstock.path("undisturbed"), penstock.path("disturbed"))
    before = lake_of(penstock.path("undisturbed"))
    edit_rules = tiny / "pipeline.yaml"
    edit_rules.write_text(edit_rules.read_text().replace("rule_version: 1", "rule_version: 2"))
    penstock.ok("process", "tiny", "--bucket", "undisturbed")
    assert lake_of(penstock.path("undisturbed")) != before
    passage = 1
    while True:
        outcome = penstock("process", "tiny", "--bucket", "disturbed",
                           env={"PENSTOCK_FAULT": f"store.put.after_rename=kill@{passage}"})
        assert outcome.code in (0, KILLED), outcome
        if outcome.code == 0:
            break
        passage += 2
    assert passage > 2
    assert_same_lake(penstock.path("disturbed"), penstock.path("undisturbed"))


def test_symbols_added_after_a_kill(penstock, tiny, replay):
    """FTSE-1, ALL-5: the run that takes up a killed one also brings the symbols that were added since."""
    fault = {"PENSTOCK_FAULT": "store.put.after_rename=kill@5"}
    assert run_week(penstock, replay, "lake", WEEKS[0], env=fault).code == KILLED
    write_symbols(tiny, [*SYMBOLS, "MSFT"])
    assert run_week(penstock, replay, "lake", WEEKS[0]).code == 0
    assert cells_of(table_of(penstock.path("lake"))) == recorded_rows([*SYMBOLS, "MSFT"], *WEEKS[0])[0]
    write_symbols(tiny, [*SYMBOLS, "MSFT", "XOM"])
    assert run_week(penstock, replay, "lake", WEEKS[0], env={"PENSTOCK_FAULT": "workflow.commit.after=kill@3"}).code == KILLED
    outcome = run_week(penstock, replay, "lake", WEEKS[0])
    assert outcome.code == 0 and "already done" not in outcome.out, outcome
    outcome = run_week(penstock, replay, "lake", WEEKS[0])
    assert "already done" in outcome.out
