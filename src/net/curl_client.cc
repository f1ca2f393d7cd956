#include "net/curl_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>

#include "net/content_decoder.h"
#include "net/curl_loop.h"
#include "net/curl_on_demand_internal.h"
#include "net/in_flight_gate.h"
#include "net/url.h"

namespace penstock::net {
namespace {

bool IsToken(std::string_view text) {  // RFC 9110 section 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// A line break in a field would begin another field.
Status CheckFields(const HttpRequest& request) {
  if (!IsToken(request.method)) return MakeError(ErrorCode::kUsage, "not an HTTP method: " + request.method);
  for (const auto& [name, value] : request.headers.fields()) {
    if (!IsToken(name)) return MakeError(ErrorCode::kUsage, "not the name of an HTTP field: " + name);
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return MakeError(ErrorCode::kUsage, "a line break in the value of the HTTP field " + name);
    }
  }
  return Status::OK();
}

class FieldList {
 public:
  FieldList() = default;
  FieldList(const FieldList&) = delete;
  ~FieldList() { curl_slist_free_all(list_); }
  void Add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

// Where `location` leads from `base`; empty when it is not a URL.
std::string Resolve(const std::string& base, const std::string& location) {
  std::string out;
  CURLU* url = curl_url();
  if (curl_url_set(url, CURLUPART_URL, base.c_str(), 0) == CURLUE_OK &&
      curl_url_set(url, CURLUPART_URL, location.c_str(), CURLU_URLENCODE) == CURLUE_OK) {
    char* text = nullptr;
    if (curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK) out = text;
    curl_free(text);
  }
  curl_url_cleanup(url);
  return out;
}

bool MayFollow(const Url& from, const Url& to) {
  if (IsLoopback(from.host) && to.Origin() == from.Origin()) return true;
  return to.scheme == "https" && IsSameSite(from.host, to.host);
}

// What libcurl says went wrong, unless the words could hold more of the URL than MaskUrl shows.
std::string ReasonOf(const Transfer& transfer) {
  const std::string_view words = transfer.error;
  const bool shows_url =
      words.find_first_of("?@") != std::string_view::npos || words.find("://") != std::string_view::npos;
  return words.empty() || shows_url ? curl_easy_strerror(transfer.code) : std::string(words);
}

Status ToError(const Transfer& transfer, const std::string& what) {
  const auto fail = [&](ErrorCode code, std::string_view why, std::string_view advice = "") {
    return MakeError(code, fmt::format("{}: {}", what, why), std::string(advice));
  };
  if (!transfer.refused.ok()) return transfer.refused;
  if (transfer.cancelled) return fail(ErrorCode::kCancelled, "cancelled");
  if (transfer.too_large) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the body is longer than {} bytes", transfer.max_body_bytes));
  }
  if (transfer.headers_too_large) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the head is longer than {} bytes", transfer.max_header_bytes));
  }
  const bool body_began = transfer.announced_bytes >= 0 || transfer.body_bytes > 0;
  switch (transfer.code) {
    case CURLE_OK: return Status::OK();
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2_STREAM:
      if (!body_began) break;
      return fail(ErrorCode::kUnavailable,
                  fmt::format("body cut short: got {} of {} bytes", transfer.body_bytes,
                              transfer.announced_bytes < 0 ? "?" : std::to_string(transfer.announced_bytes)),
                  "try again; if it stays so, the provider or a proxy breaks connections");
    case CURLE_URL_MALFORMAT: return fail(ErrorCode::kUsage, "not a URL that can be asked for");
    case CURLE_OPERATION_TIMEDOUT:
      return fail(ErrorCode::kTimeout, ReasonOf(transfer), "try again; the provider or the network is slow");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return fail(ErrorCode::kUnauthenticated, ReasonOf(transfer),
                  "the server's certificate is not trusted: check the machine's date, its CA certificates, "
                  "and whether a "
                  "proxy stands in between");
    case CURLE_SSL_CACERT_BADFILE:
      return fail(ErrorCode::kConfiguration, ReasonOf(transfer),
                  "install the system's CA certificates (ca-certificates)");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return fail(ErrorCode::kUnavailable, ReasonOf(transfer),
                  "check the address, the network and the proxy settings");
    case CURLE_OUT_OF_MEMORY:  // also a header line above libcurl's own bound, until 8.5
      return fail(ErrorCode::kTooLarge, "the answer's head is too large, or memory is short");
    default: break;
  }
  return fail(ErrorCode::kUnavailable, ReasonOf(transfer), "try again later");
}

// The bounds of a body, where 0 means none for what is streamed. A refusal is held all the same.
int64_t StreamedBytes(const HttpRequest& request) {
  return request.max_body_bytes > 0 ? request.max_body_bytes : std::numeric_limits<int64_t>::max();
}
int64_t HeldBytes(const HttpRequest& request) {
  constexpr int64_t kMostOfARefusal = 1 << 20;
  return request.on_body ? std::min(kMostOfARefusal, StreamedBytes(request)) : request.max_body_bytes;
}

HttpResponse HeadOf(const HttpRequest& request, const Transfer& transfer) {
  HttpResponse head;
  head.status = transfer.status;
  head.headers = transfer.headers;
  head.url = request.url;
  return head;
}

// A streamed answer on its way to the request's on_head and on_body.
class BodyDelivery {
 public:
  BodyDelivery(const HttpRequest& request, const Transfer& transfer)
      : request_(request), transfer_(transfer) {}

