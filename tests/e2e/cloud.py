"""Servers that stand in for AWS, of one test file: versitygw as S3, moto as SQS."""
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time

from harness import SOURCE, TIMEOUT_S, files_of

KEY, SECRET = "AKIDOFTESTS", "secret/of+tests"
VERSITYGW = SOURCE / ".deps/versitygw/versitygw"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class S3:
    """versitygw over a folder: its folders are buckets. `requests(text)` are those so far that name it."""

    def __init__(self, folder):
        assert VERSITYGW.is_file(), "run tools/install-versitygw"
        self.root = pathlib.Path(folder) / "buckets"
        self.root.mkdir()
        self.log = pathlib.Path(folder) / "requests.log"
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        env = {**os.environ, "ROOT_ACCESS_KEY_ID": KEY, "ROOT_SECRET_ACCESS_KEY": SECRET}
        env.pop("AWS_CA_BUNDLE", None)
        self.process = subprocess.Popen(
            [VERSITYGW, "--quiet", "--port", f"127.0.0.1:{port}", "--access-log", self.log, "posix", self.root], env=env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + TIMEOUT_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert self.process.poll() is None and time.monotonic() < end, "versitygw did not start"
            time.sleep(0.02)

    def make_bucket(self, name):
        (self.root / name).mkdir()
        return f"s3://{name}"

    def client(self):
        import boto3

        return boto3.client("s3", endpoint_url=self.origin, region_name="us-east-1", aws_access_key_id=KEY,
                            aws_secret_access_key=SECRET)

    def upload(self, lake, bucket, prefix):
        """Every object of a lake in a folder."""
        client = self.client()
        for key in files_of(lake):
            client.upload_file(str(pathlib.Path(lake, key)), bucket, f"{prefix}/{key}")

    def requests(self, text):
        return [line for line in self.log.read_text().splitlines() if text in line]

    def close(self):
        self.process.kill()
        self.process.wait()


class Sqs:
    """tests/servers/sqs.py, or the one that all tests of this run share."""

    def __init__(self):
        self.process = None
        self.origin = os.environ.get("PENSTOCK_TEST_SQS")
        if not self.origin:
            self.process = subprocess.Popen([sys.executable, "-B", SOURCE / "tests/servers/sqs.py"],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.origin = self.process.stdout.readline().strip()
        assert self.origin, "the SQS of the tests did not start"

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()


def aws_environment(s3=None, sqs=None):
    """What a user sets to reach them."""
    env = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1", "AWS_CA_BUNDLE": "",
           "AWS_EC2_METADATA_DISABLED": "true"}
    if s3:
        env["AWS_ENDPOINT_URL_S3"] = s3.origin
    if sqs:
        env["AWS_ENDPOINT_URL_SQS"] = sqs.origin
        env["PENSTOCK_QUEUES"] = "sqs"
    return env
