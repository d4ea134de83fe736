import {
  HEALTH_NEWS_MS,
  HEALTH_SILENT_MS_MAX,
  serviceHealth,
  type Bus,
  type ServiceHealth,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { HealthCheck } from './health.ts';
import { WatchedCheck } from './watched-check.ts';

/** Beyond these the processes that were heard of first are forgotten. */
const PROCESSES_MAX = 1_000;

type Speaker = { readonly service: string; readonly address: string; readonly checks: readonly HealthCheck[] };

/** Says on the bus how this process is, for the health of the whole. Keeps no process alive. */
export function announceHealth(bus: Bus, { service, address, checks }: Speaker): { stop(): void } {
  const watched = checks.map((check) => new WatchedCheck(check));
  const say = async (): Promise<void> => {
    const found = await Promise.all(watched.map(lookAt));
    if (!stopped) bus.announce(serviceHealth, { service, address, checks: found });
  };
  let stopped = false;
  const timer = setInterval(() => void say(), HEALTH_NEWS_MS).unref();
  void say();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** What the other processes say of themselves, as checks of one's own. */
export class HeardHealth {
  readonly #heard = new Map<string, { readonly health: ServiceHealth; readonly atMs: number }>();
  readonly #bus: Bus;
  readonly #now: () => number;

  constructor(bus: Bus, now: () => number = (): number => performance.now()) {
    this.#bus = bus;
    this.#now = now;
    bus.listen(serviceHealth, (health) => this.#hear(health));
  }

  /** Fails when one of those that were heard of late says that it fails. `own`: the same of this process. */
  check(name: string, own?: HealthCheck['check']): HealthCheck {
    return {
      name,
      needed: false,
      check: async () => {
        const detail = await own?.();
        const said = this.#ofLate().flatMap(({ service, address, checks }) =>
          checks.filter((each) => each.name === name).map((each) => ({ ...each, by: `${service} at ${address}` })),
        );
        const failing = said.filter(({ up }) => !up).map(({ by, message }) => `${by}: ${message ?? 'fails'}`);
        if (failing.length > 0) throw new Failure('service_unavailable', failing.join('; '));
        return { ...detail, processes: said.length };
      },
    };
  }

  /** Fails when of one of these services nobody was heard of late: what is not there at all says nothing of itself. */
  services(names: readonly string[]): HealthCheck {
    return {
      name: 'services',
      needed: false,
      check: () => {
        const counts = names.map(
          (name) => [name, this.#ofLate().filter(({ service }) => service === name).length] as const,
        );
        const silent = counts.filter(([, count]) => count === 0).map(([name]) => name);
        if (silent.length === 0 || !this.#hasHeardLongEnough()) return { processes: Object.fromEntries(counts) };
        const told = counts.map(([name, count]) => `${count} of ${name}`).join(', ');
        throw new Failure('service_unavailable', `nothing is heard of ${silent.join(', ')}; processes: ${told}`);
      },
    };
  }

  #ofLate(): ServiceHealth[] {
    const heard = [...this.#heard.values()].filter(({ atMs }) => this.#now() - atMs <= HEALTH_SILENT_MS_MAX);
    return heard.map(({ health }) => health);
  }

  /** Whoever has just begun to listen, or was cut off, has missed what was said before. */
  #hasHeardLongEnough(): boolean {
    return this.#now() - this.#bus.hearingSince() > HEALTH_SILENT_MS_MAX;
  }

  #hear(health: ServiceHealth): void {
    const process = `${health.service} at ${health.address}`;
    this.#heard.delete(process);
    this.#heard.set(process, { health, atMs: this.#now() });
    const [oldest] = this.#heard.keys();
    if (this.#heard.size > PROCESSES_MAX && oldest !== undefined) this.#heard.delete(oldest);
  }
}

async function lookAt(check: WatchedCheck): Promise<ServiceHealth['checks'][number]> {
  try {
    await check.look();
    return { name: check.name, up: true };
  } catch (error) {
    return { name: check.name, up: false, message: error instanceof Error ? error.message : String(error) };
  }
}
