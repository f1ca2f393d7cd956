"""Peer: moto's Step Functions, which runs state machines in its own process. `interpreter.py moto [ITEMS]`"""
import json, os, sys, time

os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1",
                  MOTO_CALL_RESET_API="false")


def main():
    import boto3
    from moto import mock_aws

    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    sys.setrecursionlimit(1_000_000)  # it goes one call deeper an item; its thread would end, and the execution not
    definition = {"StartAt": "M", "States": {"M": {"Type": "Map", "End": True, "MaxConcurrency": 1, "ItemProcessor": {
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}}}}
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions")
        machine = client.create_state_machine(name="m", definition=json.dumps(definition),
                                              roleArn="arn:aws:iam::123456789012:role/r")["stateMachineArn"]
        begin = time.perf_counter()
        run = client.start_execution(stateMachineArn=machine, input=json.dumps([{"n": n} for n in range(count)]))
        while (state := client.describe_execution(executionArn=run["executionArn"]))["status"] == "RUNNING":
            if time.perf_counter() - begin > 300:
                raise SystemExit("moto: still RUNNING after 300 s")
            time.sleep(0.005)
        seconds = time.perf_counter() - begin
    if state["status"] != "SUCCEEDED" or len(json.loads(state["output"])) != count:
        raise SystemExit(f"{state['status']}: {state.get('error')}: {state.get('cause')}")
    print(json.dumps({"items": count, "seconds": round(seconds, 4), "transitions_per_second": round((count + 1) / seconds)}))


main()
