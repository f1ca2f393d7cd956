"""Dead letters in SQS (PENSTOCK_QUEUES=sqs): moto's, beside a lake in a folder."""
import pytest
from cloud import Sqs, aws_environment
from harness import assert_same_lake, dead_letters


@pytest.fixture(scope="module")
def sqs():
    server = Sqs()
    yield server
    server.close()


@pytest.fixture
def on_sqs(penstock, sqs):
    penstock.env.update(aws_environment(sqs=sqs))
    return penstock


def test_dead_letters_are_listed_shown_done_again_and_purged(on_sqs, tiny, replay, start_replay, run):
    """FTSE-4: every verb of dlq on SQS; the letters lie there and in no local state."""
    assert run("undisturbed", replay).code == 0
    outcome = run("lake", start_replay("--fault", "500:symbol=A*"))
    assert outcome.code == 1, outcome
    letters = dead_letters(on_sqs, "lake")
    assert sorted(letter["body"]["input"]["symbol"] for letter in letters) == ["AAPL", "AMZN"]
    assert {letter["queue"] for letter in letters} == {"tiny-dlq"}
    assert [letter["id"] for letter in dead_letters(on_sqs, "lake")] == [letter["id"] for letter in letters], "still there"
    local = {"PENSTOCK_QUEUES": "local"}
    assert on_sqs.ok("dlq", "ls", "--bucket", "lake", "--output", "json", env=local).rows == []
    assert dead_letters(on_sqs, "undisturbed") == [], "another lake has queues of its own"

    outcome = on_sqs("dlq", "redrive", "--endpoint", start_replay("--fault", "500:symbol=AAPL").origin, "--bucket", "lake")
    assert outcome.code == 1 and "1 done, 1 failed again" in outcome.out, outcome
    left = dead_letters(on_sqs, "lake")
    assert [letter["body"]["input"]["symbol"] for letter in left] == ["AAPL"], "once, though SQS keeps no dedup_id"
    outcome = on_sqs.ok("dlq", "redrive", left[0]["id"], "--endpoint", replay.origin, "--bucket", "lake")
    assert "1 done, 0 failed again" in outcome.out
    assert_same_lake(on_sqs.path("lake"), on_sqs.path("undisturbed"))

    assert run("lake", start_replay("--fault", "500:symbol=A*"), first="2017-07-10", last="2017-07-14").code == 1
    assert on_sqs("dlq", "purge", "--bucket", "lake").code == 2
    assert len(dead_letters(on_sqs, "lake")) == 2
    assert "2 removed" in on_sqs.ok("dlq", "purge", "--yes", "--bucket", "lake").out
    assert dead_letters(on_sqs, "lake") == []


def test_what_is_wrong_is_told(on_sqs, tiny):
    """ALL-3: a wrong kind of queues, no server, no credentials: each with what to do, and no secret."""
    on_sqs.path("lake").mkdir()

    def ls(**env):
        return on_sqs("dlq", "ls", "--bucket", "lake", env=env)

    outcome = ls(PENSTOCK_QUEUES="rabbit")
    assert outcome.code == 2 and "neither local nor sqs: rabbit" in outcome.err, outcome
    outcome = ls(AWS_ENDPOINT_URL_SQS="http://127.0.0.1:1")
    assert outcome.code == 1 and "127.0.0.1:1" in outcome.err, outcome
    outcome = ls(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert outcome.code != 0 and "AWS_ACCESS_KEY_ID" in outcome.err, outcome
    outcome = ls(PENSTOCK_QUEUE_PREFIX="not a name ")
    assert "secret/of+tests" not in outcome.err
