import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFile } from '@vectorizer/files';
import { z } from 'zod';
import type { Hnsw, Metric } from '@vectorizer/contracts';
import { Graph, type GraphOptions } from './graph.ts';
import { LabelledGraph, type Labels } from './labelled-graph.ts';
import { GRAPH_SPACE } from './metric.ts';
import { NOTHING_SAVED, readSealed, removeOthers, sha256OfFile, writeSealed } from './sealed-file.ts';

/**
 * A saved graph: `graph-<random>.hnsw` as hnswlib writes it, and `graph.manifest`, which names that file, its SHA-256,
 * the parameters and what each label means. The manifest begins with the SHA-256 of the rest of itself and is put in
 * place by rename, last: it never names a file that is not complete. Both are caches of the point store.
 */
const FORMAT = 1;
const MANIFEST = 'graph.manifest';
const GRAPH_FILES = /^graph-.*\.hnsw$/;

const Manifest = z.object({
  v: z.literal(FORMAT),
  parameters: z.string(),
  file: z.string().regex(/^graph-[0-9a-f]{16}\.hnsw$/),
  sha256: z.string(),
  ids: z.array(z.string().nullable()),
  versions: z.array(z.number()),
});

export type GraphParameters = { readonly dimension: number; readonly metric: Metric; readonly hnsw: Hnsw };

export function graphOptions(parameters: GraphParameters): GraphOptions {
  return { dimension: parameters.dimension, space: GRAPH_SPACE[parameters.metric], hnsw: parameters.hnsw };
}

/** Saves so that a crash at any instant leaves the former or the new graph. Searches and deaths go on meanwhile. */
export async function saveGraph(graph: LabelledGraph, directory: string, parameters: GraphParameters): Promise<void> {
  const file = newGraphFileName();
  const labels = await writeGraph(graph, join(directory, file));
  await writeManifest(directory, { file, labels, parameters });
}

async function writeGraph(graph: LabelledGraph, path: string): Promise<Labels> {
  try {
    const labels = await graph.save(path);
    await syncFile(path);
    return labels;
  } catch (cause) {
    // The disk may be full, and what there is of it takes room.
    await rm(path, { force: true });
    throw cause;
  }
}

/** For a graph file that is in place and synced already. */
export async function writeManifest(
  directory: string,
  graph: { readonly file: string; readonly labels: Labels; readonly parameters: GraphParameters },
): Promise<void> {
  await writeSealed(directory, MANIFEST, {
    v: FORMAT,
    parameters: parametersText(graph.parameters),
    file: graph.file,
    sha256: await sha256OfFile(join(directory, graph.file)),
    ids: graph.labels.ids.map((id) => id ?? null),
    versions: graph.labels.versions,
  });
  await removeOthers(directory, GRAPH_FILES, graph.file);
}

/** The saved graph, or why there is none that can be trusted. */
export async function loadGraph(
  directory: string,
  parameters: GraphParameters,
): Promise<LabelledGraph | { readonly reason: string }> {
  const sealed = await readSealed(directory, MANIFEST);
  if (sealed.state === 'absent') return { reason: NOTHING_SAVED };
  if (sealed.state === 'damaged') return { reason: 'the manifest is damaged' };
  const parsed = Manifest.safeParse(sealed.value);
  if (!parsed.success) return { reason: 'the manifest is of another version' };
  const manifest = parsed.data;
  if (manifest.parameters !== parametersText(parameters)) return { reason: 'the graph has other parameters' };
  const file = join(directory, manifest.file);
  const digest = await sha256OfFile(file).catch(() => undefined);
  if (digest === undefined) return { reason: 'the graph file is missing' };
  if (digest !== manifest.sha256) return { reason: 'the graph file is damaged' };
  const ids = manifest.ids.map((id) => id ?? undefined);
  const marked = ids.filter((id) => id === undefined).length;
  // The checksum is of what is in the file, which an earlier version did not look at.
  const graph = await Graph.load(file, { ...graphOptions(parameters), marked }).catch(() => undefined);
  if (graph === undefined) return { reason: 'the graph file is damaged' };
  return new LabelledGraph(graph, { ids, versions: manifest.versions });
}

export function newGraphFileName(): string {
  return `graph-${randomBytes(8).toString('hex')}.hnsw`;
}

/** What must be equal for a graph to be of use. `ef_search` is not among it: it belongs to a search. */
function parametersText({ dimension, metric, hnsw }: GraphParameters): string {
  return JSON.stringify([dimension, GRAPH_SPACE[metric], metric, hnsw.m, hnsw.ef_construction]);
}
