import { counter, gauge, histogram, type Observer } from '@vectorizer/telemetry';

/** Of all changes, or of those of points that are near. */
export type Following = 'changes' | 'near';
const FOLLOWING = ['changes', 'near'] as const satisfies readonly Following[];
const CUT_OFF = ['slow', 'failed'] as const;

export type ChangeMetrics = {
  readonly followers: Readonly<Record<Following, { inc(): void; dec(): void }>>;
  readonly events: Readonly<Record<Following, { inc(): void }>>;
  readonly delay: Readonly<Record<Following, Observer>>;
  readonly cutOff: Readonly<Record<(typeof CUT_OFF)[number], { inc(): void }>>;
};

/** What followers cost and how far behind they are; every series is there from the start. */
export function changeMetrics(): ChangeMetrics {
  const followers = gauge({
    name: 'vectorizer_change_followers',
    help: 'Streams of changes that are open at this gateway',
    labelNames: ['kind'],
  });
  const events = counter({
    name: 'vectorizer_change_events_total',
    help: 'Events that followers of changes have taken',
    labelNames: ['kind'],
  });
  const delay = histogram({
    name: 'vectorizer_change_delay_seconds',
    help: 'From the time of an entry until its event is ready for a follower',
    labelNames: ['kind'],
  });
  const cutOff = counter({
    name: 'vectorizer_change_followers_cut_off_total',
    help: 'Streams of changes that this gateway has ended, by reason',
    labelNames: ['reason'],
  });
  for (const kind of FOLLOWING) {
    followers.inc({ kind }, 0);
    events.inc({ kind }, 0);
    delay.zero({ kind });
  }
  for (const reason of CUT_OFF) cutOff.inc({ reason }, 0);
  return {
    followers: { changes: followers.labels('changes'), near: followers.labels('near') },
    events: { changes: events.labels('changes'), near: events.labels('near') },
    delay: { changes: delay.labels('changes'), near: delay.labels('near') },
    cutOff: { slow: cutOff.labels('slow'), failed: cutOff.labels('failed') },
  };
}
