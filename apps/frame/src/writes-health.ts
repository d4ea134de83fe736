import type { LogProbe } from '@vectorizer/cluster';
import { gauge } from '@vectorizer/telemetry';
import type { HealthCheck } from './health.ts';

/** Whether writes can be logged. Without it reads go on. The same is measured whenever metrics are printed. */
export function writesHealth(probe: LogProbe): HealthCheck {
  const storing = gauge({
    name: 'vectorizer_log_storing',
    help: '1 while the log servers store what they are given; 0 while they have no majority, or their disks are full',
    async collect() {
      storing.set(
        await probe.tookMs().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
  return { name: 'writes', needed: false, check: async () => ({ stored_in_ms: await probe.tookMs() }) };
}
