#include "queue/sqs_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "aws/error.h"
#include "base/fault.h"
#include "base/json_text.h"
#include "queue/sqs_message.h"
#include "queue/sqs_receipts.h"
#include "queue/sqs_state.h"

namespace penstock::queue {

using std::chrono::seconds;

namespace {

constexpr seconds kLongestDelay{900};  // API Reference, SendMessage

class SqsQueue : public Queue {
 public:
  SqsQueue(std::shared_ptr<SqsState> state, std::string name, SqsAddress address, QueueOptions options,
           std::string dead_letters)
      : state_(std::move(state)),
        name_(std::move(name)),
        address_(std::move(address)),
        options_(std::move(options)),
        dead_letters_(std::move(dead_letters)),
        receipts_(state_->Receipts(address_.name)) {}

  const std::string& name() const override { return name_; }
  QueueCapabilities capabilities() const override {
    return {.dedup = false, .looks = false, .moves_on_time = false, .knows_all_receipts = false};
  }

  Result<std::string> Send(std::string_view body, const SendOptions& options) override {
    return SendBatch({{std::string(body), options}}).front();
  }

  std::vector<Result<std::string>> SendBatch(const std::vector<OutgoingMessage>& messages) override {
    std::vector<Result<std::string>> results;
    std::vector<Outgoing> outgoing;
    for (const auto& [body, options] : messages) {
      const Status valid = CheckSend(body, options);
      results.emplace_back(valid.ok() ? Result<std::string>(std::string()) : Result<std::string>(valid));
      if (!valid.ok()) continue;
      SqsMessage message{body, options.attributes, {.queue = address_.name, .dedup_id = options.dedup_id}};
      outgoing.push_back({std::move(message), SqsSeconds(options.delay), results.size() - 1});
    }
    const auto sent = SendTo(address_.url, outgoing);
    for (size_t i = 0; i < sent.size(); ++i) results[outgoing[i].index] = sent[i];
    if (const Status fault = FaultPoint("queue.send.after"); !fault.ok())
      results.assign(messages.size(), fault);
    return results;
  }

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    RETURN_IF_ERROR(CheckReceive(options));
    const Duration timeout = options.visibility_timeout.value_or(options_.visibility_timeout);
    RETURN_IF_ERROR(CheckSqsVisibility(timeout, ErrorCode::kUsage));
    return ReceiveSome(options.max_messages, timeout);
  }

  Status Delete(std::string_view receipt) override { return DeleteBatch({std::string(receipt)}).front(); }

  std::vector<Status> DeleteBatch(const std::vector<std::string>& receipts) override {
    const auto forget = [&](const SqsReceipt& receipt) { receipts_->Deleted(receipt.id); };
    return ForReceipts("DeleteMessageBatch", receipts, {}, false, forget);
  }

  Status ChangeVisibility(std::string_view receipt, Duration timeout, std::string_view last_error) override {
    if (!last_error.empty() && options_.redrive) {
      RETURN_IF_ERROR(CheckSqsVisibility(timeout, ErrorCode::kUsage));
      ASSIGN_OR_RETURN(const auto parsed, receipts_->Check(receipt, state_->clock.Now(), true));
      const auto known = receipts_->Find(parsed.id);
      // SQS would move it at the next receive and cannot say why: it is the last time that the reason is
      // known.
      if (known && known->receive_count >= options_.redrive->max_receive_count)
        return MoveToDeadLetter(receipt, last_error);
    }
    return ChangeVisibilityBatch({std::string(receipt)}, timeout).front();
  }

  std::vector<Status> ChangeVisibilityBatch(const std::vector<std::string>& receipts,
                                            Duration timeout) override {
    if (const Status valid = CheckSqsVisibility(timeout, ErrorCode::kUsage); !valid.ok())
      return std::vector<Status>(receipts.size(), valid);
    const TimePoint until = state_->clock.Now() + seconds(SqsSeconds(timeout));
    const auto extend = [&](const SqsReceipt& receipt) { receipts_->Extended(receipt.id, until); };
    return ForReceipts("ChangeMessageVisibilityBatch", receipts, {{"VisibilityTimeout", SqsSeconds(timeout)}},
                       true, extend);
  }

