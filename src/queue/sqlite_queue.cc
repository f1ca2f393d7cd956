#include "queue/sqlite_queue.h"

#include <fmt/format.h>

#include <utility>

#include "base/fault.h"
#include "queue/ids.h"
#include "sqlite/database.h"

namespace penstock::queue {
namespace {

using sqlite::Database;
using sqlite::Statement;

// Times in microseconds since the epoch. A message is in flight while it has a receipt and visible_at lies
// ahead. dedup_id is not unique: a message of it may come back from the dead-letter queue beside a newer one.
const std::vector<std::string> kMigrations = {R"sql(
  CREATE TABLE queue (
    name TEXT PRIMARY KEY,
    visibility_timeout_us INTEGER NOT NULL,
    max_receive_count INTEGER,
    dead_letter_queue TEXT
  ) WITHOUT ROWID;
  CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL REFERENCES queue (name),
    body BLOB NOT NULL,
    dedup_id TEXT,
    receive_count INTEGER NOT NULL DEFAULT 0,
    sent_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    receipt TEXT,
    last_error TEXT
  );
  CREATE INDEX message_visible ON message (queue, visible_at, seq);
  CREATE INDEX message_dedup ON message (queue, dedup_id) WHERE dedup_id IS NOT NULL;
  CREATE TABLE attribute (
    message INTEGER NOT NULL REFERENCES message (seq) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (message, name)
  ) WITHOUT ROWID;
)sql"};

constexpr std::string_view kColumns =
    "SELECT seq, id, body, receive_count, sent_at, visible_at, receipt, last_error, queue FROM message ";

int64_t Micros(TimePoint time) { return time.time_since_epoch().count(); }

struct Row {
  int64_t seq = 0;
  std::string queue, receipt, last_error;
  Message message;
};

class SqliteQueue : public Queue {
 public:
  SqliteQueue(std::shared_ptr<Database> database, Clock& clock, std::string name, QueueOptions options)
      : database_(std::move(database)), clock_(clock), name_(std::move(name)), options_(std::move(options)) {}

  const std::string& name() const override { return name_; }

  Result<std::string> Send(std::string_view body, const SendOptions& options) override {
    RETURN_IF_ERROR(CheckMessage(body, options));
    std::string id;
    RETURN_IF_ERROR(database_->Write([&]() -> Status {
      const int64_t now = Micros(clock_.Now());
      RETURN_IF_ERROR(Sweep(now));
      ASSIGN_OR_RETURN(id, Insert(body, options, now));
      return Status::OK();
    }));
    RETURN_IF_ERROR(FaultPoint("queue.send.after"));
    return id;
  }

  // One transaction: one wait for the disk.
  std::vector<Result<std::string>> SendBatch(const std::vector<OutgoingMessage>& messages) override {
    std::vector<Result<std::string>> results;
    const Status written = database_->Write([&]() -> Status {
      results.clear();
      const int64_t now = Micros(clock_.Now());
      RETURN_IF_ERROR(Sweep(now));
      for (const auto& [body, options] : messages) {
        const Status valid = CheckMessage(body, options);
        if (valid.ok()) {
          ASSIGN_OR_RETURN(auto id, Insert(body, options, now));
          results.emplace_back(std::move(id));
        } else {
          results.emplace_back(valid);
        }
      }
      return Status::OK();
    });
    if (!written.ok()) results.assign(messages.size(), written);
    return results;
  }

  Result<std::vector<Message>> Receive(const ReceiveOptions& options) override {
    RETURN_IF_ERROR(CheckReceive(options));
    std::vector<Message> messages;
    RETURN_IF_ERROR(database_->Write([&]() -> Status {
      const int64_t now = Micros(clock_.Now());
      RETURN_IF_ERROR(Sweep(now));
      ASSIGN_OR_RETURN(
          auto rows,
          Select("WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, seq LIMIT ?",
                 [&](Statement& s) { s.Bind(1, name_).Bind(2, now).Bind(3, options.max_messages); }));
      const int64_t until = now + options.visibility_timeout.value_or(options_.visibility_timeout).count();
      ASSIGN_OR_RETURN(Statement take,
                       Prepare("UPDATE message SET receive_count = receive_count + 1, visible_at = ?,"
                               " receipt = ? WHERE seq = ?"));
      for (Row& row : rows) {
        row.message.receipt = NewReceipt(row.message.id);
        row.message.visible_at = TimePoint(Duration(until));
        ++row.message.receive_count;
        RETURN_IF_ERROR(take.Bind(1, until).Bind(2, row.message.receipt).Bind(3, row.seq).Run());
        messages.push_back(std::move(row.message));
      }
      return Status::OK();
    }));
    return messages;
  }

