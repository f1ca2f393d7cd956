"""Loads on servers of delivery streams: ours, and moto's Firehose. The load generator is `penstock_bench stream_load`."""
import json
import pathlib
import shutil
import statistics
import subprocess
import time
import urllib.request

from processes import Failed, once

PIPELINE = pathlib.Path(__file__).resolve().parent.parent / "pipelines/stream"
STREAM = "ticks"
BUFFER_MIB = 64


class StreamServer:
    """A server with one stream, started when it is first needed; `command(out)` prints its origin."""

    process = None

    def __init__(self, command, out, make=None):
        self.command, self.out, self.make = command, out, make

    def origin(self):
        if self.process is None:
            shutil.rmtree(self.out, ignore_errors=True)
            self.out.mkdir(parents=True)
            began = time.perf_counter()
            self.process = subprocess.Popen([str(word) for word in self.command(self.out)], stdout=subprocess.PIPE,
                                            stderr=open(self.out / "server.log", "wb"), text=True, cwd=self.out)
            self.address = self.process.stdout.readline().strip()
            if self.make:
                self.make(self.address)
                self.first_record_ms = 1000 * (time.perf_counter() - began)
                self.idle_mib = self.memory_mib("VmRSS")
        return self.address

    def memory_mib(self, field):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(field))

    def behind_mib(self):
        """What is acknowledged and not delivered yet."""
        with urllib.request.urlopen(self.address + "/metrics") as answer:
            samples = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
        sample = lambda name: float(samples[f'penstock_stream_{name}{{stream="{STREAM}"}}'])
        return sample("buffered_bytes") / 2**20

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.out, ignore_errors=True)
            self.process = None


