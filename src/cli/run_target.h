// Where a verb that asks a provider is to ask: the live site, another server, or the replay of recorded data.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace penstock::cli {

struct RunTarget {
  bool live = false;
  bool demo = false;
  std::string endpoint;

  // Declares --live, --demo and --endpoint, which exclude one another.
  void AddTo(CLI::App& verb);
};

}  // namespace penstock::cli
