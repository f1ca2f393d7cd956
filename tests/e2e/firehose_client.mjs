// The SDK for JavaScript as its users have it: `node firehose_client.mjs ORIGIN STREAM`, with the SDK of NODE_MODULES.
import { createRequire } from "node:module";

const require = createRequire(process.env.NODE_MODULES + "/");
const sdk = require("@aws-sdk/client-firehose");
const [origin, stream] = process.argv.slice(2);
const client = new sdk.FirehoseClient({ endpoint: origin, region: "eu-west-1", maxAttempts: 1 });

const bytes = (text) => new TextEncoder().encode(text);
const one = await client.send(new sdk.PutRecordCommand({ DeliveryStreamName: stream, Record: { Data: bytes("from node\n") } }));
const batch = await client.send(new sdk.PutRecordBatchCommand({
  DeliveryStreamName: stream, Records: Array.from({ length: 500 }, (_, i) => ({ Data: bytes(`${i} ü\n`) })) }));
const described = await client.send(new sdk.DescribeDeliveryStreamCommand({ DeliveryStreamName: stream }));
let refused;
try {
  await client.send(new sdk.PutRecordCommand({ DeliveryStreamName: "no-such-stream", Record: { Data: bytes("x") } }));
} catch (error) {
  refused = { isIt: error instanceof sdk.ResourceNotFoundException, name: error.name, message: error.message,
              status: error.$metadata.httpStatusCode };
}
console.log(JSON.stringify({ id: one.RecordId, failed: batch.FailedPutCount, ids: batch.RequestResponses.map((each) => each.RecordId),
                             status: described.DeliveryStreamDescription.DeliveryStreamStatus,
                             created: described.DeliveryStreamDescription.CreateTimestamp, refused }));
