#include "store/s3_answers.h"

#include <fmt/format.h>

#include <charconv>
#include <pugixml.hpp>

#include "base/utf8.h"
#include "net/url.h"

namespace penstock::store {
namespace {

Status Wrong(std::string_view why) {
  return MakeError(ErrorCode::kInvalidData, fmt::format("S3 gave an answer that is none: {}", why));
}

// The root when it is named so.
Result<pugi::xml_node> Load(std::string_view xml, const char* root, pugi::xml_document* document) {
  // A key may be of spaces only; services that do not know encoding-type write it as it is.
  const auto loaded = document->load_buffer(
      xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  if (!loaded) return Wrong(loaded.description());
  const pugi::xml_node element = document->document_element();
  if (std::string_view(element.name()) != root) return Wrong(fmt::format("no {}", root));
  return element;
}

Result<ObjectInfo> ReadObject(const pugi::xml_node& element, bool encoded) {
  ObjectInfo info;
  info.key = element.child_value("Key");
  if (encoded) {
    ASSIGN_OR_RETURN(info.key, net::PercentDecode(info.key, /*plus_is_space=*/true));
  }
  if (info.key.empty() || !IsUtf8(info.key)) return Wrong("an object without a key that is text");
  const std::string_view size = element.child_value("Size");
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), info.size);
  if (parsed.ec != std::errc() || parsed.ptr != size.data() + size.size() || info.size < 0) {
    return Wrong("an object without a size");
  }
  info.etag = UnquotedEtag(element.child_value("ETag"));
  if (info.etag.empty()) return Wrong("an object without an ETag");
  ASSIGN_OR_RETURN(const TimePoint modified, ParseTimestamp(element.child_value("LastModified")));
  info.modified = std::chrono::floor<std::chrono::seconds>(modified);
  return info;
}

}  // namespace

std::string UnquotedEtag(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

Result<S3ListAnswer> ParseS3List(std::string_view xml) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, Load(xml, "ListBucketResult", &document));
  S3ListAnswer answer;
  const std::string_view truncated = root.child_value("IsTruncated");
  if (truncated != "true" && truncated != "false") return Wrong("IsTruncated is neither true nor false");
  answer.truncated = truncated == "true";
  const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
  for (const pugi::xml_node element : root.children("Contents")) {
    ASSIGN_OR_RETURN(ObjectInfo info, ReadObject(element, encoded));
    if (!answer.objects.empty() && info.key <= answer.objects.back().key) return Wrong("keys out of order");
    answer.objects.push_back(std::move(info));
  }
  if (answer.truncated && answer.objects.empty()) return Wrong("an empty page that is not the last");
  return answer;
}

std::string S3CompletedEtag(std::string_view xml) {
  pugi::xml_document document;
  const auto root = Load(xml, "CompleteMultipartUploadResult", &document);
  return root.ok() ? UnquotedEtag(root->child_value("ETag")) : "";
}

Result<std::string> ParseS3UploadId(std::string_view xml) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, Load(xml, "InitiateMultipartUploadResult", &document));
  std::string id = root.child_value("UploadId");
  if (id.empty()) return Wrong("an upload without an id");
  return id;
}

}  // namespace penstock::store
