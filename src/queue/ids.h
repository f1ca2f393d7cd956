// Names of messages and receipts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::queue {

// 32 hexadecimal digits from the machine's randomness: two processes, also after fork, never make the same.
std::string NewId();

// "ID:RANDOM": a receipt says which message it is of, and no two are the same.
std::string NewReceipt(std::string_view id);
// The message a receipt is of; nothing when it is no receipt.
std::optional<std::string> IdOfReceipt(std::string_view receipt);

}  // namespace penstock::queue
