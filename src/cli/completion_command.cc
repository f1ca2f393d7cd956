#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/session.h"

namespace penstock::cli {
namespace {

// The words that may follow the verbs in `path`: nested verbs, then options.
std::string WordsOf(const CLI::App& app) {
  std::string words;
  for (const auto* sub : app.get_subcommands({})) words += sub->get_name() + " ";
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

void Cases(const CLI::App& app, const std::string& path, const std::string& global, std::string& out) {
  out += fmt::format("    '{}') words=\"{}{}\" ;;\n", path, WordsOf(app), path.empty() ? "" : global);
  for (const auto* sub : app.get_subcommands({})) {
    Cases(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), global, out);
  }
}

// Inside single quotes of fish.
std::string Escaped(std::string text) {
  for (size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string BashCompletion(const CLI::App& app) {
  std::string global;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) global += "--" + name + " ";
  }
  std::string cases;
  Cases(app, "", global, cases);
  return fmt::format(R"sh(# penstock, completion for bash. Use: source <(penstock completion bash)
_penstock() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path="" word words=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$word" in -*) ;; *) [ -z "$(_penstock_words "${{path:+$path }}$word")" ] || path="${{path:+$path }}$word" ;; esac
  done
  words="$(_penstock_words "$path")"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  case "$path:$current" in
    run:*|process:*|serve:*|"schedules ls:"*) COMPREPLY+=($(compgen -W "$(ls pipelines 2>/dev/null)" -- "$current") $(compgen -d -- "$current")) ;;
  esac
}}
_penstock_words() {{
  local words=""
  case "$1" in
{}  esac
  echo "$words"
}}
complete -o default -F _penstock penstock
)sh",
                     cases);
}

Result<int> Completion(const Session& session, const CLI::App& app, const std::string& shell) {
  if (shell == "bash") {
    session.Print(BashCompletion(app));
  } else if (shell == "zsh") {
    session.Print("autoload -U +X bashcompinit && bashcompinit\n" + BashCompletion(app));
  } else if (shell == "fish") {
    std::string text = "# penstock, completion for fish. Use: penstock completion fish | source\n";
    for (const auto* sub : app.get_subcommands({})) {
      text += fmt::format("complete -c penstock -n __fish_use_subcommand -a {} -d '{}'\n", sub->get_name(),
                          Escaped(sub->get_description()));
      for (const auto* option : sub->get_options()) {
        for (const auto& name : option->get_lnames()) {
          text += fmt::format("complete -c penstock -n '__fish_seen_subcommand_from {}' -l {}\n",
                              sub->get_name(), name);
        }
      }
    }
    session.Print(text);
  } else {
    return MakeError(ErrorCode::kUsage, fmt::format("expected bash, zsh or fish, got {}", shell));
  }
  return 0;
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Session& session, Action& action) {
  auto shell = std::make_shared<std::string>();
  auto* verb = app.add_subcommand("completion", "shell completion: bash, zsh or fish");
  verb->add_option("shell", *shell, "bash, zsh or fish")->required();
  verb->footer("Example: source <(penstock completion bash)");
  verb->callback([&app, &session, &action, shell] {
    action = [&app, &session, shell] { return Completion(session, app, *shell); };
  });
}

}  // namespace penstock::cli
