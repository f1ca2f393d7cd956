#include "source/archive/archive_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/utf8.h"
#include "source/archive/entry_name.h"
#include "source/archive/inflate_source.h"
#include "source/archive/libarchive_handle.h"
#include "source/archive/seven_zip_header.h"

namespace penstock::source {
namespace {

Status TooMuch(std::string text) { return MakeError(ErrorCode::kTooLarge, std::move(text)); }

Status RestLost(const Status& why) {
  return MakeError(CodeOf(why), why.message() + "; what follows there is lost");
}

// A source whose first bytes were looked at already.
class ReturnedSource : public ByteSource {
 public:
  // `head` came from `rest`, which goes on behind it.
  ReturnedSource(std::string head, ByteSource& rest) : head_(std::move(head)), rest_(rest) {}
  Result<std::string_view> Read() override {
    if (head_given_) return rest_.Read();
    head_given_ = true;
    return head_.empty() ? rest_.Read() : Result<std::string_view>(head_);
  }
  std::optional<int64_t> size() const override { return rest_.size(); }
  Status Seek(int64_t offset) override {
    head_given_ = true;
    return rest_.Seek(offset);
  }

 private:
  const std::string head_;
  ByteSource& rest_;
  bool head_given_ = false;
};

// One reading. A Status that a method gives is about the archive, unless `ended_` is set: then the reading is
// over.
class Walk {
 public:
  Walk(const ArchiveLimits& limits, const ArchiveVisitor& visitor, std::stop_token stop)
      : limits_(limits), visitor_(visitor), stop_(std::move(stop)) {}

  Result<ArchiveCounts> Run(ByteSource& bytes, const std::string& name) {
    Outermost outermost(*this, bytes);
    const Status status = Any(outermost, name, 0);
    RETURN_IF_ERROR(ended_);
    if (!status.ok()) RETURN_IF_ERROR(Refuse(name, status));
    return counts_;
  }

 private:
  // Keeps apart what the store says from what the archive is.
  class Outermost : public ByteSource {
   public:
    Outermost(Walk& walk, ByteSource& bytes) : walk_(walk), bytes_(bytes) {}
    Result<std::string_view> Read() override {
      if (walk_.stop_.stop_requested()) return walk_.End(MakeError(ErrorCode::kCancelled, "stopped"));
      auto piece = bytes_.Read();
      return piece.ok() ? piece : walk_.End(piece.status());
    }
    std::optional<int64_t> size() const override { return bytes_.size(); }
    Status Seek(int64_t offset) override {
      const Status sought = bytes_.Seek(offset);
      return sought.ok() ? sought : walk_.End(sought);
    }

   private:
    Walk& walk_;
    ByteSource& bytes_;
  };

  // What is in the entry that an archive stands at.
  class EntrySource : public ByteSource {
   public:
    EntrySource(Walk& walk, LibarchiveHandle& archive) : walk_(walk), archive_(archive) {}
    Result<std::string_view> Read() override { return walk_.ReadEntry(archive_); }

   private:
    Walk& walk_;
    LibarchiveHandle& archive_;
  };

  Status End(const Status& why) {
    if (ended_.ok()) ended_ = why;
    return why;
  }

  Status Refuse(const std::string& name, const Status& why) {
    // What ends an inner archive ends those around it, too: the innermost name is told, once.
    if (std::exchange(told_, false)) return Status::OK();
    ++counts_.refused;
    const Status told = visitor_.on_refused({ShownEntryName(name), ReplaceInvalidUtf8(why.message())});
    return told.ok() ? told : End(told);
  }

  Status CountBytes(int64_t bytes) {
    total_ += bytes;
    if (total_ <= limits_.max_total_bytes) return Status::OK();
    return TooMuch(fmt::format("more than {} bytes come out of the archive, which is the limit",
                               limits_.max_total_bytes));
  }

  // Of any one layer.
  Status CheckRatio(int64_t out, int64_t in) const {
    if (out <= limits_.ratio_from_bytes || out / limits_.max_ratio <= in) return Status::OK();
    return TooMuch(fmt::format("more than {} times its size comes out: an archive bomb", limits_.max_ratio));
  }

  Result<std::string_view> ReadEntry(LibarchiveHandle& archive) {
    ASSIGN_OR_RETURN(const std::string_view piece, archive.Read());
    out_of_archive_ += static_cast<int64_t>(piece.size());
    const Status total = CountBytes(static_cast<int64_t>(piece.size()));
    const Status ratio = CheckRatio(out_of_archive_, archive.bytes_in());
    too_much_ = too_much_ || !total.ok() || !ratio.ok();
    RETURN_IF_ERROR(total);
    RETURN_IF_ERROR(ratio);
    return piece;
  }

