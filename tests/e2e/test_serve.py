"""Schedules (US-7): real processes that serve a bucket; time begins where a test says, and goes on from there."""
import json
import re
import signal
import time
import urllib.error

import pytest
from harness import SYMBOLS, Serve, cells_of, edit, recorded_rows, table_of

KILLED = -9
CLOSE = "when: market-close XNYS + 45m"  # 20:45 UTC in summer
WAIT_S = 60


def schedule(penstock, *lines):
    """These instead of the template's; without any, none."""
    file = penstock.path("tiny", "pipeline.yaml")
    text = re.sub(r"^schedules:\n(  - .*\n)+", "", file.read_text(), flags=re.MULTILINE)
    file.write_text(text + ("\nschedules:\n" + "".join(f"  - {{{line}}}\n" for line in lines) if lines else ""))


class Scheduled(Serve):
    """`penstock serve tiny`, at `now`."""

    def __init__(self, penstock, server, now, *options, fault=None):
        env = {"PENSTOCK_NOW": now, **({"PENSTOCK_FAULT": fault} if fault else {})}
        super().__init__(penstock, "tiny", "--endpoint", server.origin, *options, env=env, starts=not fault)

    def last(self, index=0):
        return json.loads(self.ask("/schedules"))[index]["last"]

    def wait_for(self, what, condition):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert self.process.poll() is None, f"ended with {self.process.returncode}\n{self.text}"
            assert time.monotonic() < deadline, f"{what} did not come\n{self.text}"
            time.sleep(0.05)

    def wait_for_run(self, occurrence, index=0):
        """The run of an occurrence, when it is done."""
        self.wait_for(f"the run of {occurrence}", lambda: (self.last(index) or {}).get("occurrence", "").startswith(occurrence)
                      and self.last(index)["state"] == "done")
        return self.last(index)


@pytest.fixture
def serve(penstock, tiny, replay):
    started = []

    def start(now, *options, server=replay, **rest):
        started.append(Scheduled(penstock, server, now, *options, **rest))
        return started[-1]

    yield start
    for each in started:
        each.stop(signal.SIGKILL)


def executions(penstock, bucket="lake"):
    rows = penstock.ok("executions", "ls", "--bucket", bucket, "--output", "json").rows
    return sorted((row["name"], row["status"]) for row in rows)


def test_a_schedule_fires(penstock, serve):
    """US-7: the last session is in the lake soon after its close; pages and `schedules ls` say so; SIGTERM is the end."""
    schedule(penstock, f"name: daily, {CLOSE}", "name: never, rate: 1 minute, enabled: false")
    serving = serve("2017-08-11T20:44:58Z")
    assert serving.ask("/healthz") == "ok\n"
    daily, never = json.loads(serving.ask("/schedules"))
    assert daily["next"] == ["2017-08-11T20:45:00.000Z"] and daily["last"] is None
    assert never["next"] == [] and not never["enabled"]
    run = serving.wait_for_run("2017-08-11T20:45:00")
    assert run["result"] == "succeeded" and run["execution"] == "tiny.daily.20170811T204500Z", run
    assert executions(penstock) == [("tiny.daily.20170811T204500Z", "SUCCEEDED")]
    whole, _ = recorded_rows(SYMBOLS, "2017-08-11", "2017-08-11")
    assert cells_of(table_of(penstock.path("lake"))) == whole
    metrics = serving.ask("/metrics")
    assert f'penstock_run_rows_accepted{{pipeline="tiny"}} {len(whole)}' in metrics
    assert 'penstock_schedule_last_succeeded{pipeline="tiny",schedule="daily"} 1' in metrics
    assert {event["event"] for event in serving.events} >= {"schedule_started", "schedule_ended"}, serving.text
    with pytest.raises(urllib.error.HTTPError, match="404"):
        serving.ask("/etc/passwd")
    assert serving.stop() == 0
    daily, never = penstock.ok("schedules", "ls", "tiny", "--bucket", "lake", "--output", "json",
                               env={"PENSTOCK_NOW": "2017-08-31T12:00:00Z"}).rows
    assert [daily[key] for key in ("schedule", "next", "second", "third", "last", "result")] == \
        ["tiny/daily", "2017-08-31T20:45:00Z", "2017-09-01T20:45:00Z", "2017-09-05T20:45:00Z", "2017-08-11T20:45:00Z",
         "succeeded"], "Labor Day is left out"
    assert never["next"] == "off" and never["last"] is None


