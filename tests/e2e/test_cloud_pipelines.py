"""IEX, APIs by settings, and TED on a bucket in S3 (versitygw) and with queues in SQS (moto): the same lake as in a folder
(TED-7)."""
import collections
import concurrent.futures
import itertools
import json
import pathlib
import re
import shutil

import pytest
from cloud import SECRET, Sqs, aws_environment
from harness import SOURCE, Penstock, dead_letters, files_of
from iex_server import IexServer, recorded

KILLED = -9
KEY = "fmp-test-key"
MONTH = '{"year":2019,"month":2}'


@pytest.fixture(scope="module")
def sqs():
    server = Sqs()
    yield server
    server.close()


@pytest.fixture
def machine(tmp_path, s3):
    """machine("a", "iex"): a home of its own, with this pipeline; `queues`: an SQS, where they are to be there."""

    def make(name, pipeline, queues=None):
        penstock = Penstock(tmp_path / name)
        penstock.env.update(aws_environment(s3=s3, sqs=queues), FMP_API_KEY=KEY)
        shutil.copytree(SOURCE / "pipelines" / pipeline, penstock.path(pipeline))
        return penstock

    return make


@pytest.fixture
def iex():
    server = IexServer()
    server.chart("MSFT", recorded("stock_MSFT_chart_1m"))
    server.chart("MSFT", recorded("stock_MSFT_chart_1d"), "1d")
    server.chart("AAPL", b"date,open\r\n2019-03-04, 1.50\r\n")
    yield server
    server.close()


DEFINITIONS = {"MSFT": {"endpoint": "chart", "symbol": "MSFT", "range": "1m"},
               "MSFT_1d": {"endpoint": "chart", "symbol": "MSFT", "range": "1d"},
               "AAPL": {"endpoint": "chart", "symbol": "AAPL", "range": "1m", "params": {"format": "csv"}}}


def define(bucket, definitions=DEFINITIONS):
    bucket.put("iex/definitions.json", json.dumps(definitions))


def run(penstock, pipeline, server, bucket, *options, code=0, **rest):
    outcome = penstock("run", pipeline, "--endpoint", server.origin, "--bucket", bucket, "--output", "json", *options, **rest)
    assert outcome.code == code, outcome
    assert SECRET not in outcome.out + outcome.err
    return outcome.rows[0] if outcome.rows else None


def answers_of(place):
    """Raw answers, by series and without the time of the request: digests, sorted."""
    out = collections.defaultdict(list)
    for key, digest in files_of(place).items():
        if match := re.fullmatch(r"(.*/raw/.*)/\d{14}(-\d+)?\.(json|csv)", key):
            out[match[1], match[3]].append(digest)
    return {series: sorted(digests) for series, digests in out.items()}


def stems(place, area):
    return sorted(re.sub(r"^.*/(raw/chart|raw|processed)/|\.\w+$", "", key) for key in files_of(place) if f"/{area}/" in key)


def rows_of(penstock, bucket, table):
    return penstock.sql(f"select * exclude (requested_at) from {table} order by all", "--bucket", bucket)


def tables_of(penstock, bucket):
    rows = penstock.ok("tables", "ls", "--bucket", bucket, "--output", "json").rows
    return {row["table"]: penstock.ok("tables", "show", row["table"], "--bucket", bucket, "--output", "json").rows for row in rows}


def same_records(penstock, places, tables):
    """A folder and a bucket in S3 that hold the same answers and rows."""
    (folder, _), (uri, place) = places
    assert answers_of(place) == answers_of(folder) != {}
    for at in folder, place:
        assert stems(at, "raw") == stems(at, "processed")
    assert tables_of(penstock, uri) == tables_of(penstock, folder)
    for table in tables:
        assert rows_of(penstock, uri, table) == rows_of(penstock, folder, table) != []


