"""The ledger, what is fetched because of it, and symbols that the provider does not know (US-2, ALL-3)."""
import json

import pytest
from harness import FIRST, LAST, SYMBOLS, assert_same_lake, dead_letters, edit, make_pipeline, recorded_rows, write_symbols

SESSIONS = 15


def cells(penstock, *options, bucket="lake", pipeline="tiny"):
    rows = penstock.ok("ledger", pipeline, "--bucket", bucket, "--from", FIRST, "--to", LAST, "--output", "json",
                       *options).rows
    return rows


def totals(penstock, **options):
    rows = cells(penstock, **options)
    return {name: sum(row[name] for row in rows) for name in rows[0] if name != "symbol"}


def test_every_cell_has_an_answer(penstock, tiny, replay, run):
    """Each symbol and session is present, absent with its reason, or refused with its rule: as the recording has them."""
    assert run("lake", replay).code == 0
    whole, empty = recorded_rows()
    got = totals(penstock)
    assert sum(got.values()) == SESSIONS * len(SYMBOLS)
    assert got["present"] == len(whole) and got["rejected"] == len(empty) and got["missing"] == 0
    refused = {(row["symbol"], row["from"]): row for symbol in SYMBOLS for row in cells(penstock, "--symbol", symbol)
               if row["cell"] == "rejected"}
    assert set(refused) == {(name, str(day)) for day, name in empty}
    assert all(row["rule"] == "not_null" and row["sessions"] == 1 for row in refused.values())
    # BHF was listed on 2017-07-17, before these days; nothing of the set was halted.
    shown = penstock.ok("ledger", "tiny", "--bucket", "lake")
    assert "12 symbols x" in shown.out and "present" in shown.out


def test_backfill_fetches_just_what_is_missing(penstock, tiny, start_replay, run):
    """`ledger --missing` lists it, `backfill --missing` fetches it and nothing else, and the lake is as if nothing had happened."""
    server = start_replay()
    assert run("undisturbed", server).code == 0
    write_symbols(tiny, SYMBOLS[:8])
    assert run("lake", server, last="2017-08-04").code == 0
    write_symbols(tiny, SYMBOLS)
    missing = cells(penstock, "--missing")
    assert {(row["symbol"], row["from"], row["to"], row["sessions"]) for row in missing} == {
        *((name, "2017-08-07", LAST, 5) for name in SYMBOLS[:8]), *((name, FIRST, LAST, 15) for name in SYMBOLS[8:])}
    server.reset()
    outcome = penstock("backfill", "tiny", "--missing", "--bucket", "lake", "--endpoint", server.origin, "--from", FIRST,
                       "--to", LAST)
    assert outcome.code == 0, outcome
    assert server.requests == len(SYMBOLS)
    assert cells(penstock, "--missing") == []
    assert totals(penstock) == totals(penstock, bucket="undisturbed")
    rows = "select * exclude (fetched_at) from tiny.bars order by all"
    assert penstock.sql(rows, "--bucket", "lake") == penstock.sql(rows, "--bucket", "undisturbed")
    again = penstock.ok("backfill", "tiny", "--missing", "--bucket", "lake", "--endpoint", server.origin, "--from", FIRST,
                        "--to", LAST)
    assert "Nothing is missing" in again.err and server.requests == len(SYMBOLS)


def test_the_ledger_is_a_function_of_the_markers(penstock, tiny, replay, run):
    """Its cache may be lost, damaged or old: the answer is the same."""
    assert run("lake", replay).code == 0
    expected = cells(penstock)
    kept = penstock.path("lake/tiny/markers/tiny/coverage.jsonl")
    for damage in (None, b"", b"{\n", kept.read_bytes()[:200], b"\xff" * 100):
        kept.unlink() if damage is None else kept.write_bytes(damage)
        assert cells(penstock) == expected
        assert kept.read_bytes().startswith(b'{"rule_version":1')
    assert cells(penstock, "--rebuild") == expected


def test_dead_symbols_are_left_alone_and_probed(penstock, start_replay):
    """A symbol that the provider does not know is asked for in three runs, then left alone, then probed; when the provider
    knows it, it is one like the others."""
    make_pipeline(penstock, symbols=["AAPL", "DEADX", "GE"])
    server = start_replay()
    days = ["2017-08-01", "2017-08-02", "2017-08-03", "2017-08-04", "2017-08-07"]

    def run(day, at=server, now="2017-09-01T00:00:00Z"):
        return penstock("run", "tiny", "--date", day, "--bucket", "lake", "--endpoint", at.origin, env={"PENSTOCK_NOW": now})

    for day in days[:3]:
        outcome = run(day)
        assert outcome.code == 1, outcome
    assert len(dead_letters(penstock, "lake")) == 3
    asked = server.requests
    outcome = run(days[3])
    assert outcome.code == 0, outcome
    assert server.requests == asked + 2 and "1 not asked for" in outcome.out
    dead, = penstock.ok("ledger", "tiny", "--dead", "--bucket", "lake", "--output", "json").rows
    assert (dead["symbol"], dead["runs"], dead["first_unknown"], dead["last_unknown"]) == ("DEADX", 3, days[0], days[2])
    assert dead["asked_again"].startswith("from 2017-09-08")
    assert {row["cell"] for row in cells(penstock, "--symbol", "DEADX")} <= {"unknown", "missing"}
    # A week later it is probed; that it is unknown still is no news, and no dead letter.
    outcome = run(days[4], now="2017-09-09T00:00:00Z")
    assert outcome.code == 0, outcome
    assert server.requests == asked + 2 + 3
    assert len(dead_letters(penstock, "lake")) == 3
    # The provider knows it after all.
    knows = start_replay("--generate-any")
    outcome = run("2017-08-08", at=knows, now="2017-09-20T00:00:00Z")
    assert outcome.code == 0, outcome
    assert penstock.ok("ledger", "tiny", "--dead", "--bucket", "lake", "--output", "json").rows == []


@pytest.mark.parametrize("args, said", [
    (["ledger", "tiny"], "never run"), (["ledger", "tiny", "--symbol", "AAPLE"], "AAPL"), (["ledger", "tiny", "--from", "x"], "--from"),
    (["ledger", "tiny", "--from", LAST, "--to", FIRST], "end before"), (["ledger", "tiny", "--missing", "--dead"], "--dead"),
    (["backfill", "tiny"], "--missing"), (["ledger", "none"], "none"),
])
def test_wrong_usage_says_what_is_wrong(penstock, tiny, replay, run, args, said):
    penstock.path("lake").mkdir()
    outcome = penstock(*args, "--bucket", "lake")
    assert outcome.code == 2 and said in outcome.err, outcome
