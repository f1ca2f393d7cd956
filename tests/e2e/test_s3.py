"""--bucket s3://…: the same lake as in a folder, on a real S3 server (versitygw), also when killed and with two machines."""
import concurrent.futures
import contextlib
import random
import subprocess

import pytest
from cloud import SECRET, Sqs, aws_environment
from harness import (FIRST, LAST, SYMBOLS, Penstock, assert_same_lake, cells_of, dead_letters, make_pipeline, recorded_rows,
                     table_of, write_symbols)


@pytest.fixture
def machine(tmp_path, s3):
    """machine("a"): a home of its own, so state of its own; the bucket is what machines share."""

    def make(name):
        penstock = Penstock(tmp_path / name)
        penstock.env.update(aws_environment(s3=s3))
        make_pipeline(penstock)
        return penstock

    return make


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, replay):
    penstock = Penstock(tmp_path_factory.mktemp("undisturbed"))
    make_pipeline(penstock)
    run_days(penstock, replay, "lake")
    return penstock.path("lake")


def start(penstock, server, bucket, first=FIRST, last=LAST):
    return penstock.popen("run", "tiny", "--endpoint", server.origin, "--from", first, "--to", last, "--bucket", bucket,
                          "--quiet")


def run_days(penstock, server, bucket, first=FIRST, last=LAST):
    return penstock.ok("run", "tiny", "--endpoint", server.origin, "--from", first, "--to", last, "--bucket", bucket)