def test_once_after_downtime(penstock, serve):
    """US-7: after days of downtime the newest occurrence is run, once; the others are in the log."""
    schedule(penstock, f"name: daily, {CLOSE}")
    assert serve("2017-08-04T12:00:00Z").stop() == 0
    serving = serve("2017-08-10T22:00:00Z")
    serving.wait_for_run("2017-08-10T20:45:00")
    skipped = [event for event in serving.events if event["event"] == "schedule_skipped"]
    assert [event["occurrences"] for event in skipped] == [4], serving.text
    assert serving.stop() == 0
    # Again, with a clock that goes back: nothing is run twice.
    for now in ("2017-08-10T22:05:00Z", "2017-08-09T20:44:59Z"):
        serving = serve(now)
        time.sleep(2.5)
        assert serving.stop() == 0
        assert not [event for event in serving.events if event["event"] == "schedule_started"]
    assert executions(penstock) == [("tiny.daily.20170810T204500Z", "SUCCEEDED")]


def test_two_processes_run_it_once(penstock, serve, start_replay):
    """US-7: two that serve one bucket: each occurrence is run by one of them, once."""
    schedule(penstock, f"name: daily, {CLOSE}", "name: late, at: '2017-08-11T20:45:01'")
    server = start_replay("--fault", "latency=20ms")
    both = [serve("2017-08-11T20:44:57Z", server=server) for _ in range(2)]
    both[0].wait_for_run("2017-08-11T20:45:00")
    both[0].wait_for_run("2017-08-11T20:45:01", 1)
    time.sleep(3)  # enough for the other one to look
    assert [each.stop() for each in both] == [0, 0]
    started = [event["execution"] for each in both for event in each.events if event["event"] == "schedule_started"]
    assert sorted(started) == ["tiny.daily.20170811T204500Z", "tiny.late.20170811T204501Z"]
    assert executions(penstock) == [(name, "SUCCEEDED") for name in sorted(started)]
    whole, _ = recorded_rows(SYMBOLS, "2017-08-11", "2017-08-11")
    assert cells_of(table_of(penstock.path("lake"))) == whole
    assert server.requests == len(SYMBOLS), "the second schedule found nothing left to ask for"


@pytest.mark.parametrize("fault", ["serve.claim.after=kill", "workflow.commit.after=kill@3", "serve.finish.before=kill",
                                   "serve.claim.after=error", "serve.finish.before=error"])
def test_killed_in_the_middle(penstock, serve, fault):
    """US-7: killed after the claim, in the run, and before its end was noted: the next start completes it, once."""
    schedule(penstock, f"name: daily, {CLOSE}")
    serving = serve("2017-08-11T20:44:58Z", fault=fault)
    if fault.endswith("error"):
        time.sleep(4)
        assert serving.stop() == 0
        assert "schedule_failed" in serving.text
    else:
        assert serving.process.wait(WAIT_S) == KILLED, serving.text
    serving = serve("2017-08-11T21:10:00Z")
    assert serving.wait_for_run("2017-08-11T20:45:00")["result"] == "succeeded"
    time.sleep(1)
    assert serving.stop() == 0
    assert executions(penstock) == [("tiny.daily.20170811T204500Z", "SUCCEEDED")]
    whole, _ = recorded_rows(SYMBOLS, "2017-08-11", "2017-08-11")
    assert cells_of(table_of(penstock.path("lake"))) == whole