  // The file so far into `out_`, to the end or to one byte more than `limit`.
  Status Collect(ByteSource& bytes, size_t limit, std::string& out) {
    while (out.size() <= limit) {
      ASSIGN_OR_RETURN(const std::string_view piece, bytes.Read());
      if (piece.empty()) break;
      out += piece;
    }
    return Status::OK();
  }

  Status File(const std::string& name, std::string_view bytes) {
    if (bytes.empty()) return Refuse(name, MakeError(ErrorCode::kInvalidData, "it has 0 bytes"));
    if (static_cast<int64_t>(bytes.size()) > limits_.max_entry_bytes) return Refuse(name, TooLargeFile());
    ++counts_.files;
    counts_.bytes += static_cast<int64_t>(bytes.size());
    const Status done = visitor_.on_file(name, bytes);
    return done.ok() ? done : End(done);
  }
  Status TooLargeFile() const {
    return TooMuch(fmt::format("it has more than {} bytes, the most of one file", limits_.max_entry_bytes));
  }

  Status Any(ByteSource& bytes, const std::string& name, int layers);
  Status Gzip(ByteSource& bytes, const std::string& name, int layers);
  Status Archive(ByteSource& bytes, ArchiveFormat format, const std::string& name, int layers);
  Status Entries(ByteSource& bytes, ArchiveFormat format, const std::string& name, int layers);
  Status Entry(LibarchiveHandle& archive, ArchiveFormat of, archive_entry* entry, const std::string& name,
               int layers);
  Status Nested(ByteSource& entry, ArchiveFormat format, std::string head, const std::string& name,
                int layers);

  const ArchiveLimits& limits_;
  const ArchiveVisitor& visitor_;
  const std::stop_token stop_;
  ArchiveCounts counts_;
  Status ended_;  // why the reading is over
  int64_t entries_ = 0;
  int64_t total_ = 0;
  // Of the archive being read: what came out of it, and whether no more of it is wanted.
  int64_t out_of_archive_ = 0;
  bool too_much_ = false;
  bool told_ = false;  // what is on its way out was refused by name already
  std::string file_;   // the file being collected; its memory is used again
};

Status Walk::Any(ByteSource& bytes, const std::string& name, int layers) {
  std::string head;
  RETURN_IF_ERROR(Collect(bytes, kFormatBytes - 1, head));
  const ArchiveFormat format = FormatOf(head);
  if (format == ArchiveFormat::kNone) {
    RETURN_IF_ERROR(Collect(bytes, static_cast<size_t>(limits_.max_entry_bytes), head));
    return File(name, head);
  }
  if (layers >= limits_.max_layers) {
    return TooMuch(fmt::format("archives within archives, more than {} layers", limits_.max_layers));
  }
  if (bytes.size() && format != ArchiveFormat::kGzip && format != ArchiveFormat::kTar) {
    const Status back = bytes.Seek(0);
    return back.ok() ? Archive(bytes, format, name, layers + 1) : back;
  }
  ReturnedSource whole(std::move(head), bytes);
  return format == ArchiveFormat::kGzip ? Gzip(whole, name, layers + 1)
                                        : Archive(whole, format, name, layers + 1);
}

Status Walk::Gzip(ByteSource& bytes, const std::string& name, int layers) {
  class Counted : public ByteSource {
   public:
    Counted(Walk& walk, ByteSource& beneath) : walk_(walk), beneath_(beneath) {}
    Result<std::string_view> Read() override {
      ASSIGN_OR_RETURN(const std::string_view piece, beneath_.Read());
      RETURN_IF_ERROR(walk_.CountBytes(static_cast<int64_t>(piece.size())));
      return piece;
    }

   private:
    Walk& walk_;
    ByteSource& beneath_;
  };
  InflateSource inflated(bytes, {limits_.max_ratio, limits_.ratio_from_bytes});
  Counted counted(*this, inflated);
  RETURN_IF_ERROR(Any(counted, name, layers));
  // A tar ends before its gzip does: to the checksum.
  while (true) {
    const auto piece = counted.Read();
    if (!piece.ok())
      return MakeError(CodeOf(piece.status()),
                       piece.status().message() + "; what came out of it is in doubt");
    if (piece->empty()) return Status::OK();
  }
}

Status Walk::Archive(ByteSource& bytes, ArchiveFormat format, const std::string& name, int layers) {
  const auto outer = std::make_pair(out_of_archive_, too_much_);
  out_of_archive_ = 0;
  too_much_ = false;
  const Status status = Entries(bytes, format, name, layers);
  std::tie(out_of_archive_, too_much_) = outer;
  return status;
}

Status Walk::Entries(ByteSource& bytes, ArchiveFormat format, const std::string& name, int layers) {
  if (format == ArchiveFormat::kSevenZip && bytes.size()) {
    RETURN_IF_ERROR(CheckSevenZip(bytes));
    RETURN_IF_ERROR(bytes.Seek(0));
  }
  ASSIGN_OR_RETURN(const auto archive, LibarchiveHandle::Open(bytes, format));
  std::unordered_set<size_t>
      names;  // their hashes: of a million names two agree in one archive of 37 million
  while (true) {
    const auto next = archive->Next();
    if (!next.ok()) return RestLost(next.status());
    archive_entry* const entry = *next;
    if (entry == nullptr) return Status::OK();
    if (++entries_ > limits_.max_entries) {
      return TooMuch(fmt::format("more than {} entries, which is the limit", limits_.max_entries));
    }
    if (archive_entry_filetype(entry) == AE_IFDIR) continue;
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr) path = archive_entry_pathname_utf8(entry);
    const std::string_view inner = path == nullptr ? "" : path;
    const std::string full = fmt::format("{}{}{}", name, kArchiveSeparator, PlainEntryName(inner));
    Status fault;
    if (const std::string_view why = FaultOfEntryName(inner); !why.empty()) {
      fault = MakeError(ErrorCode::kInvalidData, std::string(why));
    } else if (!names.insert(std::hash<std::string_view>()(PlainEntryName(inner))).second) {
      fault = MakeError(ErrorCode::kInvalidData, "an entry of this name stands before it already");
    } else {
      fault = Entry(*archive, format, entry, full, layers);
    }
    RETURN_IF_ERROR(ended_);
    if (fault.ok()) continue;
    const bool over = archive->is_lost() || too_much_;
    RETURN_IF_ERROR(Refuse(full, over ? RestLost(fault) : fault));
    if (!over) continue;
    told_ = true;
    return fault;
  }
}

Status Walk::Entry(LibarchiveHandle& archive, ArchiveFormat of, archive_entry* entry, const std::string& name,
                   int layers) {
  const auto refused = [](std::string_view why) {
    return MakeError(ErrorCode::kInvalidData, std::string(why));
  };
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr ||
      archive_entry_filetype(entry) == AE_IFLNK) {
    return refused("it is a link");
  }
  if (archive_entry_filetype(entry) != AE_IFREG)
    return refused("it is no file but a device, a pipe or the like");
  if (archive_entry_is_encrypted(entry)) return refused("it is encrypted");
  if (archive_entry_size_is_set(entry) && archive_entry_size(entry) == 0) return refused("it has 0 bytes");