def call(origin, operation, **request):
    headers = {"X-Amz-Target": f"Firehose_20150804.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    with urllib.request.urlopen(urllib.request.Request(origin, json.dumps(request).encode(), headers)) as answer:
        return json.loads(answer.read())


def put_first(origin):
    call(origin, "PutRecord", DeliveryStreamName=STREAM, Record={"Data": "e30K"})


def make_and_put_first(origin):
    call(origin, "CreateDeliveryStream", DeliveryStreamName=STREAM, ExtendedS3DestinationConfiguration={
        "RoleARN": "arn:aws:iam::123456789012:role/firehose", "BucketARN": "arn:aws:s3:::finance",
        "BufferingHints": {"SizeInMBs": BUFFER_MIB, "IntervalInSeconds": 900}})
    put_first(origin)


def parquet_pipeline(folder):
    """The pipeline that comes with Penstock, its stream converted to a table of our columns."""
    shutil.copytree(PIPELINE, folder)
    path = folder / "pipeline.yaml"
    before, _, after = path.read_text().partition("stream:\n")
    demo = after[after.index("demo:"):]
    path.write_text(before + f"""stream:
  name: {STREAM}
  buffering: {{size_mib: {BUFFER_MIB}, interval_s: 900}}
  table:
    name: ticks
    columns: {{id: bigint, name: string, high: double, low: double, ts: string, note: string}}

""" + demo)
    return folder


class StreamWork:
    """Records of 250 bytes into a stream: how many a second are acknowledged, by ours on the disk, and how long a request
    takes. What is timed is the load generator; memory is that of the server."""

    def __init__(self, name, load, ours, batch, connections, records, per_s=0, peer=None, peer_records=0, least_per_s=None,
                 target=None, limits=None):
        self.name, self.load, self.ours, self.batch, self.connections = name, load, ours, batch, connections
        self.records, self.per_s = records, per_s                  # per_s: the pace; 0 is as fast as it goes
        self.peer, self.peer_records = peer, peer_records          # which get fewer: it takes many times as long
        self.least_per_s, self.target = least_per_s, target        # of ours a second; ratio to the peer
        self.limits = limits or {}                                 # of our result's fields

    def measure(self, runs):
        sides = [("ours", self.ours, self.records)] + ([("moto", self.peer, self.peer_records)] if self.peer else [])
        loads = {side: [] for side, _, _ in sides}
        behind = []
        try:
            for run in range(runs + 1):
                for side, server, records in sides:
                    out = self.ours.out.parent / f"{self.name}-{side}"
                    once([*self.load, server.origin(), STREAM, records, self.batch, self.connections, self.per_s], out)
                    if run:  # the first one warms
                        loads[side].append(json.loads(out.with_suffix(".log").read_text().strip().splitlines()[-1]))
                    if side == "ours":
                        behind.append(server.behind_mib())
            median = lambda side, field: statistics.median(load[field] for load in loads[side])
            result = {"work": self.name, "peer": "moto" if self.peer else "-", "ours_per_s": median("ours", "records_per_s"),
                      "p50_ms": median("ours", "p50_ms"), "p99_ms": median("ours", "p99_ms"), "most_mib": self.ours.memory_mib("VmHWM"),
                      "idle_mib": self.ours.idle_mib, "first_record_ms": self.ours.first_record_ms, "behind_mib": max(behind)}
            if self.peer:
                result |= {"peer_per_s": median("moto", "records_per_s"), "peer_mib": self.peer.memory_mib("VmHWM")}
                result["ratio"] = round(result["ours_per_s"] / result["peer_per_s"], 2)
            return [{key: round(value, 2) if isinstance(value, float) else value for key, value in result.items()}], []
        except Failed as why:
            return [], [f"{self.name}: failed, {why}"]
        finally:
            for _, server, _ in sides:
                server.stop()

    def missed(self, result):
        missed = [f"limit {limit} of {field}" for field, limit in self.limits.items() if result[field] > limit]
        if self.least_per_s and result["ours_per_s"] < self.least_per_s:
            missed.append(f"target {self.least_per_s} a second")
        if self.target and "ratio" in result and result["ratio"] < self.target:
            missed.append(f"target {self.target}x")
        return missed

    def line(self, r):
        peer = f"{r['peer_per_s']:>8.0f}/s{r['ratio']:>7.1f}x" if self.peer else " " * 18
        memory = f"{r['most_mib']:>5.0f} MiB" + (f"{r['peer_mib']:>5.0f} MiB" if self.peer else " " * 9)
        return (f"{r['work']:<14}{r['peer']:<10}{r['ours_per_s']:>8.0f}/s{peer}   {memory}   p50 {r['p50_ms']:.1f} ms, p99 {r['p99_ms']:.1f} ms, "
                f"idle {r['idle_mib']:.0f} MiB, first record after {r['first_record_ms']:.0f} ms, not delivered yet {r['behind_mib']:.0f} MiB")


def stream_works(penstock, penstock_bench, python, peers, out):
    plain = StreamServer(lambda out: [penstock, "serve", "--bucket", out / "lake", "--listen", "127.0.0.1:0"], out / "stream-server",
                         make_and_put_first)
    parquet = StreamServer(lambda out: [penstock, "serve", parquet_pipeline(out / "ticks"), "--bucket", out / "lake", "--listen", "127.0.0.1:0"],
                           out / "stream-server", put_first)
    moto = StreamServer(lambda out: [python, peers / "stream_moto.py", STREAM], out / "stream-moto")
    load = [penstock_bench, "stream_load"]
    everywhere = {"most_mib": 300, "idle_mib": 40, "first_record_ms": 60}
    return [
        StreamWork("stream_ingest", load, plain, 500, 8, 2_000_000, peer=moto, peer_records=50_000, least_per_s=200_000, target=5,
                   limits=everywhere),
        # The pace that is asked for: how long does a batch take then?
        StreamWork("stream_pace", load, plain, 500, 8, 2_000_000, per_s=200_000, least_per_s=199_000, limits=everywhere | {"p99_ms": 20}),
        StreamWork("stream_put", load, plain, 1, 64, 200_000, peer=moto, peer_records=5_000, least_per_s=15_000, limits=everywhere),
        # Conversion on what the ingest leaves of two cores: no more is behind than a buffer that fills and one that is written.
        StreamWork("stream_parquet", load, parquet, 500, 8, 4_000_000, per_s=200_000, least_per_s=199_000,
                   limits=everywhere | {"behind_mib": 2 * BUFFER_MIB}),
    ]
