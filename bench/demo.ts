/**
 * `npm run demo`: a minute of lively telemetry of a small shop, spans, log records and metrics, sent to a
 * running bridge over OTLP/HTTP (`demo-signals.ts`).
 *
 * Options: --url http://127.0.0.1:4318, --seconds 60, --rate 20 (visits a second), --token TEXT.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { createSignals, type Replica } from './demo-signals.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:4318' },
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '20' },
    token: { type: 'string' },
  },
});

const signals = createSignals(values.url, values.token);
const { tally } = signals;

function service(name: string, version: string, replicas: number): () => Replica {
  const all = Array.from({ length: replicas }, (_, i) =>
    signals.replica(
      {
        'service.name': name,
        'service.version': version,
        'service.instance.id': `${name}-${i}`,
        'deployment.environment.name': 'demo',
        'k8s.pod.name': `${name}-7d9f-${i}`,
        'cloud.region': pick(['eu-central-1', 'us-east-1']),
      },
      `demo.${name}`,
      version,
    ),
  );
  return () => pick(all);
}

const frontend = service('frontend', '4.2.0', 2);
const checkout = service('checkout', '1.9.3', 3);
const cart = service('cart', '2.0.1', 2);
const payment = service('payment', '0.8.0', 1);
const inventory = service('inventory', '3.1.4', 2);

const PRODUCTS = ['espresso', 'grinder', 'kettle', 'filter', 'scale', 'beans'];
const ROUTES = [
  { method: 'GET', route: '/', weight: 5 },
  { method: 'GET', route: '/product/{id}', weight: 6 },
  { method: 'POST', route: '/cart', weight: 3 },
  { method: 'POST', route: '/checkout', weight: 2 },
];

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)]!;
}

/** Every route as often as it weighs. */
const TICKETS = ROUTES.flatMap((route) => Array.from({ length: route.weight }, () => route));

/** Most calls are quick and a few are slow, as in real services: a log-normal time in milliseconds. */
function latencyMs(typical: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return typical * Math.exp(0.6 * normal);
}

interface Step {
  readonly at: Replica;
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: Context;
  readonly attributes: Attributes;
}

