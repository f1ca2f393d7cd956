"""pipeline.yaml, symbols.csv and workflow.asl.json with mistakes: exit 2 before anything is fetched or made (ALL-3)."""
import json

import pytest
from harness import FIRST, LAST, dead_letters, edit, files_of, make_pipeline, table_of, write_symbols

# (what stands there, what a person wrote instead, what the message must have; "LINE" is replaced by that line's number)
MISTAKES = {
    "unknown key": ("currency: USD", "currency: USD\ncurency: EUR", ["pipeline.yaml:LINE:", "curency", "did you mean currency"]),
    "unknown key deep": ("requests: 120, per: 1m", "requests: 120, per: 1m, pre: 2m", ["pipeline.yaml:LINE:", "source.quota.pre",
                                                                                      "per"]),
    "missing key": ("exchange: XNYS", "#", ["exchange", "required"]),
    "key twice": ("currency: USD", "currency: USD\ncurrency: EUR", ["pipeline.yaml:LINE:", "currency"]),
    "text for a number": ("in_flight: 8", "in_flight: many", ["pipeline.yaml:LINE:", "source.in_flight", "whole number", "many"]),
    "list for a number": ("remove_after_days: 30", "remove_after_days: [30]", ["pipeline.yaml:LINE:",
                                                                               "retention.raw.remove_after_days", "a list"]),
    "list for a mapping": ("quota: {requests: 120, per: 1m}", "quota: [120]", ["pipeline.yaml:LINE:", "source.quota",
                                                                              "expected a mapping"]),
    "number too small": ("requests: 120", "requests: 0", ["pipeline.yaml:LINE:", "source.quota.requests"]),
    "negative version": ("rule_version: 1", "rule_version: -1", ["pipeline.yaml:LINE:", "rule_version"]),
    "impossible date": ("from: 2012-08-13", "from: 2012-02-30", ["pipeline.yaml:LINE:", "demo.from", "2012-02-30", "YYYY-MM-DD"]),
    "dates the wrong way": ("to: 2017-08-11", "to: 2011-08-11", ["pipeline.yaml:LINE:", "demo.to"]),
    "not a span": ("per: 1m", "per: soon", ["pipeline.yaml:LINE:", "source.quota.per", "soon", "30s"]),
    "unset variable": ("currency: USD", "currency: ${MY_CURRENCY}", ["pipeline.yaml:LINE:", "currency", "MY_CURRENCY"]),
    "unknown exchange": ("exchange: XNYS", "exchange: XNYC", ["pipeline.yaml", "exchange", "XNYC", "XLON"]),
    "unknown source": ("kind: yahoo", "kind: yaho", ["pipeline.yaml:LINE:", "source.kind", "yaho", "yahoo"]),
    "unknown format": ("format: json", "format: xml", ["pipeline.yaml:LINE:", "xml", "csv"]),
    "unknown rule kind": ("- {name: bounds}", "- {name: bounds, kind: bound}", ["pipeline.yaml:LINE:", "bound", "known"]),
    "unknown rule parameter": ("{name: bounds}", "{name: bounds, tolerence: 0.1}", ["pipeline.yaml:LINE:", "tolerence", "tolerance"]),
    "rule without its parameter": (", max_ratio: 1.5", "", ["pipeline.yaml:", "jump", "max_ratio"]),
    "rule of no column": ("columns: [volume]", "columns: [volum]", ["pipeline.yaml:LINE:", "volum", "volume"]),
    "unknown severity": ("severity: warn, max", "severity: fatal, max", ["pipeline.yaml:LINE:", "severity", "fatal", "reject"]),
    "two rules of a name": ("- {name: session}", "- {name: session}\n      - {name: session}", ["pipeline.yaml:", "session"]),
    "unknown table": ("  bars:", "  bats:", ["pipeline.yaml", "bats", "bars"]),
    "archive after removal": ("archive_after_days: 90", "archive_after_days: 900", ["pipeline.yaml:", "retention.clean"]),
    "bad name": ("name: tiny", "name: Tiny Lake", ["pipeline.yaml:LINE:", "name", "Tiny Lake", "lower-case"]),
    "prefix out of the bucket": ("exchange: XNYS", "prefix: ../other/\nexchange: XNYS", ["pipeline.yaml:LINE:", "prefix", "../other/"]),
    "no YAML": ("tables:", "tables: [", ["pipeline.yaml:", "YAML"]),
    "symbols file": ("file: symbols.csv", "file: none.csv", ["none.csv"]),
    "symbols column": ("column: symbol", "column: ticker", ["symbols.csv:1", "ticker"]),
}


def assert_refused(penstock, words, name="tiny", **options):
    outcome = penstock("run", name, "--date", LAST, "--endpoint", "http://127.0.0.1:9", "--bucket", "lake", "--quiet", **options)
    assert outcome.code == 2, outcome
    for word in words:
        assert word in outcome.err, f"{word!r} is not in: {outcome}"
    assert "what to do" in outcome.err, outcome
    assert not penstock.path("lake").exists() or not files_of(penstock.path("lake")), "nothing is to be done before"
    return outcome


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_pipeline_yaml(penstock, tiny, mistake):
    """ALL-3: the message names file, line, key and what was expected."""
    old, new, words = MISTAKES[mistake]
    file = tiny / "pipeline.yaml"
    before = file.read_text().splitlines()
    edit(file, old, new)
    lines = file.read_text().splitlines()
    line = next((i for i, text in enumerate(lines) if i >= len(before) or text != before[i]), 0) + 1
    assert_refused(penstock, [word.replace("LINE", str(line)) for word in words])
    doctor = penstock("doctor", "tiny", "--bucket", "other")
    assert doctor.code == 2 and words[-1].replace("LINE", str(line)) in doctor.out + doctor.err, doctor