  // Sent there, then deleted here: a process that dies between the two leaves the message in both.
  Status MoveToDeadLetter(std::string_view receipt, std::string_view reason) override {
    if (!options_.redrive) {
      return MakeError(ErrorCode::kConfiguration, fmt::format("queue {} has no dead-letter queue", name_));
    }
    const TimePoint now = state_->clock.Now();
    ASSIGN_OR_RETURN(const SqsReceipt parsed, receipts_->Check(receipt, now, true));
    auto known = receipts_->Find(parsed.id);
    if (!known) {
      return MakeError(ErrorCode::kUsage,
                       fmt::format("queue {}: in SQS a message is moved by the process that received it: {}",
                                   name_, parsed.id));
    }
    SqsMessage message = std::move(known->message);
    message.envelope = {.queue = dead_letters_,
                        .dedup_id = message.envelope.dedup_id,
                        .id = parsed.id,
                        .sent_at = known->sent_at,
                        .death = SqsEnvelope::Death{address_.name, std::string(reason), FormatTimestamp(now),
                                                    known->receive_count}};
    ASSIGN_OR_RETURN(const std::string url, state_->Url(dead_letters_));
    RETURN_IF_ERROR(SendTo(url, {{std::move(message), 0, 0}}).front().status());
    RETURN_IF_ERROR(FaultPoint("queue.move.between"));
    RETURN_IF_ERROR(Delete(receipt));
    receipts_->Received(parsed.id, {.until = known->until}, now);
    return Status::OK();
  }

  Result<std::vector<Message>> List(const ListOptions& options) override {
    if (options.max_messages < 1) return MakeError(ErrorCode::kUsage, "max_messages is below 1");
    RETURN_IF_ERROR(CheckLook());
    ASSIGN_OR_RETURN(auto seen, Look());
    RETURN_IF_ERROR(GiveBack(seen));
    auto begin = seen.begin();
    if (!options.start_after_id.empty()) {
      begin =
          std::find_if(begin, seen.end(), [&](const Message& m) { return m.id == options.start_after_id; });
      begin = begin == seen.end() ? seen.begin() : begin + 1;
    }
    std::vector<Message> page;
    for (auto it = begin; it != seen.end() && page.size() < static_cast<size_t>(options.max_messages); ++it) {
      page.push_back(AsSeen(std::move(*it)));
    }
    return page;
  }

  Result<Message> Get(std::string_view id) override {
    RETURN_IF_ERROR(CheckLook());
    ASSIGN_OR_RETURN(auto seen, Look());
    RETURN_IF_ERROR(GiveBack(seen));
    for (Message& message : seen) {
      if (message.id == id) return AsSeen(std::move(message));
    }
    return Missing(id);
  }

  Result<QueueCount> Count() override {
    ASSIGN_OR_RETURN(
        const auto attributes,
        Call("GetQueueAttributes", {{"AttributeNames", json::array{"ApproximateNumberOfMessages",
                                                                   "ApproximateNumberOfMessagesNotVisible",
                                                                   "ApproximateNumberOfMessagesDelayed"}}}));
    const auto* values = attributes.if_contains("Attributes");
    const auto number = [&](std::string_view name) -> Result<int64_t> {
      ASSIGN_OR_RETURN(const std::string text, GetString(values == nullptr ? json::value() : *values, name));
      return std::strtoll(text.c_str(), nullptr, 10);
    };
    QueueCount count;
    ASSIGN_OR_RETURN(count.visible, number("ApproximateNumberOfMessages"));
    ASSIGN_OR_RETURN(count.in_flight, number("ApproximateNumberOfMessagesNotVisible"));
    ASSIGN_OR_RETURN(count.delayed, number("ApproximateNumberOfMessagesDelayed"));
    return count;
  }

  Result<int64_t> Purge() override {
    ASSIGN_OR_RETURN(const QueueCount before, Count());
    const auto purged = Call("PurgeQueue", {});
    if (!purged.ok() && aws::AwsErrorCode(purged.status()).ends_with("PurgeQueueInProgress")) {
      return MakeError(ErrorCode::kConflict, fmt::format("queue {} was purged less than a minute ago", name_),
                       "SQS purges a queue once a minute: try again later");
    }
    RETURN_IF_ERROR(purged.status());
    return before.visible + before.in_flight + before.delayed;
  }

