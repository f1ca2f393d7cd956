#include "query/saved_query.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/ascii.h"
#include "query/cell_text.h"
#include "query/sql_text.h"

namespace penstock::query {
namespace {

std::string_view TakeWord(std::string_view* text) {
  *text = TrimAscii(*text, " \t\r");
  const size_t end = std::min(text->find_first_of(" \t"), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

bool IsName(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string_view::npos;
}

constexpr std::string_view kParameterForm =
    "a parameter is written: -- param: NAME text|date|integer|number [= DEFAULT]";

Status Wrong(std::string_view name, int line, std::string what, std::string_view form = kParameterForm) {
  return MakeError(ErrorCode::kConfiguration,
                   std::string(name) + ".sql, line " + std::to_string(line) + ": " + std::move(what),
                   std::string(form));
}

// "bar country,cpv_division millions"
Result<ChartSpec> ParseChart(std::string_view query, int line, std::string_view text) {
  constexpr std::string_view kForm = "a chart is written: -- chart: bar|line LABEL[,LABEL...] VALUE";
  ChartSpec chart;
  const std::string_view kind = TakeWord(&text);
  if (kind != "bar" && kind != "line") {
    return Wrong(query, line, "'" + std::string(kind) + "' is no kind of chart", kForm);
  }
  chart.kind = kind == "bar" ? ChartSpec::Kind::kBar : ChartSpec::Kind::kLine;
  for (std::string_view labels = TakeWord(&text); !labels.empty();) {
    const size_t end = std::min(labels.find(','), labels.size());
    chart.labels.emplace_back(labels.substr(0, end));
    labels.remove_prefix(std::min(end + 1, labels.size()));
  }
  chart.value = TakeWord(&text);
  const bool named = !chart.labels.empty() && std::all_of(chart.labels.begin(), chart.labels.end(), IsName);
  if (!named || !IsName(chart.value) || !TrimAscii(text).empty()) {
    return Wrong(query, line, "expected the columns of a chart", kForm);
  }
  return chart;
}

// "day date = last session  The session to look at."
Result<ParameterSpec> ParseParameter(std::string_view query, int line, std::string_view text) {
  ParameterSpec spec;
  spec.name = TakeWord(&text);
  if (!IsName(spec.name)) return Wrong(query, line, "'" + spec.name + "' is no name of a parameter");
  const std::string_view type_text = TakeWord(&text);
  const auto type = ParseParameterType(type_text);
  if (!type.ok()) return Wrong(query, line, type.status().message());
  spec.type = *type;
  std::string_view rest = text;
  const std::string_view trimmed = TrimAscii(rest, " \t\r");
  if (!trimmed.starts_with('=')) {
    spec.description = trimmed;
    return spec;
  }
  rest = TrimAscii(trimmed.substr(1), " \t\r");
  const size_t gap = rest.find("  ");
  spec.fallback = std::string(TrimAscii(rest.substr(0, gap), " \t\r"));
  if (gap != std::string_view::npos) spec.description = TrimAscii(rest.substr(gap), " \t\r");
  const bool is_last_session = spec.type == ParameterType::kDate && *spec.fallback == kLastSession;
  if (!is_last_session) {
    const auto literal = ToSqlLiteral({spec.name, spec.type, *spec.fallback});
    if (!literal.ok()) return Wrong(query, line, literal.status().message());
  }
  return spec;
}

}  // namespace

Result<SavedQuery> ParseSavedQuery(std::string_view name, std::string_view text) {
  SavedQuery query;
  query.name = name;
  query.sql = text;
  int line_number = 0;
  for (std::string_view left = text; !left.empty();) {
    const size_t end = std::min(left.find('\n'), left.size());
    std::string_view line = TrimAscii(left.substr(0, end), " \t\r");
    left.remove_prefix(std::min(end + 1, left.size()));
    ++line_number;
    if (line.empty()) continue;
    if (!line.starts_with("--")) break;
    line = TrimAscii(line.substr(2), " \t\r");
    if (AsciiLower(line.substr(0, 6)) == "param:") {
      ASSIGN_OR_RETURN(ParameterSpec spec, ParseParameter(name, line_number, line.substr(6)));
      for (const ParameterSpec& other : query.parameters) {
        if (other.name == spec.name)
          return Wrong(name, line_number, "parameter " + spec.name + " is declared twice");
      }
      query.parameters.push_back(std::move(spec));
    } else if (AsciiLower(line.substr(0, 6)) == "chart:") {
      if (query.chart) return Wrong(name, line_number, "there is a chart already", "one chart a query");
      ASSIGN_OR_RETURN(query.chart, ParseChart(name, line_number, line.substr(6)));
    } else if (!line.empty()) {
      query.description += (query.description.empty() ? "" : " ") + std::string(line);
    }
  }
  auto in_file = [&](const Status& status) {
    return MakeError(ErrorCode::kConfiguration, query.name + ".sql: " + status.message(), AdviceOf(status));
  };
  const auto statements = SplitStatements(text);
  if (!statements.ok()) return in_file(statements.status());
  if (statements->size() != 1) {
    return MakeError(ErrorCode::kConfiguration, query.name + ".sql: expected one statement, found " +
                                                    std::to_string(statements->size()));
  }
  ASSIGN_OR_RETURN(const auto used, ParametersOf(text));
  for (const std::string& parameter : used) {
    const bool declared = std::any_of(query.parameters.begin(), query.parameters.end(),
                                      [&](const auto& p) { return p.name == parameter; });
    if (!declared) {
      return MakeError(ErrorCode::kConfiguration,
                       query.name + ".sql: :" + parameter + " is used and not declared",
                       "add at the top: -- param: " + parameter + " date|text|integer|number [= DEFAULT]");
    }
  }
  return query;
}

Result<std::vector<SavedQuery>> ListSavedQueries(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".sql") names.push_back(entry->path().stem().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return MakeError(ErrorCode::kIo, "cannot list the saved queries in " + folder + ": " + error.message());
  }
  std::sort(names.begin(), names.end());
  std::vector<SavedQuery> queries;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(SavedQuery query, LoadSavedQuery(folder, name));
    queries.push_back(std::move(query));
  }
  return queries;
}

Result<SavedQuery> LoadSavedQuery(const std::string& folder, std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos || name.starts_with('.')) {
    return MakeError(ErrorCode::kUsage, "'" + std::string(name) + "' is no name of a saved query",
                     "give the file's name without .sql");
  }
  const std::string path = folder + "/" + std::string(name) + ".sql";
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::string known;
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().extension() == ".sql") names.push_back(entry->path().stem().string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& other : names) known += (known.empty() ? "" : ", ") + other;
    return MakeError(ErrorCode::kNotFound, "there is no saved query " + std::string(name) + " in " + folder,
                     known.empty() ? "write it as NAME.sql there" : "there are: " + known);
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return ParseSavedQuery(name, text);
}