  Status Write(std::string_view piece) {
    RETURN_IF_ERROR(Begin());
    return Told(decoder_->Write(piece, [this](std::string_view bytes) {
      Status status = request_.on_body(bytes);
      said_by_receiver_ = !status.ok();
      return status;
    }));
  }
  Status Finish() {
    RETURN_IF_ERROR(Begin());
    return Told(decoder_->Finish());
  }
  HttpResponse head() { return std::move(head_); }

 private:
  Status Begin() {
    if (decoder_ != nullptr) return Status::OK();
    head_ = HeadOf(request_, transfer_);
    const std::string coding = request_.as_stored ? "" : head_.headers.Find("content-encoding").value_or("");
    auto decoder = ContentDecoder::Make(coding, StreamedBytes(request_));
    if (!decoder.ok()) return Told(decoder.status());
    decoder_ = std::move(*decoder);
    return request_.on_head ? request_.on_head(head_) : Status::OK();
  }
  // A receiver's failure is returned as it is.
  Status Told(const Status& status) const {
    if (status.ok() || said_by_receiver_) return status;
    return WithContext(status, fmt::format("{} {}", request_.method, MaskUrl(request_.url)));
  }

  const HttpRequest& request_;
  const Transfer& transfer_;
  HttpResponse head_;
  std::unique_ptr<ContentDecoder> decoder_;  // from the first piece on
  bool said_by_receiver_ = false;
};

}  // namespace

class CurlClient::Impl {
 public:
  explicit Impl(CurlOptions options)
      : options_(std::move(options)),
        gate_(options_.max_in_flight, options_.max_per_host),
        loop_(options_.max_in_flight, options_.cookies) {}