  Status Delete(std::string_view receipt) override { return DeleteBatch({std::string(receipt)}).front(); }

  std::vector<Status> DeleteBatch(const std::vector<std::string>& receipts) override {
    return WithReceipts(receipts, true, [&](const Row& row) {
      return Run("DELETE FROM message WHERE seq = ?", [&](Statement& s) { s.Bind(1, row.seq); });
    });
  }

  Status ChangeVisibility(std::string_view receipt, Duration timeout, std::string_view last_error) override {
    return ChangeAll({std::string(receipt)}, timeout, last_error).front();
  }

  std::vector<Status> ChangeVisibilityBatch(const std::vector<std::string>& receipts,
                                            Duration timeout) override {
    return ChangeAll(receipts, timeout, {});
  }

  Status MoveToDeadLetter(std::string_view receipt, std::string_view reason) override {
    if (!options_.redrive) {
      return MakeError(ErrorCode::kConfiguration, fmt::format("queue {} has no dead-letter queue", name_));
    }
    const auto move = [&](const Row& row) { return MoveToDead(row, reason, Micros(clock_.Now())); };
    return WithReceipts({std::string(receipt)}, false, move).front();
  }

  Result<std::vector<Message>> List(const ListOptions& options) override {
    if (options.max_messages < 1) return MakeError(ErrorCode::kUsage, "max_messages is below 1");
    RETURN_IF_ERROR(SweepIfDue());
    std::vector<Message> messages;
    RETURN_IF_ERROR(database_->Read([&]() -> Status {
      ASSIGN_OR_RETURN(
          auto rows, Select("WHERE queue = ? AND seq > coalesce((SELECT seq FROM message WHERE id = ?), 0)"
                            " ORDER BY seq LIMIT ?",
                            [&](Statement& s) {
                              s.Bind(1, name_).Bind(2, options.start_after_id).Bind(3, options.max_messages);
                            }));
      for (Row& row : rows) messages.push_back(std::move(row.message));
      return Status::OK();
    }));
    return messages;
  }

  Result<Message> Get(std::string_view id) override {
    RETURN_IF_ERROR(SweepIfDue());
    std::vector<Row> rows;
    RETURN_IF_ERROR(database_->Read([&]() -> Status {
      ASSIGN_OR_RETURN(
          rows, Select("WHERE queue = ? AND id = ?", [&](Statement& s) { s.Bind(1, name_).Bind(2, id); }));
      return Status::OK();
    }));
    if (rows.empty()) return MissingMessage(id);
    return std::move(rows.front().message);
  }

  Result<QueueCount> Count() override {
    RETURN_IF_ERROR(SweepIfDue());
    QueueCount count;
    RETURN_IF_ERROR(database_->Read([&]() -> Status {
      ASSIGN_OR_RETURN(Statement select,
                       Prepare("SELECT count(*) FILTER (WHERE visible_at <= ?2),"
                               " count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL),"
                               " count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL)"
                               " FROM message WHERE queue = ?1"));
      RETURN_IF_ERROR(select.Bind(1, name_).Bind(2, Micros(clock_.Now())).Step().status());
      count = {select.Int(0), select.Int(1), select.Int(2)};
      return Status::OK();
    }));
    return count;
  }

  Result<int64_t> Purge() override {
    int64_t removed = 0;
    RETURN_IF_ERROR(database_->Write([&]() -> Status {
      RETURN_IF_ERROR(Sweep(Micros(clock_.Now())));
      RETURN_IF_ERROR(Run("DELETE FROM message WHERE queue = ?", [&](Statement& s) { s.Bind(1, name_); }));
      removed = database_->changes();
      return Status::OK();
    }));
    return removed;
  }

