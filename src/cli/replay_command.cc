#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/demo.h"
#include "cli/listen_address.h"
#include "cli/session.h"
#include "source/replay/replay_server.h"

namespace penstock::cli {
namespace {

struct ReplayCommandOptions {
  source::ReplayOptions server;
  std::string data;
  std::string listen = "127.0.0.1:0";
};

Result<int> Replay(Session& session, ReplayCommandOptions options) {
  options.server.data_dir = options.data;
  if (options.data.empty()) {
    ASSIGN_OR_RETURN(options.server.data_dir, FindDataFolder());
  }
  ASSIGN_OR_RETURN(const ListenAddress listen, ParseListenAddress(options.listen));
  options.server.address = listen.address;
  options.server.port = listen.port;
  auto started = source::ReplayServer::Start(options.server, session.clock(), session.log());
  if (CodeOf(started.status()) == ErrorCode::kNotFound) {
    return MakeError(ErrorCode::kUsage, started.status().message(), AdviceOf(started.status()));
  }
  ASSIGN_OR_RETURN(const auto server, std::move(started));
  session.Print(fmt::format("{}\n", server->origin()));
  RETURN_IF_ERROR(session.FlushOutput());
  session.Remark(
      fmt::format("Speaks as the providers do, over recorded and generated data. Ctrl-C ends it.\n"
                  "  {1} run sp500 --endpoint {0} --from 2017-08-01 --to 2017-08-11 --bucket demo\n"
                  "  curl {0}/_replay/stats\n",
                  server->origin(), session.program));
  while (!session.stop().stop_requested()) session.clock().SleepFor(std::chrono::seconds(60), session.stop());
  session.Print(server->Stats() + "\n");
  return 0;
}

}  // namespace

void AddReplayCommand(CLI::App& app, Session& session, Action& action) {
  auto options = std::make_shared<ReplayCommandOptions>();
  auto& server = options->server;
  auto* verb =
      app.add_subcommand("replay", "the providers' APIs over recorded and generated data, on loopback");
  verb->add_option("--listen", options->listen, "ADDRESS:PORT; default 127.0.0.1 and any free port");
  verb->add_option("--dir", options->data, "the recorded data; default: what came with Penstock");
  verb->add_option("--fault", server.faults,
                   "KIND[:key=value,…], e.g. 500:rate=0.1,seed=7; may be given again");
  verb->add_option("--quota", server.quota, "REQUESTS/WINDOW, e.g. 300/60s: 429 with Retry-After above it");
  verb->add_option("--generate", server.generate_count, "so many further symbols GEN00001 …");
  verb->add_flag("--generate-any", server.generate_any, "any symbol that is asked for and not recorded");
  verb->add_option("--calendar", server.calendar, "exchange of generated symbols: XNYS or XLON");
  verb->add_option("--seed", server.seed, "of generated bars");
  verb->add_option("--fmp-key", server.fmp_key,
                   "the key that FMP's stand-in asks for; default: it asks for none");
  verb->add_option("--iex-token", server.iex_token,
                   "the token that IEX's stand-in asks for; default: it asks for none");
  verb->add_flag("--iex-changing", server.iex_changing,
                 "IEX's records change from request to request: a field more, another type, a field less");
  verb->add_option("--dead", server.dead,
                   "34/1536: so many of so many US symbols are unknown to FMP's stand-in");
  verb->add_option("--today", server.today,
                   "the newest day of FMP's and IEX's stand-ins; default 2025-12-31");
  verb->add_option("--ted-notices", server.ted_notices, "tender notices in a made-up issue; default 30");
  verb->add_flag("--gzip", server.gzip, "compress answers for who accepts it");
  verb->footer("Example: penstock replay --listen 127.0.0.1:8282 --fault latency=50ms --quota 300/60s");
  verb->callback(
      [&session, &action, options] { action = [&session, options] { return Replay(session, *options); }; });
}

}  // namespace penstock::cli
