import { setting } from '../setting.ts';
import { decimal, whole } from '../value-type.ts';

const reads = { services: ['query', 'standalone'] } as const;

export const query = {
  cache_bytes: setting({
    ...reads,
    type: whole({ min: 0, max: 2 ** 36 }, 'bytes'),
    default: String(64 * 2 ** 20),
    about: 'of [answers](CONSISTENCY.md#the-cache) kept in memory; 0 keeps none, there or in Redis',
  }),
  cache_entry_bytes: setting({
    ...reads,
    type: whole({ min: 1_024, max: 2 ** 28 }, 'bytes'),
    default: String(2 ** 20),
    about: 'a larger answer is not kept',
  }),
  cache_ttl_s: setting({
    ...reads,
    type: whole({ min: 1, max: 86_400 }, 's'),
    default: '300',
    about: 'how long one is kept at most',
  }),
  cache_redis_ms: setting({
    ...reads,
    type: whole({ min: 1, max: 1_000 }, 'ms'),
    default: '5',
    about: 'how long Redis is waited for at most',
  }),
  cache_warm_up: setting({
    ...reads,
    type: whole({ min: 0, max: 1_000 }, 'searches'),
    default: '0',
    about:
      'how many of the most frequent searches are computed anew after a start; Redis remembers them, as long as it runs itself',
  }),
  slow_query_ms: setting({
    ...reads,
    type: decimal({ min: 0, max: 3_600_000 }, 'ms'),
    default: '100',
    about: 'from when on a read is [slow](MONITORING.md#slow-reads); 0 remembers every one',
  }),
};
