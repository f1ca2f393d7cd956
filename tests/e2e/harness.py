"""The binary as its users run it: pipeline folders, runs, replay servers, and what lies in a bucket afterwards."""
import datetime
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from typing import NamedTuple

SOURCE = pathlib.Path(os.environ.get("PENSTOCK_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BINARY = pathlib.Path(os.environ.get("PENSTOCK_BIN", SOURCE / "build/release/penstock")).resolve()
RECORDED = SOURCE / "data/sp500/sp500_5yr_2012-2017.csv.zst"

# Of the recorded set. BHF, DHR, DOW, ES, FTV, O, REGN and VRTX have cells that are empty on days of FIRST … LAST.
SYMBOLS = ["AAPL", "AMZN", "BHF", "DHR", "DOW", "ES", "FTV", "GE", "IBM", "O", "REGN", "VRTX"]
FIRST, LAST = "2017-07-24", "2017-08-11"  # 15 sessions
PRICES = ("open", "high", "low", "close", "volume")
TIMEOUT_S = 120  # of a command; the machine may be busy


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    def __str__(self):
        return f"exit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"

    @property
    def rows(self):
        """Of --output json."""
        return json.loads(self.out)


class Penstock:
    """Runs the binary in a folder of its own, with a home of its own; nothing of the user's is seen or touched."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.home = self.folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PENSTOCK_", "XDG_", "LD_PRELOAD"))}
        self.env = {**kept, "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"),
                    "PENSTOCK_DATA": str(SOURCE / "data"), "TERM": "dumb"}

    def popen(self, *args, env=None, before=(), **options):
        """Not waited for. `before`: a command that runs the binary, such as setpriv."""
        command = [*map(str, before), str(BINARY), *map(str, args)]
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
                   "cwd": self.folder, **options}
        return subprocess.Popen(command, env={**self.env, **(env or {})}, **options)

    def __call__(self, *args, timeout=TIMEOUT_S, **options):
        process = self.popen(*args, **options)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"penstock {args} did not end within {timeout} s\n{out}\n{err}") from None
        return Outcome(process.returncode, out, err)

    def ok(self, *args, **options):
        outcome = self(*args, **options)
        assert outcome.code == 0, f"penstock {' '.join(map(str, args))}: {outcome}"
        return outcome

    def sql(self, text, *args):
        """The rows of a query."""
        return json.loads(self.ok("query", text, "--format", "json", *args).out)

    def path(self, *parts):
        return self.folder.joinpath(*parts)


def wait_until(condition, process):
    """Until it holds; `process` has to live so long. The limit is for what never comes."""
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert process.poll() is None, f"ended too early with {process.returncode}: {process.communicate()}"
        if time.monotonic() > end:
            process.kill()
            raise AssertionError(f"what was waited for did not come: {process.communicate()}")
        time.sleep(0.02)


def cpu_seconds(process):
    """proc(5), /proc/pid/stat: utime and stime."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def catches(process, number):
    """Whether it has a handler for this signal, or blocks it to wait for it; proc(5), /proc/pid/status."""
    masks = re.findall(r"^Sig(?:Cgt|Blk):\s*(\w+)", pathlib.Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def make_pipeline(penstock, name="tiny", symbols=SYMBOLS, template="sp500", replace=()):
    """A pipeline folder as `penstock init` makes it, with few symbols. `replace`: pairs of texts in pipeline.yaml."""
    penstock.ok("init", name, "--template", template)
    folder = penstock.path(name)
    write_symbols(folder, symbols)
    for old, new in replace:
        edit(folder / "pipeline.yaml", old, new)
    return folder


def write_symbols(folder, symbols):
    (folder / "symbols.csv").write_text("symbol\n" + "".join(f"{symbol}\n" for symbol in symbols))


def edit(file, old, new):
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new, 1))


class Replay:
    """`penstock replay` on a free port."""

    def __init__(self, penstock, *options):
        self.log = open(penstock.path(f"replay-{time.monotonic_ns()}.log"), "w+")
        self.process = penstock.popen("replay", "--listen", "127.0.0.1:0", "--quiet", *options, stderr=self.log)
        self.origin = self.process.stdout.readline().strip()
        if not self.origin.startswith("http://127.0.0.1:"):
            self.close()
            self.log.seek(0)
            raise AssertionError(f"the replay server did not start: {self.origin} {self.log.read()}")

    def ask(self, path, data=None):
        with urllib.request.urlopen(self.origin + path, data=data, timeout=30) as answer:
            return answer.read()

    @property
    def stats(self):
        return json.loads(self.ask("/_replay/stats"))

    @property
    def requests(self):
        return self.stats["requests"]

    def reset(self):
        """Counts and faults from the beginning."""
        self.ask("/_replay/reset", b"")

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Serve:
    """`penstock serve` on a free port, with the streams and the schedules of a bucket."""

    def __init__(self, penstock, *arguments, bucket="lake", listen="127.0.0.1:0", env=None, starts=True):
        """`starts`: false where a fault may keep it from listening."""
        self.log = open(penstock.path(f"serve-{time.monotonic_ns()}.log"), "w+")
        self.process = penstock.popen("serve", *arguments, "--bucket", bucket, "--listen", listen, env=env, stderr=self.log)
        self.origin = self.process.stdout.readline().strip()
        assert self.origin.startswith("http://") or not starts, self.text

    @property
    def text(self):
        """What it said on standard error."""
        self.log.flush()
        return pathlib.Path(self.log.name).read_text()

    @property
    def events(self):
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]

    def client(self, key="test", secret="test", **options):
        """boto3's, as it is."""
        import boto3
        import botocore.config

        config = botocore.config.Config(retries={"max_attempts": 1}, read_timeout=30, **options)
        return boto3.client("firehose", endpoint_url=self.origin, region_name="eu-west-1", aws_access_key_id=key,
                            aws_secret_access_key=secret, config=config)

    def ask(self, path):
        with urllib.request.urlopen(self.origin + path, timeout=30) as answer:
            return answer.read().decode()

    def stop(self, with_signal=signal.SIGTERM):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        code = self.process.wait(TIMEOUT_S)
        self.process.stdout.close()
        return code


