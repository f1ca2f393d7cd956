#include "pipeline/tenders/extraction.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <future>
#include <memory>

#include "base/ascii.h"
#include "base/fault.h"
#include "lake/table_spec.h"
#include "pipeline/dead_letter.h"
#include "pipeline/tenders/day_files.h"
#include "pipeline/tenders/parallel_notices.h"
#include "source/archive/byte_source.h"
#include "source/archive/entry_name.h"

namespace penstock::pipeline {
namespace {

// What is held at once: notices of so many bytes of XML, which are more than their rows. A package of a day
// ends a chunk before, so that a day is one file; only packages of a few notices share one.
constexpr int64_t kChunkBytes = 48 << 20;
constexpr int64_t kWorthAChunk = 8 << 20;
constexpr int64_t kWorthARejectedFile = 16 << 20;
constexpr int64_t kMaxLetters = 100;

// Whether this is a file that should be a notice.
bool LooksLikeXml(const std::string& name, std::string_view bytes) {
  const std::string end =
      AsciiLower(std::string_view(name).substr(name.size() - std::min<size_t>(name.size(), 4)));
  if (end == ".xml") return true;
  if (bytes.substr(0, 3) == "\xef\xbb\xbf") bytes.remove_prefix(3);
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && bytes[first] == '<';
}

// One archive under way.
class Extracting {
 public:
  Extracting(const Pipeline& pipeline, const Runtime& runtime, const ExtractOptions& options,
             std::string archive)
      : pipeline_(pipeline),
        runtime_(runtime),
        options_(options),
        archive_(std::move(archive)),
        name_(TenderLayout::ArchiveName(archive_)),
        layout_{pipeline.config.prefix} {}

  Result<Extraction> Run(const NoticeReaders& readers);

 private:
  // The object's own name, and that of a file within it.
  std::string OuterName() const { return archive_.substr(archive_.rfind('/') + 1); }
  std::string EntryOf(const std::string& full_name) const {
    const std::string outer = OuterName() + source::kArchiveSeparator;
    return full_name.starts_with(outer) ? full_name.substr(outer.size()) : full_name;
  }
  Status File(const std::string& full_name, std::string_view bytes);
  Status Refuse(RejectedNotice rejected);
  Status WriteChunk();
  // The chunk before is, when it returns.
  Status ChunkWritten();
  Status WriteRejected();
  Status Tell(const std::string& entry, const std::string& reason);
  Status TellTheRest();
  Status RemoveOthers(const ExtractMarker& before, const ExtractMarker& now);

  const Pipeline& pipeline_;
  const Runtime& runtime_;
  const ExtractOptions& options_;
  const std::string archive_, name_;
  const TenderLayout layout_;
  std::unique_ptr<ParallelNotices> notices_;
  std::unique_ptr<DayFiles> files_;
  std::future<Status> writing_;  // uses files_, while the next chunk is parsed: it waits for the disk
  std::string package_;          // the archive within the archive that the chunk's last notice is in
  int64_t chunk_bytes_ = 0, seen_ = 0, passed_over_ = 0, refused_ = 0;
  arrow::StringBuilder rejected_entries_, rejected_reasons_;
  arrow::BinaryBuilder rejected_xml_;
  int rejected_parts_ = 0;
  std::vector<std::string> rejected_outputs_;
};

Result<Extraction> Extracting::Run(const NoticeReaders& readers) {
  ASSIGN_OR_RETURN(const auto source, source::ObjectSource::Open(*runtime_.store, archive_));
  ASSIGN_OR_RETURN(const auto before, ReadExtractMarker(*runtime_.store, layout_.ExtractMarkerKey(name_)));
  const store::ObjectInfo& info = source->info();
  if (before && !options_.again && before->archive == archive_ && before->reader == readers.version &&
      before->bytes == info.size &&
      (before->etag == info.etag || (!options_.sha256.empty() && before->sha256 == options_.sha256))) {
    return Extraction{*before, true};
  }
  ASSIGN_OR_RETURN(notices_, ParallelNotices::Start(readers, runtime_.threads, archive_));
  ASSIGN_OR_RETURN(auto files,
                   DayFiles::Make(*runtime_.store, layout_, name_, readers.schemas, runtime_.threads));
  files_ = std::make_unique<DayFiles>(std::move(files));

  const source::ArchiveVisitor visitor{
      [this](const std::string& name, std::string_view bytes) { return File(name, bytes); },
      [this](const source::RefusedEntry& entry) { return Refuse({EntryOf(entry.name), entry.reason, ""}); }};
  RETURN_IF_ERROR(
      source::ReadArchive(*source, OuterName(), options_.limits, visitor, options_.stop).status());
  RETURN_IF_ERROR(WriteChunk());
  RETURN_IF_ERROR(ChunkWritten());
  RETURN_IF_ERROR(WriteRejected());
  RETURN_IF_ERROR(TellTheRest());
  if (files_->rows()[0] == 0 && refused_ == 0) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("{}: there is no notice in it", archive_),
                     "see what it is; a page of HTML is what a server says that does not have the archive");
  }