  Result<int64_t> Redrive(const std::optional<std::vector<std::string>>& ids) override {
    int64_t moved = 0;
    RETURN_IF_ERROR(database_->Write([&]() -> Status {
      moved = 0;
      const int64_t now = Micros(clock_.Now());
      RETURN_IF_ERROR(Sweep(now));
      std::vector<Row> rows;
      if (!ids) {
        ASSIGN_OR_RETURN(rows,
                         Select("WHERE queue = ? ORDER BY seq", [&](Statement& s) { s.Bind(1, name_); }));
      } else {
        for (const std::string& id : *ids) {
          ASSIGN_OR_RETURN(auto found, Select("WHERE queue = ? AND id = ?",
                                              [&](Statement& s) { s.Bind(1, name_).Bind(2, id); }));
          if (found.empty()) return MissingMessage(id);
          rows.push_back(std::move(found.front()));
        }
      }
      for (const Row& row : rows) {
        const auto source = row.message.attributes.find(std::string(kSourceQueueAttribute));
        if (source == row.message.attributes.end()) {
          if (!ids) continue;
          return MakeError(
              ErrorCode::kNotFound,
              fmt::format("message {} was sent to {} itself: there is no queue to move it back to",
                          row.message.id, name_));
        }
        RETURN_IF_ERROR(
            Run("DELETE FROM attribute WHERE message = ? AND name IN (?, ?, ?, ?)", [&](Statement& s) {
              s.Bind(1, row.seq).Bind(2, kSourceQueueAttribute).Bind(3, kReceiveCountAttribute);
              s.Bind(4, kLastErrorAttribute).Bind(5, kDeadSinceAttribute);
            }));
        RETURN_IF_ERROR(MoveTo(row.seq, source->second, now));
        ++moved;
      }
      return Status::OK();
    }));
    return moved;
  }

 private:
  // Inside Write. The new message's id, or that of the one with the same dedup_id.
  Result<std::string> Insert(std::string_view body, const SendOptions& options, int64_t now) {
    if (!options.dedup_id.empty()) {
      ASSIGN_OR_RETURN(Statement find,
                       Prepare("SELECT id FROM message WHERE queue = ? AND dedup_id = ? LIMIT 1"));
      ASSIGN_OR_RETURN(const bool found, find.Bind(1, name_).Bind(2, options.dedup_id).Step());
      if (found) return find.Text(0);
    }
    std::string id = NewId();
    ASSIGN_OR_RETURN(Statement insert,
                     Prepare("INSERT INTO message (id, queue, body, dedup_id, sent_at, visible_at)"
                             " VALUES (?, ?, ?, nullif(?, ''), ?, ?) RETURNING seq"));
    insert.Bind(1, id).Bind(2, name_).BindBlob(3, body).Bind(4, options.dedup_id).Bind(5, now);
    ASSIGN_OR_RETURN(const bool inserted, insert.Bind(6, now + options.delay.count()).Step());
    const int64_t seq = inserted ? insert.Int(0) : 0;
    insert.Reset();
    for (const auto& [name, value] : options.attributes) RETURN_IF_ERROR(SetAttribute(seq, name, value));
    return id;
  }

  Result<Statement> Prepare(std::string_view sql) { return database_->Prepare(sql); }

  template <typename Bind>
  Status Run(std::string_view sql, const Bind& bind) {
    ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
    bind(statement);
    return statement.Run();
  }

  template <typename Bind>
  Result<std::vector<Row>> Select(std::string_view where, const Bind& bind) {
    std::vector<Row> rows;
    ASSIGN_OR_RETURN(Statement select, Prepare(std::string(kColumns) + std::string(where)));
    bind(select);
    while (true) {
      ASSIGN_OR_RETURN(const bool found, select.Step());
      if (!found) break;
      Row row;
      row.seq = select.Int(0);
      row.receipt = select.Text(6);
      row.last_error = select.Text(7);
      row.queue = select.Text(8);
      row.message.id = select.Text(1);
      row.message.body = select.Text(2);
      row.message.receive_count = static_cast<int>(select.Int(3));
      row.message.sent_at = TimePoint(Duration(select.Int(4)));
      row.message.visible_at = TimePoint(Duration(select.Int(5)));
      rows.push_back(std::move(row));
    }
    ASSIGN_OR_RETURN(Statement attributes, Prepare("SELECT name, value FROM attribute WHERE message = ?"));
    for (Row& row : rows) {
      attributes.Bind(1, row.seq);
      while (true) {
        ASSIGN_OR_RETURN(const bool found, attributes.Step());
        if (!found) break;
        row.message.attributes[attributes.Text(0)] = attributes.Text(1);
      }
      attributes.Reset();
    }
    return rows;
  }

