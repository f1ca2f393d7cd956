#include "pipeline/tenders/archive_transfer.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "base/fault.h"
#include "base/md5.h"
#include "base/sha256.h"
#include "net/content_decoder.h"
#include "pipeline/tenders/kept_parts.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr int64_t kKiB = 1024;
constexpr int64_t kMostConnections = 1000;

class Transfer {
 public:
  Transfer(const Runtime& runtime, const TransferSpec& spec, const TransferOptions& options,
           std::stop_token stop)
      : runtime_(runtime),
        spec_(spec),
        options_(options),
        stop_(std::move(stop)),
        url_(net::MaskUrl(spec.url)),
        log_(runtime.log.With({"archive", spec.name})),
        parts_(*runtime.store, spec.parts) {}

  Result<TransferOutcome> Run() {
    RETURN_IF_ERROR(ReadRecord());
    RETURN_IF_ERROR(parts_.Load());
    outcome_.kept_before = best_ = parts_.size();
    if (parts_.offer()) BeginProgress();
    const Status status = Receive();
    if (!status.ok()) return WithContext(KeepWhatCame(status), spec_.name);
    if (outcome_.unchanged) {
      outcome_.record = *known_;
      return outcome_;
    }
    const Status published = Publish();
    if (!published.ok()) return WithContext(published, spec_.name);
    return outcome_;
  }

 private:
  // What the last transfer noted, if the object is still that one.
  Status ReadRecord() {
    const auto noted = runtime_.store->Get(spec_.record_key);
    if (CodeOf(noted.status()) == ErrorCode::kNotFound) return Status::OK();
    RETURN_IF_ERROR(noted.status());
    ASSIGN_OR_RETURN(auto record, TransferRecord::Parse(noted->bytes));
    const auto there = runtime_.store->Head(spec_.key);
    if (CodeOf(there.status()) == ErrorCode::kNotFound) return Status::OK();
    RETURN_IF_ERROR(there.status());
    if (there->etag == record.stored && record.key == spec_.key) known_ = std::move(record);
    return Status::OK();
  }

  int64_t size() const { return parts_.size() + static_cast<int64_t>(buffer_.size()); }
  bool whole() const {
    return parts_.offer() && parts_.offer()->length >= 0 && size() == parts_.offer()->length;
  }

  // One connection after the other, until everything came.
  Status Receive() {
    int idle = 0;
    while (!whole()) {
      const auto response = Connect();
      if (outcome_.unchanged || (response.ok() && Ended(*response))) return Status::OK();
      if (!own_failure_.ok()) return own_failure_;
      Status status = response.ok() ? Refusal(*response) : response.status();
      if (starts_over_) {
        RETURN_IF_ERROR(StartOver());
        status = MakeError(ErrorCode::kUnavailable, "the server's parts do not belong together");
      } else if (!IsRetryable(status)) {
        return status;
      }
      idle = size() > best_ ? 0 : idle + 1;
      best_ = std::max(best_, size());
      if (idle >= options_.idle_connections || outcome_.connections >= kMostConnections) return status;
      if (parts_.offer() && parts_.offer()->range_validator().empty()) RETURN_IF_ERROR(StartOver());
      const Duration pause = net::BackoffOf(options_.pause, idle + 1, *runtime_.random);
      log_.Warning("transfer_interrupted", {{"bytes", size()},
                                            {"reason", status.message()},
                                            {"pause_ms", pause / std::chrono::milliseconds(1)}});
      if (!runtime_.clock->SleepFor(pause, stop_))
        return MakeError(ErrorCode::kCancelled, "stopped while waiting to go on");
    }
    return Status::OK();
  }

