import type { ReadRequest, WriteOp, WriteRequest } from './history.ts';

/** A request that is still to be sent somewhere. */
export type Sent = {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The request of a write, as docs/API.md has it, without what goes for all writes. */
export function writeOf({ route, ops }: WriteRequest): Sent {
  const [first] = ops;
  if (first === undefined) throw new Error('a write without operations');
  const { id } = first;
  switch (route) {
    case 'upsert':
    case 'insert':
      return { method: route === 'upsert' ? 'PUT' : 'POST', path: '/vectors', body: { points: ops.map(pointOf) } };
    case 'delete':
      return { method: 'POST', path: '/vectors/delete', body: { ids: ops.map((op) => op.id) } };
    case 'batch':
      return { method: 'POST', path: '/vectors/batch', body: { operations: ops.map(named) } };
    case 'update_one':
      return { method: 'PUT', path: `/vectors/${id}`, body: pick(first, ['vector', 'payload', 'if_version']) };
    case 'patch_one':
      return { method: 'PATCH', path: `/vectors/${id}`, body: patchOf(first) };
    case 'delete_one': {
      const condition = first.if_version === undefined ? '' : `?if_version=${first.if_version}`;
      return { method: 'DELETE', path: `/vectors/${id}${condition}` };
    }
  }
  return route satisfies never;
}

function pointOf(op: WriteOp): object {
  return pick(op, ['id', 'vector', 'payload', 'if_version']);
}

function pick(op: WriteOp, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(op).filter(([name]) => names.includes(name)));
}

function named({ kind, ...rest }: WriteOp): object {
  return { op: kind, ...rest };
}

function patchOf(op: WriteOp): object {
  const condition = op.if_version === undefined ? {} : { if_version: op.if_version };
  if (op.kind === 'payload_delete_keys') return { delete_keys: op.keys, ...condition };
  if (op.kind === 'payload_merge') return { merge: op.payload, ...condition };
  if (op.kind === 'payload_replace') return { replace: op.payload, ...condition };
  throw new Error(`${op.kind} is no patch`);
}

export function readOf(request: ReadRequest, timeoutMs: number): Sent {
  const settings = { ...demandOf(request), timeout_ms: timeoutMs };
  const fields = { with_payload: true, with_vector: true };
  switch (request.kind) {
    case 'get': {
      const query = new URLSearchParams(Object.entries(settings).map(([name, value]) => [name, String(value)]));
      return { method: 'GET', path: `/vectors/${request.id}?${query.toString()}` };
    }
    case 'search': {
      const { vector, k, exact, max_staleness_ms, no_cache } = request;
      const body = { vector, k, exact, max_staleness_ms, ...settings, ...fields };
      return { method: 'POST', path: '/search', body, ...(no_cache && { headers: { 'cache-control': 'no-cache' } }) };
    }
    case 'scroll': {
      const { after, limit } = request;
      return { method: 'POST', path: '/vectors/scroll', body: { after, limit, ...settings, ...fields } };
    }
    case 'count':
      return { method: 'POST', path: '/vectors/count', body: settings };
  }
  return request satisfies never;
}

function demandOf(request: ReadRequest): object {
  if (request.consistency === 'default') return {};
  if (request.consistency !== 'bounded') return { consistency: request.consistency };
  return { consistency: request.consistency, max_lag_ms: request.max_lag_ms };
}
