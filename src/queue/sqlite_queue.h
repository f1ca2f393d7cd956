// Queues in a SQLite file: they outlast the process, and many processes share them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "queue/queue.h"

namespace penstock::sqlite {
class Database;
}

namespace penstock::queue {

// Thread-safe. Each operation is one transaction, durable as the database was opened. Corrupt, ReadOnly,
// NoSpace and Conflict (another process holds the file for longer than the busy timeout) as they occur.
class SqliteQueues : public Queues {
 public:
  // `clock` outlives the queues.
  static Result<std::shared_ptr<SqliteQueues>> Open(std::shared_ptr<sqlite::Database> database, Clock& clock);

  Result<std::shared_ptr<Queue>> Get(const std::string& name,
                                     const std::optional<QueueOptions>& options = std::nullopt) override;
  Result<std::vector<std::string>> Names() override;

 private:
  SqliteQueues(std::shared_ptr<sqlite::Database> database, Clock& clock);
  const std::shared_ptr<sqlite::Database> database_;
  Clock& clock_;
};

}  // namespace penstock::queue
