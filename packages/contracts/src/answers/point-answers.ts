import { z } from 'zod';
import { Outcome, OutcomeStatus } from '../outcome.ts';
import { Warning } from '../points.ts';
import { Sequences } from '../procedures.ts';
import { Count, list, maybe } from '../shapes.ts';
import { Fault } from './error-answer.ts';

/** Points, hits and outcomes of writes, as `/api/v1` answers them. Services among themselves hand payloads on as text. */
const Version = Count.describe("The sequence of the point's last change");
const fields = {
  id: z.string(),
  version: Version,
  payload: maybe(z.record(z.string(), z.unknown()).nullable()).describe('Null when the point has none'),
  vector: maybe(list(z.number())),
};

const PointAnswer = z.object(fields);
const HitAnswer = z.object({ ...fields, score: z.number().describe('Higher is better, for every metric') });

const warnings = { warnings: maybe(list(Warning)) };

const SearchAnswerBody = z.object({ hits: list(HitAnswer), ...warnings });
const SearchBatchAnswer = z.object({ results: list(SearchAnswerBody) });
const SearchManyAnswer = z.object({
  hits: list(HitAnswer.extend({ collection: z.string() })),
  collections: list(
    z.object({
      collection: z.string(),
      sequences: Sequences,
      cache: maybe(z.object({ status: z.enum(['hit', 'miss', 'bypass']), age_ms: maybe(z.number()) })),
      ...warnings,
    }),
  ),
});
const GetAnswer = z.object({ points: list(PointAnswer), missing: list(z.string()) });
const ScrollAnswerBody = z.object({
  points: list(PointAnswer),
  next: z.string().nullable().describe('The next `after`; null at the end'),
  ...warnings,
});
const CountAnswerBody = z.object({ count: Count, ...warnings });

const Status = z.enum([...OutcomeStatus.options, 'logged']);
const Written = Sequences.describe('By shard; what has been seen once this write has been');

/** What became of one item of a batch. */
const ItemResult = z.object({
  index: Count,
  id: z.string().nullable().describe('As it was sent; null when it is no text'),
  status: Status,
  version: maybe(Version),
  error: maybe(Fault),
});
const BatchAnswer = z.object({
  total: Count,
  succeeded: Count,
  failed: Count,
  results: list(ItemResult),
  sequences: Written,
});
const WrittenAnswer = z.object({
  id: z.string(),
  status: Status,
  version: maybe(Version),
  sequences: Written,
});
const FilterDeletedAnswer = z.object({
  status: z.enum(['deleted', 'logged']),
  deleted: maybe(Count.describe('How many points; absent as long as it is only logged')),
  sequences: Written,
});
const DeleteAnswer = z.union([BatchAnswer, FilterDeletedAnswer]);

/** What is known of a write by its key. */
const OperationAnswer = z.object({
  id: z.string(),
  collection: z.string(),
  status: z.enum(['not_logged', 'logged', 'applied']),
  entries: list(
    z.object({
      part: Count.describe('A heavy write is cut into several entries of a shard'),
      shard: Count,
      sequence: Count,
      status: z.enum(['logged', 'applied']),
      outcomes: maybe(list(Outcome)).describe('Of its operations on that shard, in their order'),
    }),
  ),
});

export const pointAnswers = {
  Point: PointAnswer,
  Hit: HitAnswer,
  Warning,
  SearchResult: SearchAnswerBody,
  SearchBatchResult: SearchBatchAnswer,
  SearchManyResult: SearchManyAnswer,
  PointsFound: GetAnswer,
  PointsPage: ScrollAnswerBody,
  PointCount: CountAnswerBody,
  ItemResult,
  BatchResult: BatchAnswer,
  WriteResult: WrittenAnswer,
  FilterDeleteResult: FilterDeletedAnswer,
  DeleteResult: DeleteAnswer,
  Outcome,
  OperationState: OperationAnswer,
};