  Status SetAttribute(int64_t seq, std::string_view name, std::string_view value) {
    return Run("INSERT OR REPLACE INTO attribute VALUES (?, ?, ?)",
               [&](Statement& s) { s.Bind(1, seq).Bind(2, name).BindBlob(3, value); });
  }

  Status MoveTo(int64_t seq, std::string_view queue, int64_t now) {
    return Run(
        "UPDATE message SET queue = ?, receive_count = 0, visible_at = ?, receipt = NULL, last_error = NULL"
        " WHERE seq = ?",
        [&](Statement& s) { s.Bind(1, queue).Bind(2, now).Bind(3, seq); });
  }

  Status MoveToDead(const Row& row, std::string_view error, int64_t now) {
    RETURN_IF_ERROR(SetAttribute(row.seq, kSourceQueueAttribute, name_));
    RETURN_IF_ERROR(SetAttribute(row.seq, kReceiveCountAttribute, std::to_string(row.message.receive_count)));
    RETURN_IF_ERROR(SetAttribute(row.seq, kLastErrorAttribute, error));
    RETURN_IF_ERROR(SetAttribute(row.seq, kDeadSinceAttribute, FormatTimestamp(TimePoint(Duration(now)))));
    return MoveTo(row.seq, options_.redrive->dead_letter_queue, now);
  }

  // Inside Write: what was received too often and is visible again moves on.
  Status Sweep(int64_t now) {
    if (!options_.redrive) return Status::OK();
    ASSIGN_OR_RETURN(auto rows,
                     Select("WHERE queue = ? AND visible_at <= ? AND receive_count >= ?", [&](Statement& s) {
                       s.Bind(1, name_).Bind(2, now).Bind(3, options_.redrive->max_receive_count);
                     }));
    for (const Row& row : rows) {
      const bool told = !row.last_error.empty();
      RETURN_IF_ERROR(
          MoveToDead(row, told ? row.last_error : "not finished before its visibility timeout", now));
    }
    return Status::OK();
  }

  // Outside: takes the write lock only when something is due, so that readers need not write.
  Status SweepIfDue() {
    if (!options_.redrive) return Status::OK();
    const int64_t now = Micros(clock_.Now());
    bool due = false;
    RETURN_IF_ERROR(database_->Read([&]() -> Status {
      ASSIGN_OR_RETURN(Statement find, Prepare("SELECT 1 FROM message WHERE queue = ? AND visible_at <= ?"
                                               " AND receive_count >= ? LIMIT 1"));
      ASSIGN_OR_RETURN(due,
                       find.Bind(1, name_).Bind(2, now).Bind(3, options_.redrive->max_receive_count).Step());
      return Status::OK();
    }));
    return due ? database_->Write([&] { return Sweep(now); }) : Status::OK();
  }

  Status Stale(std::string_view id) const {
    return MakeError(
        ErrorCode::kPreconditionFailed,
        fmt::format("queue {}: a stale receipt: its visibility timeout ran out, or the message was received "
                    "again or moved: {}",
                    name_, id),
        "another worker has it, or will; use a longer visibility timeout, or extend it while working");
  }
  Status MissingMessage(std::string_view id) const {
    return MakeError(ErrorCode::kNotFound, fmt::format("no such message in queue {}: {}", name_, id));
  }

  // In one transaction; status i is of receipt i.
  template <typename Work>
  std::vector<Status> WithReceipts(const std::vector<std::string>& receipts, bool gone_is_ok,
                                   const Work& work) {
    std::vector<Status> results;
    const Status written = database_->Write([&]() -> Status {
      results.clear();
      RETURN_IF_ERROR(Sweep(Micros(clock_.Now())));
      for (const std::string& receipt : receipts) {
        const auto id = IdOfReceipt(receipt);
        if (!id) {
          results.push_back(MakeError(ErrorCode::kUsage, fmt::format("not a receipt: \"{}\"", receipt)));
          continue;
        }
        ASSIGN_OR_RETURN(const auto rows, Select("WHERE id = ?", [&](Statement& s) { s.Bind(1, *id); }));
        if (rows.empty() && gone_is_ok) {
          results.push_back(Status::OK());
        } else if (rows.empty() || rows.front().receipt != receipt || rows.front().queue != name_) {
          results.push_back(Stale(*id));
        } else {
          const Status done = work(rows.front());
          if (!done.ok() && CodeOf(done) != ErrorCode::kPreconditionFailed) return done;
          results.push_back(done);
        }
      }
      return Status::OK();
    });
    if (!written.ok()) results.assign(receipts.size(), written);
    return results;
  }

