"""A market taken file by file: one Parquet file a ticker, 300 a round, under a quota (US-1 … US-3)."""
import datetime
import http.server
import json
import re
import pathlib
import threading
import urllib.parse

import pyarrow.parquet as parquet
import pytest
from harness import SOURCE, dead_letters, edit, write_symbols

FIRST, LAST = "2024-07-01", "2024-08-01"
SYMBOLS = ["AAPL", "BF.B", "BRK.B", "GE", "IBM", "MSFT", "TSLA", "XOM"]


def market(penstock, symbols=SYMBOLS, name="market", batch="files: 3, wait_s: 0", whole=False):
    """A pipeline folder from the template; without its screener unless `whole`."""
    penstock.ok("init", name, "--template", "us-stocks")
    folder = penstock.path(name)
    write_symbols(folder, symbols)
    edit(folder / "pipeline.yaml", "files: 300, wait_s: 60, history_from: 2015-01-02", batch)
    edit(folder / "pipeline.yaml", "quota: {requests: 300, per: 1m}", "symbol_list: false")
    if not whole:
        file = folder / "workflow.asl.json"
        machine = json.loads(file.read_text())
        for state in ("fetchFundamentalData", "FundamentalsDeadLetter", "runAthenaQuery", "mergeScreenerData"):
            del machine["States"][state]
        publish = machine["States"]["PublishTables"]
        for key in ("Next", "ResultSelector", "ResultPath"):
            del publish[key]
        publish |= {"End": True, "OutputPath": "$.Payload"}
        file.write_text(json.dumps(machine))
    return folder


def run(penstock, server, *args, name="market", bucket="lake", **options):
    return penstock("run", name, "--bucket", bucket, "--endpoint", server.origin, *args, **options)


def bars(penstock, bucket="lake", name="market"):
    """Every row of every file: {(symbol, day): close}."""
    out = {}
    for file in sorted(penstock.path(bucket, name, "clean/bars").glob("*.parquet")):
        rows = parquet.ParquetFile(file).read(columns=["symbol", "date", "close"]).to_pylist()
        assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
        assert {row["symbol"] for row in rows} == {urllib.parse.unquote(file.stem)}
        out |= {(row["symbol"], str(row["date"])): row["close"] for row in rows}
    return out


def test_one_file_a_ticker_grown_by_the_days_that_lack(penstock, start_replay):
    """US-2: a backfill, then day by day, is the same rows as all at once; a day done is not asked for again."""
    market(penstock)
    server = start_replay()
    assert run(penstock, server, "--from", FIRST, "--to", "2024-07-30").code == 0
    for day in ("2024-07-31", LAST):
        before = server.requests
        assert run(penstock, server, "--date", day).code == 0
        assert server.requests == before + len(SYMBOLS)
    before = server.requests
    outcome = run(penstock, server, "--date", LAST)
    assert outcome.code == 0 and "Nothing to do" in outcome.out and server.requests == before
    assert run(penstock, server, "--from", FIRST, "--to", LAST, bucket="once").code == 0
    assert bars(penstock) == bars(penstock, "once")
    assert len(bars(penstock)) == 23 * len(SYMBOLS)
    assert sorted(path.name for path in penstock.path("lake/market/clean/bars").iterdir()) == \
        [f"{symbol}.parquet" for symbol in SYMBOLS]
    counted = penstock.sql("select symbol, count(*) as n from market.bars group by all order by all", "--bucket", "lake")
    assert counted == [{"symbol": symbol, "n": 23} for symbol in SYMBOLS]
    ledger = penstock.ok("ledger", "market", "--bucket", "lake", "--output", "json").rows
    assert all(row["present"] == 23 and row["missing"] == 0 for row in ledger)


def test_a_missing_key_is_said_before_anything_is_asked(penstock):
    """ALL-3, ALL-4: run and doctor name the variable; nothing was begun."""
    market(penstock)
    outcome = penstock("run", "market", "--live", "--date", LAST, "--bucket", "lake")
    assert outcome.code == 2 and "FMP_API_KEY" in outcome.err, outcome
    assert penstock.ok("executions", "ls", "--bucket", "lake", "--output", "json").rows == []
    sick = penstock("doctor", "market", "--bucket", "lake")
    assert sick.code == 1 and "FMP_API_KEY" in sick.err, sick