def files_of(root):
    """Every object of a bucket: its key and a digest. Not the state, which is no object."""
    root = pathlib.Path(root)
    out = {}
    for path in sorted(root.rglob("*")):
        key = path.relative_to(root).as_posix()
        if path.is_file() and not key.startswith(".penstock/"):
            out[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    return out


def lake_of(root):
    """What must be the same of two runs that had the same answers: clean, rejected, markers of days, catalog."""
    wanted = re.compile(r"^(catalog/|([^/]+/)?(clean|rejected)/|([^/]+/)?markers/[^/]+/dt=)")
    return {key: digest for key, digest in files_of(root).items() if wanted.match(key)}


def assert_same_lake(got, expected):
    got, expected = lake_of(got), lake_of(expected)
    assert expected, "the undisturbed lake is empty"
    differing = [key for key in sorted(got.keys() | expected.keys()) if got.get(key) != expected.get(key)]
    assert not differing, f"{len(differing)} objects differ, such as {differing[:5]}"


def marker_of(bucket, day=LAST, name="tiny"):
    return pathlib.Path(bucket) / name / "markers" / name / f"dt={day}.json"


def table_of(bucket, area="clean", name="tiny", table="bars"):
    """The rows of all days, as a list of dicts in the order of days and of the files."""
    import pyarrow.parquet as parquet

    rows = []
    for file in sorted((pathlib.Path(bucket) / name / area / table).glob("dt=*/*.parquet")):
        rows += parquet.ParquetFile(file).read().to_pylist()
    return rows


def key_of(row):
    return row["date"], row["symbol"]


def without(rows, *columns):
    return [{k: v for k, v in row.items() if k not in columns} for row in rows]


@functools.cache
def recorded():
    """The recorded set as it is, an Arrow table: Date, Open, High, Low, Close, Volume, Name; empty cells are null."""
    import pyarrow
    from pyarrow import csv

    with open(RECORDED, "rb") as raw:
        return csv.read_csv(pyarrow.CompressedInputStream(raw, "zstd"))


def recorded_rows(symbols=tuple(SYMBOLS), first=FIRST, last=LAST):
    """What the lake must have of these: (complete rows, rows with an empty cell), each {(day, symbol): cells}."""
    import pyarrow
    import pyarrow.compute as compute

    table = recorded()
    days = [pyarrow.scalar(datetime.date.fromisoformat(day), pyarrow.date32()) for day in (first, last)]
    table = table.filter(compute.and_(compute.is_in(table["Name"], pyarrow.array(symbols)),
                                      compute.and_(compute.greater_equal(table["Date"], days[0]),
                                                   compute.less_equal(table["Date"], days[1]))))
    whole, empty = {}, {}
    for row in table.to_pylist():
        cells = {name: row[name.capitalize()] for name in PRICES}
        (empty if None in cells.values() else whole)[row["Date"], row["Name"]] = cells
    assert whole
    return whole, empty


def cells_of(rows):
    return {key_of(row): {name: row[name] for name in PRICES} for row in rows}


def dead_letters(penstock, bucket, *args):
    """Every message of the dead-letter queues, whole."""
    listed = penstock.ok("dlq", "ls", "--bucket", bucket, "--output", "json", *args).rows
    return [json.loads(penstock.ok("dlq", "show", row["id"], "--bucket", bucket).out) for row in listed]


def without_overriding_permissions():
    """The command in front of the binary that makes file permissions hold for root, too; None: there is none."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return None
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search,-fowner"]
