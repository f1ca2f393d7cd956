"""ARCHITECTURE.md's map against src/: a map that cannot go stale.

With --write, the purposes of the map are taken from the first lines of the READMEs.
"""
import re, sys, unittest

from tree import ROOT, SRC, modules, tiers

PAGE = (ROOT / "ARCHITECTURE.md").read_text()
# | `lake` | purpose | may include |
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", re.M)


def readme(module):
    return (SRC / module / "README.md").read_text()


class Map(unittest.TestCase):
    rows = {name: (purpose, allowed) for name, purpose, allowed in ROW.findall(PAGE.split("## The map")[1].split("\n## ")[0])}

    def test_map_lists_the_folders(self):
        self.assertEqual(sorted(self.rows), modules())

    def test_map_says_what_the_readmes_say(self):
        for module, (purpose, _) in self.rows.items():
            self.assertEqual(readme(module).splitlines()[0], f"# {module}: {purpose}",
                             "the page follows the READMEs: tests/structure/architecture_test.py --write")

    def test_map_has_the_tiers_of_the_include_test(self):
        for module, allowed in tiers().items():
            listed = self.rows[module][1]
            order = list(self.rows)  # highest first
            names = order[order.index(module) + 1:] if listed == "all below" else re.findall(r"\w+", listed)
            self.assertEqual(set(names) - {"base"}, allowed - {"base"}, module)

    def test_readmes_are_short(self):
        for module in modules():
            self.assertIn(readme(module).count("\n"), range(5, 31), f"src/{module}/README.md: about ten lines")

    def test_paths_on_the_pages_exist(self):
        pages = [ROOT / "ARCHITECTURE.md", *(SRC / m / "README.md" for m in modules())]
        missing = []
        for page in pages:
            for path in re.findall(r"`((?:src|tests|tools|cmake|bench|fuzz|docs|pipelines)/[\w./-]*)`", page.read_text()):
                if not (ROOT / path).exists():
                    missing.append(f"{page.relative_to(ROOT)}: {path}")
        self.assertEqual(missing, [])


def write():
    def row(match):
        purpose = readme(match.group(1)).splitlines()[0].partition(": ")[2] if match.group(1) in modules() else match.group(2)
        return f"| `{match.group(1)}` | {purpose} | {match.group(3)} |"
    (ROOT / "ARCHITECTURE.md").write_text(ROW.sub(row, PAGE))


if __name__ == "__main__":
    write() if sys.argv[1:] == ["--write"] else unittest.main()
