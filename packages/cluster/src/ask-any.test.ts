import { describe, expect, it } from '@jest/globals';
import { Failure } from '@vectorizer/errors';
import { until } from '@vectorizer/testing';
import { askAny, AskElsewhere } from './ask-any.ts';
import { ServiceDirectory } from './service-directory.ts';

const PROCEDURE = 'test.echo';

/** Processes that speak or fall silent, and answer, or do not, as a test tells them. */
class World {
  readonly directory = new ServiceDirectory(() => 0);
  readonly asked: string[] = [];
  life = 0;
  readonly #speaking = new Map<string, NodeJS.Timeout>();

  speak(...instances: readonly string[]): void {
    for (const instance of instances) {
      const say = (): void => {
        this.directory.hear({ instance, serves: [PROCEDURE], names: [], life: this.life, leaving: false });
      };
      say();
      this.#speaking.set(instance, setInterval(say, 50));
    }
  }

  silence(instance: string): void {
    clearInterval(this.#speaking.get(instance));
  }

  ask(answer: (instance: string) => Promise<string>, ms = 5_000): Promise<string> {
    return askAny({
      name: PROCEDURE,
      deadline: Date.now() + ms,
      directory: this.directory,
      ask: async (to = 'anybody') => {
        this.asked.push(to);
        return answer(to);
      },
    });
  }

  [Symbol.dispose](): void {
    for (const timer of this.#speaking.values()) clearInterval(timer);
  }
}

const never = async (): Promise<never> => Promise.withResolvers<never>().promise;
const unavailable = new Failure('service_unavailable', 'gone');

describe('asking any of several processes', () => {
  it('asks one, and each in turn', async () => {
    using world = new World();
    world.speak('a', 'b');
    for (let i = 0; i < 4; i++) await world.ask(async (to) => Promise.resolve(to));
    expect(world.asked.toSorted()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('leaves the choice to the log server before it has heard of any', async () => {
    using world = new World();
    expect(await world.ask(async (to) => Promise.resolve(to))).toBe('anybody');
  });

  it('asks another when the first falls silent, and not sooner', async () => {
    using world = new World();
    world.speak('a', 'b');
    const answer = world.ask(async (to) => (to === world.asked[0] ? never() : Promise.resolve(to)));
    await until(() => world.asked.length === 1, { timeoutMs: 1_000 });
    const [first = ''] = world.asked;
    world.silence(first);
    expect(await answer).not.toBe(first);
    expect(world.asked).toHaveLength(2);
  });

  it('asks once more those that have connected anew, when all that were asked had fallen silent', async () => {
    using world = new World();
    world.speak('a', 'b');
    const answer = world.ask(async (to) => (world.life === 0 ? never() : Promise.resolve(to)));
    for (const count of [1, 2]) {
      await until(() => world.asked.length === count);
      world.silence(world.asked[count - 1] ?? '');
    }
    await until(() => world.asked.includes('anybody'));
    world.life = 1;
    world.speak('a', 'b');
    expect(await answer).toMatch(/^[ab]$/);
    expect(world.asked).toHaveLength(4);
  });

  it('waits for one that is slow and says that it lives', async () => {
    using world = new World();
    world.speak('a', 'b');
    const { promise, resolve } = Promise.withResolvers<string>();
    const answer = world.ask(async () => promise);
    setTimeout(() => resolve('slow'), 1_500);
    expect(await answer).toBe('slow');
    expect(world.asked).toHaveLength(1);
  });

  it('asks again when the one that was asked has connected anew', async () => {
    using world = new World();
    world.speak('a');
    const answer = world.ask(async () => (world.asked.length === 1 ? never() : Promise.resolve('answered')));
    await until(() => world.asked.length === 1, { timeoutMs: 1_000 });
    world.life += 1;
    expect(await answer).toBe('answered');
  });

  it('asks another at once when one is gone', async () => {
    using world = new World();
    world.speak('a', 'b');
    const answer = await world.ask(async (to) => {
      if (world.asked.length === 1) throw new AskElsewhere(unavailable, true);
      return Promise.resolve(to);
    });
    expect(answer).not.toBe(world.asked[0]);
  });

  it('asks again until one is there, within its time', async () => {
    using world = new World();
    let away = true;
    const answer = world.ask(async (to) => {
      if (away) throw new AskElsewhere(unavailable, true);
      return Promise.resolve(to);
    });
    await until(() => world.asked.length > 2);
    away = false;
    expect(await answer).toBe('anybody');
    const late = world.ask(() => Promise.reject(new AskElsewhere(unavailable, true)), 200);
    await expect(late).rejects.toBe(unavailable);
  });

  it('throws the failure of one that has answered', async () => {
    using world = new World();
    world.speak('a', 'b');
    const conflict = new Failure('version_conflict', 'too late');
    await expect(world.ask(() => Promise.reject(conflict))).rejects.toBe(conflict);
    expect(world.asked).toHaveLength(1);
  });
});
