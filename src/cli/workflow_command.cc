#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/command.h"
#include "cli/session.h"
#include "cli/written_file.h"
#include "jsonata/case_runner.h"
#include "workflow/case_runner.h"
#include "workflow/definition.h"
#include "workflow/graph.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

struct WorkflowOptions {
  std::vector<std::string> files;
  bool express = false;
  bool verbose = false;
  std::string svg;
};

Result<std::string> ReadText(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    return MakeError(ErrorCode::kUsage, fmt::format("{} is a folder", path),
                     "name a file, such as pipelines/sp500/workflow.asl.json");
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return MakeError(ErrorCode::kUsage, fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                     "name a file that is there");
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string Describe(const Session& session, const std::string& file, const workflow::Diagnostic& one) {
  const bool error = one.severity == workflow::Severity::kError;
  const std::string severity(workflow::NameOf(one.severity));
  std::string text = fmt::format("{}:{}:{}: {} {} {}\n  {}\n", file, one.line, one.column,
                                 error ? Red(session.out(), severity) : Bold(session.out(), severity),
                                 one.code, one.pointer.empty() ? "/" : one.pointer, one.message);
  if (!one.fix.empty()) text += fmt::format("  what to do: {}\n", one.fix);
  return text;
}

Result<int> ValidateFiles(Session& session, const WorkflowOptions& options) {
  const auto type = options.express ? workflow::MachineType::kExpress : workflow::MachineType::kStandard;
  Rows rows{{"file", "line", "column", "severity", "code", "pointer", "message", "fix"}, {}};
  size_t errors = 0;
  for (const auto& file : options.files) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(file));
    const auto found = workflow::Validate(text, type);
    const auto wrong =
        static_cast<size_t>(std::count_if(found.begin(), found.end(), [](const workflow::Diagnostic& one) {
          return one.severity == workflow::Severity::kError;
        }));
    errors += wrong;
    for (const auto& one : found) {
      if (session.format() == OutputFormat::kTable) session.Print(Describe(session, file, one));
      rows.Add({json::value(file), json::value(one.line), json::value(one.column),
                json::value(workflow::NameOf(one.severity)), json::value(one.code), json::value(one.pointer),
                json::value(one.message), json::value(one.fix)});
    }
    const auto count = [](size_t n, std::string_view what) {
      return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    session.Remark(found.empty() ? fmt::format("{}: no faults\n", file)
                                 : fmt::format("{}: {}, {}\n", file, count(wrong, "error"),
                                               count(found.size() - wrong, "warning")));
  }
  if (session.format() != OutputFormat::kTable) session.PrintRows(rows);
  return errors == 0 ? 0 : 2;
}

Result<int> Graph(Session& session, const WorkflowOptions& options) {
  const std::string& file = options.files.front();
  ASSIGN_OR_RETURN(const std::string text, ReadText(file));
  const auto definition = workflow::ParseDefinition(text);
  if (!definition.ok()) return WithContext(definition.status(), file);
  constexpr size_t kMaxDrawn = 2'000;
  if (const size_t states = (*definition)->machine.states.size(); states > kMaxDrawn) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: {} states are too many to draw", file, states),
                     fmt::format("at most {}", kMaxDrawn));
  }
  const auto graph = workflow::GraphOf((*definition)->machine);
  if (options.svg.empty()) {
    session.Print(workflow::GraphAsText(graph, session.out().color));
    return 0;
  }
  return WriteTextFile(session, workflow::GraphAsSvg(graph, fs::path(file).filename().string()), options.svg);
}

struct Tally {
  size_t passed = 0, failed = 0, skipped = 0;
};

void Report(const Session& session, const std::vector<CaseResult>& results, bool verbose, Tally& tally) {
  for (const auto& one : results) {
    std::string_view word = "passed";
    if (one.skipped)
      ++tally.skipped, word = "skipped";
    else if (one.passed)
      ++tally.passed;
    else
      ++tally.failed, word = "FAILED";
    if (verbose || (!one.passed && !one.skipped)) {
      session.Print(
          fmt::format("{} {}{}{}\n", word, one.id, one.difference.empty() ? "" : ": ", one.difference));
    }
  }
}

// Whether the cases are JSONata's: expressions, not state machines.
Result<bool> IsJsonata(const std::string& file, std::string_view text) {
  const auto first = FirstCase(text);
  if (!first.ok()) {
    return MakeError(ErrorCode::kUsage, fmt::format("{}: {}", file, first.status().message()),
                     "one JSON object a line, with \"definition\" (a state machine) or \"expr\" (JSONata)");
  }
  if (first->is_null()) return MakeError(ErrorCode::kUsage, fmt::format("{}: no cases", file));
  const auto* object = first->if_object();
  if (object != nullptr && object->contains("expr")) return true;
  if (object != nullptr && object->contains("definition")) return false;
  return MakeError(ErrorCode::kUsage, fmt::format("{}: its first line is not a case", file),
                   "one JSON object a line, with \"definition\" (a state machine) or \"expr\" (JSONata)");
}

Result<std::vector<CaseResult>> RunCasesOf(const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadText(file));
  ASSIGN_OR_RETURN(const bool jsonata, IsJsonata(file, text));
  if (!jsonata) return workflow::RunCases(text);
  const auto beside = fs::path(file).parent_path() / "datasets.json";
  std::string datasets = "{}";
  if (std::error_code ignored; fs::exists(beside, ignored)) {
    ASSIGN_OR_RETURN(datasets, ReadText(beside.string()));
  }
  return jsonata::RunCases(text, datasets);
}

Result<int> TestFiles(Session& session, const WorkflowOptions& options) {
  Tally tally;
  for (const auto& file : options.files) {
    const auto results = RunCasesOf(file);
    if (!results.ok()) return WithContext(results.status(), file);
    Report(session, *results, options.verbose, tally);
  }
  if (tally.skipped > 0) session.Print(fmt::format("{} skipped\n", tally.skipped));
  session.Print(fmt::format("{} passed, {} failed\n", tally.passed, tally.failed));
  return tally.failed == 0 ? 0 : 1;
}

}  // namespace

void AddWorkflowCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<WorkflowOptions>();
  auto* verb = app.add_subcommand("workflow", "state machines as files: validate, test, draw");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  penstock workflow validate pipelines/sp500/workflow.asl.json\n"
      "  penstock workflow test cases.jsonl --verbose\n"
      "  penstock workflow graph pipelines/sp500/workflow.asl.json --svg sp500.svg");
  const auto add = [&](const char* name, const char* text,
                       Result<int> (*run)(Session&, const WorkflowOptions&)) {
    auto* sub = verb->add_subcommand(name, text);
    sub->callback([&session, &action, options, run] {
      action = [&session, options, run] { return run(session, *options); };
    });
    return sub;
  };
  auto* validate =
      add("validate", "every fault, with its place and what to do; 2 when there is an error", &ValidateFiles);
  validate->add_option("files", options->files, "definitions in Amazon States Language")->required();
  validate->add_flag("--express", options->express, "as an Express workflow, which may call less");
  auto* graph = add("graph", "its states as boxes and lines", &Graph);
  graph->add_option("file", options->files, "a definition")->required()->expected(1);
  graph->add_option("--svg", options->svg, "write an SVG file in the place of text");
  auto* test = add("test", "cases as data; the last line is `N passed, N failed`", &TestFiles);
  test->add_option("files", options->files, "JSONL, a case a line: state machines, or JSONata expressions")
      ->required();
  test->add_flag("--verbose", options->verbose, "every case, not only those that failed");
}

}  // namespace penstock::cli
