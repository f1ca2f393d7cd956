"""A provider that fails, in every way that the replay server can (FTSE-4)."""
import concurrent.futures
import datetime
import json

import pytest
from harness import (FIRST, LAST, SYMBOLS, assert_same_lake, dead_letters, edit, lake_of, make_pipeline, recorded_rows,
                     table_of)

# What the server does to two symbols, for good, and the error name that their messages then have.
FATAL = {
    "500": "Penstock.Unavailable",
    "404": "Penstock.NotFound",
    "429:retry_after=10ms": "Penstock.Throttled",
    "reset": "Penstock.Unavailable",
    "truncate": None,
    "html": None,
}


@pytest.fixture
def undisturbed(penstock, tiny, replay, run):
    outcome = run("undisturbed", replay)
    assert outcome.code == 0, outcome
    return penstock.path("undisturbed")


@pytest.mark.parametrize("fault", ["500", "429:retry_after=10ms", "reset", "truncate", "html"])
def test_healed_by_retries(penstock, undisturbed, start_replay, run, fault):
    """FTSE-4: each symbol's first two requests fail; the third attempt brings it. Nothing is in the DLQ."""
    separator = "," if ":" in fault else ":"
    server = start_replay("--fault", f"{fault}{separator}times=2,symbol=A*")
    outcome = run("lake", server)
    assert outcome.code == 0, outcome
    assert server.requests == len(SYMBOLS) + 2 * len([symbol for symbol in SYMBOLS if symbol.startswith("A")])
    assert dead_letters(penstock, "lake") == []
    assert_same_lake(penstock.path("lake"), undisturbed)


@pytest.mark.parametrize("fault", list(FATAL))
def test_at_most_three_attempts_then_the_dlq(penstock, undisturbed, start_replay, run, fault):
    """FTSE-4: at most three attempts; what failed goes, whole and with its reason, to the DLQ, exit code 1, and the rest
    is in the lake. When the fault is gone, redrive completes the lake to be the undisturbed one."""
    separator = "," if ":" in fault else ":"
    broken = start_replay("--fault", f"{fault}{separator}symbol=A*")
    outcome = run("lake", broken)
    assert outcome.code == 1, outcome
    assert "dlq" in outcome.out
    attempts = broken.requests - (len(SYMBOLS) - 2)
    assert attempts == (2 if fault == "404" else 6), "three attempts a symbol, and one of what is final"
    assert {row["symbol"] for row in table_of(penstock.path("lake"))} == {s for s in SYMBOLS if s[0] != "A"}

    letters = dead_letters(penstock, "lake")
    assert [letter["queue"] for letter in letters] == ["tiny-dlq"] * 2
    assert sorted(letter["body"]["input"]["symbol"] for letter in letters) == ["AAPL", "AMZN"]
    for letter in letters:
        body = letter["body"]
        assert body["step"] == "fetch"
        assert (body["input"]["from"], body["input"]["to"]) == (FIRST, LAST)
        assert body["input"]["symbol"] in body["cause"] and body["execution"].startswith("tiny-")
        assert body["error"] == (FATAL[fault] or body["error"]) and body["error"].startswith("Penstock.")

    again = penstock("dlq", "redrive", "--bucket", "lake", "--endpoint", broken.origin)
    assert again.code == 1 and "0 done, 2 failed again" in again.out
    assert len(dead_letters(penstock, "lake")) == 2

    healed = start_replay()
    one = letters[0]["id"]
    assert "1 done, 0 failed" in penstock.ok("dlq", "redrive", one, "--bucket", "lake", "--endpoint", healed.origin).out
    assert "1 done, 0 failed" in penstock.ok("dlq", "redrive", "--bucket", "lake", "--endpoint", healed.origin).out
    assert dead_letters(penstock, "lake") == []
    assert_same_lake(penstock.path("lake"), undisturbed)