def test_a_ticker_that_fails_stops_no_other(penstock, start_replay):
    """US-3: three attempts, then the DLQ, exit code 1, and the others are done; a redrive brings it."""
    market(penstock)
    broken = start_replay("--fault", "500:symbol=GE")
    outcome = run(penstock, broken, "--from", FIRST, "--to", LAST)
    assert outcome.code == 1, outcome
    assert {symbol for symbol, _ in bars(penstock)} == set(SYMBOLS) - {"GE"}
    letter, = dead_letters(penstock, "lake")
    assert letter["body"]["input"] == {"symbol": "GE", "from": FIRST, "to": LAST}
    missing = penstock.ok("ledger", "market", "--missing", "--bucket", "lake", "--output", "json").rows
    assert [(row["symbol"], row["sessions"]) for row in missing] == [("GE", 23)]
    healed = start_replay()
    penstock.ok("dlq", "redrive", "--bucket", "lake", "--endpoint", healed.origin)
    assert dead_letters(penstock, "lake") == []
    assert len(bars(penstock)) == 23 * len(SYMBOLS)


@pytest.mark.parametrize("point", ["store.put.after_rename", "lake.commit.before", "workflow.commit.after"])
def test_a_run_that_was_killed_goes_on_from_there(penstock, start_replay, point):
    """US-3: killed in the middle, the next run asks for what is left only, and the lake is as if nothing had happened."""
    market(penstock, batch="files: 8, wait_s: 0")
    server = start_replay()
    assert run(penstock, server, "--from", FIRST, "--to", LAST, bucket="undisturbed").code == 0
    rounds = 0
    for count in (2, 5, 11, 23):
        fault = f"{point}=kill@{count}"
        outcome = run(penstock, server, "--from", FIRST, "--to", LAST, env={"PENSTOCK_FAULT": fault})
        if outcome.code == 0:
            break
        assert outcome.code == -9, outcome
        rounds += 1
    assert rounds > 0
    final = run(penstock, server, "--from", FIRST, "--to", LAST)
    assert final.code == 0, final
    assert bars(penstock) == bars(penstock, "undisturbed")
    assert dead_letters(penstock, "lake") == []


def screener(penstock, bucket="lake", name="market"):
    rows = penstock.sql(f"select * from {name}.screener order by symbol", "--bucket", bucket)
    return {row["symbol"]: row for row in rows}


def test_the_screener_is_the_last_record_with_fundamentals(penstock, start_replay):
    """US-4, US-5: one row a ticker: its last bar, what SQL says of its past, what the company is worth."""
    market(penstock, whole=True)
    server = start_replay()
    assert run(penstock, server, "--from", FIRST, "--to", "2024-07-31").code == 0
    assert run(penstock, server, "--date", LAST).code == 0
    rows = screener(penstock)
    assert list(rows) == sorted(SYMBOLS)
    closes = bars(penstock)
    for symbol, row in rows.items():
        assert (row["as_of"], row["close"]) == (LAST, closes[symbol, LAST])
        assert row["sessions"] == 23
        assert row["change_1d_percent"] == pytest.approx(100 * (closes[symbol, LAST] / closes[symbol, "2024-07-31"] - 1))
        assert row["market_cap"] > 0 and row["sector"] and row["is_etf"] is not None
    assert penstock.path("lake/market/clean/screener/screener.parquet").is_file()
    saved = penstock.ok("query", "--saved", "screener", "--pipeline", "market", "--bucket", "lake", "--format", "json").rows
    assert [row["symbol"] for row in saved] == \
        [row["symbol"] for row in sorted(rows.values(), key=lambda row: -row["market_cap"]) if not row["is_etf"]]


def test_the_screener_goes_without_new_fundamentals(penstock, provider):
    """US-4: a provider that gives prices only: the screener is built, the failure is in the DLQ, and the run says so."""
    market(penstock, ["CALM"], whole=True)
    provider.closes |= {"CALM": {day: 50.0 for day in DAYS}}
    outcome = run(penstock, provider, "--from", DAYS[0], "--to", DAYS[4])
    assert outcome.code == 1, outcome
    letter, = dead_letters(penstock, "lake")
    assert letter["body"]["step"] == "fetch_fundamental_data"
    assert screener(penstock)["CALM"]["close"] == 50.0 and screener(penstock)["CALM"]["market_cap"] is None


@pytest.mark.parametrize("point", ["lake.index.before", "lake.index.after"])
def test_killed_while_the_screener_is_made(penstock, start_replay, point):
    """US-5, ALL-5: killed around the write of the index of last rows: the next run completes the screener."""
    market(penstock, whole=True)
    server = start_replay()
    outcome = run(penstock, server, "--from", FIRST, "--to", LAST, env={"PENSTOCK_FAULT": f"{point}=kill@1"})
    assert outcome.code == -9, outcome
    assert run(penstock, server, "--from", FIRST, "--to", LAST).code == 0
    closes = bars(penstock)
    assert {symbol: row["close"] for symbol, row in screener(penstock).items()} == \
        {symbol: closes[symbol, LAST] for symbol in SYMBOLS}