  EntrySource bytes(*this, archive);
  ASSIGN_OR_RETURN(std::string_view known, bytes.Read());
  const auto limit = static_cast<size_t>(limits_.max_entry_bytes);
  const bool says = archive_entry_size_is_set(entry) != 0;
  // Mostly the whole file lies there. In a tar nothing about a file stands behind it; elsewhere a checksum
  // may.
  const bool whole =
      says && of == ArchiveFormat::kTar && static_cast<int64_t>(known.size()) == archive_entry_size(entry);
  if (!whole && known.size() < kFormatBytes) {
    file_.assign(known);
    RETURN_IF_ERROR(Collect(bytes, kFormatBytes - 1, file_));
    known = file_;
  }
  const ArchiveFormat format = FormatOf(known.substr(0, kFormatBytes));
  if (format != ArchiveFormat::kNone) {
    if (archive.has_dictionary()) {
      return TooMuch(
          "an archive within a zip is read only where the zip packed it by deflate, or not at all");
    }
    return Nested(bytes, format, std::string(known), name, layers);
  }

  if (says && archive_entry_size(entry) > limits_.max_entry_bytes) return TooLargeFile();
  if (whole) return File(name, known);
  if (known.data() != file_.data()) file_.assign(known);
  RETURN_IF_ERROR(Collect(bytes, limit, file_));
  return File(name, file_);
}

Status Walk::Nested(ByteSource& entry, ArchiveFormat format, std::string head, const std::string& name,
                    int layers) {
  ReturnedSource flowing(std::move(head), entry);
  if (format == ArchiveFormat::kGzip || format == ArchiveFormat::kTar) return Any(flowing, name, layers);

  std::string held;
  RETURN_IF_ERROR(Collect(flowing, static_cast<size_t>(limits_.max_held_bytes), held));
  if (static_cast<int64_t>(held.size()) <= limits_.max_held_bytes) {
    MemorySource memory(held);
    return Any(memory, name, layers);
  }
  if (format == ArchiveFormat::kSevenZip) {
    return TooMuch(
        fmt::format("a 7z within an archive cannot be read without holding it, and it has more than {} bytes",
                    limits_.max_held_bytes));
  }
  ReturnedSource streamed(std::move(held), entry);
  return Any(streamed, name, layers);
}

}  // namespace

Result<ArchiveCounts> ReadArchive(ByteSource& bytes, const std::string& name, const ArchiveLimits& limits,
                                  const ArchiveVisitor& visitor, std::stop_token stop) {
  return Walk(limits, visitor, std::move(stop)).Run(bytes, name);
}

}  // namespace penstock::source
