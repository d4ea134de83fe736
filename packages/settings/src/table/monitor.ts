import { setting } from '../setting.ts';
import { whole } from '../value-type.ts';

const watches = { services: ['replication-monitor', 'standalone'] } as const;

/** Of those that watch replicas, or ask them. */
export const silence = {
  disconnected_after_ms: setting({
    services: ['query', 'index', 'replication-monitor', 'standalone'],
    type: whole({ min: 1_000, max: 3_600_000 }, 'ms'),
    default: '10000',
    about: 'a node that is silent for longer is `Disconnected`, and not asked',
  }),
};

export const monitor = {
  replace_after_ms: setting({
    ...watches,
    type: whole({ min: 0, max: 86_400_000 }, 'ms'),
    default: '60000',
    about: 'after so much longer its replicas are placed on another node',
  }),
  look_interval_ms: setting({
    ...watches,
    type: whole({ min: 100, max: 600_000 }, 'ms'),
    default: '1000',
    about: 'how often it asks where the logs stand',
  }),
};