@pytest.mark.parametrize("fault", ["garbage", "cut"])
def test_kept_but_not_parsed(penstock, undisturbed, start_replay, run, fault):
    """FTSE-4: what is no data never reaches the lake: it ends in the DLQ, and redrive after the fault completes the lake."""
    broken = start_replay("--fault", f"{fault}:symbol=A*")
    outcome = run("lake", broken)
    assert outcome.code == 1, outcome
    letters = dead_letters(penstock, "lake")
    assert len(letters) == 2 and all(letter["body"]["cause"] for letter in letters)
    assert {row["symbol"] for row in table_of(penstock.path("lake"))} == {s for s in SYMBOLS if s[0] != "A"}
    healed = start_replay()
    redriven = penstock("dlq", "redrive", "--bucket", "lake", "--endpoint", healed.origin)
    if redriven.code != 0:  # the raw object is what is damaged: it has to be fetched again
        assert run("lake", healed).code == 0
        assert penstock("dlq", "redrive", "--bucket", "lake", "--endpoint", healed.origin).code == 0
    assert dead_letters(penstock, "lake") == []
    assert_same_lake(penstock.path("lake"), undisturbed)


def test_random_faults_and_runs_until_done(penstock, undisturbed, start_replay, run):
    """FTSE-4: half of the answers fail, in four ways; running again asks for what is missing only, and ends."""
    server = start_replay("--fault", "500:rate=0.2,seed=1", "--fault", "reset:rate=0.1,seed=2", "--fault",
                          "html:rate=0.1,seed=3", "--fault", "truncate:rate=0.1,seed=4")
    codes = []
    for _ in range(8):
        codes.append(run("lake", server).code)
        if codes[-1] == 0:
            break
    assert codes[-1] == 0 and set(codes) <= {0, 1}
    penstock("dlq", "purge", "--yes", "--bucket", "lake")
    assert_same_lake(penstock.path("lake"), undisturbed)


def test_slow_answers(penstock, undisturbed, start_replay, run):
    """FTSE-4: latency and a slow drip are no failures, and requests go in parallel."""
    server = start_replay("--fault", "latency=100ms", "--fault", "drip=2ms:symbol=G*")
    assert run("lake", server).code == 0
    assert_same_lake(penstock.path("lake"), undisturbed)


def test_too_slow_is_a_timeout(penstock, tiny, start_replay, run):
    """FTSE-4: an answer that takes longer than timeout_s is given up, three times, and said to be a timeout."""
    # Long enough for all others, on a machine that stalls, too.
    edit(tiny / "pipeline.yaml", "in_flight: 8", "in_flight: 8\n  timeout_s: 5")
    server = start_replay("--fault", "latency=600s:symbol=GE")
    assert run("lake", server).code == 1
    letters = dead_letters(penstock, "lake")
    assert [(letter["body"]["input"]["symbol"], letter["body"]["error"]) for letter in letters] == [("GE", "States.Timeout")]


def test_retry_after_is_kept(penstock, undisturbed, start_replay, run):
    """FTSE-4: over the server's quota, 429 with Retry-After: we come back when we were told to, and lose nothing."""
    server = start_replay("--quota", "8/10s")  # the 12 requests come in less than that
    assert run("lake", server).code == 0
    stats = server.stats
    assert stats["rejected"] > 0 and stats["by_status"]["429"] == stats["rejected"]
    assert_same_lake(penstock.path("lake"), undisturbed)


def test_nobody_answers(penstock, tiny):
    """ALL-3: a server that is not there: every symbol in the DLQ, exit code 1, and the reason names the address."""
    outcome = penstock("run", "tiny", "--endpoint", "http://127.0.0.1:9", "--date", LAST, "--bucket", "lake")
    assert outcome.code == 1
    letters = dead_letters(penstock, "lake")
    assert len(letters) == len(SYMBOLS)
    assert all("127.0.0.1" in letter["body"]["cause"] for letter in letters)


