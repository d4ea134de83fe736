import { connectToChroma } from './servers/chroma-connection.ts';
import { connectToPostgres } from './servers/postgres-connection.ts';
import { connectToRedis } from './servers/redis-connection.ts';
import { connectToVectorizer } from './servers/vectorizer-connection.ts';
import type { Connection, PeerName, Target } from './peer.ts';

const CONNECT: Readonly<Record<PeerName, (target: Target) => Promise<Connection>>> = {
  vectorizer: connectToVectorizer,
  chroma: connectToChroma,
  redis: connectToRedis,
  postgres: connectToPostgres,
};

export async function connectTo(target: Target): Promise<Connection> {
  return CONNECT[target.peer](target);
}