  Result<int64_t> Redrive(const std::optional<std::vector<std::string>>& ids) override {
    if (ids && ids->empty()) return 0;
    RETURN_IF_ERROR(CheckLook());
    ASSIGN_OR_RETURN(const auto seen, Look());
    std::vector<Message> chosen, rest;
    Status wrong;
    std::set<std::string> wanted;
    if (ids) wanted.insert(ids->begin(), ids->end());
    for (const Message& message : seen) {
      const bool has_source = message.attributes.contains(std::string(kSourceQueueAttribute));
      const bool asked_for = !ids || wanted.erase(message.id) > 0;
      if (ids && asked_for && !has_source && wrong.ok()) {
        wrong =
            MakeError(ErrorCode::kNotFound,
                      fmt::format("message {} was sent to {} itself: there is no queue to move it back to",
                                  message.id, name_));
      }
      (asked_for && has_source ? chosen : rest).push_back(message);
    }
    if (!wanted.empty() && wrong.ok()) wrong = Missing(*wanted.begin());
    if (!wrong.ok()) {
      RETURN_IF_ERROR(GiveBack(seen));
      return wrong;
    }
    RETURN_IF_ERROR(GiveBack(rest));
    int64_t moved = 0;
    for (size_t i = 0; i < chosen.size(); ++i) {
      const Status back = MoveBack(chosen[i]);
      if (!back.ok()) {
        IgnoreError(GiveBack({chosen.begin() + static_cast<std::ptrdiff_t>(i), chosen.end()}),
                    "they become visible by themselves");
        return WithContext(back, fmt::format("{} of {} messages were moved", moved, chosen.size()));
      }
      ++moved;
    }
    return moved;
  }

 private:
  struct Outgoing {
    SqsMessage message;
    int64_t delay_s = 0;
    size_t index = 0;
  };

  Result<json::object> Call(std::string_view action, json::object request) {
    request["QueueUrl"] = address_.url;
    auto answer = state_->client.Call(action, request);
    if (!answer.ok()) state_->Forget(address_.name, answer.status());
    return answer;
  }

  static Status CheckSend(std::string_view body, const SendOptions& options) {
    RETURN_IF_ERROR(CheckMessage(body, options));
    if (options.delay <= kLongestDelay) return Status::OK();
    return MakeError(ErrorCode::kUsage, "SQS delays a message by 15 minutes at most",
                     "let the state machine wait instead");
  }

  // In requests of ten messages, and of as many bytes as one message may have with us; the new messages' ids.
  std::vector<Result<std::string>> SendTo(const std::string& url, const std::vector<Outgoing>& outgoing) {
    std::vector<Result<std::string>> results;
    std::vector<EncodedSqsMessage> batch;
    std::vector<size_t> of;  // in results
    size_t bytes = 0;
    const auto flush = [&] {
      std::vector<json::object> entries;
      for (const auto& message : batch) entries.push_back(message.members);
      const auto sent = state_->client.CallBatch("SendMessageBatch", url, entries);
      for (size_t i = 0; i < batch.size(); ++i) results[of[i]] = IdOfSent(sent[i], batch[i]);
      batch.clear();
      of.clear();
      bytes = 0;
    };
    for (const Outgoing& out : outgoing) {
      auto encoded = EncodeSqsMessage(out.message);
      results.emplace_back(encoded.ok() ? Result<std::string>(std::string())
                                        : Result<std::string>(encoded.status()));
      if (!encoded.ok()) continue;
      if (out.delay_s > 0) encoded->members["DelaySeconds"] = out.delay_s;
      if (batch.size() == kMaxSqsBatch || (!batch.empty() && bytes + encoded->bytes > kMaxMessageBytes))
        flush();
      bytes += encoded->bytes;
      batch.push_back(*std::move(encoded));
      of.push_back(results.size() - 1);
    }
    if (!batch.empty()) flush();
    return results;
  }

  Result<std::string> IdOfSent(const Result<json::object>& answer, const EncodedSqsMessage& message) {
    RETURN_IF_ERROR(answer.status());
    ASSIGN_OR_RETURN(const std::string body, GetString(*answer, "MD5OfMessageBody"));
    ASSIGN_OR_RETURN(const std::string attributes, GetStringOr(*answer, "MD5OfMessageAttributes", ""));
    ASSIGN_OR_RETURN(std::string id, GetString(*answer, "MessageId"));
    if (body == message.body_md5 && (attributes.empty() || attributes == message.attributes_md5)) return id;
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("message {} reached SQS changed: its MD5 differs", id));
  }

