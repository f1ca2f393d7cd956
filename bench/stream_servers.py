"""The servers that the work stream_ingest loads: ours, and moto's Firehose."""
import json
import pathlib
import shutil
import subprocess
import time
import urllib.request


class StreamServer:
    """A server with one stream, started when it is first needed; `command(out)` prints its origin."""

    process = None

    def __init__(self, command, out, stream, make=None):
        self.command, self.out, self.stream, self.make = command, out, stream, make

    def origin(self):
        if self.process is None:
            shutil.rmtree(self.out, ignore_errors=True)
            self.out.mkdir(parents=True)
            began = time.perf_counter()
            self.process = subprocess.Popen([str(word) for word in self.command(self.out)], stdout=subprocess.PIPE,
                                            stderr=open(self.out / "server.log", "wb"), text=True, cwd=self.out)
            self.address = self.process.stdout.readline().strip()
            if self.make:
                self.make(self.address, self.stream)
            self.first_record_ms = 1000 * (time.perf_counter() - began)
        return self.address

    def most_mib(self):
        """Of memory, so far."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))

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


def make_ours(origin, stream):
    """A stream with a buffer of 64 MiB, and its first record."""
    call(origin, "CreateDeliveryStream", DeliveryStreamName=stream, ExtendedS3DestinationConfiguration={
        "RoleARN": "arn:aws:iam::123456789012:role/firehose", "BucketARN": "arn:aws:s3:::finance",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 900}})
    call(origin, "PutRecord", DeliveryStreamName=stream, Record={"Data": "e30K"})


def last_result(log):
    """What the load generator printed."""
    return json.loads(pathlib.Path(log).read_text().strip().splitlines()[-1])
