import { readFileSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { Failure } from '@vectorizer/errors';
import { gauge } from '@vectorizer/telemetry';
import type { HealthCheck } from './health.ts';

/** Of what there is; beyond it the next collection, or the next allocation, may be the last. */
const MEMORY_SHARE_MAX = 0.95;

/**
 * Fails when this process has nearly all the memory that it may have: of V8's heap, or of its container or machine. What
 * is mapped from files does not count, since the system takes that back by itself.
 */
export function memoryHealth(): HealthCheck {
  return {
    name: 'memory',
    needed: false,
    check: () => {
      const { used_heap_size: heap, heap_size_limit: heapMax } = getHeapStatistics();
      const [own, ownMax] = [anonymousBytes(), memoryMax()];
      const detail = { heap_bytes: heap, heap_limit_bytes: heapMax, process_bytes: own, limit_bytes: ownMax };
      const over = heap > heapMax * MEMORY_SHARE_MAX ? 'heap' : own > ownMax * MEMORY_SHARE_MAX ? 'memory' : undefined;
      if (over === undefined) return detail;
      const [used, max] = over === 'heap' ? [heap, heapMax] : [own, ownMax];
      throw new Failure('overloaded', `${mebibytes(used)} of ${mebibytes(max)} of ${over} are taken`, {
        details: detail,
      });
    },
  };
}

/** The numbers of that check, so that an alert goes by the same share. Safe to call more than once. */
export function memoryMetrics(): void {
  const taken = gauge({
    name: 'vectorizer_memory_taken_bytes',
    help: 'Memory of this process that counts against its limit: without what is mapped from files',
    collect: () => taken.set(anonymousBytes()),
  });
  const limit = gauge({
    name: 'vectorizer_memory_limit_bytes',
    help: 'Memory that this process may have: what its container allows, or what the machine has',
    collect: () => limit.set(memoryMax()),
  });
  const heapLimit = gauge({
    name: 'vectorizer_heap_limit_bytes',
    help: 'What JavaScript may have of it; nodejs_heap_size_used_bytes counts against it',
    collect: () => heapLimit.set(getHeapStatistics().heap_size_limit),
  });
}

/** Fails when the file system of a directory has less room left than this. */
export function diskHealth(directory: string, freeBytesMin: number): HealthCheck {
  return {
    name: 'disk',
    needed: false,
    check: () => {
      const { bavail, blocks, bsize } = statfsSync(directory);
      const detail = { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
      if (detail.free_bytes >= freeBytesMin) return detail;
      const message = `${mebibytes(detail.free_bytes)} are free where the data is, less than ${mebibytes(freeBytesMin)}`;
      throw new Failure('storage_error', message, { details: detail });
    },
  };
}

/** What a container allows, or what the machine has. */
function memoryMax(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

function anonymousBytes(): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return kilobytes === undefined ? process.memoryUsage.rss() : Number(kilobytes) * 1_024;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
