#include "store/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/crc32.h"
#include "store/s3_answers.h"

namespace penstock::store {
namespace {

constexpr int kMaxParts = 10'000;  // Amazon S3 User Guide, "Multipart upload limits"

}  // namespace

Result<ObjectInfo> PutWhole(S3Bucket& bucket, std::string_view key, std::string bytes,
                            const PutOptions& options) {
  const auto size = static_cast<int64_t>(bytes.size());
  aws::AwsRequest request = bucket.ForObject("PUT", key);
  request.headers.Add("x-amz-checksum-crc32", Crc32Header(Crc32(bytes)));
  request.body = std::move(bytes);
  // Without a condition, doing it twice is doing it once.
  std::string token;
  if (options.if_absent || options.if_match) {
    token = bucket.NewToken();
    request.headers.Add(std::string(S3Bucket::kTokenHeader), token);
  }
  return bucket.Publish(std::move(request), key, size, options, token);
}

S3Upload::~S3Upload() { Abort(); }

Status S3Upload::Write(std::string_view bytes) {
  if (done_) return WriterIsDone(key_);
  Status status;
  while (status.ok() && !bytes.empty()) {
    // A full part stays here until more comes: it may be all.
    if (buffer_.size() == part_bytes_) status = StartPart();
    if (!status.ok()) break;
    const size_t taken = std::min(bytes.size(), part_bytes_ - buffer_.size());
    if (buffer_.capacity() < buffer_.size() + taken && !upload_id_.empty()) buffer_.reserve(part_bytes_);
    buffer_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
  }
  if (!status.ok()) Abort();
  return status;
}

Status S3Upload::Begin() {
  token_ = bucket_.NewToken();
  aws::AwsRequest request = bucket_.ForObject("POST", key_);
  request.query = {{"uploads", ""}};
  request.headers.Add("x-amz-checksum-algorithm", "CRC32");
  request.headers.Add("x-amz-checksum-type", "FULL_OBJECT");
  request.headers.Add(std::string(S3Bucket::kTokenHeader), token_);
  ASSIGN_OR_RETURN(const net::HttpResponse response,
                   bucket_.Send(request, fmt::format("begin the upload of {}", bucket_.UriOf(key_))));
  ASSIGN_OR_RETURN(upload_id_, ParseS3UploadId(response.body));
  return Status::OK();
}

Status S3Upload::StartPart() {
  if (upload_id_.empty()) RETURN_IF_ERROR(Begin());
  if (next_number_ > kMaxParts) {
    return MakeError(ErrorCode::kTooLarge, fmt::format("{}: more than {} parts of {} MiB",
                                                       bucket_.UriOf(key_), kMaxParts, part_bytes_ >> 20));
  }
  RETURN_IF_ERROR(AwaitParts(parts_in_flight_ - 1));
  under_way_.push_back(std::async(
      std::launch::async, [this, number = next_number_++, bytes = std::exchange(buffer_, {})]() mutable {
        return SendPart(number, std::move(bytes));
      }));
  return Status::OK();
}

Status S3Upload::AwaitParts(size_t left) {
  while (under_way_.size() > left) {
    Result<Part> part = under_way_.front().get();
    under_way_.pop_front();
    RETURN_IF_ERROR(part.status());
    sent_.push_back(*std::move(part));
  }
  return Status::OK();
}

Result<S3Upload::Part> S3Upload::SendPart(int number, std::string bytes) {
  Part part{.number = number, .crc = Crc32(bytes), .size = static_cast<int64_t>(bytes.size())};
  aws::AwsRequest request = bucket_.ForObject("PUT", key_);
  request.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}};
  request.headers.Add("x-amz-checksum-crc32", Crc32Header(part.crc));
  request.body = std::move(bytes);
  ASSIGN_OR_RETURN(const net::HttpResponse response,
                   bucket_.Send(request, fmt::format("write part {} of {}", number, bucket_.UriOf(key_))));
  part.etag = UnquotedEtag(response.headers.Find("etag").value_or(""));
  if (part.etag.empty()) return MakeError(ErrorCode::kInvalidData, "S3 gave no ETag of a part");
  return part;
}

Result<ObjectInfo> S3Upload::Commit() {
  if (done_) return WriterIsDone(key_);
  if (upload_id_.empty() && buffer_.size() <= part_bytes_) {
    done_ = true;
    return PutWhole(bucket_, key_, std::move(buffer_), options_);
  }
  auto info = Complete();
  if (info.ok()) upload_id_.clear();  // nothing to abort
  Abort();
  return info;
}

Result<ObjectInfo> S3Upload::Complete() {
  RETURN_IF_ERROR(StartPart());
  RETURN_IF_ERROR(AwaitParts(0));
  uint32_t crc = 0;
  int64_t size = 0;
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const Part& part : sent_) {
    crc = CombineCrc32(crc, part.crc, part.size);
    size += part.size;
    xml += fmt::format(
        "<Part><ChecksumCRC32>{}</ChecksumCRC32><ETag>&quot;{}&quot;</ETag><PartNumber>{}</PartNumber></"
        "Part>",
        Crc32Header(part.crc), part.etag, part.number);
  }
  xml += "</CompleteMultipartUpload>";
  aws::AwsRequest request = bucket_.ForObject("POST", key_);
  request.query = {{"uploadId", upload_id_}};
  request.headers.Add("Content-Type", "application/xml");
  request.headers.Add("x-amz-checksum-crc32", Crc32Header(crc));
  request.headers.Add("x-amz-checksum-type", "FULL_OBJECT");
  request.headers.Add("x-amz-mp-object-size", std::to_string(size));
  request.body = std::move(xml);
  request.error_in_success = true;
  return bucket_.Publish(std::move(request), key_, size, options_, token_);
}

void S3Upload::Abort() {
  done_ = true;
  for (auto& part : under_way_) part.wait();
  under_way_.clear();
  buffer_ = {};
  if (upload_id_.empty()) return;
  aws::AwsRequest request = bucket_.ForObject("DELETE", key_);
  request.query = {{"uploadId", std::exchange(upload_id_, "")}};
  IgnoreError(bucket_.Send(request, fmt::format("abort the upload of {}", bucket_.UriOf(key_))).status(),
              "nothing of it can be seen, and the bucket's lifecycle removes it");
}

}  // namespace penstock::store