def test_what_failed_behind_the_files_is_done_by_the_next_run(penstock, start_replay):
    """US-5: the prices are there and the query fails: `run` again goes on from there, with the mended query."""
    folder = market(penstock, whole=True)
    server = start_replay()
    query = folder / "queries/statistics.sql"
    sound = query.read_text()
    query.write_text(sound.replace("from bars", "from no_such_table"))
    outcome = run(penstock, server, "--from", FIRST, "--to", LAST)
    assert outcome.code == 1 and "no_such_table" in outcome.err, outcome
    before = server.requests
    assert run(penstock, server, "--from", FIRST, "--to", LAST).code == 1, "redriven, it fails again"
    query.write_text(sound)
    outcome = run(penstock, server, "--from", FIRST, "--to", LAST)
    assert outcome.code == 0, outcome
    assert list(screener(penstock)) == sorted(SYMBOLS)
    fundamentals = before - len(SYMBOLS)
    assert server.requests == before + fundamentals, "no price was asked for again"
    assert "Nothing to do" in run(penstock, server, "--from", FIRST, "--to", LAST).out


def test_a_damaged_file_stops_no_other(penstock, provider):
    """US-2: a ticker's damaged file: its answer is a dead letter that names it, the others are updated."""
    market(penstock, ["BAD", "GOOD"])
    provider.closes |= {name: {day: 7.0 for day in DAYS} for name in ("BAD", "GOOD")}
    assert run(penstock, provider, "--from", DAYS[0], "--to", DAYS[3]).code == 0
    file = penstock.path("lake/market/clean/bars/BAD.parquet")
    good = file.read_bytes()
    file.write_bytes(good[:-40] + b"x" * 40)
    outcome = run(penstock, provider, "--date", DAYS[4])
    assert outcome.code == 1, outcome
    letter, = dead_letters(penstock, "lake")
    assert "BAD.parquet" in letter["body"]["cause"]
    file.write_bytes(good)
    penstock.ok("dlq", "redrive", "--bucket", "lake", "--endpoint", provider.origin)
    assert {key for key in bars(penstock)} == {(name, day) for name in ("BAD", "GOOD") for day in DAYS}


class Provider(http.server.BaseHTTPRequestHandler):
    """Financial Modeling Prep's stable price history over a table of closes that a test may change."""
    closes = {}
    asked = []

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if not url.path.startswith("/stable/historical-price-eod/"):
            return self.send_error(500)
        type(self).asked.append((query["symbol"], query["from"], query["to"]))
        rows = [{"symbol": query["symbol"], "date": day, "open": close, "high": close * 1.01, "low": close * 0.99,
                 "close": close, "volume": 1000, "change": 0, "changePercent": 0, "vwap": close}
                for day, close in sorted(self.closes.get(query["symbol"], {}).items(), reverse=True)
                if query["from"] <= day <= query["to"]]
        body = json.dumps(rows).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider():
    class Own(Provider):
        closes, asked = {}, []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Own.origin = f"http://127.0.0.1:{server.server_port}"
    yield Own
    server.shutdown()
    thread.join()
    server.server_close()


DAYS = ["2024-07-22", "2024-07-23", "2024-07-24", "2024-07-25", "2024-07-26"]


def test_a_split_brings_the_adjusted_history(penstock, provider):
    """US-stocks: the provider adjusts all prices by a split: it is seen at the next update, and the history fetched anew."""
    market(penstock, ["CALM", "SPLT"])
    provider.closes |= {"CALM": {day: 50.0 for day in DAYS}, "SPLT": {day: 400.0 + i for i, day in enumerate(DAYS[:4])}}
    assert run(penstock, provider, "--from", DAYS[0], "--to", DAYS[2]).code == 0
    assert run(penstock, provider, "--date", DAYS[3]).code == 0
    assert bars(penstock)["SPLT", DAYS[3]] == 403.0
    provider.closes["SPLT"] = {day: close / 4 for day, close in provider.closes["SPLT"].items()} | {DAYS[4]: 101.0}
    provider.asked.clear()
    outcome = run(penstock, provider, "--date", DAYS[4])
    assert outcome.code == 0, outcome
    assert sorted(provider.asked) == [("CALM", DAYS[3], DAYS[4]), ("SPLT", DAYS[0], DAYS[4]), ("SPLT", DAYS[3], DAYS[4])]
    got = bars(penstock)
    assert [got["SPLT", day] for day in DAYS] == [100.0, 100.25, 100.5, 100.75, 101.0]
    assert [got["CALM", day] for day in DAYS] == [50.0] * 5
    ledger = penstock.ok("ledger", "market", "--bucket", "lake", "--output", "json").rows
    assert all(row["present"] == 5 for row in ledger), ledger