  Result<net::HttpResponse> Connect() {
    ++outcome_.connections;
    starts_over_ = false;
    net::HttpRequest request;
    request.url = spec_.url;
    request.max_body_bytes = 0;
    request.total_timeout_ms = options_.connection_timeout_ms;
    request.stall_timeout_ms = options_.stall_timeout_ms;
    request.as_stored = true;
    if (parts_.offer()) {
      request.headers.Add("Range", fmt::format("bytes={}-", size()));
      request.headers.Add("If-Range", parts_.offer()->range_validator());
    } else if (known_ && !known_->offer.etag.empty()) {
      request.headers.Add("If-None-Match", known_->offer.etag);
    } else if (known_ && !known_->offer.last_modified.empty()) {
      request.headers.Add("If-Modified-Since", known_->offer.last_modified);
    }
    const auto own = [this](Status status) {
      if (!outcome_.unchanged && !starts_over_) own_failure_ = status;
      return status;
    };
    request.on_head = [this, own](const net::HttpResponse& head) { return own(OnHead(head)); };
    request.on_body = [this, own](std::string_view piece) { return own(OnBody(piece)); };
    return runtime_.provider->Send(request, stop_);
  }

  static Status NotNeeded() {
    return MakeError(ErrorCode::kCancelled, "the rest of the answer is not needed");
  }

  // A failure ends the connection; `unchanged` and `starts_over_` say when it is none.
  Status OnHead(const net::HttpResponse& head) {
    if (head.status == 206 && parts_.offer()) {
      const auto range = ParseContentRange(head.headers.Find("content-range").value_or(""));
      const std::string etag = head.headers.Find("etag").value_or(parts_.offer()->etag);
      const bool fits =
          range && range->first == size() && etag == parts_.offer()->etag &&
          (range->length < 0 || parts_.offer()->length < 0 || range->length == parts_.offer()->length);
      starts_over_ = !fits;
      if (fits) log_.Info("transfer_resumed", {{"bytes", size()}});
      return fits ? Status::OK() : NotNeeded();
    }
    if (head.status != 200) {
      return MakeError(ErrorCode::kUnavailable,
                       fmt::format("{} answered HTTP status {} and no archive", url_, head.status),
                       "try again later; if it stays so, the address has changed");
    }
    const OfferedObject offer = OfferOf(head);
    if (!parts_.offer() && known_ && known_->offer.SameVersion(offer)) {
      outcome_.unchanged = true;
      return NotNeeded();
    }
    if (parts_.offer()) {
      const bool same = parts_.offer()->SameVersion(offer);
      if (!same) best_ = 0;
      log_.Warning("transfer_begun_anew",
                   {{"kept", size()}, {"reason", same ? "the server gives no ranges" : "another version"}});
    }
    RETURN_IF_ERROR(CheckSpace(offer));
    buffer_.clear();
    outcome_.kept_before = 0;
    RETURN_IF_ERROR(parts_.Begin(offer));
    BeginProgress();
    return Status::OK();
  }

  Status OnBody(std::string_view piece) {
    if (size() < static_cast<int64_t>(kGzipMagic.size())) {
      RETURN_IF_ERROR(CheckBeginning(buffer_ + std::string(piece.substr(0, 2))));
    }
    if (const int64_t length = parts_.offer()->length;
        length >= 0 && size() + static_cast<int64_t>(piece.size()) > length) {
      starts_over_ = true;  // more than was announced
      return NotNeeded();
    }
    Advance(static_cast<int64_t>(piece.size()));
    buffer_ += piece;
    if (static_cast<int64_t>(buffer_.size()) < options_.part_bytes) return Status::OK();
    return Keep();
  }

  Status CheckBeginning(std::string_view bytes) const {
    if (bytes.size() < kGzipMagic.size() || bytes.starts_with(kGzipMagic)) return Status::OK();
    return MakeError(ErrorCode::kRejectedByProvider,
                     fmt::format("{} is no gzip archive: it begins with {:02x} {:02x}", url_,
                                 static_cast<unsigned char>(bytes[0]), static_cast<unsigned char>(bytes[1])),
                     "look at the address in a browser: the provider may have changed what it serves");
  }

