// What an answer of an API is: data, or what the provider says instead.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "net/http.h"

namespace penstock::source {

// The provider's own words in an answer that is none, on one line, at most 300 characters, not yet freed of
// secrets: {"error": …}, {"message": …}, {"errors": [{"detail": …}]} and their like (RFC 9457), a line of
// plain text, the title of a page of HTML. Empty: it says nothing.
std::string ErrorWords(std::string_view body);

// Whether an object in JSON is an error and nothing else, whatever status it came with: it has "error",
// "errors" or "Error Message" (of some value), or "message" with at most a code beside it.
bool IsErrorObject(std::string_view body);

// "json" or "csv": by `format` (json, csv) or, where that is auto, by content type and first byte.
std::string ExtensionOf(const net::HttpResponse& response, std::string_view format);

// OK: data. Otherwise as net::ToStatus (404 NotFound, 402 and 451 RejectedByProvider, 403 PermissionDenied,
// 429 Throttled with its pause, 5xx Unavailable); of a 2xx: Unavailable (a page of HTML), RejectedByProvider
// (an error with status 200, as JSON or plain text). The words follow in quotes; they may repeat a secret.
// `extension` is what data would be.
Status JudgeAnswer(const net::HttpResponse& response, std::string_view extension, std::string_view masked_url,
                   TimePoint now);

// The failure with the provider's words behind it, if it said any.
Status WithWords(const Status& status, std::string_view words);

}  // namespace penstock::source
