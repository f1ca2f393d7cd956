#include "stream/waiting_records.h"

#include "stream/delivery_state.h"
#include "stream/log_reader.h"
#include "stream/stream_folder.h"

namespace penstock::stream {

Result<WaitingRecords> ReadWaiting(const std::string& folder, std::string_view name) {
  WaitingRecords waiting;
  ASSIGN_OR_RETURN(const auto state, ReadDeliveryState(StreamFolderOf(folder, name)));
  auto reader = LogReader::Open(LogFolderOf(folder, name), state.delivered);
  if (CodeOf(reader.status()) == ErrorCode::kNotFound) return waiting;
  RETURN_IF_ERROR(reader.status());
  while (true) {
    ASSIGN_OR_RETURN(const auto records, (*reader)->Next(1 << 20));
    if (records.empty()) return waiting;
    if (!waiting.oldest) waiting.oldest = records.front().arrival;
    waiting.records += records.size();
    for (const auto& record : records) waiting.bytes += record.data.size();
  }
}

}  // namespace penstock::stream
