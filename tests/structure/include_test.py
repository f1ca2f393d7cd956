"""Layers, names and sizes of src/ (docs: ARCHITECTURE.md, "Rules that the build checks")."""
import re, unittest

from tree import ROOT, SRC, modules, tiers, tracked_files

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
# Each costs a compiler 0.5 to 10 seconds a file; a header that names one hands the bill to all who include it.
HEAVY = re.compile(r"arrow/api\.h|arrow/(compute|dataset|io|ipc)/api\.h|parquet/|duckdb\.h|curl/|sqlite3\.h|boost/(beast|asio)|yaml-cpp/|pugixml\.hpp")
DRAWERS = re.compile(r"util|helper|common|misc", re.I)
MAX_LINES = 600


def sources(*suffixes):
    return [p for p in tracked_files() if p.suffix in suffixes and p.relative_to(ROOT).parts[0] in {"src", "fuzz", "bench"}]


def includes(path):
    return INCLUDE.findall(path.read_text())


class Layers(unittest.TestCase):
    table = tiers()

    def test_table_is_downward(self):
        below = set()
        for module, allowed in self.table.items():
            self.assertLessEqual(allowed, below, f"tiers.txt: {module} names a module that does not stand above it there")
            below.add(module)

    def test_table_lists_the_folders(self):
        self.assertEqual(sorted(self.table), modules())

    def test_includes_point_down(self):
        wrong, seen = [], 0
        for path in sources(".h", ".cc"):
            if path.relative_to(ROOT).parts[0] != "src":
                continue
            module = path.relative_to(SRC).parts[0]
            for quote, name in includes(path):
                target = name.split("/")[0]
                if quote != '"' or target == module:
                    continue
                seen += 1
                if target not in self.table:
                    wrong.append(f'{path.relative_to(ROOT)}: "{name}" is not "module/file.h"')
                elif target not in self.table[module]:
                    wrong.append(f'{path.relative_to(ROOT)}: {module} may not include "{name}"')
        self.assertGreater(seen, 50, "the test read nothing")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_included_files_exist(self):
        wrong = [f'{p.relative_to(ROOT)}: "{name}"' for p in sources(".h", ".cc") for quote, name in includes(p)
                 if quote == '"' and name.split("/")[0] in self.table and not (SRC / name).is_file()]
        self.assertEqual(wrong, [])

    def test_cmake_says_the_same(self):
        for module in modules():
            text = re.sub(r"#.*", "", (SRC / module / "CMakeLists.txt").read_text())
            call = re.search(r"penstock_module\(([^)]*)\)", text)
            self.assertIsNotNone(call, f"src/{module}/CMakeLists.txt has no penstock_module()")
            words = call.group(1).split()
            self.assertEqual(words[0], module)
            used = set()
            if "USES" in words:
                for word in words[words.index("USES") + 1:]:
                    if word.isupper():
                        break
                    used.add(word)
            self.assertEqual(used, self.table[module], f"USES of src/{module}/CMakeLists.txt differs from tiers.txt")


class Headers(unittest.TestCase):
    def test_heavy_headers_stay_in_their_module(self):
        """A header that brings one in, itself or through another header, is a matter of its own module's sources."""
        paths = sources(".h", ".cc")
        included = {p: includes(p) for p in paths}
        brings = {p: name for p in paths for _, name in included[p] if p.suffix == ".h" and HEAVY.search(name)}
        grown = True
        while grown:
            grown = {p: brings[SRC / name] for p in paths if p.suffix == ".h" and p not in brings
                     for quote, name in included[p] if quote == '"' and SRC / name in brings}
            brings |= grown
        wrong = [f"{p.relative_to(ROOT)} gets <{brings[SRC / name]}> from {name}" for p in paths for quote, name in included[p]
                 if quote == '"' and SRC / name in brings and p.relative_to(ROOT).parts[:2] != ("src", name.split("/")[0])]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_pragma_once(self):
        wrong = [str(p.relative_to(ROOT)) for p in sources(".h") if "#pragma once" not in p.read_text()]
        self.assertEqual(wrong, [])


class Files(unittest.TestCase):
    def test_no_junk_drawers(self):
        wrong = [str(p.relative_to(ROOT)) for p in tracked_files()
                 if p.relative_to(ROOT).parts[0] in {"src", "fuzz", "bench", "tests", "tools", "cmake"} and DRAWERS.search(p.name)]
        self.assertEqual(wrong, [], "name the concept")

    def test_one_concept_a_file(self):
        wrong = {str(p.relative_to(ROOT)): n for p in sources(".h", ".cc")
                 if (n := p.read_text().count("\n")) > MAX_LINES}
        self.assertEqual(wrong, {}, f"over {MAX_LINES} lines: look for a second concept")


if __name__ == "__main__":
    unittest.main()
