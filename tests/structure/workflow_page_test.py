"""docs/workflow.md against the code: what it says of the language is what the code reads."""
import importlib.machinery, importlib.util, unittest

from tree import ROOT


def load(path):
    loader = importlib.machinery.SourceFileLoader("workflow_table", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("workflow_table", loader))
    loader.exec_module(module)
    return module


class Page(unittest.TestCase):
    table = load(ROOT / "tools/workflow-table")

    def test_page_is_not_stale(self):
        self.assertEqual(self.table.PAGE.read_text(), self.table.page(), "write it anew: tools/workflow-table --write")

    def test_every_section_is_there(self):
        sections = {name for _, name, _ in self.table.SECTION.findall(self.table.PAGE.read_text())}
        self.assertEqual(sections, {"states", "nested", "choices", "intrinsics", "jsonpath", "jsonata", "resources", "errors",
                                    "cases", "codes", "limits"})

    def test_tables_name_what_everybody_knows(self):
        """The script finds its names by the shape of the code: it must not find half of them."""
        for section, name in (("states", "ToleratedFailurePercentagePath"), ("intrinsics", "States.UUID"),
                              ("jsonpath", "subsetof"), ("jsonpath", "stddev()"), ("resources", "states:startExecution"),
                              ("resources", "dynamodb"), ("errors", "States.HeartbeatTimeout"),
                              ("errors", "S3.NoSuchBucketException"), ("codes", "LOOP_WITHOUT_EXIT"),
                              ("choices", "GreaterThanEquals"), ("nested", "MaxInputBytesPerBatchPath")):
            self.assertIn(name, getattr(self.table, section)(), section)


if __name__ == "__main__":
    unittest.main()
