"""moto's Firehose as a server of its own, with one stream that delivers to one bucket. Prints its origin when it can be asked.

    python stream_moto.py STREAM
"""
import logging
import sys
import threading

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
origin = f"http://{host}:{port}"
keys = {"endpoint_url": origin, "region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
boto3.client("s3", **keys).create_bucket(Bucket="finance")
boto3.client("firehose", **keys).create_delivery_stream(
    DeliveryStreamName=sys.argv[1],
    ExtendedS3DestinationConfiguration={"RoleARN": "arn:aws:iam::123456789012:role/firehose", "BucketARN": "arn:aws:s3:::finance"})
print(origin, flush=True)
threading.Event().wait()
