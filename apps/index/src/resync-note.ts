import { newUid, type Resync } from '@vectorizer/contracts';

/** The newest time that a replica was built anew because somebody asked for it, for whoever waits for the end of that. */
export class ResyncNote {
  #newest: Resync | undefined;
  #replaced = false;

  /** Undefined until it is asked for. */
  get newest(): Resync | undefined {
    return this.#newest;
  }

  /** The id of the one that is under way: whoever asks for another waits for that one. */
  get running(): Resync['id'] | undefined {
    return this.#newest?.state === 'running' ? this.#newest.id : undefined;
  }

  begin(): Resync['id'] {
    const id = newUid();
    this.#newest = { id, state: 'running' };
    this.#replaced = false;
    return id;
  }

  /** The former state is gone: what the replica does from now on, the new one does. */
  replaced(): void {
    this.#replaced = true;
  }

  caughtUp(): void {
    if (this.#replaced) this.#end({ state: 'complete' });
  }

  /** The new state is of no use either. */
  stopped(reason: string): void {
    if (this.#replaced) this.failed(reason);
  }

  failed(reason: string): void {
    this.#end({ state: 'failed', reason });
  }

  #end(how: Omit<Resync, 'id'>): void {
    if (this.#newest?.state === 'running') this.#newest = { id: this.#newest.id, ...how };
  }
}
