// The verbs. Each AddX declares its options and, when its verb is the one given, leaves in `action` what to
// do.
#pragma once

#include <functional>

#include "base/status.h"

namespace CLI {
class App;
}

namespace penstock::cli {

class Session;

// The exit code: 0 done, 1 some work failed and is in the dead-letter queue. A failed Status has its own (2
// for usage and configuration).
using Action = std::function<Result<int>()>;

void AddInitCommand(CLI::App& app, Session& session, Action& action);
void AddRunCommand(CLI::App& app, Session& session, Action& action);
void AddExecutionsCommand(CLI::App& app, Session& session, Action& action);
void AddWorkflowCommand(CLI::App& app, Session& session, Action& action);
void AddQueryCommand(CLI::App& app, Session& session, Action& action);
void AddDashboardCommand(CLI::App& app, Session& session, Action& action);
void AddTablesCommand(CLI::App& app, Session& session, Action& action);
void AddRawCommand(CLI::App& app, Session& session, Action& action);
void AddProcessCommand(CLI::App& app, Session& session, Action& action);
void AddLedgerCommand(CLI::App& app, Session& session, Action& action);
void AddBackfillCommand(CLI::App& app, Session& session, Action& action);
void AddDlqCommand(CLI::App& app, Session& session, Action& action);
void AddStreamErrorsCommand(CLI::App& app, Session& session, Action& action);  // below `stream`: behind it
void AddLifecycleCommand(CLI::App& app, Session& session, Action& action);
void AddServeCommand(CLI::App& app, Session& session, Action& action);
void AddStreamCommand(CLI::App& app, Session& session, Action& action);
void AddSchedulesCommand(CLI::App& app, Session& session, Action& action);
void AddReplayCommand(CLI::App& app, Session& session, Action& action);
void AddDoctorCommand(CLI::App& app, Session& session, Action& action);
void AddCompletionCommand(CLI::App& app, Session& session, Action& action);

}  // namespace penstock::cli