def test_a_new_listing_brings_its_whole_history(penstock, provider):
    """US-stocks: a symbol without rows is asked for from batch.history_from on."""
    folder = market(penstock, ["OLD"], batch="files: 3, wait_s: 0, history_from: 2024-07-22")
    provider.closes |= {name: {day: 10.0 for day in DAYS} for name in ("OLD", "NEW")}
    assert run(penstock, provider, "--date", DAYS[3]).code == 0
    write_symbols(folder, ["OLD", "NEW"])
    provider.asked.clear()
    assert run(penstock, provider, "--date", DAYS[4]).code == 0
    assert {ask for ask in provider.asked if ask[0] == "OLD"} == {("OLD", DAYS[3], DAYS[4])}
    assert len([key for key in bars(penstock) if key[0] == "NEW"]) == 5


def test_delisted_symbols_are_kept_and_asked_for_no_more(penstock, provider):
    """US-stocks: what left the market stays in the lake; its later days are no cells that lack."""
    folder = market(penstock, ["GONE", "HERE"])
    provider.closes |= {"GONE": {day: 5.0 for day in DAYS[:3]}, "HERE": {day: 6.0 for day in DAYS}}
    assert run(penstock, provider, "--from", DAYS[0], "--to", DAYS[2]).code == 0
    (folder / "symbols.csv").write_text(f"symbol,delisted\nGONE,{DAYS[3]}\nHERE,\n")
    provider.asked.clear()
    outcome = run(penstock, provider, "--from", DAYS[3], "--to", DAYS[4])
    assert outcome.code == 0, outcome
    assert {symbol for symbol, *_ in provider.asked} == {"HERE"}
    row = penstock.ok("ledger", "market", "--symbol", "GONE", "--bucket", "lake", "--output", "json").rows
    assert [(cell["cell"], cell["sessions"]) for cell in row] == [("delisted", 2)]
    assert len([key for key in bars(penstock) if key[0] == "GONE"]) == 3


def test_dead_tickers_cost_nothing(penstock, provider):
    """US-stocks: tickers that the provider does not know are left alone after three runs."""
    market(penstock, ["DEAD1", "DEAD2", "LIVE"])
    provider.closes |= {"LIVE": {day: 6.0 for day in DAYS}}
    for day in DAYS[:3]:
        assert run(penstock, provider, "--date", day, env={"PENSTOCK_NOW": "2024-08-02T00:00:00Z"}).code == 1
    provider.asked.clear()
    outcome = run(penstock, provider, "--date", DAYS[3], env={"PENSTOCK_NOW": "2024-08-02T00:00:00Z"})
    assert outcome.code == 0, outcome
    assert {symbol for symbol, *_ in provider.asked} == {"LIVE"}
    outcome = run(penstock, provider, "--date", DAYS[4], env={"PENSTOCK_NOW": "2024-08-20T00:00:00Z"})
    assert outcome.code == 0, outcome
    assert {symbol for symbol, *_ in provider.asked} == {"LIVE", "DEAD1", "DEAD2"}
    cells = penstock.ok("ledger", "market", "--symbol", "DEAD1", "--bucket", "lake", "--output", "json").rows
    assert {cell["cell"] for cell in cells if cell["from"] != DAYS[3]} == {"unknown"}, cells
    dead = penstock.ok("ledger", "market", "--dead", "--bucket", "lake", "--output", "json").rows
    assert [row["symbol"] for row in dead] == ["DEAD1", "DEAD2"]


def test_the_demo_updates_the_whole_market(penstock):
    """US-2, US-5: `run us-stocks --demo`: more than 9,000 tickers, a file each, a day added, the screener's top rows; again: nothing."""
    served, asked = (SOURCE / folder / "us-stocks/symbols.csv" for folder in ("data", "pipelines"))
    assert served.read_bytes() == asked.read_bytes(), "the replay server knows what the pipeline asks for"
    first = penstock.ok("run", SOURCE / "pipelines/us-stocks", "--demo", "--date", LAST, timeout=600)
    rows = penstock.sql("select count(*) as tickers, count(distinct as_of) as days from us_stocks.screener", "--bucket", "demo")
    files = len(list(penstock.path("demo/us-stocks/clean/bars").glob("*.parquet")))
    assert files > 9000 and rows[0]["tickers"] == files
    assert "The screener's largest companies" in first.out and "fmp (generated)" in first.out
    assert re.search(r"files +[\d,]+/[\d,]+", first.err), "progress in plain lines (ALL-2)"
    again = penstock.ok("run", SOURCE / "pipelines/us-stocks", "--demo", "--date", LAST)
    assert "Nothing to do" in again.out
