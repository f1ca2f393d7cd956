#include "cli/live_tables.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "cli/session.h"
#include "pipeline/views.h"
#include "stream/delivery_table.h"
#include "stream/live_table.h"
#include "stream/prefix_expression.h"
#include "stream/stream_folder.h"

namespace penstock::cli {
namespace {

struct Delivered {
  lake::TableEntry entry;
  std::vector<stream::LiveSource> sources;
};

query::ViewSpec* FindView(std::vector<query::ViewSpec>* views, const lake::TableEntry& entry) {
  const auto found = std::ranges::find_if(
      *views, [&](const auto& view) { return view.database == entry.database && view.name == entry.table; });
  return found == views->end() ? nullptr : &*found;
}

}  // namespace

Status AddLiveTables(Session& session, const std::string& folder, store::ObjectStore& store, bool waiting,
                     std::vector<query::ViewSpec>* views) {
  std::map<std::pair<std::string, std::string>, Delivered> tables;
  ASSIGN_OR_RETURN(const auto specs, stream::ReadStreamSpecs(folder));
  for (const auto& spec : specs) {
    if (spec.table.empty()) continue;
    ASSIGN_OR_RETURN(const auto prefixes, stream::PrefixesOf(spec));
    auto& table = tables[{spec.database, spec.table}];
    if (table.sources.empty()) {
      ASSIGN_OR_RETURN(table.entry, stream::TableOf(spec, prefixes));
    }
    table.sources.push_back({spec, stream::StreamFolderOf(folder, spec.name)});
  }
  for (auto& [name, table] : tables) {
    query::ViewSpec* view = FindView(views, table.entry);
    if (view == nullptr) {
      if (!waiting) continue;
      ASSIGN_OR_RETURN(auto made, pipeline::ViewOf(table.entry, store.uri()));
      view = &views->emplace_back(std::move(made));
    }
    stream::LiveTableOptions options;
    const std::string root = store.uri() + "/" + table.entry.prefix;
    if (!view->glob.starts_with(root)) continue;  // registered elsewhere, by somebody else
    options.prefix = table.entry.prefix;
    options.pattern = view->glob.substr(root.size());
    options.waiting = waiting;
    view->snapshot = [&session, &store, options = std::move(options),
                      sources = std::move(table.sources)](std::stop_token stop) -> Result<query::TableFiles> {
      ASSIGN_OR_RETURN(auto taken, stream::TakeLiveTable(sources, store, options, session.clock(),
                                                         session.random(), session.log(), stop));
      query::TableFiles files;
      for (const auto& key : taken.keys) files.files.push_back(store.uri() + "/" + key);
      files.files.insert(files.files.end(), taken.files.begin(), taken.files.end());
      files.folder = std::move(taken.folder);
      files.hold = std::move(taken.hold);
      return files;
    };
  }
  pipeline::NameAmbiguous(views);
  return Status::OK();
}

}  // namespace penstock::cli