def test_iex_the_same_lake_as_in_a_folder(machine, bucket, iex):
    """IEX-1, IEX-3, IEX-5, IEX-6: every verb, with the settings of the environment."""
    penstock = machine("a", "iex")
    folder = penstock.path("lake")
    define(bucket)
    folder.joinpath("iex").mkdir(parents=True)
    folder.joinpath("iex/definitions.json").write_text(json.dumps(DEFINITIONS))
    for where in folder, bucket.uri:
        ran = run(penstock, "iex", iex, where)
        assert (ran["series"], ran["answered"], ran["failed"]) == (3, 3, 0)
    tables = ["iex.msft", "iex.msft_1d", "iex.aapl"]
    same_records(penstock, [(folder, None), (bucket.uri, bucket.place)], tables)
    assert not (bucket.place / ".penstock").exists(), "state stays on the machine"

    name, prefix = bucket.place.relative_to(bucket.place.parents[2]).parts[0], "lakes/one/iex/"
    by_environment = {"IEX_S3_BUCKET": name, "IEX_S3_PREFIX": prefix, "IEX_ENDPOINT": iex.origin, "IEX_TOKEN": "t"}
    again = penstock.ok("run", "iex", "--output", "json", env=by_environment).rows[0]
    assert (again["answered"], again["failed"]) == (3, 0)
    listed = penstock.ok("raw", "ls", "iex", "--output", "json", env=by_environment).rows
    assert len(listed) == 6 and all(row["key"].startswith(prefix + "raw/chart/") for row in listed)

    processed = {key: digest for key, digest in files_of(bucket.place).items() if "/processed/" in key}
    assert len(processed) == 6
    lost = sorted(processed)[0]
    (bucket.place / lost).unlink()
    done = penstock.ok("process", "iex", "--bucket", bucket.uri, "--output", "json").rows[0]
    assert (done["files"], done["already"]) == (1, 5)
    assert penstock("raw", "clear", "iex", "--bucket", bucket.uri).code == 2
    assert "removed 6" in penstock.ok("raw", "clear", "iex", "--yes", "--bucket", bucket.uri).out
    assert {key: digest for key, digest in files_of(bucket.place).items() if "/raw/" in key or "/processed/" in key} == processed


@pytest.mark.parametrize("point", ["records.fetch.stored", "lake.evolve.registered", "workflow.commit.before=kill@3"])
def test_iex_killed_and_completed_by_the_next(machine, bucket, iex, point):
    """ALL-5"""
    penstock = machine("a", "iex")
    define(bucket)
    killed = penstock("run", "iex", "--endpoint", iex.origin, "--bucket", bucket.uri,
                      env={"PENSTOCK_FAULT": point if "=" in point else f"{point}=kill"})
    assert killed.code == KILLED, killed
    assert run(penstock, "iex", iex, bucket.uri)["failed"] == 0
    assert stems(bucket.place, "raw") == stems(bucket.place, "processed") != []


def test_iex_two_machines_at_once(machine, bucket, iex):
    """Each asks for itself; every answer is kept, and has its Parquet."""
    machines = [machine("a", "iex"), machine("b", "iex")]
    define(bucket)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for ran in pool.map(lambda one: run(one, "iex", iex, bucket.uri), machines):
            assert ran["failed"] == 0
    assert len(stems(bucket.place, "raw")) == 6
    assert stems(bucket.place, "raw") == stems(bucket.place, "processed")
    assert machines[0].sql("select count(*) as n from iex.msft", "--bucket", bucket.uri) == [{"n": 46}]


def test_iex_two_machines_at_once_with_many_tables_that_are_new(machine, bucket, iex):
    """Both write the catalog, one object: neither loses the other's tables or columns."""
    machines, symbols = [machine("a", "iex"), machine("b", "iex")], [f"S{n}" for n in range(40)]
    for symbol in symbols:
        iex.chart(symbol, lambda query, one=itertools.count(): json.dumps([{"date": "2019-03-04", f"c{next(one)}": 1}]).encode())
    define(bucket, {symbol: {"symbol": symbol} for symbol in symbols})
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for ran in pool.map(lambda one: run(one, "iex", iex, bucket.uri), machines):
            assert (ran["answered"], ran["failed"]) == (40, 0)
    tables = tables_of(machines[0], bucket.uri)
    assert len(tables) == 40
    for columns in tables.values():
        assert sorted(row["column"] for row in columns) == ["c0", "c1", "date", "requested_at"]


def test_iex_dead_letters_in_sqs(machine, bucket, iex, sqs):
    """What fails lies in SQS, whole; another machine does it again."""
    one, other = machine("a", "iex", sqs), machine("b", "iex", sqs)
    define(bucket, {**DEFINITIONS, "GONE": {"endpoint": "chart", "symbol": "GONE", "range": "1m"}})
    ran = run(one, "iex", iex, bucket.uri, code=1)
    assert (ran["answered"], ran["failed"]) == (3, 1)
    (letter,) = dead_letters(other, bucket.uri)
    assert letter["queue"] == "iex-dlq" and letter["body"]["input"]["key"] == "GONE"
    iex.chart("GONE", [{"date": "2019-03-01", "open": 1.5}])
    redriven = other("dlq", "redrive", "--pipeline", "iex", "--bucket", bucket.uri, "--endpoint", iex.origin)
    assert redriven.code == 0 and "1 done" in redriven.out, redriven
    assert dead_letters(one, bucket.uri) == []
    assert other.sql("select open from iex.gone", "--bucket", bucket.uri) == [{"open": 1.5}]