  // Parts and whole are there at once when it is put together.
  Status CheckSpace(const OfferedObject& offer) const {
    const auto free = runtime_.store->FreeBytes();
    if (!free || offer.length < 0 || 2 * offer.length <= *free) return Status::OK();
    return MakeError(ErrorCode::kNoSpace,
                     fmt::format("{} bytes are needed to transfer {} of {} bytes, and {} are free at {}",
                                 2 * offer.length, spec_.name, offer.length, *free, runtime_.store->uri()),
                     "free some space, or use a bucket on another disk");
  }

  // Whether that answer was the last one that is needed.
  bool Ended(const net::HttpResponse& response) {
    if (response.status == 304 && known_) return outcome_.unchanged = true;
    // A range whose total nobody said ends where the server says that it does.
    const bool streamed = response.status == 200 || response.status == 206;
    return streamed && (whole() || parts_.offer()->length < 0);
  }

  Status Refusal(const net::HttpResponse& response) {
    if (response.status == 416) {  // the kept parts are not of what the server has now
      starts_over_ = true;
      return MakeError(ErrorCode::kUnavailable, url_ + " has no such range");
    }
    if (response.status >= 200 && response.status < 400) {
      return MakeError(ErrorCode::kUnavailable,
                       fmt::format("{} answered HTTP status {} in {} of {} bytes", url_, response.status,
                                   size(), parts_.offer() ? parts_.offer()->length : -1));
    }
    return net::ToStatus(response, url_, runtime_.clock->Now());
  }

  Status StartOver() {
    buffer_.clear();
    outcome_.kept_before = 0;
    return parts_.Drop();
  }

  Status Keep() {
    RETURN_IF_ERROR(parts_.Append(buffer_));
    buffer_.clear();
    return Status::OK();
  }

  // What a failed transfer leaves to the next one.
  Status KeepWhatCame(const Status& status) {
    const bool useless = CodeOf(status) == ErrorCode::kRejectedByProvider ||
                         (parts_.offer() && parts_.offer()->range_validator().empty());
    if (useless) {
      IgnoreError(parts_.Drop(), "the next transfer drops it");
      return status;
    }
    if (!parts_.offer() || size() == 0) return status;
    const Status kept = Keep();
    if (!kept.ok()) return status;  // the bytes in memory come once more, next time
    const int64_t length = parts_.offer()->length;
    return WithContext(
        status, fmt::format("stopped at {} of {} bytes, which are kept: the next run goes on there", size(),
                            length < 0 ? "?" : std::to_string(length)));
  }

  // Checks the whole while it is put together; publishes it, notes it, drops the parts.
  Status Publish() {
    RETURN_IF_ERROR(Keep());
    const OfferedObject offer = *parts_.offer();
    runtime_.progress->Begin(fmt::format("checking KiB of {}", spec_.name), size() / kKiB);
    progressed_ = 0;
    ASSIGN_OR_RETURN(const auto writer, runtime_.store->OpenWriter(spec_.key));
    ASSIGN_OR_RETURN(const auto gzip, net::ContentDecoder::Make("gzip", std::numeric_limits<int64_t>::max()));
    Sha256 sha256;
    Md5 md5;
    Status sound = Status::OK();
    int64_t bytes = 0;
    RETURN_IF_ERROR(parts_.Read([&](std::string_view piece) -> Status {
      if (stop_.stop_requested()) return MakeError(ErrorCode::kCancelled, "stopped while checking");
      sha256.Update(piece);
      md5.Update(piece);
      bytes += static_cast<int64_t>(piece.size());
      if (sound.ok()) sound = gzip->Write(piece, [](std::string_view) { return Status::OK(); });
      Advance(static_cast<int64_t>(piece.size()));
      return writer->Write(piece);
    }));
    if (sound.ok()) sound = gzip->Finish();
    const std::string sha256_hex = sha256.FinishHex(), md5_hex = md5.FinishHex();
    const auto differs = [&](std::string_view what, const std::string& said, const std::string& is) {
      if (!sound.ok() || said.empty() || said == is) return;
      sound =
          MakeError(ErrorCode::kUnavailable, fmt::format("{} is {}, and the server said {}", what, is, said));
    };
    differs("its SHA-256", offer.sha256, sha256_hex);
    differs("its MD5", offer.md5, md5_hex);
    if (offer.length >= 0) differs("its length", std::to_string(offer.length), std::to_string(bytes));
    if (!sound.ok()) {
      RETURN_IF_ERROR(parts_.Drop());
      return WithContext(MakeError(ErrorCode::kUnavailable, sound.message(),
                                   "run again: it is transferred from the beginning then"),
                         "what came is damaged and was thrown away");
    }
    RETURN_IF_ERROR(FaultPoint("transfer.commit.before"));
    ASSIGN_OR_RETURN(const auto stored, writer->Commit());
    RETURN_IF_ERROR(FaultPoint("transfer.commit.after"));
    outcome_.record = {url_, spec_.key, bytes, sha256_hex, offer, stored.etag, runtime_.clock->Now()};
    RETURN_IF_ERROR(runtime_.store->Put(spec_.record_key, ToPrettyJson(outcome_.record.ToJson())).status());
    return parts_.Drop();
  }

