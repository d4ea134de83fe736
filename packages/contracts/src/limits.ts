/** Every limit that a client or a foreign producer can meet, in one place. */
export const limits = {
  dimensionMax: 65_536,
  idCharactersMax: 256,
  payloadBytesMax: 65_536,
  payloadDepthMax: 32,
  payloadKeysPerRequestMax: 64,
  payloadKeyCharactersMax: 256,
  /** Declared payload indexes of a collection: each costs memory, and time for every write. */
  payloadIndexesMax: 32,
  batchPointsMax: 1_000,
  batchSearchesMax: 100,
  /** That one search may be about. */
  searchCollectionsMax: 16,
  /** Of what is wanted, and as many of what is not. */
  recommendExamplesMax: 100,
  kMax: 1_000,
  efMax: 10_000,
  oversamplingMax: 32,
  scrollLimitMax: 1_000,
  filterConditionsMax: 64,
  filterDepthMax: 8,
  filterValuesMax: 1_000,
  /** Points that a standing query keeps in mind: of its `k`, or within its distance. */
  nearMembersMax: 500,
  aliasesMax: 1_000,
  /** Changes to aliases in one request. */
  aliasActionsMax: 100,
  /** Also revoked and expired ones, of which the oldest make room. */
  keysMax: 10_000,
  keyNameCharactersMax: 128,
  keyRolesMax: 16,
  keyLifeSecondsMax: 10 * 366 * 86_400,
  keyGraceSecondsMax: 30 * 86_400,
  rolesMax: 100,
  /** Of collections, or of events, that one key is for. */
  patternsMax: 32,
  shardsMax: 16,
  replicationFactorMax: 5,
  /** Of one collection, kept until they are removed. */
  snapshotsMax: 100,
  /** Of `bounded` reads, and of how old a cached answer may be asked for. */
  lagMsMax: 3_600_000,
  stalenessMsMax: 3_600_000,
  timeoutMsMax: 60_000,
  timeoutMsDefault: 10_000,
  idempotencyKeyCharactersMax: 128,
  /** Of what an entry of a log says of who made a request. */
  authorshipCharactersMax: 4_096,
  bodyBytesMax: 32 * 1024 * 1024,
  /** Objects and arrays in a body: each takes some 70 bytes of memory, and may be one byte of a body. */
  bodyContainersMax: 1_000_000,
  /** An entry stays below the log server's max_payload (8 MiB as we configure it) with room for headers. */
  entryBytesMax: 4 * 1024 * 1024,
  entryOperationsMax: 4_000,
  /** Listed at once. */
  deadLettersPageMax: 100,
  auditPageMax: 1_000,
  /** Slow reads that a query process remembers; also the most that are answered at once. */
  slowQueriesMax: 256,
  /** Lines about one request that a process answers, and that are answered in all. */
  logLinesMax: 1_000,
  /** Request outcomes that a replica remembers, so that a retried request answers its first outcome. */
  requestsRemembered: 10_000,
} as const;
