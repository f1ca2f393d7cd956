"""SQL over a lake in S3 (versitygw): the same answers as over a folder, and nothing but the lake to be reached."""
import pytest
from cloud import SECRET, S3, aws_environment
from harness import Penstock, make_pipeline, without


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    server = S3(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def lakes(tmp_path_factory, s3, replay):
    """The same lake in a folder and, copied as it is, below a prefix of a bucket; another one beside it."""
    penstock = Penstock(tmp_path_factory.mktemp("lakes"))
    make_pipeline(penstock)
    penstock.ok("run", "tiny", "--endpoint", replay.origin, "--from", "2017-07-24", "--to", "2017-08-11", "--bucket", "lake")
    bucket = s3.make_bucket("lakes")
    s3.make_bucket("other")
    for name, prefix in (("lakes", "one"), ("lakes", "two"), ("other", "one")):
        s3.upload(penstock.path("lake"), name, prefix)
    penstock.env.update(aws_environment(s3=s3))
    return penstock, f"{bucket}/one"


def test_the_same_answers(lakes):
    penstock, bucket = lakes
    for sql in ("select count(*) as n, round(sum(close), 2) as total, min(dt) as first from tiny.bars",
                "select rule, count(*) as n from tiny.bars_rejected group by rule order by rule",
                "select symbol, close from tiny.bars where dt = '2017-08-11' order by symbol"):
        assert penstock.sql(sql, "--bucket", bucket) == penstock.sql(sql, "--bucket", "lake"), sql
    tables = [without(penstock.ok("tables", "ls", "--output", "json", "--bucket", place).rows, "newest_put")
              for place in (bucket, "lake")]
    assert tables[0] == tables[1] and tables[0]
    movers = [penstock.ok("query", "--saved", "movers", "--pipeline", "tiny", "--param", "day=2017-08-11", "--format", "json", "--bucket",
                          place).out for place in (bucket, "lake")]
    assert movers[0] == movers[1]


def test_a_condition_on_dt_reads_that_day_only(lakes, s3):
    penstock, bucket = lakes
    day = lambda text: [line for line in s3.requests(text) if "bars" in line and ".parquet" in line]  # noqa: E731
    before = len(day("2017-08-10"))
    plan = penstock.ok("query", "explain analyze select sum(volume) from tiny.bars where dt = '2017-08-11'", "--bucket",
                       bucket).out
    assert "Scanning Files: 1/15" in plan, plan
    assert len(day("2017-08-10")) == before and day("2017-08-11")


@pytest.mark.parametrize("sql", [
    "select * from 's3://other/one/tiny/clean/bars/dt=2017-08-11/bars.parquet'",
    "from read_parquet('s3://lakes/two/tiny/clean/bars/*/*.parquet')",
    "from read_parquet('s3://lakes/one/tiny/clean/bars/*/*.parquet')",
    "from read_text('http://127.0.0.1:1/')",
    "from read_text('/etc/passwd')",
    "from duckdb_secrets()",
    "set s3_endpoint = 'evil.example.com'",
])
def test_nothing_else_is_reached(lakes, s3, sql):
    penstock, bucket = lakes
    before = len(s3.requests("other/")) + len(s3.requests("two/"))
    outcome = penstock("query", sql, "--bucket", bucket)
    assert outcome.code == 2, outcome
    assert len(s3.requests("other/")) + len(s3.requests("two/")) == before
    assert SECRET not in outcome.out + outcome.err


def test_wrong_credentials_are_told_without_them(lakes):
    penstock, bucket = lakes
    outcome = penstock("query", "select count(*) from tiny.bars", "--bucket", bucket, "--log-level", "debug",
                       env={"AWS_SECRET_ACCESS_KEY": "another/secret"})
    assert outcome.code == 1, outcome
    assert "another/secret" not in outcome.out + outcome.err
