/** One job a message: worker and starter in one process, as its own. */
import { Queue, Worker } from 'bullmq';
import { answerCalls } from '../delivery/child.ts';
import { paced, type Sending, textOf } from './design.ts';
import { createNaiveSteps, type Sent, type Services } from './naive-steps.ts';

type Call = { id: number } & (
  | { name: 'open'; args: [Services] }
  | { name: 'send'; args: [string, Sending] }
  | { name: 'close'; args: [] }
);

const WINDOW = 100;
const CONCURRENCY = 50;
const QUEUE = 'naive';

async function open({ databaseUrl, redisUrl }: Services) {
  const steps = await createNaiveSteps(databaseUrl);
  const connection = { url: redisUrl, protocol: 2, maxRetriesPerRequest: null };
  const queue = new Queue<Sent>(QUEUE, { connection });
  const process = async ({ data }: { data: Sent }) => {
    const enriched = await steps.enrich(data.content);
    await steps.store(data, enriched, await steps.moderate(data.content, enriched.language));
  };
  const worker = new Worker<Sent>(QUEUE, process, { connection, concurrency: CONCURRENCY });
  await worker.waitUntilReady();
  return {
    send: (run: string, sending: Sending) =>
      paced(sending, WINDOW, async n => {
        const sent = { run, n, content: textOf(n), sentAt: new Date().toISOString() };
        await queue.add('message', sent, { jobId: `${run}-${n}`, removeOnComplete: true });
      }),
    async close() {
      await worker.close();
      await queue.close();
      await steps.close();
    },
  };
}

let opened: Awaited<ReturnType<typeof open>>;
answerCalls<Call>(async ({ name, args }) => {
  if (name === 'open') opened = await open(...args);
  else if (name === 'send') await opened.send(...args);
  else await opened.close();
});