  void BeginProgress() {
    const int64_t length = parts_.offer()->length;
    runtime_.progress->Begin(fmt::format("KiB of {}", spec_.name), length < 0 ? 0 : length / kKiB);
    progressed_ = 0;
    Advance(parts_.size());
  }
  void Advance(int64_t bytes) {
    const int64_t before = progressed_ / kKiB;
    progressed_ += bytes;
    if (progressed_ / kKiB > before) runtime_.progress->Advance(progressed_ / kKiB - before);
  }

  const Runtime& runtime_;
  const TransferSpec& spec_;
  const TransferOptions& options_;
  const std::stop_token stop_;
  const std::string url_;
  const Logger log_;
  std::optional<TransferRecord> known_;
  KeptParts parts_;
  std::string buffer_;  // what came behind the parts
  int64_t best_ = 0;    // how far this version ever was
  int64_t progressed_ = 0;
  bool starts_over_ = false;
  Status own_failure_;  // of what is done with the answer, apart from how it comes
  TransferOutcome outcome_;
};

}  // namespace

json::object TransferRecord::ToJson() const {
  return {{"url", url},
          {"key", key},
          {"bytes", bytes},
          {"sha256", sha256},
          {"offer", offer.ToJson()},
          {"stored", stored},
          {"transferred_at", FormatTimestamp(transferred_at)}};
}

Result<TransferRecord> TransferRecord::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(const json::value value, ParseJson(text));
  TransferRecord record;
  ASSIGN_OR_RETURN(record.url, GetString(value, "url"));
  ASSIGN_OR_RETURN(record.key, GetString(value, "key"));
  ASSIGN_OR_RETURN(record.bytes, GetInt(value, "bytes"));
  ASSIGN_OR_RETURN(record.sha256, GetString(value, "sha256"));
  ASSIGN_OR_RETURN(record.stored, GetString(value, "stored"));
  ASSIGN_OR_RETURN(const std::string at, GetString(value, "transferred_at"));
  ASSIGN_OR_RETURN(record.transferred_at, ParseTimestamp(at));
  const auto* offer = value.get_object().if_contains("offer");
  if (offer == nullptr)
    return MakeError(ErrorCode::kInvalidData, "the record of a transfer has no \"offer\"");
  ASSIGN_OR_RETURN(record.offer, OfferedObject::Parse(*offer));
  return record;
}

Result<TransferOutcome> TransferArchive(const Runtime& runtime, const TransferSpec& spec,
                                        const TransferOptions& options, std::stop_token stop) {
  return Transfer(runtime, spec, options, std::move(stop)).Run();
}

}  // namespace penstock::pipeline
