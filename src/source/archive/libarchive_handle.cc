#include "source/archive/libarchive_handle.h"

#include <errno.h>
#include <fmt/format.h>
#include <locale.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::source {
namespace {

// POSIX.1-2017, pax, "ustar Interchange Format": the sum of the header's bytes, its own field taken as
// spaces.
bool IsTarHeader(std::string_view head) {
  if (head.size() < 512) return false;
  constexpr size_t kSum = 148, kSumBytes = 8;
  int64_t told = 0, sum = 0;
  bool digits = false;
  for (const char c : head.substr(kSum, kSumBytes)) {
    if (c >= '0' && c <= '7') {
      told = told * 8 + (c - '0');
      digits = true;
    } else if (digits || c != ' ') {
      break;
    }
  }
  for (size_t i = 0; i < 512; ++i) {
    sum += i >= kSum && i < kSum + kSumBytes ? ' ' : static_cast<unsigned char>(head[i]);
  }
  return digits && sum == told;
}

}  // namespace

ArchiveFormat FormatOf(std::string_view head) {
  const auto begins = [head](std::string_view with) { return head.substr(0, with.size()) == with; };
  if (begins("\x1f\x8b")) return ArchiveFormat::kGzip;
  if (begins("PK\x03\x04") || begins("PK\x05\x06")) return ArchiveFormat::kZip;
  if (begins("7z\xbc\xaf\x27\x1c")) return ArchiveFormat::kSevenZip;
  return IsTarHeader(head) ? ArchiveFormat::kTar : ArchiveFormat::kNone;
}

class LibarchiveHandle::Locale {
 public:
  Locale() : before_(uselocale(Utf8() == locale_t{} ? LC_GLOBAL_LOCALE : Utf8())) {}
  ~Locale() { uselocale(before_); }
  Locale(const Locale&) = delete;
  Locale& operator=(const Locale&) = delete;

 private:
  static locale_t Utf8() {
    static const locale_t kUtf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
    return kUtf8;
  }
  const locale_t before_;
};

la_ssize_t LibarchiveHandle::OnRead(archive* archive, void* self, const void** piece) {
  auto& handle = *static_cast<LibarchiveHandle*>(self);
  if (handle.source_failure_.ok()) {
    auto read = handle.bytes_.Read();
    if (read.ok()) {
      *piece = read->data();
      handle.at_ += static_cast<int64_t>(read->size());
      handle.taken_ += static_cast<int64_t>(read->size());
      return static_cast<la_ssize_t>(read->size());
    }
    handle.source_failure_ = read.status();
  }
  archive_set_error(archive, EIO, "%s", handle.source_failure_.message().c_str());
  return -1;
}

la_int64_t LibarchiveHandle::OnSeek(archive* archive, void* self, la_int64_t offset, int whence) {
  auto& handle = *static_cast<LibarchiveHandle*>(self);
  const int64_t size = *handle.bytes_.size();
  int64_t to = offset;
  if (whence == SEEK_CUR) to += handle.at_;
  if (whence == SEEK_END) to += size;
  if (to < 0 || to > size) {  // an offset that the archive gives
    archive_set_error(archive, EINVAL, "it points outside of itself");
    return ARCHIVE_FATAL;
  }
  if (const Status sought = handle.bytes_.Seek(to); !sought.ok()) {
    handle.source_failure_ = sought;
    return ARCHIVE_FATAL;
  }
  handle.at_ = to;
  return to;
}

Status LibarchiveHandle::Failure(std::string_view otherwise) const {
  RETURN_IF_ERROR(source_failure_);
  const char* text = archive_error_string(archive_);
  return MakeError(ErrorCode::kInvalidData, text == nullptr ? std::string(otherwise) : std::string(text));
}

Result<std::unique_ptr<LibarchiveHandle>> LibarchiveHandle::Open(ByteSource& bytes, ArchiveFormat format) {
  const Locale utf8;
  std::unique_ptr<LibarchiveHandle> handle(new LibarchiveHandle(bytes));
  archive* a = handle->archive_ = archive_read_new();
  if (a == nullptr) return MakeError(ErrorCode::kResourceExhausted, "no memory to read an archive");
  switch (format) {
    case ArchiveFormat::kTar:
      archive_read_support_format_tar(a);
      // Archives that were put behind each other are one: nothing behind the first one's end is passed over.
      archive_read_set_option(a, "tar", "read_concatenated_archives", "1");
      break;
    case ArchiveFormat::kZip: archive_read_support_format_zip(a); break;
    default: archive_read_support_format_7zip(a); break;
  }
  archive_read_set_callback_data(a, handle.get());
  archive_read_set_read_callback(a, &OnRead);
  // A tar is read from front to back in any case.
  if (format != ArchiveFormat::kTar && bytes.size()) archive_read_set_seek_callback(a, &OnSeek);
  if (archive_read_open1(a) != ARCHIVE_OK) return handle->Failure("it cannot be read");
  return handle;
}

LibarchiveHandle::~LibarchiveHandle() {
  if (archive_ != nullptr) archive_read_free(archive_);
}

bool LibarchiveHandle::has_dictionary() const {
  // "ZIP 6.3 (lzma)"
  const char* format = archive_format_name(archive_);
  const std::string_view name = format == nullptr ? "" : format;
  if (!name.starts_with("ZIP")) return false;
  return !name.ends_with("(uncompressed)") && !name.ends_with("(deflation)");
}

Result<archive_entry*> LibarchiveHandle::Next() {
  const Locale utf8;
  block_ = {};
  block_at_ = given_ = 0;
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(archive_, &entry);
  if (code == ARCHIVE_EOF) {
    RETURN_IF_ERROR(source_failure_);
    return nullptr;
  }
  // A warning is about what we do not take from an archive, or about a name, which is looked at.
  if (code == ARCHIVE_OK || code == ARCHIVE_WARN) return entry;
  lost_ = true;
  return Failure("damaged");
}

Result<std::string_view> LibarchiveHandle::Read() {
  static constexpr std::array<char, 64 << 10> kZeros{};
  const Locale utf8;
  while (true) {
    if (given_ < block_at_) {
      const auto size = std::min<int64_t>(block_at_ - given_, kZeros.size());
      given_ += size;
      return std::string_view(kZeros.data(), static_cast<size_t>(size));
    }
    if (!block_.empty()) {
      given_ += static_cast<int64_t>(block_.size());
      block_at_ = given_;
      return std::exchange(block_, {});
    }
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    const int code = archive_read_data_block(archive_, &data, &size, &offset);
    if (code == ARCHIVE_EOF) return std::string_view();
    // Also a warning, which is what a wrong checksum is in a 7z; and blocks must not go back.
    if (code != ARCHIVE_OK || offset < given_) {
      lost_ = lost_ || code == ARCHIVE_FATAL || !source_failure_.ok();
      return Failure("damaged");
    }
    block_ = {static_cast<const char*>(data), size};
    block_at_ = offset;
  }
}

int64_t LibarchiveHandle::bytes_in() const {
  return bytes_.size() ? std::min(taken_, *bytes_.size()) : taken_;
}

}  // namespace penstock::source