  // In requests of ten; `done` is called for each that SQS accepted.
  template <typename Done>
  std::vector<Status> ForReceipts(std::string_view action, const std::vector<std::string>& receipts,
                                  const json::object& members, bool while_invisible, const Done& done) {
    std::vector<Status> results(receipts.size());
    std::vector<size_t> open;
    std::vector<SqsReceipt> parsed(receipts.size());
    for (size_t i = 0; i < receipts.size(); ++i) {
      auto checked = receipts_->Check(receipts[i], state_->clock.Now(), while_invisible);
      results[i] = checked.status();
      if (!checked.ok()) continue;
      parsed[i] = *std::move(checked);
      open.push_back(i);
    }
    for (size_t begin = 0; begin < open.size(); begin += kMaxSqsBatch) {
      const size_t end = std::min(open.size(), begin + kMaxSqsBatch);
      std::vector<json::object> entries;
      for (size_t i = begin; i < end; ++i) {
        json::object entry = members;
        entry["ReceiptHandle"] = parsed[open[i]].handle;
        entries.push_back(std::move(entry));
      }
      const auto answers = state_->client.CallBatch(action, address_.url, entries);
      for (size_t i = begin; i < end; ++i) {
        Status& result = results[open[i]];
        const Status& answer = answers[i - begin].status();
        if (CodeOf(answer) == ErrorCode::kPreconditionFailed) {
          result = WithContext(StaleSqsReceipt(address_.name, parsed[open[i]].id), answer.message());
        } else {
          result = answer;
        }
        if (result.ok()) done(parsed[open[i]]);
      }
    }
    return results;
  }

  Result<std::vector<Message>> ReceiveSome(int max_messages, Duration timeout) {
    const TimePoint asked = state_->clock.Now();
    ASSIGN_OR_RETURN(
        const auto answer,
        Call("ReceiveMessage",
             {{"MaxNumberOfMessages", max_messages},
              {"VisibilityTimeout", SqsSeconds(timeout)},
              {"WaitTimeSeconds", state_->options.wait.count()},
              {"MessageSystemAttributeNames",
               json::array{"ApproximateReceiveCount", "SentTimestamp", "DeadLetterQueueSourceArn"}},
              {"MessageAttributeNames", json::array{"All"}}}));
    std::vector<Message> messages;
    const auto* list = answer.if_contains("Messages");
    if (list == nullptr || !list->is_array()) return messages;
    Status broken;
    for (const json::value& value : list->get_array()) {
      auto received = DecodeSqsMessage(value);
      if (!received.ok()) {
        state_->log.Warning("message_not_read", {{"queue", name_}, {"error", Describe(received.status())}});
        broken = received.status();
        continue;  // it becomes visible again
      }
      messages.push_back(Take(*std::move(received), asked, asked + seconds(SqsSeconds(timeout))));
    }
    if (messages.empty()) RETURN_IF_ERROR(broken);
    return messages;
  }

  // Ours, and known from now on.
  Message Take(ReceivedSqsMessage received, TimePoint now, TimePoint until) {
    const SqsEnvelope& envelope = received.message.envelope;
    Message message;
    message.id = envelope.id.empty() ? received.message_id : envelope.id;
    message.body = received.message.body;
    message.attributes = received.message.attributes;
    message.receive_count = received.receive_count;
    message.sent_at = envelope.sent_at.value_or(received.sent_at);
    message.visible_at = until;
    message.receipt = FormatSqsReceipt({address_.name, message.id, received.receipt_handle});
    if (envelope.death) {
      message.attributes[std::string(kSourceQueueAttribute)] = state_->Shown(envelope.death->source_queue);
      message.attributes[std::string(kReceiveCountAttribute)] = std::to_string(envelope.death->receive_count);
      message.attributes[std::string(kLastErrorAttribute)] = envelope.death->last_error;
      message.attributes[std::string(kDeadSinceAttribute)] = envelope.death->since;
    } else if (const std::string source = MovedFrom(received); !source.empty()) {
      message.attributes[std::string(kSourceQueueAttribute)] = state_->Shown(source);
      message.attributes[std::string(kLastErrorAttribute)] =
          "moved by SQS: not finished before its visibility timeout, or failed with a reason that was not "
          "the last";
    }
    receipts_->Received(
        message.id,
        {message.receipt, until, message.receive_count, message.sent_at, std::move(received.message)}, now);
    return message;
  }

