"""What a user of awswrangler does: ORIGIN of penstock serve, ENDPOINT of S3, STREAM, PATH of the delivered dataset. Says what it saw as JSON."""
import json
import sys
import time

import awswrangler as wr
import boto3
import pandas as pd

origin, endpoint, stream, path = sys.argv[1:]
wr.config.s3_endpoint_url = endpoint
session = boto3.Session()

frame = pd.DataFrame({"n": range(1000)})
frame["name"] = "T" + (frame.n % 10).astype(str)
frame["legs"] = [[{"px": n / 2, "qty": n}] for n in range(1000)]
records = [{"Data": line + "\n"} for line in frame.to_json(orient="records", lines=True).splitlines()]
firehose = session.client("firehose", endpoint_url=origin)
put = 0
for at in range(0, len(records), 500):
    answer = firehose.put_record_batch(DeliveryStreamName=stream, Records=records[at:at + 500])
    put += len(records[at:at + 500]) - answer["FailedPutCount"]


def read(**more):
    return wr.s3.read_parquet(path=path, dataset=True, boto3_session=session, **more)


end = time.monotonic() + 60
while not wr.s3.list_objects(path, suffix=".parquet", boto3_session=session) or len(read()) < put:
    assert time.monotonic() < end, wr.s3.list_objects(path, boto3_session=session)
    time.sleep(0.1)
seen = read()
day = str(seen.dt.iloc[0])
types, partitions = wr.s3.read_parquet_metadata(path=path, dataset=True, boto3_session=session)
try:
    of_no_day = len(read(partition_filter=lambda each: each["dt"] == "1999-01-01"))
except wr.exceptions.NoFilesFound:
    of_no_day = 0
first = seen.sort_values("n").iloc[0]
print(json.dumps({
    "version": wr.__version__, "put": put, "rows": len(seen), "numbers": int(seen.n.sum()), "columns": list(seen.columns),
    "first_legs": [dict(leg) for leg in first.legs], "types": types, "partitions": partitions,
    "of_the_day": len(read(partition_filter=lambda each: each["dt"] == day)), "of_no_day": of_no_day}))
