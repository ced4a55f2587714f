import type { Route } from './route.ts';

/** `GET /`: what there is, for whoever opens the address in a browser or with curl. */
export function indexRoute(version: string, routes: readonly Route[]): Route {
  const lines = routes.map(({ method, path, access }) => {
    const token = access === 'open' ? '' : `  (${access} token, where one is configured)`;
    return `${method.padEnd(6)} ${path.replace('+}', '}')}${token}`;
  });
  const text = `otel-lake-bridge ${version}\n\n${lines.join('\n')}\n`;
  return {
    method: 'GET',
    path: '/',
    access: 'open',
    handle({ response }) {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(text);
    },
  };
}
