"""A full disk, a read-only bucket, damaged files: what is said, what is kept, and that the advice works (ALL-3, ALL-5)."""
import contextlib
import os
import pathlib
import shutil
import subprocess

import pytest
from harness import (FIRST, LAST, SYMBOLS, assert_same_lake, cells_of, files_of, lake_of, marker_of, recorded_rows, table_of,
                     without_overriding_permissions)


@pytest.fixture
def lake(penstock, tiny, replay, run):
    outcome = run("lake", replay)
    assert outcome.code == 0, outcome
    shutil.copytree(penstock.path("lake"), penstock.path("undisturbed"))
    return penstock.path("lake")


@contextlib.contextmanager
def small_disk(folder, options):
    """A file system of its own, where this process may mount one."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if os.geteuid() != 0 or mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def permissions():
    before = without_overriding_permissions()
    if before is None:
        pytest.skip("root may write anywhere, and there is no setpriv to give that up")
    return before


def assert_said(outcome, code, *words):
    """What went wrong, where, and what to do; no crash, no stack."""
    assert outcome.code == code, outcome
    assert outcome.err.count("penstock: ") >= 1 and "what to do" in outcome.err, outcome
    for word in words:
        assert str(word) in outcome.err, outcome


def test_folder_that_cannot_be_written(penstock, tiny, replay, run, permissions):
    """ALL-3: a bucket without permission: exit 1, the folder named, nothing made."""
    bucket = penstock.path("lake")
    bucket.mkdir()
    bucket.chmod(0o555)
    assert_said(run("lake", replay, before=permissions), 1, bucket, "ermission")
    assert list(bucket.iterdir()) == []
    # The state elsewhere: then it is the lake that says so.
    state = {"PENSTOCK_STATE": str(penstock.path("state"))}
    assert_said(run("lake", replay, before=permissions, env=state), 1, "ermission")
    bucket.chmod(0o755)
    assert run("lake", replay, before=permissions).code == 0


def test_table_that_cannot_be_written(penstock, lake, tiny, replay, run, permissions):
    """ALL-3, ALL-5: the clean area alone is read-only: the run fails and says where; afterwards it is completed."""
    for folder in sorted((lake / "tiny/clean").rglob("*"), reverse=True):
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    (lake / "tiny/clean").chmod(0o555)
    before = lake_of(lake)
    outcome = run("lake", replay, first="2017-07-10", last="2017-07-21", before=permissions)
    assert_said(outcome, 1, "clean/bars", "ermission")
    assert {key: digest for key, digest in lake_of(lake).items() if "/clean/" in key} == \
        {key: digest for key, digest in before.items() if "/clean/" in key}
    for folder in [lake / "tiny/clean", *(lake / "tiny/clean").rglob("*")]:
        folder.chmod(0o755)
    assert run("lake", replay, first="2017-07-10", last="2017-07-21", before=permissions).code == 0
    assert cells_of(table_of(lake)) == {**recorded_rows()[0], **recorded_rows(SYMBOLS, "2017-07-10", "2017-07-21")[0]}


def test_read_only_file_system(penstock, tiny, replay, run):
    """ALL-3: a bucket on a read-only file system: exit 1 and told so; queries of a lake there work."""
    assert run("lake", replay).code == 0
    with small_disk(penstock.path("disk"), "size=8m") as disk:
        shutil.copytree(penstock.path("lake"), disk / "lake")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        outcome = run(disk / "lake", replay, first="2017-07-10", last="2017-07-21")
        assert_said(outcome, 1)
        assert "read-only" in outcome.err.lower() or "readonly" in outcome.err.lower(), outcome
        rows = penstock.sql("select count(*) as n from tiny.bars", "--bucket", disk / "lake")
        assert rows == [{"n": len(recorded_rows()[0])}]


@pytest.mark.parametrize("size", ["64k", "300k", "500k", "800k"])
def test_full_disk(penstock, tiny, replay, run, size):
    """ALL-3, ALL-5: the disk fills up sooner or later: exit 1, said; with room again the next run completes the lake."""
    with small_disk(penstock.path("disk"), f"size={size}") as disk:
        outcome = run(disk / "lake", replay, first="2017-01-03")
        assert_said(outcome, 1, "full")
        for path in (disk / "lake").rglob("*.parquet"):
            assert path.read_bytes()[:4] == b"PAR1" == path.read_bytes()[-4:], "a file must be whole or not there"
        subprocess.run(["mount", "-o", "remount,size=32m", disk], check=True)
        outcome = run(disk / "lake", replay, first="2017-01-03")
        if "penstock dlq" in outcome.out:
            penstock.ok("dlq", "redrive", "--bucket", disk / "lake", "--endpoint", replay.origin)
        else:
            assert outcome.code == 0, outcome
        assert run("undisturbed", replay, first="2017-01-03").code == 0
        assert_same_lake(disk / "lake", penstock.path("undisturbed"))


def test_damaged_parquet(penstock, lake, tiny, replay, run):
    """ALL-3: a run that meets a damaged file of the lake names it, overwrites nothing; check reports it; the advice of
    both mends it."""
    damaged = lake / "tiny/clean/bars/dt=2017-08-03/bars.parquet"
    whole = damaged.read_bytes()
    for damage in (b"", b"junk", whole[: len(whole) // 2], whole[:200] + b"\0\0\0\0\0\0\0\0" + whole[208:]):
        damaged.write_bytes(damage)
        if damage in (b"", b"junk"):
            outcome = run("lake", replay, first="2017-08-01", last="2017-08-11")
            assert_said(outcome, 1, "clean/bars/dt=2017-08-03/bars.parquet", "--again")
        assert damaged.read_bytes() == damage, "what is damaged is evidence"
        outcome = penstock("tables", "check", "tiny.bars", "--bucket", lake)
        assert_said(outcome, 1, "process tiny --again")
        assert "tiny/clean/bars/dt=2017-08-03/bars.parquet" in outcome.out
    damaged.unlink()
    penstock.ok("process", "tiny", "--again", "--bucket", lake)
    assert run("lake", replay, first="2017-08-01", last="2017-08-11").code == 0
    penstock.ok("tables", "check", "tiny.bars", "--bucket", lake)
    assert cells_of(table_of(lake)) == recorded_rows()[0]


def test_rows_in_the_wrong_day(penstock, lake):
    """ALL-3: a file that is sound but lies in another day's folder is found by check."""
    shutil.copy(lake / "tiny/clean/bars/dt=2017-08-03/bars.parquet", lake / "tiny/clean/bars/dt=2017-08-04/bars.parquet")
    outcome = penstock("tables", "check", "tiny.bars", "--bucket", lake)
    assert outcome.code == 1 and "dt=2017-08-04" in outcome.out and "dt=2017-08-03" not in outcome.out, outcome


