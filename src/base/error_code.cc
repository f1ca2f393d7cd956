#include "base/error_code.h"

#include <array>
#include <cstddef>

namespace penstock {
namespace {

constexpr std::array kCodes{
    ErrorCodeInfo{ErrorCode::kOk, "ok", 200, 0, "", false},
    ErrorCodeInfo{ErrorCode::kUsage, "usage", 400, 2, "Penstock.Usage", false},
    ErrorCodeInfo{ErrorCode::kConfiguration, "configuration", 400, 2, "Penstock.Configuration", false},
    ErrorCodeInfo{ErrorCode::kNotFound, "not_found", 404, 1, "Penstock.NotFound", false},
    ErrorCodeInfo{ErrorCode::kAlreadyExists, "already_exists", 409, 1, "Penstock.AlreadyExists", false},
    ErrorCodeInfo{ErrorCode::kPreconditionFailed, "precondition_failed", 412, 1,
                  "Penstock.PreconditionFailed", false},
    ErrorCodeInfo{ErrorCode::kPermissionDenied, "permission_denied", 403, 1, "States.Permissions", false},
    ErrorCodeInfo{ErrorCode::kUnauthenticated, "unauthenticated", 401, 1, "Penstock.Unauthenticated", false},
    ErrorCodeInfo{ErrorCode::kThrottled, "throttled", 429, 1, "Penstock.Throttled", true},
    ErrorCodeInfo{ErrorCode::kUnavailable, "unavailable", 503, 1, "Penstock.Unavailable", true},
    ErrorCodeInfo{ErrorCode::kTimeout, "timeout", 504, 1, "States.Timeout", true},
    ErrorCodeInfo{ErrorCode::kRejectedByProvider, "rejected_by_provider", 502, 1,
                  "Penstock.RejectedByProvider", false},
    ErrorCodeInfo{ErrorCode::kInvalidData, "invalid_data", 422, 1, "Penstock.InvalidData", false},
    ErrorCodeInfo{ErrorCode::kTooLarge, "too_large", 413, 1, "Penstock.TooLarge", false},
    ErrorCodeInfo{ErrorCode::kCorrupt, "corrupt", 500, 1, "Penstock.Corrupt", false},
    ErrorCodeInfo{ErrorCode::kNoSpace, "no_space", 507, 1, "Penstock.NoSpace", false},
    ErrorCodeInfo{ErrorCode::kReadOnly, "read_only", 500, 1, "Penstock.ReadOnly", false},
    ErrorCodeInfo{ErrorCode::kIo, "io", 500, 1, "Penstock.Io", false},
    ErrorCodeInfo{ErrorCode::kResourceExhausted, "resource_exhausted", 503, 1, "Penstock.ResourceExhausted",
                  false},
    ErrorCodeInfo{ErrorCode::kCancelled, "cancelled", 499, 1, "Penstock.Cancelled", false},
    ErrorCodeInfo{ErrorCode::kTaskFailed, "task_failed", 500, 1, "States.TaskFailed", false},
    ErrorCodeInfo{ErrorCode::kConflict, "conflict", 409, 1, "Penstock.Conflict", false},
    ErrorCodeInfo{ErrorCode::kInternal, "internal", 500, 1, "States.Runtime", false},
};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    if (static_cast<std::size_t>(kCodes[i].code) != i) return false;
  }
  return true;
}
static_assert(InOrder() && kCodes.size() == static_cast<std::size_t>(ErrorCode::kInternal) + 1,
              "one row a code, in the order of the enum");

}  // namespace

const ErrorCodeInfo& InfoOf(ErrorCode code) { return kCodes[static_cast<std::size_t>(code)]; }

}  // namespace penstock