def test_stopped_in_the_middle(penstock, serve, start_replay):
    """US-7: SIGTERM lets the running step end; the next start goes on."""
    schedule(penstock, f"name: daily, {CLOSE}")
    edit(penstock.path("tiny", "pipeline.yaml"), "in_flight: 8", "in_flight: 1")
    slow = start_replay("--fault", "latency=700ms")
    serving = serve("2017-08-11T20:44:58Z", server=slow)
    serving.wait_for("a request", lambda: slow.requests > 1)
    assert serving.stop() == 0
    assert executions(penstock) == [("tiny.daily.20170811T204500Z", "RUNNING")]
    serving = serve("2017-08-12T09:00:00Z")
    assert serving.wait_for_run("2017-08-11T20:45:00")["result"] == "succeeded"
    assert executions(penstock) == [("tiny.daily.20170811T204500Z", "SUCCEEDED")]


def test_a_failure_waits_for_the_next_occurrence(penstock, serve, start_replay):
    """US-7: what failed is in the dead-letter queue, and is not tried again before its time."""
    schedule(penstock, f"name: daily, {CLOSE}")
    broken = start_replay("--fault", "404")
    serving = serve("2017-08-11T20:44:58Z", server=broken)
    run = serving.wait_for_run("2017-08-11T20:45:00")
    assert run["result"] in ("incomplete", "failed"), run
    requests = broken.requests
    time.sleep(4)
    assert broken.requests == requests
    assert serving.stop() == 0


def test_holidays_are_left_out(penstock, serve):
    """US-7: the day before Independence Day is a half day, the holiday has no occurrence."""
    schedule(penstock, f"name: daily, {CLOSE}")
    serving = serve("2017-07-03T17:44:58Z")
    serving.wait_for_run("2017-07-03T17:45:00")
    assert json.loads(serving.ask("/schedules"))[0]["next"] == ["2017-07-05T20:45:00.000Z"]
    assert serving.stop() == 0
    assert [row["dt"] for row in penstock.sql("select distinct dt from tiny.bars", "--bucket", "lake")] == ["2017-07-03"]


@pytest.mark.parametrize("line,word", [
    ("name: daily, cron: '0 25 ? * MON-FRI *'", "hours: expected 0 to 23"), ("name: daily, rate: often", "minutes, hours or days"),
    ("name: daily, when: market-close XTKS", "XTKS"), ("name: daily, rate: 1 day, timezone: Mars/Base", "timezone"),
    ("name: daily, at: tomorrow", "yyyy-mm-ddThh:mm:ss"), ("name: daily", "one of cron, rate, at and when"),
    ("name: daily, corn: 5", "did you mean cron")])
def test_wrong_expressions(penstock, tiny, line, word):
    """US-7: what is wrong with a schedule, with file and line; nothing is started."""
    schedule(penstock, line)
    number = penstock.path("tiny", "pipeline.yaml").read_text().splitlines().index(f"  - {{{line}}}") + 1
    for command in (["serve", "tiny"], ["serve"], ["schedules", "ls"]):
        outcome = penstock(*command)
        assert outcome.code == 2 and f"pipeline.yaml:{number}" in outcome.err and word in outcome.err, outcome
    assert not penstock.path("lake").exists()


def test_what_serve_refuses(penstock, tiny):
    """US-7, ALL-3: a pipeline without schedules; an address that others could reach without keys."""
    assert "tiny/daily" in penstock.ok("schedules", "ls").out, "the template has one"
    schedule(penstock)
    outcome = penstock("serve", "tiny")
    assert outcome.code == 2 and "no schedules" in outcome.err, outcome
    schedule(penstock, f"name: daily, {CLOSE}")
    for address in ("0.0.0.0:0", "192.0.2.1:8181", "[::]:0"):
        outcome = penstock("serve", "tiny", "--listen", address)
        assert outcome.code == 2 and "loopback" in outcome.err, outcome
    assert not penstock.path("lake").exists()
    assert "tiny/daily" in penstock.ok("schedules", "ls").out
