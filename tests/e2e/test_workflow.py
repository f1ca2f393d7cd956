"""State machines as files: every fault with its place, cases as data, wrong usage (US-3, ALL-3)."""
import json
from xml.etree import ElementTree

import pytest
from harness import SOURCE

GOOD = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


def write(penstock, name, value):
    path = penstock.path(name)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1))
    return path


def test_validate_our_own(penstock):
    """The pipelines' workflows are accepted as they stand, ${Placeholders} and all."""
    for path in sorted((SOURCE / "pipelines").glob("*/workflow.asl.json")):
        rows = penstock.ok("workflow", "validate", path, "--output", "json").rows
        assert all(row["severity"] == "WARNING" for row in rows), rows


def test_validate_says_all_at_once(penstock):
    path = write(penstock, "bad.asl.json", {"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invok", "Nxt": "B"}, "B": {"Type": "Pass", "End": True}}})
    outcome = penstock("workflow", "validate", path)
    assert outcome.code == 2, outcome
    for part in (f"{path}:4:", "ERROR SCHEMA_VALIDATION_FAILED /States/A/Nxt", "did you mean Next?", "did you mean invoke?",
                 "MISSING_TRANSITION_TARGET /States/B"):
        assert part in outcome.out, outcome
    rows = penstock("workflow", "validate", path, "--output", "json").rows
    assert {row["pointer"] for row in rows} == {"/States/A", "/States/A/Nxt", "/States/A/Resource", "/States/B"}
    assert all(set(row) == {"file", "line", "column", "severity", "code", "pointer", "message", "fix"} for row in rows)


def test_validate_several(penstock):
    """Warnings end in 0, an error in any of the files in 2; --express calls for more."""
    warned = write(penstock, "w.json", {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "$.a", "End": True}}})
    good = write(penstock, "good.json", GOOD)
    outcome = penstock("workflow", "validate", warned, good)
    assert outcome.code == 0 and "PASS_RESULT_IS_STATIC" in outcome.out and "good.json: no faults" in outcome.err, outcome
    token = write(penstock, "t.json", {"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}}})
    assert penstock("workflow", "validate", token).code == 0
    assert penstock("workflow", "validate", good, token, "--express").code == 2


@pytest.mark.parametrize("text", ["", "not a definition", "{", "[]", "[" * 200 + "]" * 200, " " * 10_000_000, "\x00\x01",
                                  '{"StartAt":"A","StartAt":"A","States":{"A":{"Type":"Succeed"}}}'])
def test_validate_hostile(penstock, text):
    path = write(penstock, "hostile.json", text)
    outcome = penstock("workflow", "validate", path)
    assert outcome.code == 2 and "ERROR" in outcome.out, outcome


def test_cases(penstock):
    """The project's own cases pass; a case that fails is named, with its difference, and the exit code is 1."""
    outcome = penstock.ok("workflow", "test", SOURCE / "tests/workflow/own.jsonl", SOURCE / "tests/workflow/validation.jsonl")
    last = outcome.out.splitlines()[-1].split()
    assert int(last[0]) > 120 and last[1:] == ["passed,", "0", "failed"], outcome
    case = {"id": "one", "definition": GOOD, "input": {"a": 1}, "expected_status": "SUCCEEDED", "expected_output": {"a": 1}}
    wrong = {**case, "id": "two", "expected_output": {"a": 2}}
    path = write(penstock, "cases.jsonl", f"# a comment\n{json.dumps(case)}\n\n{json.dumps(wrong)}\n")
    outcome = penstock("workflow", "test", path)
    assert outcome.code == 1 and outcome.out.splitlines()[-1] == "1 passed, 1 failed", outcome
    assert "FAILED two: output" in outcome.out and "one" not in outcome.out, outcome
    assert "passed one" in penstock("workflow", "test", path, "--verbose").out


@pytest.mark.parametrize("arguments,word", [
    (["workflow"], "subcommand"), (["workflow", "validate"], "files"), (["workflow", "validate", "none.json"], "none.json"),
    (["workflow", "validate", "."], "folder"), (["workflow", "test", "none.jsonl"], "none.jsonl"),
    (["workflow", "test", "empty.jsonl"], "no cases"), (["workflow", "test", "words.jsonl"], "case in line 2"),
    (["workflow", "test", "empty.jsonl", "--verbos"], "--verbose"),
])
def test_wrong_usage(penstock, arguments, word):
    write(penstock, "empty.jsonl", "# nothing\n")
    write(penstock, "words.jsonl", "# words\nwords\n")
    outcome = penstock(*arguments)
    assert outcome.code == 2 and word in outcome.err, outcome


def test_graph(penstock):
    """A definition as text and as SVG; the states of an execution are marked."""
    path = SOURCE / "pipelines/sp500/workflow.asl.json"
    text = penstock.ok("workflow", "graph", path).out
    assert all(name in text for name in ("Start", "FetchSymbols", "DeadLetter", "Publish", "End")) and "▼" in text
    penstock.ok("workflow", "graph", path, "--svg", "graph.svg")
    root = ElementTree.parse(penstock.path("graph.svg")).getroot()
    titles = [one.text for one in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "Publish, Task lambda:invoke" in titles and not list(root.iter("{http://www.w3.org/2000/svg}script"))
    penstock.ok("run", "sp500", "--demo", "--quiet", "--bucket", "lake")
    name = penstock.ok("executions", "ls", "--bucket", "lake", "--output", "json").rows[0]["name"]
    shown = penstock.ok("executions", "show", name, "--graph", "--bucket", "lake").out
    assert shown.startswith(f"{name} SUCCEEDED") and "✓ Publish" in shown and "items" in shown, shown
    assert penstock("workflow", "graph", "none.json").code == 2
