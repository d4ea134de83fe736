import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'rolldown';

/** The licences of what is bundled ask to be handed on with it. */
const notices = {
  name: 'notices',
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((chunk) => ('moduleIds' in chunk ? chunk.moduleIds : []));
    const roots = new Set(modules.flatMap((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []));
    const source = [...roots].toSorted().map(noticeOf).join('\n\n');
    this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY.txt', source });
  },
};

function noticeOf(root) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const file = readdirSync(root).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? 'Its package has no text of it.' : readFileSync(join(root, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** One file with all that it needs, so that `npx` fetches one package; packages of the workspace are bundled from their builds. */
export default defineConfig({
  input: { 'vectorizer-client': 'dist/main.js' },
  platform: 'node',
  plugins: [notices],
  output: { dir: 'build', format: 'esm' },
});