  // The queue whose redrive policy brought it here.
  std::string MovedFrom(const ReceivedSqsMessage& received) const {
    if (!received.moved_from.empty()) return received.moved_from;
    const std::string& sent_to = received.message.envelope.queue;
    return sent_to.empty() || sent_to == address_.name ? std::string() : sent_to;
  }

  Status CheckLook() const {
    if (!options_.redrive) return Status::OK();
    return MakeError(
        ErrorCode::kUsage,
        fmt::format("SQS shows messages only by receiving them, and of {} each receipt counts towards its "
                    "dead-letter queue",
                    name_),
        "`penstock dlq ls` looks into the dead-letter queues, which have none of their own");
  }

  // Everything that is visible, kept from others until GiveBack; oldest first.
  Result<std::vector<Message>> Look() {
    std::map<std::string, Message> seen;
    while (true) {
      auto some = ReceiveSome(kMaxReceiveMessages, state_->options.look);
      if (!some.ok()) {
        IgnoreError(GiveBack(Values(seen)), "they become visible by themselves");
        return some.status();
      }
      if (some->empty()) break;
      for (Message& message : *some) seen[message.id] = std::move(message);
    }
    std::vector<Message> messages = Values(seen);
    std::stable_sort(messages.begin(), messages.end(),
                     [](const Message& a, const Message& b) { return a.sent_at < b.sent_at; });
    return messages;
  }
  static std::vector<Message> Values(const std::map<std::string, Message>& by_id) {
    std::vector<Message> messages;
    for (const auto& [id, message] : by_id) messages.push_back(message);
    return messages;
  }

  Status GiveBack(const std::vector<Message>& messages) {
    std::vector<std::string> receipts;
    for (const Message& message : messages) receipts.push_back(message.receipt);
    for (const Status& back : ChangeVisibilityBatch(receipts, Duration(0))) {
      // One whose look took too long is visible already.
      if (!back.ok() && CodeOf(back) != ErrorCode::kPreconditionFailed) return back;
    }
    return Status::OK();
  }

  // As others see it: looking was a receipt, and is none.
  static Message AsSeen(Message message) {
    message.receipt.clear();
    message.receive_count = std::max(0, message.receive_count - 1);
    return message;
  }

  // Sent there, then deleted here, as MoveToDeadLetter.
  Status MoveBack(const Message& message) {
    const auto known = receipts_->Find(message.id);
    if (!known) return StaleSqsReceipt(address_.name, message.id);
    SqsMessage again = known->message;
    const std::string source =
        again.envelope.death
            ? again.envelope.death->source_queue
            : state_->options.prefix + message.attributes.at(std::string(kSourceQueueAttribute));
    again.envelope = {.queue = source,
                      .dedup_id = again.envelope.dedup_id,
                      .id = message.id,
                      .sent_at = message.sent_at,
                      .death = std::nullopt};
    ASSIGN_OR_RETURN(const std::string url, state_->Url(source));
    RETURN_IF_ERROR(SendTo(url, {{std::move(again), 0, 0}}).front().status());
    RETURN_IF_ERROR(FaultPoint("queue.move.between"));
    return Delete(message.receipt);
  }

  Status Missing(std::string_view id) const {
    return MakeError(ErrorCode::kNotFound,
                     fmt::format("no such message to be seen in queue {}: {}", name_, id),
                     "SQS does not show what another process has received; try again later");
  }

  const std::shared_ptr<SqsState> state_;
  const std::string name_;
  const SqsAddress address_;
  const QueueOptions options_;
  const std::string dead_letters_;  // SQS' name; empty: none
  const std::shared_ptr<SqsReceipts> receipts_;
};

}  // namespace

std::shared_ptr<Queue> MakeSqsQueue(std::shared_ptr<SqsState> state, std::string name, SqsAddress address,
                                    QueueOptions options, std::string dead_letters) {
  return std::make_shared<SqsQueue>(std::move(state), std::move(name), std::move(address), std::move(options),
                                    std::move(dead_letters));
}

}  // namespace penstock::queue