  ExtractMarker marker;
  marker.archive = archive_;
  marker.etag = info.etag;
  marker.sha256 = options_.sha256;
  marker.bytes = info.size;
  marker.reader = readers.version;
  marker.notices = files_->rows()[0];
  marker.lots = files_->rows()[1];
  marker.awards = files_->rows()[2];
  marker.refused = refused_;
  marker.passed_over = passed_over_;
  marker.outputs.assign(files_->outputs().begin(), files_->outputs().end());
  marker.outputs.insert(marker.outputs.end(), rejected_outputs_.begin(), rejected_outputs_.end());
  if (before) RETURN_IF_ERROR(RemoveOthers(*before, marker));
  RETURN_IF_ERROR(FaultPoint("tenders.extract.before_marker"));
  RETURN_IF_ERROR(runtime_.store->Put(layout_.ExtractMarkerKey(name_), WriteExtractMarker(marker)).status());
  RETURN_IF_ERROR(FaultPoint("tenders.extract.after_marker"));
  return Extraction{std::move(marker), false};
}

Status Extracting::File(const std::string& full_name, std::string_view bytes) {
  if (!LooksLikeXml(full_name, bytes)) {
    ++passed_over_;
    return Status::OK();
  }
  const std::string entry = EntryOf(full_name);
  const std::string package =
      entry.substr(0, std::max<size_t>(entry.rfind(source::kArchiveSeparator) + 1, 1) - 1);
  // Where a chunk ends depends on the archive alone, for the files that come of it are to be the same each
  // time.
  const auto size = static_cast<int64_t>(bytes.size());
  const bool next_package = package != package_ && chunk_bytes_ >= kWorthAChunk;
  if (chunk_bytes_ > 0 && (next_package || chunk_bytes_ + size > kChunkBytes)) RETURN_IF_ERROR(WriteChunk());
  package_ = package;
  chunk_bytes_ += size;
  notices_->Add(entry, bytes);
  return Status::OK();
}

Status Extracting::WriteChunk() {
  ASSIGN_OR_RETURN(ParsedNotices parsed, notices_->Take());
  chunk_bytes_ = 0;
  for (auto& rejected : parsed.rejected) RETURN_IF_ERROR(Refuse(std::move(rejected)));
  RETURN_IF_ERROR(ChunkWritten());
  writing_ = std::async(std::launch::async,
                        [this, tables = std::move(parsed.tables)] { return files_->Write(tables); });
  runtime_.progress->Advance(parsed.notices + static_cast<int64_t>(parsed.rejected.size()),
                             static_cast<int64_t>(parsed.rejected.size()));
  return rejected_xml_.value_data_length() < kWorthARejectedFile ? Status::OK() : WriteRejected();
}

Status Extracting::ChunkWritten() { return writing_.valid() ? writing_.get() : Status::OK(); }

Status Extracting::Refuse(RejectedNotice rejected) {
  ++refused_;
  RETURN_IF_ERROR(rejected_entries_.Append(rejected.entry));
  RETURN_IF_ERROR(rejected_reasons_.Append(rejected.reason));
  RETURN_IF_ERROR(rejected_xml_.Append(rejected.xml));
  return refused_ <= kMaxLetters ? Tell(rejected.entry, rejected.reason) : Status::OK();
}

