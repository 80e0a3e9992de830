import { connect } from 'node:http2';

/** A call of Temporal's that answers OK only when the server works and has the namespace. */
const CALL = '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace';

/**
 * Whether a Temporal server answers and knows the namespace. One gRPC call by hand: the SDK's client takes
 * half a second to load, which every start would pay.
 */
export async function knowsNamespace(
  address: string,
  { namespace, timeoutMs }: { namespace: string; timeoutMs: number },
): Promise<boolean> {
  const session = connect(`http://${address}`);
  session.setTimeout(timeoutMs, () => session.destroy());
  const answer = new Promise<boolean>(resolve => {
    session.once('error', () => resolve(false));
    session.once('close', () => resolve(false));
    const headers = { ':method': 'POST', ':path': CALL, 'content-type': 'application/grpc', te: 'trailers' };
    const call = session.request(headers);
    call.once('error', () => resolve(false));
    // The status stands in the trailers, or in the headers of an answer that has no body.
    const status = (fields: Record<string, unknown>) => {
      if (fields['grpc-status'] !== undefined) resolve(fields['grpc-status'] === '0');
    };
    call.once('response', status);
    call.once('trailers', status);
    call.resume();
    call.end(describeNamespace(namespace));
  });
  return await answer.finally(() => session.destroy());
}

/** DescribeNamespaceRequest {1: namespace} as protobuf, behind gRPC's prefix: not compressed, four bytes of length. */
function describeNamespace(namespace: string): Buffer {
  const name = Buffer.from(namespace);
  const message = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
