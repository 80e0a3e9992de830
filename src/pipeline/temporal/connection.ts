import { setTimeout as delay } from 'node:timers/promises';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../../logger.ts';

/** What operators can search runs by. */
export const SEARCH = {
  rooms: defineSearchAttributeKey('ParleyRooms', SearchAttributeType.KEYWORD_LIST),
  messages: defineSearchAttributeKey('ParleyMessages', SearchAttributeType.INT),
};
/** IndexedValueType of Temporal's API. */
const INDEXED = { int: 3, keywordList: 7 };
const RPC_TIMEOUT_MS = 5_000;
const RETRY = { firstMs: 200, maxMs: 5_000 };

type Options = { address: string; logger: Logger; signal: AbortSignal };

/** Connects, trying for as long as it takes; one connection for client and worker, so that starts can be eager. */
export async function connectTemporal({ address, logger, signal }: Options): Promise<NativeConnection> {
  for (let wait = RETRY.firstMs; ; wait = Math.min(wait * 2, RETRY.maxMs)) {
    signal.throwIfAborted();
    try {
      return await NativeConnection.connect({ address });
    } catch (error) {
      logger.warn({ address, error }, 'Temporal does not answer yet');
      await delay(wait, undefined, { signal });
    }
  }
}

/** Registers our search attributes; false where the cluster lacks them and does not let us. */
export async function registerSearchAttributes(
  connection: NativeConnection,
  namespace: string,
  logger: Logger,
): Promise<boolean> {
  const deadline = () => Date.now() + RPC_TIMEOUT_MS;
  const wanted = { [SEARCH.rooms.name]: INDEXED.keywordList, [SEARCH.messages.name]: INDEXED.int };
  try {
    const { customAttributes } = await connection.withDeadline(deadline(), () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    const missing = Object.entries(wanted).filter(([name]) => !(name in (customAttributes ?? {})));
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing);
      await connection.withDeadline(deadline(), () =>
        connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
      );
    }
    return true;
  } catch (error) {
    logger.warn(
      { error },
      'runs go without search attributes: this cluster lacks them and refuses to add them',
    );
    return false;
  }
}