@pytest.mark.parametrize("damage", ["garbage", "middle", "short", "folder"])
def test_damaged_state(penstock, lake, replay, run, damage):
    """ALL-3: a damaged state.db is named, with what to do; doing that works, and no work is done twice."""
    state = lake / ".penstock/state.db"
    bytes_ = state.read_bytes()
    if damage == "garbage":
        state.write_bytes(b"no database " * 400)
    elif damage == "middle":
        state.write_bytes(bytes_[:100] + b"\xff" * (len(bytes_) - 100))
    elif damage == "short":
        state.write_bytes(bytes_[:50])
    else:
        state.unlink()
        state.mkdir()
    outcomes = [run("lake", replay), penstock("dlq", "ls", "--bucket", lake),
                penstock("executions", "ls", "--bucket", lake)]
    for outcome in outcomes:
        assert_said(outcome, 1, state)
    # SQL needs no state.
    assert penstock.sql("select count(*) as n from tiny.bars", "--bucket", lake) == [{"n": len(recorded_rows()[0])}]
    requests = replay.requests
    state.rename(state.with_name("state.db.damaged"))
    outcome = run("lake", replay)
    assert outcome.code == 0 and "already done" in outcome.out, outcome
    assert replay.requests == requests


def test_half_written_marker(penstock, lake, replay, run):
    """ALL-3: a marker that is no JSON is named; after its removal, as told, the lake is the same again."""
    marker = marker_of(lake)
    marker.write_bytes(marker.read_bytes()[:500])
    for outcome in (run("lake", replay), penstock("process", "tiny", "--bucket", lake)):
        assert_said(outcome, 1, f"tiny/markers/tiny/dt={LAST}.json", "delete it")
    marker.unlink()
    assert run("lake", replay).code == 0
    assert_same_lake(lake, penstock.path("undisturbed"))


def test_damaged_catalog(penstock, lake, replay, run):
    """ALL-3: a catalog that is no JSON is named; after its removal, as told, the next run makes it."""
    catalog = lake / "catalog/tiny.json"
    catalog.write_text("{")
    assert_said(penstock("query", "select 1 from tiny.bars", "--bucket", lake), 1, "catalog/tiny.json", "delete it")
    assert_said(run("lake", replay, first="2017-07-10", last="2017-07-14"), 1, "catalog/tiny.json", "delete it")
    catalog.unlink()
    outcome = run("lake", replay, first="2017-07-10", last="2017-07-14")
    assert outcome.code == 0, outcome
    assert catalog.is_file()
    assert files_of(lake)["catalog/tiny.json"] == files_of(penstock.path("undisturbed"))["catalog/tiny.json"]


@pytest.mark.parametrize("verb", [["run", "tiny", "--date", LAST, "--endpoint", "http://127.0.0.1:9"], ["tables", "ls"],
                                  ["query", "select 1"], ["dlq", "ls"], ["raw", "ls", "tiny"], ["process", "tiny"],
                                  ["lifecycle", "plan", "tiny"]])
def test_bucket_is_a_file(penstock, tiny, verb):
    """ALL-3: --bucket names a file: exit 2, named, untouched."""
    file = penstock.path("file")
    file.write_text("mine")
    assert_said(penstock(*verb, "--bucket", file), 2, file)
    assert file.read_text() == "mine"


def test_link_out_of_the_bucket(penstock, lake, replay, run):
    """ALL-5: a link in the bucket that leads out of it is not followed for writing."""
    outside = penstock.path("outside")
    outside.mkdir()
    (lake / "tiny/clean/bars/dt=2017-07-10").symlink_to(outside)
    outcome = run("lake", replay, first="2017-07-10", last="2017-07-10")
    assert outcome.code != 0 or not list(outside.iterdir()), outcome
    assert list(outside.iterdir()) == []


def test_stale_temporary_files_do_not_matter(penstock, lake, replay, run):
    """ALL-5: what a killed process left under .penstock/tmp is no object and no obstacle."""
    left = lake / ".penstock/tmp/left-by-a-kill"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"half")
    assert penstock.ok("raw", "ls", "tiny", "--bucket", lake, "--output", "json").rows
    assert run("lake", replay, first="2017-07-10", last="2017-07-10").code == 0
    assert not [key for key in files_of(lake) if pathlib.PurePosixPath(key).name.startswith(("left", ".", FIRST))]