  ~Impl() {
    loop_.Stop();
    std::unique_lock lock(mutex_);
    left_.wait(lock, [&] { return callers_ == 0; });
  }

  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop) {
    {
      std::lock_guard lock(mutex_);
      ++callers_;
    }
    auto result = SendInside(request, stop);
    std::lock_guard lock(mutex_);
    if (--callers_ == 0) left_.notify_all();
    return result;
  }

  int callers() {
    std::lock_guard lock(mutex_);
    return callers_;
  }

 private:
  Result<HttpResponse> SendInside(const HttpRequest& original, std::stop_token stop) {
    RETURN_IF_ERROR(CheckFields(original));
    ASSIGN_OR_RETURN(Url url, ParseUrl(original.url));
    const std::string origin = url.Origin();
    RETURN_IF_ERROR(gate_.Enter(origin, stop));
    struct Leaving {
      InFlightGate& gate;
      const std::string& origin;
      ~Leaving() { gate.Leave(origin); }
    } leaving{gate_, origin};

    HttpRequest redirected;  // made when there is a redirect
    const HttpRequest* request = &original;
    int64_t left_ms = original.total_timeout_ms > 0 ? original.total_timeout_ms : options_.total_timeout_ms;
    for (int redirects = 0;; ++redirects) {
      ASSIGN_OR_RETURN(HttpResponse response, Exchange(*request, url, &left_ms, stop));
      const auto location = response.headers.Find("location");
      const bool redirect = response.status == 301 || response.status == 302 || response.status == 303 ||
                            response.status == 307 || response.status == 308;
      if (!redirect || !location) return response;

      const std::string what = fmt::format("{} {}", original.method, MaskUrl(original.url));
      const std::string next = Resolve(request->url, *location);
      const auto target = ParseUrl(next);
      if (!target.ok() || !MayFollow(url, *target)) {
        return MakeError(
            ErrorCode::kRejectedByProvider,
            fmt::format("{}: redirected to what is not https of the same site: {}", what, MaskUrl(next)),
            "if the provider has moved, change the pipeline's base_url");
      }
      if (redirects >= options_.max_redirects) {
        return MakeError(ErrorCode::kRejectedByProvider,
                         fmt::format("{}: redirected more than {} times", what, options_.max_redirects));
      }
      redirected = Redirected(*request, response.status, next, url.Origin() == target->Origin());
      request = &redirected;
      url = *target;
    }
  }

  // RFC 9110 section 15.4: what a redirect does to the method; and no credentials for another origin.
  static HttpRequest Redirected(const HttpRequest& from, int status, const std::string& url,
                                bool same_origin) {
    HttpRequest to;
    to.url = url;
    to.max_body_bytes = from.max_body_bytes;
    to.stall_timeout_ms = from.stall_timeout_ms;
    to.as_stored = from.as_stored;
    to.on_body = from.on_body;
    to.on_head = from.on_head;
    const bool rewrite = (status == 303 && from.method != "HEAD") || (status < 303 && from.method == "POST");
    to.method = rewrite ? "GET" : from.method;
    if (!rewrite) to.body = from.body;
    for (const auto& [name, value] : from.headers.fields()) {
      Headers one;
      one.Add(name, value);
      const bool credential = one.Find("authorization") || one.Find("cookie") || one.Find("x-api-key");
      const bool of_body =
          one.Find("content-type") || one.Find("content-encoding") || one.Find("content-length");
      if ((credential && !same_origin) || (of_body && rewrite)) continue;
      to.headers.Add(name, value);
    }
    return to;
  }

  // One request of one turn, if it gets so far; `transfer` says what became of it.
  Status Transmit(const HttpRequest& request, const Url& url, const std::string& what, bool fresh,
                  int64_t* left_ms, const std::stop_token& stop, Transfer* transfer) {
    transfer->max_body_bytes = HeldBytes(request);
    transfer->max_streamed_bytes = StreamedBytes(request);
    transfer->max_header_bytes = options_.max_header_bytes;
    transfer->easy = loop_.Borrow();
    if (transfer->easy == nullptr)
      return MakeError(ErrorCode::kResourceExhausted, what + ": no memory for a request");
    FieldList fields;
    struct Returning {
      CurlLoop& loop;
      CURL* easy;
      ~Returning() { loop.Return(easy); }
    } returning{loop_, transfer->easy};
    transfer->Attach();
    Prepare(transfer->easy, request, url, *left_ms, &fields);
    if (fresh) curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);

    std::optional<Turn> turn;
    if (options_.limiter != nullptr) {
      ASSIGN_OR_RETURN(Turn taken, options_.limiter->Acquire(stop));
      turn.emplace(std::move(taken));
    }
    loop_.Run(*transfer, stop);
    // Given up without a sign from the server, the request may still lie in its queue.
    const bool unanswered = transfer->status == 0 && transfer->sends > 0 &&
                            (transfer->cancelled || transfer->code == CURLE_OPERATION_TIMEDOUT);
    if (turn && unanswered) turn->Abandon();
    curl_off_t micros = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &micros);
    *left_ms -= micros / 1000;
    return Status::OK();
  }

  Result<HttpResponse> Exchange(const HttpRequest& request, const Url& url, int64_t* left_ms,
                                std::stop_token stop) {
    const std::string what = fmt::format("{} {}", request.method, MaskUrl(request.url));
    if (*left_ms <= 0) return MakeError(ErrorCode::kTimeout, what + ": the time was used up by redirects");
    Transfer transfer;
    BodyDelivery delivery(request, transfer);
    if (request.on_body) transfer.on_piece = [&](std::string_view piece) { return delivery.Write(piece); };
    RETURN_IF_ERROR(Transmit(request, url, what, /*fresh=*/false, left_ms, stop, &transfer));
    if (transfer.resend) {
      transfer = Transfer{.on_piece = std::move(transfer.on_piece)};
      RETURN_IF_ERROR(Transmit(request, url, what, /*fresh=*/true, left_ms, stop, &transfer));
    }
    RETURN_IF_ERROR(ToError(transfer, what));

    if (transfer.streams()) {
      RETURN_IF_ERROR(delivery.Finish());
      return delivery.head();
    }
    HttpResponse response = HeadOf(request, transfer);
    if (request.as_stored) {
      response.body = std::move(transfer.body);
      return response;
    }
    // Here and not in the loop, so that many callers decompress at once.
    auto body = DecodeContent(std::move(transfer.body),
                              response.headers.Find("content-encoding").value_or(""), HeldBytes(request));
    if (!body.ok()) return WithContext(body.status(), what);
    response.body = std::move(*body);
    return response;
  }

  void Prepare(CURL* easy, const HttpRequest& request, const Url& url, int64_t total_ms,
               FieldList* fields) const {
    const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
    set(CURLOPT_URL, request.url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_PIPEWAIT, url.scheme == "https" ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
    if (IsLoopback(url.host)) set(CURLOPT_PROXY, "");
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(total_ms));
    const bool stall = request.stall_timeout_ms > 0;
    set(CURLOPT_LOW_SPEED_LIMIT, stall ? 1L : static_cast<long>(options_.low_speed_bytes_per_s));
    set(CURLOPT_LOW_SPEED_TIME,
        static_cast<long>(stall ? (request.stall_timeout_ms + 999) / 1000 : options_.low_speed_s));
    set(CURLOPT_BUFFERSIZE, 128L << 10);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    if (loop_.share() != nullptr) {
      set(CURLOPT_SHARE, loop_.share());
      set(CURLOPT_COOKIEFILE, "");
    }

    // A key in S3 may hold "/../"; what was signed is what is sent.
    set(CURLOPT_PATH_AS_IS, 1L);
    for (const auto& [name, value] : request.headers.fields()) {
      fields->Add(value.empty() ? name + ";" : name + ": " + value);
    }
    if (!request.headers.Find("accept-encoding"))
      fields->Add(std::string("Accept-Encoding: ") + (request.as_stored ? "identity" : kAcceptEncoding));
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET" || !request.body.empty()) {
      if (!request.body.empty() || request.method != "DELETE") {
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_POSTFIELDS, request.body.data());
      }
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
      // libcurl's own: a form's content type, and a pause for 100 Continue.
      if (!request.headers.Find("content-type")) fields->Add("Content-Type:");
      fields->Add("Expect:");
    }
    set(CURLOPT_HTTPHEADER, fields->get());
  }

  const CurlOptions options_;
  InFlightGate gate_;
  CurlLoop loop_;
  std::mutex mutex_;
  std::condition_variable left_;
  int callers_ GUARDED_BY(mutex_) = 0;
};