def at_once(*calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def assert_sound(penstock, bucket):
    statuses = {row["status"] for row in penstock.ok("executions", "ls", "--limit", "1000", "--output", "json", "--bucket",
                                                     bucket).rows}
    assert statuses == {"SUCCEEDED"}
    assert dead_letters(penstock, bucket) == []
    penstock.ok("tables", "check", "tiny.bars", "--bucket", bucket)


def test_the_same_lake_as_in_a_folder(machine, bucket, replay, undisturbed):
    penstock = machine("a")
    run_days(penstock, replay, bucket.uri)
    assert_same_lake(bucket.place, undisturbed)
    assert_sound(penstock, bucket.uri)
    assert not (bucket.place / ".penstock").exists(), "state stays on the machine"
    assert not penstock.path("s3:").exists() and not penstock.path("lake").exists()
    asked = replay.requests
    run_days(penstock, replay, bucket.uri)
    assert replay.requests == asked, "nothing is fetched twice"


def test_every_verb_on_it(machine, bucket, replay):
    penstock = machine("a")
    run_days(penstock, replay, bucket.uri)
    on = ("--bucket", bucket.uri)
    assert penstock.sql("select count(*) as n from tiny.bars", *on)[0]["n"] == len(recorded_rows()[0])
    assert "tiny.bars" in penstock.ok("tables", "ls", *on).out
    assert "12 symbols x 15 sessions" in penstock.ok("ledger", "tiny", "--from", FIRST, "--to", LAST, *on).out
    penstock.ok("process", "tiny", "--again", *on)
    penstock.ok("executions", "ls", *on)
    penstock.ok("lifecycle", "plan", "tiny", *on)
    doctor = penstock.ok("doctor", "tiny", *on)
    assert f"{bucket.uri} can be written" in doctor.out, doctor


def test_killed_and_gone_on_with(machine, bucket, start_replay, undisturbed):
    """ALL-5: killed at random moments, each run going on where the one before was killed; then one more."""
    penstock = machine("a")
    server = start_replay("--fault", "latency=20ms")
    random_ = random.Random(20170811)
    killed = 0
    for attempt in range(60):
        process = start(penstock, server, bucket.uri)
        with contextlib.suppress(subprocess.TimeoutExpired):
            # The first few before a fast machine is through.
            process.wait(random_.uniform(0.05, 0.2 if attempt < 4 else 0.9))
        process.kill()
        _, err = process.communicate()
        assert process.returncode in (0, -9), err
        killed += process.returncode == -9
        if process.returncode == 0:
            break
    assert killed >= 3
    run_days(penstock, server, bucket.uri)
    assert_same_lake(bucket.place, undisturbed)
    assert_sound(penstock, bucket.uri)


def test_two_machines_at_once(machine, bucket, start_replay, undisturbed):
    """FTSE-3: the same days by two machines, which share the bucket and nothing else: the same lake, and both succeed."""
    server = start_replay("--fault", "latency=30ms")
    machines = [machine("a"), machine("b")]
    at_once(*[lambda one=one: run_days(one, server, bucket.uri) for one in machines])
    assert_same_lake(bucket.place, undisturbed)
    for one in machines:
        assert_sound(one, bucket.uri)


def test_two_machines_with_other_symbols_at_once(machine, s3, start_replay):
    """FTSE-3: each writes its symbols into the same days, and neither loses a row of the other."""
    server = start_replay("--fault", "latency=20ms")
    machines = [machine("a"), machine("b")]
    write_symbols(machines[0].path("tiny"), SYMBOLS[:6])
    write_symbols(machines[1].path("tiny"), SYMBOLS[6:])
    whole, empty = recorded_rows()
    for attempt in range(3):
        uri = s3.make_bucket(f"other-symbols-{attempt}")
        at_once(*[lambda one=one: run_days(one, server, uri) for one in machines])
        place = s3.root / f"other-symbols-{attempt}"
        assert cells_of(table_of(place)) == whole
        assert cells_of(table_of(place, "rejected")) == empty


def test_two_machines_one_bucket_and_one_queue(machine, bucket, s3, start_replay, replay, undisturbed):
    """FTSE-4: what neither could fetch lies in SQS, once the provider is well both do it at once: the same lake, and the
    queue is empty."""
    sqs = Sqs()
    try:
        machines = [machine("a"), machine("b")]
        for one in machines:
            one.env.update(aws_environment(s3=s3, sqs=sqs))
        sick = start_replay("--fault", "500:symbol=A*")
        for outcome in at_once(*[lambda one=one: one("run", "tiny", "--endpoint", sick.origin, "--from", FIRST, "--to", LAST,
                                                     "--bucket", bucket.uri) for one in machines]):
            assert outcome.code == 1, outcome
        letters = dead_letters(machines[1], bucket.uri)
        assert {letter["body"]["input"]["symbol"] for letter in letters} == {"AAPL", "AMZN"}
        for outcome in at_once(*[lambda one=one: one("dlq", "redrive", "--endpoint", replay.origin, "--bucket", bucket.uri)
                                 for one in machines]):
            assert outcome.code == 0, outcome
        assert dead_letters(machines[0], bucket.uri) == []
        assert_same_lake(bucket.place, undisturbed)
    finally:
        sqs.close()


def test_one_of_two_machines_dies(machine, bucket, start_replay, undisturbed):
    """ALL-5: the other one's lake is whole; the dead one's run, taken up again, changes nothing."""
    server = start_replay("--fault", "latency=30ms")
    dying, living = machine("a"), machine("b")
    process = start(dying, server, bucket.uri)
    other = start(living, server, bucket.uri)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.7)
    process.kill()
    process.communicate()
    assert other.wait(120) == 0, other.communicate()
    other.communicate()
    assert_same_lake(bucket.place, undisturbed)
    run_days(dying, server, bucket.uri)
    assert_same_lake(bucket.place, undisturbed)
    assert_sound(dying, bucket.uri)


def test_what_is_wrong_is_told(machine, bucket, s3):
    """ALL-3: each with what to do, and no secret."""
    penstock = machine("a")

    def doctor(uri=bucket.uri, **env):
        outcome = penstock("doctor", "tiny", "--bucket", uri, env=env)
        assert outcome.code != 0 and SECRET not in outcome.out + outcome.err, outcome
        return outcome.err

    assert "aws s3 mb s3://nowhere --region us-east-1" in doctor("s3://nowhere/x")
    assert "no AWS credentials" in doctor(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert "check the credentials" in doctor(AWS_SECRET_ACCESS_KEY="another")
    assert "AWS_REGION" in doctor(AWS_REGION="eu-west-1")
    assert "set AWS_REGION" in doctor(AWS_REGION="", AWS_ENDPOINT_URL_S3="")
    assert "127.0.0.1:1" in doctor(AWS_ENDPOINT_URL_S3="http://127.0.0.1:1")
    assert "s3://NAME/PREFIX" in doctor("s3://Not_A_Name/x")
    assert ".." in doctor("s3://name/../other")
    outcome = penstock("tables", "ls", "--bucket", "s3://nowhere/x")
    assert outcome.code == 2 and 'no bucket "nowhere"' in outcome.err, outcome
