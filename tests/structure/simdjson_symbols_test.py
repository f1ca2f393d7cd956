"""`simdjson_symbols_test.py BINARY`: the simdjson that is compiled in is the one that is called.

libparquet exports a simdjson of another version; a symbol that the program leaves undefined would be taken from there.
"""
import subprocess, sys, unittest

BINARY = sys.argv.pop(1) if len(sys.argv) > 1 else "build/release/penstock"


class SimdjsonSymbols(unittest.TestCase):
    def test_none_is_left_to_another_library(self):
        symbols = subprocess.run(["nm", "-DC", "--undefined-only", BINARY], check=True, capture_output=True, text=True).stdout
        self.assertIn("arrow::", symbols, "not the program that links Arrow")
        self.assertEqual([line for line in symbols.splitlines() if "simdjson" in line], [])


if __name__ == "__main__":
    unittest.main()