/** Runs `work` inside a span; an error it throws is recorded and marks the span. Servers log it too. */
async function step(
  { at, name, kind, parent, attributes }: Step,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  const span = at.tracer.startSpan(name, { kind, attributes }, parent);
  try {
    await work(trace.setSpan(parent, span));
  } catch (error) {
    span.recordException(error as Error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
    if (kind === SpanKind.SERVER) log(at, trace.setSpan(parent, span), SeverityNumber.ERROR, `${name}: ${error}`);
    throw error;
  } finally {
    span.end();
  }
}

function log(at: Replica, context: Context, severityNumber: SeverityNumber, body: string): void {
  at.logger.emit({ context, severityNumber, severityText: SeverityNumber[severityNumber], body });
}

function query(at: Replica, parent: Context, statement: string): Promise<void> {
  const attributes = {
    'db.system.name': 'postgresql',
    'db.query.text': statement,
    'db.response.returned_rows': Math.floor(Math.random() * 40),
  };
  return step({ at, name: statement.split(' ', 1)[0]!, kind: SpanKind.CLIENT, parent, attributes }, async () => {
    await sleep(latencyMs(4));
    if (Math.random() < 0.004) throw new Error('deadlock detected');
  });
}

function call(
  from: Replica,
  to: Replica,
  parent: Context,
  method: string,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  const attributes = { 'rpc.system': 'grpc', 'rpc.method': method };
  return step({ at: from, name: method, kind: SpanKind.CLIENT, parent, attributes }, (client) =>
    step({ at: to, name: method, kind: SpanKind.SERVER, parent: client, attributes }, work),
  );
}

async function placeOrder(from: Replica, parent: Context): Promise<void> {
  const shop = checkout();
  await call(from, shop, parent, 'shop.Checkout/PlaceOrder', async (order) => {
    await call(shop, inventory(), order, 'shop.Inventory/Reserve', (reserve) =>
      query(inventory(), reserve, 'UPDATE stock SET reserved = reserved + 1 WHERE sku = $1'),
    );
    const bank = payment();
    await call(shop, bank, order, 'shop.Payment/Charge', async (charge) => {
      await sleep(latencyMs(40));
      if (Math.random() < 0.05) {
        await sleep(250);
        throw new Error('timeout: the bank did not answer within 250 ms');
      }
      trace.getSpan(charge)?.addEvent('charged', { amount: Math.round(Math.random() * 20_000) / 100, currency: 'EUR' });
      if (Math.random() < 0.05) throw new Error('card declined');
      log(bank, charge, SeverityNumber.INFO, 'card charged');
    });
  });
}

async function visit(): Promise<void> {
  const { method, route } = pick(TICKETS);
  const at = frontend();
  const startMs = performance.now();
  const product = pick(PRODUCTS);
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'url.path': route.replace('{id}', product),
    'user_agent.original': pick(['Mozilla/5.0 Firefox/145.0', 'Mozilla/5.0 Chrome/156.0', 'curl/8.16']),
    'shop.tags': [product, pick(['web', 'app'])],
  };
  await step(
    { at, name: `${method} ${route}`, kind: SpanKind.SERVER, parent: ROOT_CONTEXT, attributes },
    async (root) => {
      const span = trace.getSpan(root)!;
      let status = 200;
      try {
        await sleep(latencyMs(3));
        if (route === '/checkout') await placeOrder(at, root);
        else if (route === '/cart')
          await call(at, cart(), root, 'shop.Cart/Add', (add) =>
            query(cart(), add, 'INSERT INTO cart VALUES ($1, $2)'),
          );
        else await query(at, root, 'SELECT * FROM product WHERE sku = $1');
      } catch (error) {
        status = (error as Error).message === 'card declined' ? 402 : 500;
        throw error;
      } finally {
        const outcome = { 'http.request.method': method, 'http.route': route, 'http.response.status_code': status };
        span.setAttributes(outcome);
        at.requests.add(1, outcome);
        at.duration.record((performance.now() - startMs) / 1000, outcome);
      }
    },
  );
}

async function main(): Promise<void> {
  const seconds = Number(values.seconds);
  const rate = Number(values.rate);
  const reached = await fetch(`${values.url}/v1/traces`)
    .then((response) => response.arrayBuffer())
    .catch(() => undefined);
  if (!reached) {
    process.stderr.write(`No bridge answers at ${values.url}. Start it in another terminal: npm start\n`);
    process.exit(1);
  }
  process.stdout.write(`Sending ${rate} visits a second to ${values.url} for ${seconds} s. Ctrl-C stops.\n`);
  const visits = new Set<Promise<void>>();
  const endMs = Date.now() + seconds * 1000;
  let nextReportMs = Date.now() + 5000;
  while (Date.now() < endMs) {
    const running = visit().catch(() => {}); // a failed visit is part of the show
    visits.add(running);
    void running.then(() => visits.delete(running));
    await sleep(1000 / rate);
    if (Date.now() < nextReportMs) continue;
    nextReportMs += 5000;
    process.stdout.write(`${soFar()}\n`);
  }
  await Promise.all(visits);
  await signals.shutdown();
  process.stdout.write(`Done: ${soFar()}.\n`);
  if (tally.stored.spans > 0)
    process.stdout.write(
      'Look at them:\n  npm run -s otel-lake -- read traces --filter "service_name = \'checkout\'" --limit 10\n',
    );
  process.exitCode = tally.stored.spans > 0 ? 0 : 1;
}

function soFar(): string {
  const { stored, refused, lastRefusal } = tally;
  const text = `${stored.spans} spans, ${stored.records} log records and ${stored.points} data points stored`;
  return refused ? `${text}, ${refused} not (${lastRefusal})` : text;
}

await main();
