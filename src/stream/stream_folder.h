// The files of the streams of a state folder, whoever serves them.
//
//   FOLDER/NAME/stream.json   the specification; a folder without it is what is left of a create or delete
//   FOLDER/NAME/log/          the records (record_log.h)
//   FOLDER/NAME/…             small files of what is under way: delivery.json (delivery_state.h) and others
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

std::string StreamFolderOf(const std::string& folder, std::string_view name);
std::string LogFolderOf(const std::string& folder, std::string_view name);

// Ascending. None: no such folder.
Result<std::vector<std::string>> StreamNames(const std::string& folder);
// NotFound: no such stream. Corrupt: it has no specification of ours.
Result<StreamSpec> ReadStreamSpec(const std::string& folder, std::string_view name);
// Of all, ascending by name.
Result<std::vector<StreamSpec>> ReadStreamSpecs(const std::string& folder);
// Durable when it returns OK. The stream's folder is there.
Status WriteStreamSpec(const std::string& folder, const StreamSpec& spec);
// All files of the stream; what a kill leaves of them is no stream any more. OK: also when there are none.
Status RemoveStream(const std::string& folder, std::string_view name);

// The bytes of a small file; nothing where there is none.
Result<std::optional<std::string>> ReadFileOf(const std::string& path);
// Replaces it, whole (temporary file, fsync, rename, fsync of the folder).
Status ReplaceFile(const std::string& folder, std::string_view name, std::string_view bytes);
// Removes it, durably. OK: also when there is none.
Status RemoveFile(const std::string& folder, std::string_view name);

}  // namespace penstock::stream