def test_raw_object_put_by_hand(penstock, undisturbed):
    """FTSE-4: what cannot be parsed is in the DLQ with its raw key; it stays until it is mended, then leaves."""
    before = lake_of(undisturbed)
    raw = undisturbed / f"tiny/raw/dt={LAST}/ZZZ.json"
    raw.write_bytes(b'{"chart": {"result": [')
    assert penstock("process", "tiny", "--bucket", undisturbed).code == 1
    letters = dead_letters(penstock, undisturbed)
    assert [letter["body"]["input"]["key"] for letter in letters] == [f"tiny/raw/dt={LAST}/ZZZ.json"]
    assert letters[0]["body"]["step"] == "transform" and letters[0]["body"]["error"] == "Penstock.InvalidData"
    assert lake_of(undisturbed) == before
    # Again: the same message, not another one.
    assert penstock("process", "tiny", "--bucket", undisturbed).code == 1
    assert len(dead_letters(penstock, undisturbed)) == 1
    assert penstock("dlq", "redrive", "--bucket", undisturbed).code == 1
    good = (undisturbed / f"tiny/raw/dt={LAST}/GE_{FIRST}.json").read_bytes().replace(b"GE", b"ZZZ")
    raw.write_bytes(good)
    penstock.ok("dlq", "redrive", "--bucket", undisturbed)
    assert dead_letters(penstock, undisturbed) == []
    rows = [row for row in table_of(undisturbed) if row["symbol"] == "ZZZ"]
    assert [row["date"].isoformat() for row in rows] == [LAST], "the key speaks of one day"
    outside = [row for row in table_of(undisturbed, "rejected") if row["symbol"] == "ZZZ"]
    assert len(outside) == 14 and {row["rule"] for row in outside} == {"session", "not_null"}


def test_dlq_purge(penstock, tiny, start_replay, run):
    """FTSE-4: purge asks first; --yes removes all, of the pipeline named only."""
    server = start_replay("--fault", "404:symbol=A*")
    assert run("lake", server).code == 1
    assert penstock("dlq", "purge", "--bucket", "lake").code == 2
    assert len(dead_letters(penstock, "lake")) == 2
    assert "0 removed" in penstock.ok("dlq", "purge", "--yes", "--pipeline", "other", "--bucket", "lake").out
    assert "2 removed" in penstock.ok("dlq", "purge", "--yes", "--pipeline", "tiny", "--bucket", "lake").out
    assert dead_letters(penstock, "lake") == []
    assert penstock("dlq", "show", "nothing", "--bucket", "lake").code == 2


def test_quota_holds_for_all_processes(penstock, start_replay):
    """FTSE-4, US-1: two pipelines ask one provider at once, in two processes: together they keep its quota, where the
    provider counts. Nothing here depends on how fast the machine is, or how long it stalls."""
    symbols = json.loads(start_replay().ask("/_replay/symbols"))[:45]
    server = start_replay("--quota", "30/2s")
    for i, name in enumerate(("left", "right")):
        make_pipeline(penstock, name, symbols[i * 20:i * 20 + 25],
                      replace=[("quota: {requests: 120, per: 1m}",
                                f"endpoint: {server.origin}\n  quota: {{requests: 30, per: 2s}}")])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda name: penstock("run", name, "--date", LAST, "--bucket", f"lake-{name}"),
                                 ("left", "right")))
    assert [outcome.code for outcome in outcomes] == [0, 0], outcomes
    stats = server.stats
    assert stats["requests"] == 50 and stats["rejected"] == 0 and stats["max_in_window"] <= 30
    first, last = (datetime.datetime.strptime(stats[key], "%Y-%m-%dT%H:%M:%S.%fZ") for key in ("first", "last"))
    assert last - first >= datetime.timedelta(seconds=2), "50 of 30 in 2 s"
    for i, name in enumerate(("left", "right")):
        rows = table_of(penstock.path(f"lake-{name}"), name=name)
        whole, _ = recorded_rows(symbols[i * 20:i * 20 + 25], LAST, LAST)
        assert {row["symbol"] for row in rows} == {key[1] for key in whole}
