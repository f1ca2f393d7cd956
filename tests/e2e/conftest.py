import contextlib
import re
import signal

import cloud
import harness
import pytest


@pytest.fixture
def penstock(tmp_path):
    """The binary in a folder of this test's own."""
    assert harness.BINARY.is_file(), f"build it first, or set PENSTOCK_BIN: {harness.BINARY}"
    return harness.Penstock(tmp_path)


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """A real S3 server (versitygw), shared by the tests of a file."""
    server = cloud.S3(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture
def bucket(s3, request):
    """A bucket of this test's own; what lies in it is at `place`."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")

    class Bucket:
        uri = s3.make_bucket(name) + "/lakes/one"
        place = s3.root / name / "lakes/one"

        @staticmethod
        def put(key, text):
            """As another program would: below `place`."""
            s3.client().put_object(Bucket=name, Key=f"lakes/one/{key}", Body=text.encode())

    return Bucket


@pytest.fixture(scope="module")
def replay(tmp_path_factory):
    """A replay server without faults, shared by the tests of a file. Counts are differences, or follow replay.reset()."""
    server = harness.Replay(harness.Penstock(tmp_path_factory.mktemp("replay")))
    yield server
    server.close()


@pytest.fixture
def start_replay(penstock):
    """Starts replay servers with options: start_replay("--fault", "500:times=1")."""
    with contextlib.ExitStack() as stack:

        def start(*options):
            server = harness.Replay(penstock, *options)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def serve(penstock):
    """Starts `penstock serve` (harness.Serve); what still runs at the end is killed."""
    started = []

    def start(*arguments, **options):
        started.append(harness.Serve(penstock, *arguments, **options))
        return started[-1]

    yield start
    for each in started:
        each.stop(signal.SIGKILL)


@pytest.fixture
def tiny(penstock):
    """The folder of a pipeline of twelve recorded symbols."""
    return harness.make_pipeline(penstock)


@pytest.fixture
def run(penstock):
    """run("lake", server, …): the range FIRST … LAST of the pipeline tiny into a bucket."""

    def run_range(bucket, server, *options, first=harness.FIRST, last=harness.LAST, pipeline="tiny", **rest):
        return penstock("run", pipeline, "--endpoint", server.origin, "--from", first, "--to", last, "--bucket", bucket,
                        *options, **rest)

    return run_range
