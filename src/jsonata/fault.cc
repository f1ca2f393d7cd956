#include "jsonata/fault.h"

#include <memory>
#include <utility>

namespace penstock::jsonata {
namespace {

class FaultDetail : public ErrorDetail {
 public:
  explicit FaultDetail(Fault fault) : ErrorDetail(ErrorCode::kInvalidData), fault_(std::move(fault)) {}
  const Fault& fault() const { return fault_; }

 private:
  Fault fault_;
};

}  // namespace

Status MakeFault(Fault fault) {
  std::string text = fault.message;
  return MakeError(std::make_shared<FaultDetail>(std::move(fault)), std::move(text));
}

Status MakeFault(std::string code, std::string message, std::string token, int64_t position) {
  return MakeFault(Fault{std::move(code), std::move(message), std::move(token), position});
}

std::optional<Fault> FaultOf(const Status& status) {
  const auto* detail = dynamic_cast<const FaultDetail*>(DetailOf(status));
  if (detail == nullptr) return std::nullopt;
  return detail->fault();
}

Status AtToken(const Status& status, const std::string& token, int64_t position) {
  std::optional<Fault> fault = FaultOf(status);
  if (!fault || fault->position != 0) return status;
  fault->position = position;
  if (fault->token.empty()) fault->token = token;
  return MakeFault(*std::move(fault));
}

}  // namespace penstock::jsonata
