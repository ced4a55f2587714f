import type { Registry } from 'prom-client';
import { type Route, sendJson } from './route.ts';

export interface HealthDeps {
  readonly version: string;
  /** Where the lake is, so that a command can tell whether this is the bridge of its configuration. */
  readonly location: string;
  /** Reasons not to be ready, each as a sentence, and what is only noted. */
  readonly readiness: () => { readonly reasons: readonly string[]; readonly notes: readonly string[] };
  readonly registry: Registry;
}

/** `/healthz` answers while the process can; `/readyz` says why requests would be refused. */
export function healthRoutes(deps: HealthDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      access: 'open',
      handle: ({ response }) => sendJson(response, 200, { status: 'ok', version: deps.version, lake: deps.location }),
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'open',
      handle({ response }) {
        const { reasons, notes } = deps.readiness();
        const ready = reasons.length === 0;
        sendJson(response, ready ? 200 : 503, { ready, reasons, ...(notes.length > 0 ? { notes } : {}) });
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'open',
      async handle({ response }) {
        const text = await deps.registry.metrics();
        response.writeHead(200, { 'Content-Type': deps.registry.contentType });
        response.end(text);
      },
    },
  ];
}
