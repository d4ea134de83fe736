import type { CacheSample } from '@vectorizer/contracts';
import type { ReactElement } from 'react';
import { formatBytes, formatNumber, formatShare } from '../ui/format.ts';
import { NumberHeads } from '../ui/number-heads.tsx';
import { Panel, Scroll } from '../ui/panel.tsx';

const NAMES: Readonly<Record<CacheSample['tier'], string>> = { memory: 'Memory', redis: 'Redis' };
const COLUMNS = ['Hit ratio', 'Hits', 'Misses', 'Bypasses', 'Evictions', 'Holds'] as const;
const RATES = ['hits', 'misses', 'bypasses', 'evictions'] as const;

/** What each tier of the query cache does. */
export function Caches({ caches }: { readonly caches: readonly CacheSample[] }): ReactElement {
  return (
    <Panel title="Query cache" note="Per second, over all query processes. What memory lacks is looked for in Redis.">
      {caches.length === 0 ? (
        <p className="empty">No query process has told of its cache.</p>
      ) : (
        <Scroll label="Query cache">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Tier</th>
                <NumberHeads names={COLUMNS} />
              </tr>
            </thead>
            <tbody>
              {caches.map(({ tier, rates, bytes }) => (
                <tr key={tier}>
                  <th scope="row">{NAMES[tier]}</th>
                  <td className="number">{shareOf(rates.hits, rates.hits + rates.misses)}</td>
                  {RATES.map((rate) => (
                    <td key={rate} className="number">
                      {formatNumber(rates[rate])} /s
                    </td>
                  ))}
                  <td className="number">{formatBytes(bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function shareOf(part: number, whole: number): string {
  return whole === 0 ? '–' : formatShare(part / whole);
}
