"""Transforms as people write them, good and bad. Each looks at the records' data to know what it should do."""
import base64
import os
import subprocess
import sys
import time


def answer(record, result="Ok", data=None, **more):
    return {"recordId": record["recordId"], "result": result,
            "data": record["data"] if data is None else base64.b64encode(data).decode(), **more}


def by_word(event, context):
    """Does to each record what its data says."""
    out = []
    for record in event["records"]:
        word = base64.b64decode(record["data"]).decode()
        if word == "drop":
            out.append(answer(record, "Dropped"))
        elif word == "fail":
            out.append(answer(record, "ProcessingFailed"))
        elif word == "forget":
            pass
        elif word == "twice":
            out += [answer(record), answer(record)]
        elif word == "invent":
            out += [answer(record), {"recordId": "nobody's", "result": "Ok", "data": ""}]
        elif word == "no base64":
            out.append({**answer(record), "data": "%%%"})
        elif word == "no data":
            out.append({"recordId": record["recordId"], "result": "Ok"})
        elif word == "fine":
            out.append(answer(record, "Fine"))
        elif word.startswith("key "):
            out.append(answer(record, metadata={"partitionKeys": {"symbol": word[4:]}}))
        else:
            out.append(answer(record, data=word.upper().encode()))
    return {"records": out}


def from_environment(event, context):
    return {"records": [answer(r, data=os.environ.get("WORD", "none").encode()) for r in event["records"]]}


def misbehave(event, context):
    """Once: the file named by the first record's data is the memory of what has been done already."""
    how, flag = base64.b64decode(event["records"][0]["data"]).decode().split(" ")
    first = not os.path.exists(flag)
    with open(flag, "a") as file:
        file.write(f"{os.getpid()}\n")
    if first or how.startswith("always-"):
        how = how.removeprefix("always-")
        if how == "hang":
            time.sleep(3600)
        if how == "crash":
            os._exit(9)
        if how == "raise":
            raise KeyError("symbol")
        if how == "big":
            return {"records": [answer(r, data=b"x" * (7 << 20)) for r in event["records"]]}
        if how == "noise":
            for _ in range(100_000):
                sys.stdout.write("z" * 999 + "\n")
        if how == "fork":
            subprocess.Popen(["sleep", "3600"], start_new_session=True)
    return {"records": [answer(record) for record in event["records"]]}
