// The names of one document's elements, by namespace and not by prefix.
#pragma once

#include <array>
#include <map>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source/ted/field_program.h"

namespace penstock::source::ted {

// Enter an element before asking about it or what is in it; Leave it afterwards.
class XmlNames {
 public:
  // A new document: takes in what its root element declares. Until Use only UriOf works. `all_at_root`: no
  // other element declares a namespace.
  void Reset(pugi::xml_node root, bool all_at_root);
  void Use(const FamilyProgram* program);

  // Takes in the element's xmlns attributes. Returns how many to give to Leave.
  size_t Enter(pugi::xml_node element);
  void Leave(size_t declared);

  // Of an element whose declarations, or whose parent's if it has none, are taken in.
  NameId Of(pugi::xml_node element);
  // Whether this is the attribute meant.
  bool Is(pugi::xml_attribute attribute, const XmlName& name) const;
  // The URI that stands for the element's prefix; empty: none.
  std::string_view UriOf(pugi::xml_node element) const;

  // The index of the family's namespace that `uri` is one of; kNoSpace: none.
  static int SpaceOf(const FieldFamily& family, std::string_view uri);

 private:
  struct Binding {
    std::string_view prefix, uri;
    int space = kNoSpace;
  };
  struct Entry {  // 64 bytes
    uint32_t generation = 0;
    NameId id;
    uint8_t size = 0;
    char name[51];
  };

  const Binding* Find(std::string_view prefix) const;
  uint32_t GenerationOf(const std::string& family);
  NameId Resolve(std::string_view name) const;

  const FamilyProgram* program_ = nullptr;
  std::vector<Binding> bindings_;
  bool all_at_root_ = false;
  // Names seen, also in documents before: a generation is of those whose prefixes mean the same.
  std::array<Entry, 4096> seen_;  // forms have some 600
  uint32_t generation_ = 0, root_generation_ = 0, last_generation_ = 0;
  size_t at_root_ = 0;  // how many bindings the root element has
  // What root elements declared before, and what that came to.
  struct Root {
    uint32_t generation = 0;
    std::vector<int> spaces;  // of the bindings
  };
  std::map<std::string, Root, std::less<>> roots_;
  std::map<std::string, uint32_t, std::less<>> meanings_;
};

}  // namespace penstock::source::ted