LastSession LastSessionOf(Engine& engine, std::string table) {
  return [&engine, table = std::move(table)]() -> Result<std::string> {
    ASSIGN_OR_RETURN(const auto stream, engine.Execute("select max(dt) from " + table));
    ASSIGN_OR_RETURN(const auto batch, stream->Next());
    std::string day;
    if (batch != nullptr) AppendText(*batch->column(0), 0, &day);
    if (day.empty()) {
      return MakeError(ErrorCode::kNotFound, "there is no last session: the table " + table + " is empty",
                       "run the pipeline first, or give the day: --param day=YYYY-MM-DD");
    }
    return day;
  };
}

Result<std::vector<Parameter>> ResolveParameters(const SavedQuery& query,
                                                 const std::map<std::string, std::string>& given,
                                                 const LastSession& last_session) {
  std::string known;
  for (const ParameterSpec& spec : query.parameters) known += (known.empty() ? "" : ", ") + spec.name;
  for (const auto& [name, value] : given) {
    const bool declared = std::any_of(query.parameters.begin(), query.parameters.end(),
                                      [&](const auto& p) { return p.name == name; });
    if (!declared) {
      return MakeError(ErrorCode::kUsage, "the query " + query.name + " has no parameter " + name,
                       known.empty() ? "it has none" : "it has: " + known);
    }
  }
  std::vector<Parameter> values;
  for (const ParameterSpec& spec : query.parameters) {
    Parameter parameter{spec.name, spec.type, ""};
    if (const auto found = given.find(spec.name); found != given.end()) {
      parameter.value = found->second;
    } else if (!spec.fallback) {
      return MakeError(ErrorCode::kUsage,
                       "the query " + query.name + " needs the parameter " + spec.name + " (" +
                           std::string(NameOf(spec.type)) + ")",
                       "give it: --param " + spec.name + "=VALUE");
    } else {
      parameter.value = *spec.fallback;
    }
    if (spec.type == ParameterType::kDate && parameter.value == kLastSession) {
      ASSIGN_OR_RETURN(parameter.value, last_session());
    }
    RETURN_IF_ERROR(ToSqlLiteral(parameter).status());
    values.push_back(std::move(parameter));
  }
  return values;
}

}  // namespace penstock::query