@pytest.mark.parametrize("name, table", [("fmp-eod", "fmp_eod.aapl"), ("yahoo-csv", "yahoo_csv.aapl_2017")])
def test_http_the_same_lake_as_in_a_folder(machine, bucket, replay, name, table):
    """Twice: an incremental series goes on from its cursor, which is an object of the bucket."""
    penstock = machine("a", name)
    folder = penstock.path("lake")
    for where in folder, bucket.uri:
        for _ in range(2):
            assert run(penstock, name, replay, where)["failed"] == 0
    same_records(penstock, [(folder, None), (bucket.uri, bucket.place)], [table])
    cursors = lambda place: {path.name: json.loads(path.read_text())["cursor"] for path in pathlib.Path(place).glob(f"{name}/state/*.json")}
    assert cursors(bucket.place) == cursors(folder)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A replay server whose made-up issues have few notices."""
    import harness
    server = harness.Replay(harness.Penstock(tmp_path_factory.mktemp("few")), "--ted-notices", "3")
    yield server
    server.close()


def data_of(place):
    return {key: digest for key, digest in files_of(pathlib.Path(place) / "ted").items()
            if key.split("/")[0] in ("raw", "clean", "merged", "rejected")}


@pytest.fixture
def undisturbed(machine, few):
    penstock = machine("undisturbed", "ted")
    assert run(penstock, "ted", few, penstock.path("lake"), "--input", MONTH)["failed"] == 0
    return penstock.path("lake")


@pytest.mark.parametrize("queues", ["local", "sqs"])
def test_ted_the_same_lake_as_in_a_folder(machine, bucket, few, undisturbed, sqs, queues):
    """TED-1 to TED-4, TED-7; run again, nothing changes."""
    penstock = machine("a", "ted", sqs if queues == "sqs" else None)
    for transferred in 1, 0:
        ran = run(penstock, "ted", few, bucket.uri, "--input", MONTH)
        assert (ran["transferred"], ran["notices"], ran["failed"]) == (transferred, 60, 0)
        assert data_of(bucket.place) == data_of(undisturbed) != {}
    assert not (bucket.place / ".penstock").exists(), "state stays on the machine"
    sql = lambda where: penstock.sql("select * from ted.notices order by all", "--bucket", where)
    assert sql(bucket.uri) == sql(undisturbed)
    for query in (SOURCE / "pipelines/ted/queries").glob("*.sql"):
        saved = lambda where: penstock.ok("query", "--saved", query.stem, "--pipeline", "ted", "--bucket", where, "--format", "json").out
        assert saved(bucket.uri) == saved(undisturbed)


def test_ted_each_step_on_a_machine_of_its_own(machine, bucket, few, undisturbed, sqs):
    """TED-3: one machine transfers, two extract from one queue at once, another merges."""
    def step(one, name, input_):
        outcome = one("run", "ted", "--endpoint", few.origin, "--step", name, "--input", input_, "--bucket", bucket.uri)
        assert outcome.code == 0, outcome
        return json.loads(outcome.out)

    machines = [machine(name, "ted", sqs) for name in "abcd"]
    step(machines[0], "start_transfer_job", MONTH)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        extracted = list(pool.map(lambda one: step(one, "start_extract_job", MONTH), machines[1:3]))
    assert sorted(one["notices"] for one in extracted) == [0, 60]
    step(machines[3], "merge_year", '{"year":2019}')
    assert data_of(bucket.place) == data_of(undisturbed)


@pytest.mark.parametrize("point", ["transfer.part.after", "transfer.commit.before", "transfer.commit.after",
                                   "tenders.extract.before_marker", "tenders.extract.after_marker", "tenders.merge.between"])
def test_ted_killed_and_completed_by_the_next(machine, bucket, few, undisturbed, sqs, point):
    """ALL-5: what a killed machine had received from SQS comes back after its visibility timeout; another goes on."""
    dying = machine("a", "ted", sqs)
    killed = dying("run", "ted", "--endpoint", few.origin, "--input", MONTH, "--bucket", bucket.uri,
                   env={"PENSTOCK_FAULT": f"{point}=kill"})
    assert killed.code == KILLED, killed
    assert run(dying, "ted", few, bucket.uri, "--input", MONTH)["failed"] == 0
    assert data_of(bucket.place) == data_of(undisturbed)
