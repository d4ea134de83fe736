import { gpuModes, HEARTBEAT_MS } from '@vectorizer/contracts';
import { setting } from '../setting.ts';
import { oneOf, path, whole } from '../value-type.ts';

const holds = { services: ['index', 'standalone'] } as const;
const ANY = Number.MAX_SAFE_INTEGER;

export const indexNode = {
  data: setting({
    ...holds,
    type: path('the path of a directory'),
    neededBy: ['index', 'standalone'],
    about: "where its replicas' files are; needed",
  }),
  gpu: setting({
    ...holds,
    type: oneOf(gpuModes),
    default: 'auto',
    about: 'which devices [gpu collections](API.md#collections) may use',
  }),
  heartbeat_ms: setting({
    ...holds,
    type: whole({ min: 100, max: 600_000 }, 'ms'),
    default: String(HEARTBEAT_MS),
    about: 'how often it says how its replicas are; at most half of `disconnected_after_ms`',
  }),
  verify_interval_ms: setting({
    ...holds,
    type: whole({ min: 100, max: 86_400_000 }, 'ms'),
    default: '20000',
    about: 'between two readings of all that it has stored',
  }),
  disk_free_bytes_min: setting({
    ...holds,
    type: whole({ min: 0, max: ANY }, 'bytes'),
    default: String(256 * 2 ** 20),
    about: 'with less room its [health](OBSERVABILITY.md#health) says so',
  }),
  log_bytes_max: setting({
    ...holds,
    type: whole({ min: 1_024, max: ANY }, 'bytes'),
    default: String(512 * 2 ** 20),
    about: 'a log that is larger is cut behind a [shared snapshot](BACKUP.md)',
  }),
  log_retention_ms: setting({
    ...holds,
    type: whole({ min: 0, max: ANY }, 'ms'),
    default: '3600000',
    about: 'but nothing younger',
  }),
};
