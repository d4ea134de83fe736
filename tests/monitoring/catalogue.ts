import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { root } from './infra.ts';

/** A metric: its kind and labels, and the services that have it. */
export type Metric = {
  readonly type: string;
  readonly labels: ReadonlySet<string>;
  readonly where: ReadonlySet<string>;
};
export type Metrics = ReadonlyMap<string, Metric>;

/** The rows `| name | type | labels | where | …` of docs/METRICS.md. */
export function documented(services: readonly string[]): Metrics {
  const text = readFileSync(resolve(root, 'docs/METRICS.md'), 'utf8');
  const rows = text.matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*)\| ([^|]*)\|/gm);
  return new Map(
    Array.from(rows, ([, name = '', type = '', labels = '', where = '']) => {
      const named = where.trim() === 'all' ? services : where.split(',').map((service) => service.trim());
      return [name, { type, labels: new Set(wordsIn(labels, /`(\w+)`/g)), where: new Set(named) }];
    }),
  );
}

/** What processes answer at /metrics. Labels are known of series that exist. */
export function exported(texts: ReadonlyMap<string, readonly string[]>): Metrics {
  const metrics = new Map<string, { type: string; labels: Set<string>; where: Set<string> }>();
  for (const [service, all] of texts) {
    const text = all.join('\n');
    for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      const metric = metrics.get(name) ?? { type, labels: new Set(), where: new Set() };
      metrics.set(name, metric);
      metric.where.add(service);
    }
    for (const [, series = '', labels = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
      const name = metrics.has(series) ? series : series.replace(/_(bucket|sum|count)$/, '');
      for (const label of wordsIn(labels, /(\w+)="/g)) if (label !== 'le') metrics.get(name)?.labels.add(label);
    }
  }
  return metrics;
}

function wordsIn(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, word = '']) => word);
}