Status Extracting::WriteRejected() {
  const int64_t rows = rejected_entries_.length();
  if (rows == 0) return Status::OK();
  ASSIGN_OR_RETURN(const auto archive, arrow::MakeArrayFromScalar(arrow::StringScalar(archive_), rows));
  ASSIGN_OR_RETURN(const auto entries, rejected_entries_.Finish());
  ASSIGN_OR_RETURN(const auto reasons, rejected_reasons_.Finish());
  ASSIGN_OR_RETURN(const auto xml, rejected_xml_.Finish());
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field(kArchiveColumn, arrow::utf8(), false),
                                        arrow::field(kEntryColumn, arrow::utf8(), false),
                                        arrow::field(lake::kReasonColumn, arrow::utf8(), false),
                                        arrow::field("xml", arrow::binary(), false)}),
                         {archive, entries, reasons, xml});
  ASSIGN_OR_RETURN(const std::string bytes, lake::WriteParquet(*table));
  rejected_outputs_.push_back(layout_.RejectedKey(name_, ++rejected_parts_));
  return runtime_.store->Put(rejected_outputs_.back(), bytes).status();
}

Status Extracting::Tell(const std::string& entry, const std::string& reason) {
  runtime_.log.Warning("notice_refused", {{"archive", archive_}, {"entry", entry}, {"reason", reason}});
  DeadLetter letter;
  letter.step = kExtractStep;
  letter.input = {{"archives", json::array{archive_}}, {"entry", entry}};
  letter.error = InfoOf(ErrorCode::kInvalidData).asl_name;
  letter.cause = fmt::format("{}: {}", entry, reason);
  letter.execution = options_.execution;
  return SendDeadLetter(*runtime_.dead_letters, letter);
}

Status Extracting::TellTheRest() {
  if (refused_ <= kMaxLetters) return Status::OK();
  DeadLetter letter;
  letter.step = kExtractStep;
  letter.input = {{"archives", json::array{archive_}}, {"refused", true}};
  letter.error = InfoOf(ErrorCode::kInvalidData).asl_name;
  letter.cause =
      fmt::format("{} entries were refused; all are in {}", refused_, fmt::join(rejected_outputs_, ", "));
  letter.execution = options_.execution;
  return SendDeadLetter(*runtime_.dead_letters, letter);
}

// What an earlier extraction left and this one did not write again.
Status Extracting::RemoveOthers(const ExtractMarker& before, const ExtractMarker& now) {
  for (const auto& output : before.outputs) {
    if (std::find(now.outputs.begin(), now.outputs.end(), output) != now.outputs.end()) continue;
    RETURN_IF_ERROR(runtime_.store->Delete(output));
  }
  return Status::OK();
}

}  // namespace

Result<Extraction> ExtractArchive(const Pipeline& pipeline, const Runtime& runtime,
                                  const NoticeReaders& readers, const std::string& archive,
                                  const ExtractOptions& options) {
  auto done = Extracting(pipeline, runtime, options, archive).Run(readers);
  return done.ok() ? std::move(done) : WithContext(done.status(), archive);
}

Result<std::optional<std::string>> ReasonOfRefusal(store::ObjectStore& store, const ExtractMarker& marker,
                                                   std::string_view entry) {
  for (const auto& output : marker.outputs) {
    if (output.find("rejected/notices/") == std::string::npos) continue;
    ASSIGN_OR_RETURN(auto object, store.Get(output));
    ASSIGN_OR_RETURN(const auto table, lake::ReadParquet(std::move(object.bytes), output));
    ASSIGN_OR_RETURN(auto batch, table->CombineChunksToBatch());
    const auto entries = std::dynamic_pointer_cast<arrow::StringArray>(batch->GetColumnByName(kEntryColumn));
    const auto reasons =
        std::dynamic_pointer_cast<arrow::StringArray>(batch->GetColumnByName(lake::kReasonColumn));
    if (entries == nullptr || reasons == nullptr) return lake::CorruptParquet(output, "it has other columns");
    for (int64_t row = 0; row < entries->length(); ++row) {
      if (entries->GetView(row) == entry) return std::string(reasons->GetView(row));
    }
  }
  return std::nullopt;
}

}  // namespace penstock::pipeline
