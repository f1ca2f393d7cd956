// The last row of a Parquet file, from its tail alone: the footer, and the last page of each column of the
// last row group.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lake/parquet_footer.h"
#include "lake/row_columns.h"

namespace penstock::lake {

// One thread at a time: it keeps a decompressor and a buffer.
class TailReader {
 public:
  TailReader();
  ~TailReader();

  // Adds the last row to `rows`, which are of the footer's columns (HoldsColumns). `tail`: the last bytes of
  // a file of `file_bytes`. False, and nothing added: the row does not lie in the tail, or is encoded in a
  // way that this reader leaves to the whole one (it knows PLAIN, uncompressed or zstd). A page's checksum is
  // verified. Corrupt: what it says of itself does not hold.
  Result<bool> ReadLastRow(std::string_view tail, int64_t file_bytes, const ParquetFooter& footer,
                           RowColumns& rows);

 private:
  struct Page;
  Result<bool> ReadLastCell(std::string_view chunk, const FooterColumn& column, const FooterChunk& meta,
                            int index, RowColumns& rows);
  Result<bool> Unfold(const Page& page, int32_t codec, std::string_view& bytes);

  struct Zstd;
  std::unique_ptr<Zstd> zstd_;
  std::string buffer_;
};

}  // namespace penstock::lake
