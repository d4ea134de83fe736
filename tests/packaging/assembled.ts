import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { root, type Image } from './dockerfile.ts';

/**
 * The build stage's steps without a container: all of them in a clean copy of what an image is built from, or only the last one in
 * this checkout, which is built already, with the addon that it has compiled. Returns where the image's files are.
 */
export function assemble(image: Image, { into, whole }: { readonly into: string; readonly whole: boolean }): string {
  const out = join(into, image.copied.to);
  const [bringPnpm = '', ...steps] = image.buildSteps;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;
  if (!bringPnpm.endsWith(` ${packageManager}`)) throw new Error(`${bringPnpm} does not bring ${packageManager}`);
  const directory = whole ? copyContext(join(into, 'build')) : root;
  const store = whole ? join(into, 'store') : storeOfCheckout();
  const run = (step: string): void => {
    const command = step.replaceAll(image.copied.from, out);
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', command], {
      cwd: directory,
      encoding: 'utf8',
      // Whatever the processor that tests, an image is for others, too.
      env: { PATH: pathOfTools(), HOME: into, npm_config_store_dir: store },
    });
    if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`);
  };
  if (whole) steps.forEach(run);
  else run(`${steps.at(-1) ?? ''} '${compiledAddon()}'`);
  // As whoever runs it finds it: nobody may change it.
  execFileSync('chmod', ['-R', 'a-w,a+rX', out]);
  return out;
}

/** The image has Node; this one, which may lie where no other user can look, is copied for them. */
export function copyNode(into: string): string {
  const folder = join(into, 'usr/local/bin');
  mkdirSync(folder, { recursive: true });
  cpSync(process.execPath, join(folder, 'node'));
  for (const each of [into, join(into, 'usr'), join(into, 'usr/local'), folder]) chmodSync(each, 0o755);
  return folder;
}

function copyContext(to: string): string {
  const skipped = dockerignore.default().add(readFileSync(join(root, '.dockerignore'), 'utf8'));
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of skipped.filter(listed.split('\n').filter((each) => each !== ''))) {
    cpSync(join(root, file), join(to, file), { verbatimSymlinks: true });
  }
  return to;
}

/** Where this checkout's packages came from, so that none is fetched again. */
function storeOfCheckout(): string {
  const { storeDir } = JSON.parse(readFileSync(join(root, 'node_modules/.modules.yaml'), 'utf8')) as {
    storeDir: string;
  };
  // pnpm appends the version of its layout.
  return storeDir.replace(/\/v\d+$/, '');
}

function compiledAddon(): string {
  const modules = join(root, 'node_modules/.pnpm');
  return execFileSync('find', [modules, '-path', '*/hnswlib-node/build/Release/addon.node'], {
    encoding: 'utf8',
  }).trim();
}

/** What the image that builds has: Node, pnpm, a compiler. */
function pathOfTools(): string {
  return [dirname(process.execPath), join(root, '.tools/node/node_modules/.bin'), '/usr/bin', '/bin'].join(':');
}
