"""Two processes, one bucket, the same days at the same time."""
import concurrent.futures
import shutil

from harness import FIRST, LAST, SYMBOLS, assert_same_lake, cells_of, dead_letters, recorded_rows, table_of, write_symbols


def at_once(*calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_the_same_run_twice_at_once(penstock, tiny, start_replay, run):
    """FTSE-3: the lake is right; one run does the work, the other one too, or it says that the first one is at it."""
    server = start_replay("--fault", "latency=150ms")
    assert run("undisturbed", server).code == 0
    for attempt in range(3):
        bucket = f"lake-{attempt}"
        outcomes = at_once(*[lambda: run(bucket, server)] * 2)
        assert 0 in [outcome.code for outcome in outcomes], outcomes
        for outcome in outcomes:
            assert outcome.code in (0, 1), outcome
            if outcome.code == 1:
                assert "tiny-" in outcome.err and "what to do" in outcome.err, outcome
        assert run(bucket, server).code == 0
        assert dead_letters(penstock, bucket) == []
        assert_same_lake(penstock.path(bucket), penstock.path("undisturbed"))


def test_two_symbol_sets_at_once(penstock, tiny, start_replay, run):
    """FTSE-3: two folders of the same pipeline with other symbols write the same days at once, and neither loses a row."""
    shutil.copytree(tiny, penstock.path("other/tiny"))
    write_symbols(tiny, SYMBOLS[:6])
    write_symbols(penstock.path("other/tiny"), SYMBOLS[6:])
    server = start_replay("--fault", "latency=50ms")
    for attempt in range(3):
        bucket = f"lake-{attempt}"
        outcomes = at_once(lambda: run(bucket, server), lambda: run(bucket, server, pipeline="other/tiny"))
        for outcome, pipeline in zip(outcomes, ("tiny", "other/tiny")):
            if outcome.code != 0:  # refused, because the first one was at it
                assert outcome.code == 1 and "tiny-" in outcome.err, outcome
                assert run(bucket, server, pipeline=pipeline).code == 0
        whole, empty = recorded_rows()
        assert cells_of(table_of(penstock.path(bucket))) == whole
        assert cells_of(table_of(penstock.path(bucket), "rejected")) == empty


def test_overlapping_ranges_at_once(penstock, tiny, start_replay, run):
    """FTSE-3: two ranges that share days, at once: every day is there, every row once."""
    server = start_replay("--fault", "latency=50ms")
    outcomes = at_once(lambda: run("lake", server, last="2017-08-04"), lambda: run("lake", server, first="2017-08-01"))
    assert [outcome.code for outcome in outcomes] == [0, 0], outcomes
    rows = table_of(penstock.path("lake"))
    assert cells_of(rows) == recorded_rows(SYMBOLS, FIRST, LAST)[0]
    assert len(rows) == len(cells_of(rows))


def test_run_and_process_at_once(penstock, tiny, start_replay, run):
    """FTSE-3: a backfill beside a run of the same days changes nothing."""
    server = start_replay("--fault", "latency=50ms")
    assert run("undisturbed", server).code == 0
    assert run("lake", server, last="2017-07-28").code == 0  # process wants a bucket that is there
    outcomes = at_once(lambda: run("lake", server), lambda: penstock("process", "tiny", "--bucket", "lake"),
                       lambda: penstock("process", "tiny", "--again", "--bucket", "lake"))
    assert [outcome.code for outcome in outcomes] == [0, 0, 0], outcomes
    assert cells_of(table_of(penstock.path("lake"))) == cells_of(table_of(penstock.path("undisturbed")))


def test_state_made_by_many_at_once(penstock):
    """ALL-5: four processes that all make the state of a new bucket: each of them can."""
    for attempt in range(15):
        bucket = penstock.path(f"lake-{attempt}")
        bucket.mkdir()
        outcomes = at_once(*[lambda: penstock("executions", "ls", "--bucket", bucket)] * 4)
        assert [outcome.code for outcome in outcomes] == [0] * 4, outcomes
