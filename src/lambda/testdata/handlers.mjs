export async function upper(event, context) {
  if (event.text === undefined) throw new TypeError("event.text is missing");
  console.log("upper", context.awsRequestId);
  return { text: event.text.toUpperCase() };
}
