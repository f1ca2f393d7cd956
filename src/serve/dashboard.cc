#include "serve/dashboard.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/markup.h"
#include "query/cell_text.h"
#include "serve/chart_svg.h"

namespace penstock::serve {
namespace {

constexpr size_t kMostPoints = 200;
constexpr int64_t kMostRows = 10'000;

constexpr std::string_view kStyle = R"css(
  :root { --paper:#ffffff; --ink:#1b2733; --soft:#5c6b7a; --rule:#e3e8ed; --blue:#0b63b8; --red:#b3261e; --panel:#f7f9fb; }
  @media (prefers-color-scheme: dark) { :root { --paper:#12181f; --ink:#e8edf2; --soft:#9fb0c0; --rule:#2b3641;
    --blue:#7db8ff; --red:#ff8a80; --panel:#1c252e; } }
  body { margin:0 auto; padding:24px; max-width:1080px; background:var(--paper); color:var(--ink);
    font:15px/1.45 system-ui, "DejaVu Sans", sans-serif; }
  h1 { font-size:24px; margin:0 0 4px; } h2 { font-size:17px; margin:0 0 4px; }
  p { margin:0 0 12px; color:var(--soft); } a { color:var(--blue); }
  form { display:flex; flex-wrap:wrap; gap:12px; align-items:end; margin:0 0 20px; }
  label { font-size:12px; color:var(--soft); } input { display:block; font:inherit; color:inherit; padding:4px 8px;
    background:var(--paper); border:1px solid var(--rule); border-radius:4px; width:9em; }
  button { font:inherit; padding:5px 14px; border:0; border-radius:4px; background:var(--blue); color:var(--paper); }
  section { background:var(--panel); border:1px solid var(--rule); border-radius:8px; padding:16px; margin:0 0 20px; }
  .wide { overflow-x:auto; } table { border-collapse:collapse; font-size:13px; margin-top:12px; }
  th, td { padding:4px 12px 4px 0; text-align:left; border-bottom:1px solid var(--rule); white-space:nowrap; }
  th { color:var(--soft); font-weight:600; } .number { text-align:right; font-variant-numeric:tabular-nums; }
  .error { color:var(--red); white-space:pre-wrap; } .more { font-size:12px; margin:8px 0 0; }
)css";

std::string Page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} · "
      "Penstock</title>\n"
      "<style>{}{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      EscapeMarkup(title), kStyle, kChartStyle, body);
}

// A query's result, its beginning at least.
struct Panel {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t rows = 0;
  bool truncated = false;
};

Result<Panel> Run(const query::SavedQuery& saved, const DashboardSpec& spec, query::Engine& engine,
                  std::stop_token stop) {
  std::map<std::string, std::string> given;
  for (const auto& parameter : saved.parameters) {
    const auto found = spec.parameters.find(parameter.name);
    if (found != spec.parameters.end() && !found->second.empty()) given.insert(*found);
  }
  query::QueryOptions options;
  options.stop = stop;
  options.max_rows = kMostRows;
  ASSIGN_OR_RETURN(options.parameters, query::ResolveParameters(saved, given, query::LastSessionOf(engine)));
  ASSIGN_OR_RETURN(const auto stream, engine.Execute(saved.sql, options));
  Panel panel;
  panel.schema = stream->schema();
  while (true) {
    ASSIGN_OR_RETURN(auto batch, stream->Next());
    if (batch == nullptr) break;
    panel.rows += batch->num_rows();
    panel.batches.push_back(std::move(batch));
  }
  panel.truncated = stream->truncated();
  return panel;
}

// Calls `each` for the first `most` rows.
template <typename Each>
void EachRow(const Panel& panel, int64_t most, Each each) {
  for (const auto& batch : panel.batches) {
    for (int64_t row = 0; row < batch->num_rows() && most > 0; ++row, --most) each(*batch, row);
  }
}

std::string Cell(const arrow::Array& column, int64_t row) {
  std::string text;
  query::AppendText(column, row, &text);
  return text;
}

std::optional<double> Number(const arrow::Array& column, int64_t row) {
  const std::string text = Cell(column, row);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') return std::nullopt;
  return value;
}

Result<std::string> Chart(const query::ChartSpec& chart, const Panel& panel) {
  const auto column = [&](const std::string& name) -> Result<int> {
    const int index = panel.schema->GetFieldIndex(name);
    if (index >= 0) return index;
    return MakeError(ErrorCode::kConfiguration, fmt::format("chart: the result has no column {}", name),
                     "name one that the query selects");
  };
  std::vector<int> labels;
  for (const auto& name : chart.labels) {
    ASSIGN_OR_RETURN(const int index, column(name));
    labels.push_back(index);
  }
  ASSIGN_OR_RETURN(const int value, column(chart.value));
  std::vector<ChartPoint> points;
  EachRow(panel, static_cast<int64_t>(kMostPoints), [&](const arrow::RecordBatch& batch, int64_t row) {
    ChartPoint point;
    for (const int label : labels) {
      point.label += (point.label.empty() ? "" : " · ") + Cell(*batch.column(label), row);
    }
    point.value = Number(*batch.column(value), row);
    points.push_back(std::move(point));
  });
  return RenderChart(chart.kind, points, chart.value);
}

std::string Table(const Panel& panel, int64_t shown) {
  std::string out = "<div class=\"wide\"><table>\n<tr>";
  std::vector<std::string_view> classes;
  for (const auto& field : panel.schema->fields()) {
    classes.push_back(query::IsNumeric(*field->type()) ? " class=\"number\"" : "");
    out += fmt::format("<th{}>{}</th>", classes.back(), EscapeMarkup(field->name()));
  }
  out += "</tr>\n";
  EachRow(panel, shown, [&](const arrow::RecordBatch& batch, int64_t row) {
    out += "<tr>";
    for (int i = 0; i < batch.num_columns(); ++i) {
      out += fmt::format("<td{}>{}</td>", classes[static_cast<size_t>(i)],
                         EscapeMarkup(Cell(*batch.column(i), row)));
    }
    out += "</tr>\n";
  });
  out += "</table></div>\n";
  if (panel.rows > shown || panel.truncated) {
    out += fmt::format("<p class=\"more\">{} of {}{} rows</p>\n", shown, panel.truncated ? "more than " : "",
                       panel.rows);
  }
  return out;
}

// "top_buyers" is "Top buyers" for a person.
std::string Heading(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string Section(const query::SavedQuery& saved, const DashboardSpec& spec, query::Engine& engine,
                    std::stop_token stop) {
  std::string out = fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n<p>{}</p>\n", EscapeMarkup(saved.name),
                                EscapeMarkup(Heading(saved.name)), EscapeMarkup(saved.description));
  const auto failed = [&](const Status& status) {
    return out + fmt::format("<p class=\"error\">{}</p>\n</section>\n", EscapeMarkup(Describe(status)));
  };
  const auto panel = Run(saved, spec, engine, stop);
  if (!panel.ok()) return failed(panel.status());
  if (panel->rows == 0) return out + "<p class=\"more\">No rows.</p>\n</section>\n";
  if (saved.chart) {
    const auto chart = Chart(*saved.chart, *panel);
    if (!chart.ok()) return failed(chart.status());
    out += fmt::format("<p class=\"more\">{} by {}</p>\n", EscapeMarkup(saved.chart->value),
                       EscapeMarkup(fmt::format("{}", fmt::join(saved.chart->labels, " and "))));
    out += *chart;
  }
  return out + Table(*panel, spec.shown_rows) + "</section>\n";
}

std::string Form(const DashboardSpec& spec) {
  std::vector<const query::ParameterSpec*> parameters;
  for (const auto& saved : spec.queries) {
    for (const auto& parameter : saved.parameters) {
      const bool known = std::any_of(parameters.begin(), parameters.end(),
                                     [&](const auto* other) { return other->name == parameter.name; });
      if (!known) parameters.push_back(&parameter);
    }
  }
  if (parameters.empty()) return "";
  std::string out = "<form method=\"get\">\n";
  for (const auto* parameter : parameters) {
    const auto given = spec.parameters.find(parameter->name);
    out += fmt::format("<label title=\"{}\">{}<input name=\"{}\" value=\"{}\" placeholder=\"{}\"></label>\n",
                       EscapeMarkup(parameter->description), EscapeMarkup(parameter->name),
                       EscapeMarkup(parameter->name),
                       EscapeMarkup(given == spec.parameters.end() ? "" : given->second),
                       EscapeMarkup(parameter->fallback.value_or("")));
  }
  return out + "<button>Show</button>\n</form>\n";
}

Status CheckParameters(const DashboardSpec& spec) {
  for (const auto& [name, value] : spec.parameters) {
    const bool known = std::any_of(spec.queries.begin(), spec.queries.end(), [&](const auto& saved) {
      return std::any_of(saved.parameters.begin(), saved.parameters.end(),
                         [&](const auto& parameter) { return parameter.name == name; });
    });
    if (!known) {
      return MakeError(ErrorCode::kUsage,
                       fmt::format("no saved query of {} has a parameter {}", spec.title, name),
                       "`penstock query --list` shows them");
    }
  }
  return Status::OK();
}

}  // namespace

Result<std::string> RenderDashboard(const DashboardSpec& spec, query::Engine& engine, std::stop_token stop) {
  RETURN_IF_ERROR(CheckParameters(spec));
  std::string body =
      fmt::format("<h1>{}</h1>\n<p>{}</p>\n<p class=\"more\">As of {}</p>\n", EscapeMarkup(spec.title),
                  EscapeMarkup(spec.description), FormatTimestamp(spec.now).substr(0, 19) + "Z");
  if (spec.with_form) body += Form(spec);
  for (const auto& saved : spec.queries) {
    body += Section(saved, spec, engine, stop);
    if (stop.stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped");
  }
  return Page(spec.title, body);
}

std::string RenderLinks(std::string_view title,
                        const std::vector<std::pair<std::string, std::string>>& links) {
  std::string body = fmt::format("<h1>{}</h1>\n<ul>\n", EscapeMarkup(title));
  for (const auto& [text, address] : links) {
    body += fmt::format("<li><a href=\"{}\">{}</a></li>\n", EscapeMarkup(address), EscapeMarkup(text));
  }
  return Page(title, body + "</ul>\n");
}

}  // namespace penstock::serve
