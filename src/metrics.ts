import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Metrics of a gateway, in the Prometheus text format through `registry.metrics()`. Times are in seconds. */
export function createGatewayMetrics() {
  const registry = newRegistry();
  const registers = [registry];
  return {
    registry,
    connections: new Gauge({ name: 'parley_connections', help: 'Open sockets', registers }),
    rooms: new Gauge({ name: 'parley_rooms', help: 'Rooms with a member on this gateway', registers }),
    framesIn: new Counter({
      name: 'parley_frames_in_total',
      help: 'Client frames by type',
      labelNames: ['type'],
      registers,
    }),
    framesOut: new Counter({
      name: 'parley_frames_out_total',
      help: 'Server frames by type',
      labelNames: ['type'],
      registers,
    }),
    bytesOut: new Counter({
      name: 'parley_bytes_out_total',
      help: 'Bytes of server frames handed to sockets',
      registers,
    }),
    framesPerWrite: new Histogram({
      name: 'parley_write_frames',
      help: 'Server frames joined in one write',
      buckets: [1, 2, 5, 10, 20, 50, 100, 500],
      registers,
    }),
    gaps: new Counter({
      name: 'parley_gaps_total',
      help: 'Rooms silenced on a slow connection until it joins again',
      registers,
    }),
    slowCloses: new Counter({
      name: 'parley_slow_closes_total',
      help: 'Connections closed with 4013, by what they passed',
      labelNames: ['cause'],
      registers,
    }),
    refusals: new Counter({
      name: 'parley_refusals_total',
      help: 'Refusals by code',
      labelNames: ['code', 'via'],
      registers,
    }),
    upgradesRefused: new Counter({
      name: 'parley_upgrades_refused_total',
      help: 'Upgrades refused by code',
      labelNames: ['code'],
      registers,
    }),
    closes: new Counter({
      name: 'parley_closes_total',
      help: 'Closed sockets by close code',
      labelNames: ['code'],
      registers,
    }),
    loopDelay: new Gauge({
      name: 'parley_event_loop_delay_mean_seconds',
      help: 'Mean delay of the event loop over the last second: what load is shed by',
      registers,
    }),
    handshakesDropped: new Counter({
      name: 'parley_handshakes_dropped_total',
      help: 'Connections cut for newer ones before they had sent a request',
      registers,
    }),
    delivery: new Histogram({
      name: 'parley_delivery_seconds',
      help: 'From acceptance to the write on local sockets',
      buckets: SECONDS,
      registers,
    }),
    append: new Histogram({
      name: 'parley_append_seconds',
      help: 'The append script, as the gateway sees it',
      buckets: SECONDS,
      registers,
    }),
    inline: new Histogram({
      name: 'parley_inline_judge_seconds',
      help: 'Until a text of an inline room had its verdict, by its action; none: not in time',
      labelNames: ['action'],
      buckets: SECONDS,
      registers,
    }),
    holesFilled: new Counter({
      name: 'parley_live_holes_total',
      help: 'Holes in the live channel filled from the log',
      registers,
    }),
    http: new Histogram({
      name: 'parley_http_seconds',
      help: 'HTTP calls',
      labelNames: ['route', 'status'],
      buckets: SECONDS,
      registers,
    }),
    historyPages: new Counter({
      name: 'parley_history_pages_total',
      help: 'History pages by origin',
      labelNames: ['from'],
      registers,
    }),
  };
}

/** Metrics of a worker. Exposure is how long text that was later masked or removed could be read. */
export function createWorkerMetrics() {
  const registry = newRegistry();
  const registers = [registry];
  return {
    registry,
    intakeDepth: new Gauge({
      name: 'parley_intake_entries',
      help: 'Entries that no engine has taken yet',
      registers,
    }),
    intakeAge: new Gauge({
      name: 'parley_intake_oldest_seconds',
      help: 'Age of the oldest entry that no engine has taken yet',
      registers,
    }),
    unstored: new Gauge({
      name: 'parley_unstored_entries',
      help: 'Acknowledged entries that the store does not reflect yet',
      registers,
    }),
    inFlight: new Gauge({
      name: 'parley_batches_in_flight',
      help: 'Batches started here and not finished',
      registers,
    }),
    runsLost: new Counter({
      name: 'parley_runs_lost_total',
      help: 'Runs that ended without their work and were started anew or set aside',
      registers,
    }),
    tasks: new Counter({
      name: 'parley_scheduled_tasks_total',
      help: 'Attempts of scheduled tasks by task and outcome',
      labelNames: ['task', 'outcome'],
      registers,
    }),
    batchSize: new Histogram({
      name: 'parley_batch_messages',
      help: 'Messages in a batch',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
      registers,
    }),
    step: new Histogram({
      name: 'parley_step_seconds',
      help: 'One attempt of one step',
      labelNames: ['step', 'result'],
      buckets: SECONDS,
      registers,
    }),
    stored: new Histogram({
      name: 'parley_accept_to_stored_seconds',
      help: 'From acceptance to the stored row',
      buckets: SECONDS,
      registers,
    }),
    outcomes: new Counter({
      name: 'parley_outcomes_total',
      help: 'Outcomes announced, by status',
      labelNames: ['status'],
      registers,
    }),
    reprocessed: new Counter({
      name: 'parley_reprocessed_total',
      help: 'Messages that runs over history judged anew, by result',
      labelNames: ['result'],
      registers,
    }),
    providerCalls: new Histogram({
      name: 'parley_provider_call_seconds',
      help: 'Calls of the moderation provider by result: answered, timeout, unreachable, status, invalid',
      labelNames: ['result'],
      buckets: SECONDS,
      registers,
    }),
    providerTexts: new Counter({
      name: 'parley_provider_texts_total',
      help: 'Texts that scores were wanted of: scored, or unscored whatever the reason',
      labelNames: ['result'],
      registers,
    }),
    providerBreaker: new Gauge({
      name: 'parley_provider_breaker',
      help: 'Whether the provider is asked: 0 closed (it is), 1 half-open (one call tries), 2 open (it is not)',
      registers,
    }),
    exposure: new Histogram({
      name: 'parley_exposure_seconds',
      help: 'How long text that was then masked or removed could be read',
      labelNames: ['status'],
      buckets: SECONDS,
      registers,
    }),
    exposedMembers: new Histogram({
      name: 'parley_exposure_members',
      help: 'Members present when text was masked or removed',
      labelNames: ['status'],
      buckets: [0, 1, 2, 5, 10, 50, 100, 1000, 10_000],
      registers,
    }),
    unaccounted: new Gauge({
      name: 'parley_unaccounted',
      help: 'Acknowledged entries that the last audit could not account for; 0 in workers that do not audit',
      registers,
    }),
    lost: new Gauge({
      name: 'parley_lost_entries',
      help: 'Entries lost at most with epochs that ended by a loss, as of the last audit',
      registers,
    }),
    wiped: new Counter({
      name: 'parley_wiped_messages_total',
      help: 'Messages and dead letters of which a tombstone is left, by why: expired, erased',
      labelNames: ['reason'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'parley_dead_letters_total',
      help: 'Entries set aside, by cause',
      labelNames: ['step'],
      registers,
    }),
  };
}

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;
export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;

function newRegistry() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
