"""TED's tender notices end to end: transfer, queue, extract, merge, and what goes wrong in between."""
import http.server
import json
import os
import pathlib
import resource
import shutil
import threading
import time
import urllib.error
import zlib

import pytest
from harness import SOURCE, files_of, wait_until

MONTH = '{"year":2018,"month":3}'  # recorded: 61 notices of 22 issues
ARCHIVE = "ted/raw/2018/03/2018-03.tar.gz"
KILLED = -9


@pytest.fixture(autouse=True)
def ted(penstock):
    """The pipeline, as a user has it."""
    shutil.copytree(SOURCE / "pipelines/ted", penstock.path("pipelines/ted"))
    return penstock.path("pipelines/ted")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A replay server whose made-up issues have few notices."""
    import harness
    server = harness.Replay(harness.Penstock(tmp_path_factory.mktemp("few")), "--ted-notices", "3")
    yield server
    server.close()


def run(penstock, server, bucket="lake", month=MONTH, **options):
    return penstock("run", "ted", "--endpoint", server.origin, "--input", month, "--bucket", bucket, "--output", "json",
                    **options)


def step(penstock, server, name, input_, bucket="lake", **options):
    outcome = penstock("run", "ted", "--endpoint", server.origin, "--step", name, "--input", input_, "--bucket", bucket,
                       **options)
    return outcome, json.loads(outcome.out) if outcome.out else None


def sql(penstock, text, bucket="lake"):
    return penstock.ok("query", text, "--bucket", bucket, "--output", "json").rows


def data_of(bucket):
    """What a run leaves, but for what tells of the run itself: times, names of executions."""
    return {name: content for name, content in files_of(bucket / "ted").items()
            if name.split("/")[0] in ("raw", "clean", "merged", "rejected")}


def dead(penstock, bucket="lake"):
    return penstock.ok("dlq", "ls", "--pipeline", "ted", "--bucket", bucket, "--output", "json").rows


def test_ted_2_3_4_a_month_becomes_three_tables(penstock, replay):
    """TED-1 to TED-4: one run, and each of the 61 recorded notices is one row; run again, nothing changes."""
    outcome = run(penstock, replay)
    assert outcome.code == 0, outcome
    (row,) = outcome.rows
    assert (row["transferred"], row["notices"], row["failed"]) == (1, 61, 0), row
    (counts,) = sql(penstock, """select count(*) n, count(distinct notice_id) ids, min(publication_date)::text a,
        max(publication_date)::text b, count(distinct country) countries, count(cpv_main) cpvs, count(title) titles,
        count(buyer_name) buyers from ted.notices""")
    assert (counts["n"], counts["ids"]) == (61, 61)
    assert (counts["a"], counts["b"]) == ("2018-03-01", "2018-03-31")
    assert counts["countries"] > 10 and min(counts["cpvs"], counts["titles"], counts["buyers"]) >= 60
    assert sql(penstock, "select count(*) n from ted.awards where winner_names is not null")[0]["n"] > 0
    assert sql(penstock, "select count(*) n from ted.lots")[0]["n"] == row["lots"] > 0
    assert penstock.path("lake", ARCHIVE).read_bytes() == (SOURCE / "data/ted/packages/2018-03.tar.gz").read_bytes()

    before = data_of(penstock.path("lake"))
    again = run(penstock, replay)
    assert again.code == 0, again
    assert (again.rows[0]["transferred"], again.rows[0]["unchanged"], again.rows[0]["notices"]) == (0, 1, 61)
    assert data_of(penstock.path("lake")) == before
    assert dead(penstock) == []


def test_ted_4_a_year_is_merged_of_its_months_and_replaced(penstock, few):
    """TED-4: two months of one year are one table; merging again replaces, and never duplicates."""
    for month in (1, 2, 2):
        assert run(penstock, few, month=f'{{"year":2019,"month":{month}}}').code == 0
    rows = sql(penstock, "select count(*) n, count(distinct notice_id) ids from ted.notices")
    assert rows == [{"n": 3 * (23 + 20), "ids": 3 * (23 + 20)}]
    ordered = sql(penstock, "select publication_date::text d, notice_id i from ted.notices")
    assert ordered == sorted(ordered, key=lambda row: (row["d"], row["i"]))
    before = data_of(penstock.path("lake"))
    outcome, merged = step(penstock, few, "merge_year", '{"year":2019}')
    assert outcome.code == 0 and merged["notices"] == 129, outcome
    assert data_of(penstock.path("lake")) == before


def test_each_step_alone_is_the_run(penstock, few):
    """TED-1, TED-2, TED-4: start_transfer_job, start_extract_job, merge_year one by one leave what a run leaves."""
    month = '{"year":2019,"month":3}'
    outcome, transfer = step(penstock, few, "start_transfer_job", month)
    assert outcome.code == 0 and transfer["transferred"] == 1, outcome
    assert "made up" in transfer["archives"][0]["generated"]
    assert not penstock.path("lake/ted/clean").exists()
    outcome, extract = step(penstock, few, "start_extract_job", month)
    assert outcome.code == 0 and (extract["archives"], extract["notices"], extract["waiting"]) == (1, 63, 0), outcome
    outcome, merge = step(penstock, few, "merge_year", '{"year":2019}')
    assert outcome.code == 0 and merge["notices"] == 63, outcome
    assert run(penstock, few, bucket="whole", month=month).code == 0
    assert data_of(penstock.path("lake")) == data_of(penstock.path("whole"))


def test_ted_1_daily_packages(penstock, few):
    """TED-1: issues of the Official Journal one by one, an archive and a message each."""
    month = '{"year":2024,"month":5,"issues":[90,91]}'
    outcome = run(penstock, few, month=month)
    assert outcome.code == 0 and outcome.rows[0]["notices"] == 6, outcome
    assert penstock.path("lake/ted/raw/2024/05/202400090.tar.gz").is_file()
    assert sql(penstock, "select distinct schema_family f from ted.notices") == [{"f": "eforms"}]


@pytest.mark.parametrize("fault", ["reset:times=2", "truncate:times=2", "500:times=2", "html:times=1", "429:times=1"])
def test_ted_1_a_transfer_survives_faults(penstock, start_replay, fault):
    """TED-1: resets in the middle, answers cut short, refusals: the archive is the one that was offered."""
    server = start_replay("--fault", fault)
    outcome, _ = step(penstock, server, "start_transfer_job", MONTH)
    assert outcome.code == 0, outcome
    assert penstock.path("lake", ARCHIVE).read_bytes() == (SOURCE / "data/ted/packages/2018-03.tar.gz").read_bytes()
    assert not penstock.path("lake/ted/transfers").exists()


def test_ted_1_what_is_damaged_is_never_published(penstock, start_replay):
    """TED-1: half an archive that the server says is whole; and a month that there is not."""
    server = start_replay("--fault", "cut")
    outcome, _ = step(penstock, server, "start_transfer_job", MONTH)
    assert outcome.code == 1 and "thrown away" in outcome.err and "what to do" in outcome.err, outcome
    assert not penstock.path("lake/ted/raw").exists()
    outcome, _ = step(penstock, server, "start_transfer_job", '{"year":2026,"month":3}')
    assert outcome.code == 1 and "fifth working day" in outcome.err, outcome
    outcome, _ = step(penstock, server, "start_transfer_job", '{"year":2019}')
    assert outcome.code == 2 and '"month" is missing' in outcome.err, outcome


class BigSite(http.server.ThreadingHTTPServer):
    """One archive of any size, made while it is sent: gzip in stored blocks. Serves ranges; notes them."""

    BLOCK = 65_535

    def __init__(self, blocks, pause=0.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.noise = os.urandom(self.BLOCK)
        head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
        self.block = b"\x00" + self.BLOCK.to_bytes(2, "little") + (self.BLOCK ^ 0xFFFF).to_bytes(2, "little") + self.noise
        check = 0
        for _ in range(blocks):
            check = zlib.crc32(self.noise, check)
        tail = b"\x01\x00\x00\xff\xff" + check.to_bytes(4, "little") + (blocks * self.BLOCK % 2**32).to_bytes(4, "little")
        self.parts = [(0, head)], blocks, tail
        self.head, self.blocks, self.tail = head, blocks, tail
        self.length = len(head) + blocks * len(self.block) + len(tail)
        self.asked, self.pause = [], pause
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_port}"

    def pieces(self, first):
        at = 0
        for part in (self.head, *([self.block] * self.blocks), self.tail):
            if at + len(part) > first:
                yield part[max(0, first - at):]
            at += len(part)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        site = self.server
        range_ = self.headers.get("Range", "") if self.headers.get("If-Range") == '"big"' else ""
        first = int(range_[6:-1]) if range_ else 0
        site.asked.append(first)
        self.send_response(206 if first else 200)
        self.send_header("ETag", '"big"')
        self.send_header("Content-Length", str(site.length - first))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{site.length - 1}/{site.length}")
        self.end_headers()
        try:
            for piece in site.pieces(first):
                self.wfile.write(piece)
                if site.pause:
                    time.sleep(site.pause)
        except OSError:
            pass  # the client went away

    def log_message(self, *_):
        pass


def test_ted_1_an_archive_of_any_size_streams_through(penstock):
    """TED-1: 1 GiB in less than 150 MiB of memory."""
    site = BigSite(16_500)
    process = penstock.popen("run", "ted", "--endpoint", site.origin, "--step", "start_transfer_job", "--input", MONTH,
                             "--bucket", "lake")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    site.shutdown()
    assert penstock.path("lake", ARCHIVE).stat().st_size == site.length > 2**30
    assert json.loads(out)["bytes"] == site.length
    # The most that any child of this process ever had; each of the others does less.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 150 * 1024


def test_all_5_a_killed_transfer_goes_on_where_it_was(penstock):
    """TED-1, ALL-5: kill -9 in the middle; the next process asks for the rest only."""
    site = BigSite(2_000, pause=0.002)
    command = ("run", "ted", "--endpoint", site.origin, "--step", "start_transfer_job", "--input", MONTH, "--bucket", "lake")
    kept = penstock.path("lake/ted/transfers")
    kills = 0
    for parts in (2, 4):
        process = penstock.popen(*command)
        wait_until(lambda: len(list(kept.rglob("0*"))) >= parts, process)
        process.kill()
        process.communicate()
        kills += process.returncode == KILLED
    assert kills == 2
    site.pause = 0
    outcome = penstock(*command)
    assert outcome.code == 0, outcome
    site.shutdown()
    assert site.asked[0] == 0 and 0 < site.asked[1] < site.asked[2], site.asked
    assert json.loads(outcome.out)["archives"][0]["resumed_at"] == site.asked[2]
    assert penstock.path("lake", ARCHIVE).read_bytes() == b"".join(site.pieces(0))
    assert not kept.exists()


POINTS = ["transfer.part.after", "transfer.commit.before", "transfer.commit.after", "queue.send.after",
          "tenders.extract.before_marker", "tenders.extract.after_marker", "tenders.merge.before", "tenders.merge.between", "tenders.merge.after"]


@pytest.mark.parametrize("point", POINTS)
def test_all_5_a_killed_run_is_completed_by_the_next(penstock, few, point):
    """ALL-5: killed at a commit of transfer, queue, extract or merge; the next run leaves what an undisturbed one does."""
    month = '{"year":2019,"month":3}'
    assert run(penstock, few, bucket="undisturbed", month=month).code == 0
    killed = run(penstock, few, month=month, env={"PENSTOCK_FAULT": f"{point}=kill"})
    assert killed.code == KILLED, killed
    outcome = run(penstock, few, month=month)
    assert outcome.code == 0 and outcome.rows[0]["notices"] == 63, outcome
    assert data_of(penstock.path("lake")) == data_of(penstock.path("undisturbed"))
    assert dead(penstock) == []
    assert not penstock.path("lake/ted/transfers").exists()


def test_ted_3_what_can_never_be_extracted_is_a_dead_letter(penstock, replay):
    """TED-3: an archive that is none goes to the dead-letter queue, whole message and reason; the rest is done."""
    outcome, _ = step(penstock, replay, "start_transfer_job", MONTH)
    assert outcome.code == 0
    penstock.path("lake", ARCHIVE).write_bytes(b"\x1f\x8b nothing")
    outcome, extract = step(penstock, replay, "start_extract_job", MONTH)
    assert outcome.code == 1 and extract["failed"] + extract["refused"] == 1, outcome
    (letter,) = dead(penstock)
    assert ARCHIVE in letter["what"] and letter["cause"], letter
    # What is wrong with it is told each time; the archive comes anew, for it is not what was transferred.
    outcome = run(penstock, replay)
    assert outcome.code == 0 and outcome.rows[0]["transferred"] == 1 and outcome.rows[0]["notices"] == 61, outcome
    assert penstock.ok("dlq", "redrive", "--pipeline", "ted", "--bucket", "lake", "--endpoint", replay.origin)
    assert dead(penstock) == []


def test_ted_3_a_message_that_fails_repeatedly_is_a_dead_letter(penstock, replay):
    """TED-3: three tries, with pauses between; then it is in the dead-letter queue, and a run brings the month all the same."""
    outcome, _ = step(penstock, replay, "start_transfer_job", MONTH)
    assert outcome.code == 0
    penstock.path("lake/ted/clean").write_text("in the way of the folder")
    for attempt in (1, 2, 3):
        outcome, extract = step(penstock, replay, "start_extract_job", MONTH)
        assert (extract["failed"], extract["waiting"]) == ((1, 0) if attempt == 3 else (0, 1)), outcome
        if attempt < 3:
            time.sleep(5 * attempt + 1)
    assert ARCHIVE in json.dumps(dead(penstock))
    penstock.path("lake/ted/clean").unlink()
    outcome = run(penstock, replay)
    assert outcome.code == 0 and outcome.rows[0]["notices"] == 61, outcome


def test_saved_queries_answer(penstock, few):
    """The saved queries of the pipeline, over what the demonstration brings."""
    for month in (1, 2, 3):
        assert run(penstock, few, month=f'{{"year":2019,"month":{month}}}').code == 0
    for query in sorted((SOURCE / "pipelines/ted/queries").glob("*.sql")):
        rows = penstock.ok("query", "--saved", query.stem, "--pipeline", "ted", "--bucket", "lake", "--output", "json").rows
        assert rows, query.stem
        assert all(0 <= row["generated"] for row in rows)


def test_ted_6_a_dashboard_over_the_merged_data(penstock, serve, few):
    run(penstock, few)
    penstock.ok("dashboard", "ted", "--bucket", "lake", "--out", "ted.html")
    page = penstock.path("ted.html").read_text()
    assert page.count("<section") == 5 and page.count("<svg") >= 3
    assert 'class="error"' not in page and "<script" not in page and "http" not in page.replace("http://www.w3.org/2000/svg", "")
    [top] = penstock.ok("query", "--saved", "top_buyers", "--pipeline", "ted", "--param", "top=1", "--bucket", "lake", "--output", "json").rows
    assert f"<td>{top['buyer']}</td>" in page.replace("&amp;", "&")
    other = penstock.ok("dashboard", "ted", "--bucket", "lake", "--param", "currency=XXX").out
    assert "No rows." in other and top["buyer"] not in other
    refused = penstock("dashboard", "ted", "--bucket", "lake", "--param", "typo=1")
    assert refused.code == 2 and "typo" in refused.err

    serving = serve()
    assert '<a href="/dashboards/ted">ted</a>' in serving.ask("/dashboards")
    served = serving.ask("/dashboards/ted?currency=&top=1")
    assert '<input name="top" value="1" placeholder="20">' in served
    assert f"<td>{top['buyer']}</td>" in served.replace("&amp;", "&")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        serving.ask("/dashboards/none")


def test_the_demo(penstock):
    """ALL-1: one command, nothing else configured; says that its notices are made up."""
    outcome = penstock("run", "ted", "--demo")
    assert outcome.code == 0 and "generated" in outcome.out, outcome
    assert sql(penstock, "select count(*) n from ted.notices", bucket="demo")[0]["n"] > 500
