import { z } from 'zod';
import { Filter } from '../filter.ts';
import { Sequences } from '../procedures.ts';
import { Count, list, Time } from '../shapes.ts';
import { pointAnswers } from './point-answers.ts';

/** What the events of streams carry as data. */
const Position = z.object({ sequences: Sequences });
const PointsTold = z.object({ points: list(pointAnswers.Point.extend({ shard: Count })) });
const Change = z.discriminatedUnion('kind', [
  pointAnswers.Point.extend({ kind: z.literal('upsert') }),
  z.object({ kind: z.literal('delete'), id: z.string() }),
  z.object({ kind: z.literal('delete_by_filter'), filter: Filter }),
  pointAnswers.Hit.extend({ kind: z.literal('enter') }),
  pointAnswers.Hit.extend({ kind: z.literal('update') }),
  z.object({ kind: z.literal('leave'), id: z.string() }),
]);
const ChangesOfEntry = z.object({ shard: Count, sequence: Count, at: Time, changes: list(Change) });
const Members = z.object({ sequences: Sequences, members: list(pointAnswers.Hit) });
const Gap = z.object({ from: Count, to: Count });

export const streamAnswers = {
  StreamPosition: Position,
  StreamPoints: PointsTold,
  StreamChange: ChangesOfEntry,
  StreamMembers: Members,
  StreamGap: Gap,
};
