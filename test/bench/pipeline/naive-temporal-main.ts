/** One workflow a message: worker and starter in one process, as its own. */
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { answerCalls } from '../delivery/child.ts';
import { paced, type Sending, textOf } from './design.ts';
import { createNaiveSteps, type Services } from './naive-steps.ts';
import type { naiveMessage } from './naive-workflow.ts';

type Call = { id: number } & (
  | { name: 'open'; args: [Services] }
  | { name: 'send'; args: [string, Sending] }
  | { name: 'close'; args: [] }
);

/** Starts under way at once: more of them store no more a second. */
const WINDOW = 100;
const QUEUE = 'naive';

async function open({ databaseUrl, temporalAddress }: Services) {
  const { close, ...activities } = await createNaiveSteps(databaseUrl);
  const connection = await NativeConnection.connect({ address: temporalAddress });
  const workflowsPath = fileURLToPath(new URL('./naive-workflow.ts', import.meta.url));
  const worker = await Worker.create({ connection, taskQueue: QUEUE, activities, workflowsPath });
  const running = worker.run();
  const client = new Client({ connection });
  return {
    send: (run: string, sending: Sending) =>
      paced(sending, WINDOW, async n => {
        const sent = { run, n, content: textOf(n), sentAt: new Date().toISOString() };
        const options = { workflowId: `${run}-${n}`, taskQueue: QUEUE, args: [sent] as [typeof sent] };
        await client.workflow.start<typeof naiveMessage>('naiveMessage', options);
      }),
    async close() {
      worker.shutdown();
      await running;
      await connection.close();
      await close();
    },
  };
}

let opened: Awaited<ReturnType<typeof open>>;
answerCalls<Call>(async ({ name, args }) => {
  if (name === 'open') opened = await open(...args);
  else if (name === 'send') await opened.send(...args);
  else await opened.close();
});