CurlClient::CurlClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlClient::~CurlClient() = default;

Result<std::unique_ptr<CurlClient>> CurlClient::Make(CurlOptions options) {
  if (options.max_in_flight < 1 || options.max_per_host < 1 || options.total_timeout_ms < 1 ||
      options.connect_timeout_ms < 1) {
    return MakeError(ErrorCode::kConfiguration, "an HTTP client needs bounds above 0");
  }
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return MakeError(ErrorCode::kConfiguration,
                     "the file of trusted certificates cannot be read: " + options.ca_file);
  }
  // libcurl asks for this once in a process, before other threads use it.
  static std::once_flag once;
  static CURLcode begun = CURLE_OK;
  std::call_once(once, [] { begun = curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (!CurlLibraryError().empty()) {
    return MakeError(ErrorCode::kConfiguration, "cannot load libcurl: " + CurlLibraryError(),
                     "install the package libcurl3-gnutls");
  }
  if (begun != CURLE_OK) return MakeError(ErrorCode::kInternal, curl_easy_strerror(begun));
  return std::unique_ptr<CurlClient>(new CurlClient(std::make_unique<Impl>(std::move(options))));
}

Result<HttpResponse> CurlClient::Send(const HttpRequest& request, std::stop_token stop) {
  return impl_->Send(request, std::move(stop));
}

int CurlClient::callers() const { return impl_->callers(); }

}  // namespace penstock::net
