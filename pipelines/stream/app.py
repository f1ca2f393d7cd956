"""The transform of the stream: each record becomes a line of its own.

An AWS Lambda handler in the form that Amazon Data Firehose asks for (records with recordId, result and data in base64); it
runs unchanged on AWS, and here by `transform: {command: [python3, -m, awslambdaric, app.lambda_handler]}`.
"""
import base64


def lambda_handler(event, context):
    return {"records": [transform(record) for record in event["records"]]}


def transform(record):
    data = base64.b64decode(record["data"])
    if not data.endswith(b"\n"):
        data += b"\n"
    return {"recordId": record["recordId"], "result": "Ok", "data": base64.b64encode(data).decode("ascii")}
