import type { FastifyInstance } from 'fastify';

/**
 * Remembers which methods each route pattern has, so that a request for a known path by another method can be told
 * so: the router itself only says "not found".
 */
export class KnownRoutes {
  readonly #methods = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', (route) => {
      const known = this.#methods.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() };
      for (const method of [route.method].flat()) known.methods.add(method);
      this.#methods.set(route.url, known);
    });
  }

  /** The methods that some route has for this path, sorted; none when the path is unknown. */
  allowed(path: string): readonly string[] {
    const found = new Set<string>();
    for (const { pattern, methods } of this.#methods.values()) {
      if (pattern.test(path)) for (const method of methods) found.add(method);
    }
    return [...found].toSorted();
  }
}

function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[^A-Za-z0-9_/-]/g, String.raw`\$&`)));
  return new RegExp(`^${parts.join('/')}$`);
}
