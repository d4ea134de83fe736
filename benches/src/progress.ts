/** Longer than any phase takes on two cores that others keep busy: what goes on beyond has gone wrong, and a run is to end. */
const PHASE_MAX_MS = 900_000;
/** A round that begins so soon after the last line is not told. */
const QUIET_MS = 2_000;
/** When nothing has been told for so long, where the run is is told again. */
const HEARTBEAT_MS = 15_000;

/** Tells where a run is and since when, and ends a phase that does not come to an end. */
export class Progress {
  readonly #write: (line: string) => void;
  readonly #start = performance.now();
  #toldAt = -Infinity;
  #where = '';

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Of the phase that was begun last. */
  round(round: number): void {
    const [phase] = this.#where.split(':');
    this.#where = `${phase}: ${round === 0 ? 'warming up' : `round ${round}`}`;
    if (performance.now() - this.#toldAt >= QUIET_MS) this.#tell(this.#where);
  }

  async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    this.#where = name;
    this.#tell(name);
    const overdue = Promise.withResolvers<never>();
    const limit = setTimeout(
      () => overdue.reject(new Error(`${this.#where}: not done after ${seconds(start)} s`)),
      PHASE_MAX_MS,
    );
    const heartbeat = setInterval(() => {
      if (performance.now() - this.#toldAt >= HEARTBEAT_MS) this.#tell(`${this.#where}, for ${seconds(start)} s`);
    }, HEARTBEAT_MS);
    try {
      const result = await Promise.race([work(), overdue.promise]);
      this.#tell(`${name}: done in ${seconds(start)} s`);
      return result;
    } finally {
      clearTimeout(limit);
      clearInterval(heartbeat);
    }
  }

  #tell(line: string): void {
    this.#toldAt = performance.now();
    this.#write(`${seconds(this.#start).padStart(5)} s  ${line}`);
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(0);
}