def test_all_faults_at_once(penstock, tiny):
    """ALL-3: three mistakes, three lines: nobody has to run again for the next one."""
    for old, new in (("in_flight: 8", "in_flight: x"), ("per: 1m", "per: y"), ("from: 2012-08-13", "from: z")):
        edit(tiny / "pipeline.yaml", old, new)
    outcome = assert_refused(penstock, ["source.in_flight", "source.quota.per", "demo.from"])
    assert outcome.err.count("pipeline.yaml:") == 3


def test_environment(penstock, tiny, replay, run):
    """ALL-4: a value from the environment is used, and stands nowhere in the bucket but where it belongs."""
    edit(tiny / "pipeline.yaml", "description: Daily bars of the S&P 500", "description: ${MY_WORDS}")
    assert_refused(penstock, ["MY_WORDS"])
    assert run("lake", replay, env={"MY_WORDS": "bars & more"}).code == 0
    assert "bars & more" in penstock.path("lake/catalog/tiny.json").read_text()


def test_symbols(penstock, tiny):
    """ALL-3: a symbol twice, an empty file and a missing one are named with their line."""
    write_symbols(tiny, ["AAPL", "MSFT", "AAPL"])
    assert_refused(penstock, ["symbols.csv:4", "AAPL", "line 2"])
    write_symbols(tiny, [])
    assert_refused(penstock, ["symbols.csv"])
    (tiny / "symbols.csv").unlink()
    assert_refused(penstock, ["symbols.csv"])


@pytest.mark.parametrize("old,new,word", [('"StartAt": "FetchSymbols"', '"StartAt": "Fetch"', "StartAt"),
                                          ('"Next": "Publish"', '"Next": "Publsh"', "Publsh"),
                                          ('"FunctionName": "publish"', '"FunctionName": "publsh"', "publish"),
                                          ('"Type": "Map"', '"Type": "Mapp"', "should have one of these values"),
                                          ('"States": {', '"States": [', "JSON")])
def test_workflow(penstock, tiny, old, new, word):
    """ALL-3: a state machine with a mistake: exit 2, the file named, before anything is fetched."""
    edit(tiny / "workflow.asl.json", old, new)
    assert_refused(penstock, ["workflow.asl.json", word])


def test_missing_files(penstock, tiny):
    """ALL-3: a folder that is no pipeline, one without a state machine, and a name that is nearly right."""
    (tiny / "workflow.asl.json").unlink()
    assert_refused(penstock, ["workflow.asl.json", "penstock init"])
    assert_refused(penstock, ["did you mean tiny"], name="tinny")
    penstock.path("empty").mkdir()
    assert_refused(penstock, ["empty/pipeline.yaml"], name="empty")


@pytest.mark.parametrize("template", ["ftse100", "sp500"])
def test_init_runs_as_it_is(penstock, template):
    """FTSE-1, ALL-1: what init writes runs as it is; with few symbols, on recorded and generated data, to the end."""
    penstock.ok("init", "mine", "--template", template)
    doctor = penstock.ok("doctor", "mine", "--bucket", "other")
    assert "FAILED" not in doctor.out
    folder = penstock.path("mine")
    symbols = {"ftse100": ["OCDO.L", "BP.L", "VOD.L"], "sp500": ["AAPL", "MSFT"]}[template]
    write_symbols(folder, symbols)
    outcome = penstock.ok("run", "mine", "--demo")
    assert "Top movers" in outcome.out and "mine.bars" in outcome.out
    rows = table_of(penstock.path("demo"), name="mine")
    assert {row["symbol"] for row in rows} == set(symbols)
    assert dead_letters(penstock, "demo") == []
    schema = json.loads((folder / "pipeline.schema.json").read_text())
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_init_writes_over_nothing(penstock, tiny):
    """ALL-3: init refuses a folder that is there, a template that is not, and a name that no pipeline may have."""
    before = files_of(tiny)
    for arguments, word in ((["tiny"], "exists"), (["new", "--template", "ftse10"], "did you mean ftse100"),
                            (["My Lake"], "lower-case")):
        outcome = penstock("init", *arguments)
        assert outcome.code == 2 and word in outcome.err, outcome
    assert files_of(tiny) == before
    assert not penstock.path("new").exists() and not penstock.path("My Lake").exists()


def test_two_pipelines_in_one_bucket(penstock, replay, run):
    """FTSE-1: pipelines of one bucket do not touch each other."""
    make_pipeline(penstock, "one", ["AAPL"])
    make_pipeline(penstock, "two", ["AAPL", "MSFT"])
    assert run("lake", replay, pipeline="one").code == 0
    before = {key: digest for key, digest in files_of(penstock.path("lake")).items() if "one" in key}
    assert run("lake", replay, pipeline="two", first=FIRST).code == 0
    after = files_of(penstock.path("lake"))
    assert {key: after[key] for key in before} == before
    joined = penstock.sql("select count(*) as n from one.bars a join two.bars b using (symbol, date, close)", "--bucket", "lake")
    assert joined == [{"n": 15}]
