import type { CollectionSample, DashboardSample } from '@vectorizer/contracts';
import type { ReactElement } from 'react';
import { formatBytes, formatCount } from '../ui/format.ts';
import { NumberHeads } from '../ui/number-heads.tsx';
import { Panel, Scroll } from '../ui/panel.tsx';
import { linkTo } from '../ui/route.ts';

const COLUMNS = ['Points', 'Indexed', 'Buffered', 'Dead', 'Index memory'] as const;

export function CollectionsTable({ sample }: { readonly sample: DashboardSample }): ReactElement {
  const { collections, collections_left_out: leftOut } = sample;
  return (
    <Panel title="Collections" note="Indexed, buffered and dead: of one replica of each shard. Memory: of all.">
      {collections.length === 0 ? (
        <p className="empty">There is no collection yet.</p>
      ) : (
        <Scroll label="Collections">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col">Vectors</th>
                <th scope="col">Shards × replicas</th>
                <NumberHeads names={COLUMNS} />
              </tr>
            </thead>
            <tbody>
              {collections.map((collection) => (
                <Row key={collection.name} collection={collection} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {leftOut > 0 && <p className="note">{formatCount(leftOut)} more are not shown.</p>}
    </Panel>
  );
}

function Row({ collection }: { readonly collection: CollectionSample }): ReactElement {
  const { name, config, points, indexed, buffered, dead, bytes } = collection;
  return (
    <tr>
      <th scope="row">
        <a href={linkTo('search', name)}>{name}</a>
      </th>
      <td>{config.kind}</td>
      <td>
        {config.dimension} · {config.metric}
      </td>
      <td>
        {config.shards} × {config.replication_factor}
      </td>
      <td className="number">{formatCount(points)}</td>
      <td className="number">{formatCount(indexed)}</td>
      <td className="number">{formatCount(buffered)}</td>
      <td className="number">{formatCount(dead)}</td>
      <td className="number">{bytes === null ? '–' : formatBytes(bytes)}</td>
    </tr>
  );
}