  std::vector<Status> ChangeAll(const std::vector<std::string>& receipts, Duration timeout,
                                std::string_view last_error) {
    if (timeout.count() < 0) {
      return std::vector<Status>(receipts.size(),
                                 MakeError(ErrorCode::kUsage, "a visibility timeout is not below 0"));
    }
    return WithReceipts(receipts, false, [&](const Row& row) -> Status {
      const TimePoint now = clock_.Now();
      if (row.message.visible_at <= now) return Stale(row.message.id);
      return Run(
          "UPDATE message SET visible_at = ?, last_error = coalesce(nullif(?, ''), last_error) WHERE seq = ?",
          [&](Statement& s) { s.Bind(1, Micros(now + timeout)).Bind(2, last_error).Bind(3, row.seq); });
    });
  }

  const std::shared_ptr<Database> database_;
  Clock& clock_;
  const std::string name_;
  const QueueOptions options_;
};

}  // namespace

SqliteQueues::SqliteQueues(std::shared_ptr<Database> database, Clock& clock)
    : database_(std::move(database)), clock_(clock) {}

Result<std::shared_ptr<SqliteQueues>> SqliteQueues::Open(std::shared_ptr<Database> database, Clock& clock) {
  RETURN_IF_ERROR(database->Migrate("queue", kMigrations));
  return std::shared_ptr<SqliteQueues>(new SqliteQueues(std::move(database), clock));
}

Result<std::shared_ptr<Queue>> SqliteQueues::Get(const std::string& name,
                                                 const std::optional<QueueOptions>& options) {
  RETURN_IF_ERROR(CheckQueue(name, options));
  QueueOptions kept;
  bool known = false;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(Statement find, database_->Prepare("SELECT visibility_timeout_us, max_receive_count,"
                                                        " dead_letter_queue FROM queue WHERE name = ?"));
    ASSIGN_OR_RETURN(known, find.Bind(1, name).Step());
    if (!known) return Status::OK();
    kept.visibility_timeout = Duration(find.Int(0));
    if (!find.IsNull(2)) kept.redrive = RedrivePolicy{static_cast<int>(find.Int(1)), find.Text(2)};
    return Status::OK();
  }));
  if (!known || (options && *options != kept)) {
    if (options) kept = *options;
    RETURN_IF_ERROR(database_->Write([&]() -> Status {
      ASSIGN_OR_RETURN(
          Statement write,
          database_->Prepare("INSERT INTO queue VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET"
                             " visibility_timeout_us = ?2, max_receive_count = ?3, dead_letter_queue = ?4"
                             " WHERE ?5"));
      write.Bind(1, name)
          .Bind(2, kept.visibility_timeout.count())
          .BindNull(3)
          .BindNull(4)
          .Bind(5, options ? 1 : 0);
      if (kept.redrive)
        write.Bind(3, kept.redrive->max_receive_count).Bind(4, kept.redrive->dead_letter_queue);
      RETURN_IF_ERROR(write.Run());
      if (!kept.redrive) return Status::OK();
      ASSIGN_OR_RETURN(Statement dead,
                       database_->Prepare("INSERT OR IGNORE INTO queue VALUES (?, ?, NULL, NULL)"));
      return dead.Bind(1, kept.redrive->dead_letter_queue)
          .Bind(2, QueueOptions{}.visibility_timeout.count())
          .Run();
    }));
  }
  return std::make_shared<SqliteQueue>(database_, clock_, name, kept);
}

Result<std::vector<std::string>> SqliteQueues::Names() {
  std::vector<std::string> names;
  RETURN_IF_ERROR(database_->Read([&]() -> Status {
    ASSIGN_OR_RETURN(Statement select, database_->Prepare("SELECT name FROM queue ORDER BY name"));
    while (true) {
      ASSIGN_OR_RETURN(const bool found, select.Step());
      if (!found) return Status::OK();
      names.push_back(select.Text(0));
    }
  }));
  return names;
}

}  // namespace penstock::queue
