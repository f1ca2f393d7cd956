"""Nothing in the project that belongs to one machine or one account."""
import re, unittest

from tree import ROOT, tracked_files

# Written in pieces, so that this file passes.
HOSTS = ["py" + "pi.org", "files.python" + "hosted.org", "registry.npm" + "js.org", "deb.deb" + "ian.org", "archive.ubun" + "tu.com",
         "proxy.go" + "lang.org", "static.cra" + "tes.io", "index.cra" + "tes.io", "artifac" + "tory"]
FORBIDDEN = {
    "a path of one machine": re.compile(rb"(?<![\w.}~])/(?:wo" + rb"rk|ho" + rb"me/\w+|Use" + rb"rs/\w+)/"),
    "a registry's host": re.compile("|".join(re.escape(h) for h in HOSTS).encode()),
    "an AWS access key": re.compile(rb"\b(?:AKIA|ASIA)(?!\w*EXAMPLE)[A-Z0-9]{16}\b"),
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE" + rb" KEY-----"),
    "a token": re.compile(rb"\b(?:ghp|gho|github_pat|npm|pypi|glpat|xox[bp])[_-][A-Za-z0-9_-]{20,}"),
    "credentials in a URL": re.compile(rb"https?://[^/\s:@\"'<>{}$*]+:[^/\s:@\"'<>{}$*]{8,}@(?!example)"),
}
# Recorded answers and third-party files: as they came.
AS_RECEIVED = ("third_party", "data")
ALLOWED = {("tests/data/aws/file-location-tests.json", "a path of one machine"): "examples of AWS"}  # (path, what): why


class Secrets(unittest.TestCase):
    def test_nothing_of_one_machine_or_account(self):
        found, read = [], 0
        for path in tracked_files():
            name = path.relative_to(ROOT)
            if name.parts[0] in AS_RECEIVED:
                continue
            data = path.read_bytes()
            read += 1
            for what, pattern in FORBIDDEN.items():
                hit = pattern.search(data)
                if hit and (str(name), what) not in ALLOWED:
                    line = data.count(b"\n", 0, hit.start()) + 1
                    found.append(f"{name}:{line}: {what}: {hit.group()[:60]!r}")
        self.assertGreater(read, 50, "the test read nothing")
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_the_patterns_find_what_they_are_for(self):
        samples = {"a path of one machine": b'open("/wo' + b'rk/main/x")', "an AWS access key": b"AKIA" + b"QWERTYUIOPASDFGH",
                   "a registry's host": b"https://py" + b"pi.org/simple", "credentials in a URL": b"http://me:pass" + b"word@host.net/"}
        for what, sample in samples.items():
            self.assertRegex(sample, FORBIDDEN[what])
        self.assertNotRegex(b"/network/x s3/work/y AKIAIOSFODNN7EXAMPLE https://user@host/", FORBIDDEN["a path of one machine"])


if __name__ == "__main__":
    unittest.main()
