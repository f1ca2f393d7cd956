#include "source/ted/xml_names.h"

#include <cstring>
#include <utility>

namespace penstock::source::ted {
namespace {

constexpr size_t kMaxRemembered = 256;
constexpr size_t kMaxWritten = 4096;  // bytes of what is remembered

constexpr std::string_view kXmlUri = "http://www.w3.org/XML/1998/namespace";

// `pattern` with '*' for any text.
bool Matches(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  pattern.remove_prefix(star + 1);
  for (size_t at = star; at <= text.size(); ++at) {
    if (Matches(pattern, text.substr(at))) return true;
  }
  return false;
}

uint32_t Hash(std::string_view name) {
  uint64_t head = 0, tail = 0;
  const size_t size = name.size();
  if (size >= 8) {
    std::memcpy(&head, name.data(), 8);
    std::memcpy(&tail, name.data() + size - 8, 8);
  } else {
    std::memcpy(&head, name.data(), size);
  }
  uint64_t hash = (head ^ (tail * 0x9E3779B97F4A7C15ull) ^ size) * 0xFF51AFD7ED558CCDull;
  if (size > 16) {  // long names of forms differ in the middle
    uint64_t middle;
    std::memcpy(&middle, name.data() + size / 2 - 4, 8);
    hash = (hash ^ (hash >> 29) ^ middle) * 0xC4CEB9FE1A85EC53ull;
  }
  return static_cast<uint32_t>(hash >> 40);
}

std::string_view PrefixOf(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == name.npos ? std::string_view() : name.substr(0, colon);
}

}  // namespace

void XmlNames::Reset(pugi::xml_node root, bool all_at_root) {
  program_ = nullptr;
  all_at_root_ = false;
  bindings_.clear();
  bindings_.push_back({"xml", kXmlUri, kNoSpace});
  Enter(root);
  all_at_root_ = all_at_root;
}

void XmlNames::Use(const FamilyProgram* program) {
  program_ = program;
  at_root_ = bindings_.size();
  // No name, prefix or URI has a zero in it, so that no two lists are written alike.
  std::string written = program->family->name + '\0';
  for (const Binding& binding : bindings_) {
    written.append(binding.prefix).append(1, '\0').append(binding.uri).append(1, '\0');
  }
  auto known = roots_.find(written);
  if (known == roots_.end()) {
    if (roots_.size() >= kMaxRemembered) {
      roots_.clear();
      meanings_.clear();
    }
    Root root;
    for (Binding& binding : bindings_) {
      binding.space = SpaceOf(*program->family, binding.uri);
      root.spaces.push_back(binding.space);
    }
    root.generation = GenerationOf(program->family->name);
    if (written.size() > kMaxWritten) {
      generation_ = root_generation_ = root.generation;
      return;
    }
    known = roots_.emplace(std::move(written), std::move(root)).first;
  }
  for (size_t i = 0; i < bindings_.size(); ++i) bindings_[i].space = known->second.spaces[i];
  generation_ = root_generation_ = known->second.generation;
}

// The same for all bindings whose prefixes stand for the same namespaces of the family: releases of a schema
// differ in their URIs.
uint32_t XmlNames::GenerationOf(const std::string& family) {
  std::string meaning = family + '\0';
  for (const Binding& binding : bindings_) {
    if (binding.space == kNoSpace || Find(binding.prefix) != &binding) continue;
    meaning.append(binding.prefix).append(1, '\0').append(std::to_string(binding.space)).append(1, '\0');
  }
  if (meaning.size() > kMaxWritten) return ++last_generation_;
  const auto [known, is_new] = meanings_.try_emplace(std::move(meaning), last_generation_ + 1);
  if (is_new) ++last_generation_;
  return known->second;
}

int XmlNames::SpaceOf(const FieldFamily& family, std::string_view uri) {
  for (size_t i = 0; i < family.spaces.size(); ++i) {
    for (const std::string& pattern : family.spaces[i].uris) {
      if (Matches(pattern, uri)) return static_cast<int>(i);
    }
  }
  return kNoSpace;
}

const XmlNames::Binding* XmlNames::Find(std::string_view prefix) const {
  for (size_t i = bindings_.size(); i-- > 0;) {
    if (bindings_[i].prefix == prefix) return &bindings_[i];
  }
  return nullptr;
}

size_t XmlNames::Enter(pugi::xml_node element) {
  if (all_at_root_) return 0;
  size_t declared = 0;
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    const char* name = attribute.name();
    if (std::strncmp(name, "xmlns", 5) != 0 || (name[5] != ':' && name[5] != 0)) continue;
    const std::string_view prefix = name[5] == ':' ? name + 6 : "";
    const std::string_view uri = attribute.value();
    const Binding* known = Find(prefix);
    if (known != nullptr && known->uri == uri) continue;
    bindings_.push_back({prefix, uri, program_ == nullptr ? kNoSpace : SpaceOf(*program_->family, uri)});
    ++declared;
  }
  if (declared != 0) generation_ = ++last_generation_;
  return declared;
}

void XmlNames::Leave(size_t declared) {
  if (declared == 0) return;
  bindings_.resize(bindings_.size() - declared);
  generation_ = bindings_.size() == at_root_ ? root_generation_ : ++last_generation_;
}

NameId XmlNames::Of(pugi::xml_node element) {
  const std::string_view name = element.name();
  if (!all_at_root_) {  // what the element itself declares is rare
    for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
         attribute = attribute.next_attribute()) {
      if (std::strncmp(attribute.name(), "xmlns", 5) != 0) continue;
      const size_t declared = Enter(element);
      const NameId id = Resolve(name);
      Leave(declared);
      return id;
    }
  }
  if (name.size() > sizeof(Entry::name)) return Resolve(name);
  Entry& entry = seen_[Hash(name) & (seen_.size() - 1)];
  if (entry.generation != generation_ || std::string_view(entry.name, entry.size) != name) {
    entry.generation = generation_;
    entry.size = static_cast<uint8_t>(name.size());
    std::memcpy(entry.name, name.data(), name.size());
    entry.id = Resolve(name);
  }
  return entry.id;
}

NameId XmlNames::Resolve(std::string_view name) const {
  const std::string_view prefix = PrefixOf(name);
  const Binding* binding = Find(prefix);
  if (binding == nullptr) return {};
  return program_->Find(binding->space, prefix.empty() ? name : name.substr(prefix.size() + 1));
}

std::string_view XmlNames::UriOf(pugi::xml_node element) const {
  const Binding* binding = Find(PrefixOf(element.name()));
  return binding == nullptr ? std::string_view() : binding->uri;
}

bool XmlNames::Is(pugi::xml_attribute attribute, const XmlName& name) const {
  const std::string_view written = attribute.name();
  if (name.space == kNoSpace) return written == name.local;
  const std::string_view prefix = PrefixOf(written);
  if (prefix.empty() || written.substr(prefix.size() + 1) != name.local) return false;
  const Binding* binding = Find(prefix);
  return binding != nullptr && binding->space == name.space;
}

}  // namespace penstock::source::ted
