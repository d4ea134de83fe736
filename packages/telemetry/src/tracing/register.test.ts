import { execFile } from 'node:child_process';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const REGISTER = resolve(import.meta.dirname, 'register.ts');
/** Tells at the end which packages of OpenTelemetry's were loaded. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const name = /@opentelemetry\\/([a-z-]+)/.exec(found.url)?.[1];
      if (name !== undefined) loaded.add(name);
      return found;
    },
  });
  process.on('exit', () => process.stdout.write([...loaded].sort().join(' ')));
`)}`;

/** What a process loads that is started as a service is, with these variables. */
async function loaded(environment: Readonly<Record<string, string>>): Promise<string[]> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'vectorizer-'));
  const folder = join(directory.path, 'apps/probe/dist');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'main.js'), '');
  const args = ['--import', WATCH, '--import', REGISTER, join(folder, 'main.js')];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: environment });
  return stdout.split(' ');
}

describe('what is loaded ahead of a service', () => {
  it('is nothing of the SDK while nobody wants spans', async () => {
    expect(await loaded({})).toEqual(['api']);
    expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' })).toEqual([
      'api',
    ]);
  });

  it('is the SDK when somebody does', async () => {
    expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).toEqual(
      expect.arrayContaining(['api', 'auto-instrumentations-node', 'sdk-node']),
    );
  });
});
