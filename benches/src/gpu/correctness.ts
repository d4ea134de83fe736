import { join } from 'node:path';
import type { Filter, Hit, Metric } from '@vectorizer/contracts';
import type { Gpu } from '@vectorizer/engine';
import { SELECTIVITIES } from '../data/payload.ts';
import { Collection } from './collection.ts';
import type { Points } from './points.ts';

const METRICS = ['cosine', 'dot', 'euclidean'] as const;
const QUERIES = 40;
/** Scores this near are one score in single precision; which of the two comes first may differ. */
const TIE = 1e-6;

export type Agreement = {
  readonly metric: Metric;
  readonly filter: string;
  readonly searches: number;
  /** Places at which another id was found, whose score is another too. */
  readonly wrong: number;
  /** Places at which another id was found, whose score ties. */
  readonly tied: number;
  readonly scoreDifferenceMax: number;
};

/** The device's answers beside those of the exact scan on the processor, by metric and filter. */
export async function compareAnswers(points: Points, gpu: Gpu, directory: string): Promise<Agreement[]> {
  const agreements: Agreement[] = [];
  for (const metric of METRICS) {
    const shape = { points, metric } as const;
    const onDevice = await Collection.open({ ...shape, gpu, directory: join(directory, `${metric}-gpu`) });
    const onProcessor = await Collection.open({ ...shape, directory: join(directory, `${metric}-cpu`) });
    await onDevice.load();
    await onProcessor.load();
    for (const { name, filter } of filters()) {
      const asked = { exact: true, ...(filter && { filter }) };
      const places: [Hit | undefined, Hit | undefined][] = [];
      const answers = await Promise.all(Array.from({ length: QUERIES }, async (_, q) => onDevice.search(q, asked)));
      for (const [q, { hits }] of answers.entries()) {
        const wanted = (await onProcessor.search(q, asked)).hits;
        for (let i = 0; i < Math.max(hits.length, wanted.length); i++) places.push([hits[i], wanted[i]]);
      }
      agreements.push({ metric, filter: name, searches: QUERIES, ...agreementOf(places) });
    }
    if (onDevice.report.backend !== 'gpu') throw new Error(onDevice.report.backend_reason ?? 'not on the device');
    await onDevice.close();
    await onProcessor.close();
  }
  return agreements;
}

function filters(): { readonly name: string; readonly filter?: Filter }[] {
  return [
    { name: 'none' },
    ...SELECTIVITIES.map(({ name, field }) => ({
      name: `${name.replace('_', '.')} %`,
      filter: { must: [{ key: field, match: { value: 0 } }] },
    })),
  ];
}

function agreementOf(
  places: readonly (readonly [Hit | undefined, Hit | undefined])[],
): Pick<Agreement, 'wrong' | 'tied' | 'scoreDifferenceMax'> {
  let [wrong, tied, scoreDifferenceMax] = [0, 0, 0];
  for (const [found, wanted] of places) {
    const difference = Math.abs((found?.score ?? Infinity) - (wanted?.score ?? -Infinity));
    scoreDifferenceMax = Math.max(scoreDifferenceMax, difference);
    if (found?.id !== wanted?.id && difference > TIE) wrong += 1;
    else if (found?.id !== wanted?.id) tied += 1;
  }
  return { wrong, tied, scoreDifferenceMax };
}
