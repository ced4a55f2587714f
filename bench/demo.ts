/**
 * `npm run demo`: a minute of lively telemetry of a small shop, made with the OpenTelemetry SDK, serialised by
 * @opentelemetry/otlp-transformer and sent to a running bridge over OTLP/HTTP.
 *
 * Options: --url http://127.0.0.1:4318, --seconds 60, --rate 20 (visits a second).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:4318' },
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '20' },
    token: { type: 'string' },
  },
});

let stored = 0;
let refused = 0;
let lastRefusal = '';

/** ExportResultCode of the SDK: success 0, failed 1. */
const exporter: SpanExporter = {
  export(spans: ReadableSpan[], done) {
    post(ProtobufTraceSerializer.serializeRequest(spans)!).then(
      () => {
        stored += spans.length;
        done({ code: 0 });
      },
      (error: Error) => {
        refused += spans.length;
        lastRefusal = error.message;
        done({ code: 1, error });
      },
    );
  },
  shutdown: async () => {},
};

async function post(body: Uint8Array): Promise<void> {
  const headers: Record<string, string> = { 'content-type': 'application/x-protobuf' };
  if (values.token) headers.authorization = `Bearer ${values.token}`;
  const response = await fetch(`${values.url}/v1/traces`, { method: 'POST', headers, body: new Uint8Array(body) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the bridge answered ${response.status}`);
}

const providers: NodeTracerProvider[] = [];

function service(name: string, version: string, replicas: number): () => Tracer {
  const tracers = Array.from({ length: replicas }, (_, i) => {
    const provider = new NodeTracerProvider({
      resource: resourceFromAttributes({
        'service.name': name,
        'service.version': version,
        'service.instance.id': `${name}-${i}`,
        'deployment.environment.name': 'demo',
        'k8s.pod.name': `${name}-7d9f-${i}`,
        'cloud.region': pick(['eu-central-1', 'us-east-1']),
      }),
      spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 500 })],
    });
    providers.push(provider);
    return provider.getTracer(`demo.${name}`, version);
  });
  return () => pick(tracers);
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
  readonly tracer: Tracer;
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: Context;
  readonly attributes: Attributes;
}

/** Runs `work` inside a span; an error it throws is recorded and marks the span. */
async function step(
  { tracer, name, kind, parent, attributes }: Step,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  const span = tracer.startSpan(name, { kind, attributes }, parent);
  try {
    await work(trace.setSpan(parent, span));
  } catch (error) {
    span.recordException(error as Error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
    throw error;
  } finally {
    span.end();
  }
}

function query(tracer: Tracer, parent: Context, statement: string): Promise<void> {
  const attributes = {
    'db.system.name': 'postgresql',
    'db.query.text': statement,
    'db.response.returned_rows': Math.floor(Math.random() * 40),
  };
  return step({ tracer, name: statement.split(' ', 1)[0]!, kind: SpanKind.CLIENT, parent, attributes }, async () => {
    await sleep(latencyMs(4));
    if (Math.random() < 0.004) throw new Error('deadlock detected');
  });
}

function call(
  from: Tracer,
  to: Tracer,
  parent: Context,
  method: string,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  const attributes = { 'rpc.system': 'grpc', 'rpc.method': method };
  return step({ tracer: from, name: method, kind: SpanKind.CLIENT, parent, attributes }, (client) =>
    step({ tracer: to, name: method, kind: SpanKind.SERVER, parent: client, attributes }, work),
  );
}

async function placeOrder(from: Tracer, parent: Context): Promise<void> {
  const shop = checkout();
  await call(from, shop, parent, 'shop.Checkout/PlaceOrder', async (order) => {
    await call(shop, inventory(), order, 'shop.Inventory/Reserve', (reserve) =>
      query(inventory(), reserve, 'UPDATE stock SET reserved = reserved + 1 WHERE sku = $1'),
    );
    await call(shop, payment(), order, 'shop.Payment/Charge', async (charge) => {
      await sleep(latencyMs(40));
      trace.getSpan(charge)?.addEvent('charged', { amount: Math.round(Math.random() * 20_000) / 100, currency: 'EUR' });
      if (Math.random() < 0.05) throw new Error('card declined');
    });
  });
}

async function visit(): Promise<void> {
  const { method, route } = pick(TICKETS);
  const tracer = frontend();
  const product = pick(PRODUCTS);
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'url.path': route.replace('{id}', product),
    'user_agent.original': pick(['Mozilla/5.0 Firefox/145.0', 'Mozilla/5.0 Chrome/156.0', 'curl/8.16']),
    'shop.tags': [product, pick(['web', 'app'])],
  };
  await step(
    { tracer, name: `${method} ${route}`, kind: SpanKind.SERVER, parent: ROOT_CONTEXT, attributes },
    async (root) => {
      const span = trace.getSpan(root)!;
      try {
        await sleep(latencyMs(3));
        if (route === '/checkout') await placeOrder(tracer, root);
        else if (route === '/cart')
          await call(tracer, cart(), root, 'shop.Cart/Add', (add) =>
            query(cart(), add, 'INSERT INTO cart VALUES ($1, $2)'),
          );
        else await query(tracer, root, 'SELECT * FROM product WHERE sku = $1');
        span.setAttribute('http.response.status_code', 200);
      } catch (error) {
        span.setAttribute('http.response.status_code', (error as Error).message === 'card declined' ? 402 : 500);
        throw error;
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
    process.stdout.write(`${stored} spans stored${refused ? `, ${refused} not (${lastRefusal})` : ''}\n`);
  }
  await Promise.all(visits);
  await Promise.all(providers.map((provider) => provider.shutdown()));
  process.stdout.write(`Done: ${stored} spans stored${refused ? `, ${refused} not (${lastRefusal})` : ''}.\n`);
  if (stored > 0)
    process.stdout.write(
      'Look at them:\n  npm run -s otel-lake -- read traces --filter "service_name = \'checkout\'"\n',
    );
  process.exitCode = stored > 0 ? 0 : 1;
}

await main();
