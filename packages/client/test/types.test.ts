import { describe, expect, it } from '@jest/globals';
import type * as server from '@vectorizer/contracts';
import type * as client from '../src/index.ts';

/** What is sent, as the schema that parses it takes it. */
type Sent<Schema extends { readonly _zod: { readonly input: unknown } }> = Schema['_zod']['input'];
type Keys<T> = T extends unknown ? keyof T : never;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** What the server answers is what the client says that it answers, with neither more nor fewer fields. */
type Answers<Server, Client> = [Server] extends [Client] ? Same<Keys<Server>, Keys<Client>> : false;
/** What the client lets be sent is taken, and all that is taken can be sent. */
type Takes<Server, Client> = Same<Keys<Server>, Keys<Client>>;

type Search = client.SearchInput & client.ReadInput & client.CacheInput;
type Recommend = client.RecommendInput & client.ReadInput & client.CacheInput;

/** The compiler checks these: the client has types of its own, since the packages of the server are not published. */
const checked = [
  true satisfies Same<server.Consistency, client.Consistency>,
  true satisfies Same<server.Wait, client.Wait>,
  true satisfies Same<server.Metric, client.Metric>,
  true satisfies Same<server.Kind, client.Kind>,
  true satisfies Same<server.PayloadIndexType, client.PayloadIndexType>,
  true satisfies Same<server.Quantization, client.Quantization>,
  true satisfies Same<server.Outcome, client.Outcome>,
  true satisfies Same<server.Permission, client.Permission>,
  true satisfies Same<server.ReplicaStatus, client.ReplicaStatus>,
  true satisfies Same<Sent<typeof server.LogLevelChange>, client.LogLevelChange>,
  true satisfies Answers<server.CollectionConfig, client.CollectionConfig>,
  true satisfies Answers<Omit<server.AliasRecord, 'v'>, client.Alias>,
  true satisfies Answers<server.NumberedAuditEntry, client.AuditEntry>,
  true satisfies Answers<server.ReplicaView, client.ReplicaView>,
  true satisfies Answers<server.ReplicationStats, client.ReplicationStats>,
  true satisfies Answers<server.ReplicationStatus, client.ReplicationStatus>,
  true satisfies Answers<server.ReplicationProof, client.ReplicationProof>,
  true satisfies Answers<server.ReplicationEvent, Exclude<client.ReplicationEvent, { kind: 'gap' }>>,
  true satisfies Answers<server.DashboardSample, client.ClusterSample>,
  true satisfies Answers<server.SlowQuery, client.SlowQuery>,
  true satisfies Answers<server.Restore, client.Restore>,
  true satisfies Answers<Omit<server.Warning, 'code'>, Omit<client.Warning, 'code'>>,
  true satisfies [server.Filter] extends [client.Filter] ? true : false,
  true satisfies Takes<server.Filter, client.Filter>,
  true satisfies Same<Keys<server.Leaf>, Keys<client.Leaf>>,
  true satisfies Takes<Sent<typeof server.SearchBody>, Search>,
  true satisfies Takes<Sent<typeof server.RecommendBody>, Recommend>,
  true satisfies Takes<Sent<typeof server.SearchManyBody>, Search & { collections: unknown }>,
  true satisfies Takes<Sent<typeof server.ScrollBody>, client.ScrollInput>,
  true satisfies Takes<Sent<typeof server.GetBody>, client.GetInput>,
  true satisfies Takes<Sent<typeof server.CountBody>, client.CountInput>,
  true satisfies Takes<Sent<typeof server.NewCollection>, client.NewCollectionInput>,
  true satisfies Takes<Sent<typeof server.RestoreBody>, client.RestoreInput>,
  true satisfies Takes<Sent<typeof server.NewKeyBody>, client.NewKeyInput>,
  true satisfies Takes<Sent<typeof server.PointBody>, client.UpsertInput>,
  true satisfies Takes<Sent<typeof server.InsertBody>, client.PointInput>,
  true satisfies Takes<Sent<typeof server.UpdateBody>, client.UpdateInput>,
  true satisfies Takes<Sent<typeof server.PatchBody>, client.PatchInput>,
  true satisfies Takes<Sent<typeof server.BatchOperation>, client.OperationInput>,
];

describe('the types of the client', () => {
  it('are those of the server', () => {
    expect(checked).not.toContain(false);
  });
});
