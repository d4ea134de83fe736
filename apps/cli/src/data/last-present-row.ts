import { limits } from '@vectorizer/contracts';

/** As many ids as one request may ask for. */
const WINDOW = limits.batchPointsMax;

/** The last of the rows from `first` up to, but without, `end` that there is a point of. */
export type FindLast = (first: number, end: number) => Promise<number | undefined>;

/**
 * A row that is there, as late as a search by halves finds one; undefined when it finds none. A load writes batch after
 * batch, so all that come before that row's batch have been written, except for rows that were refused. A stretch of
 * refused rows looks like the end: then the row that is found is earlier than it could be, which costs only time.
 */
export async function lastPresentRow(rows: number, findLast: FindLast): Promise<number | undefined> {
  let last: number | undefined;
  let [present, absent] = [-1, Math.ceil(rows / WINDOW)];
  while (absent - present > 1) {
    const middle = Math.floor((present + absent) / 2);
    const found = await findLast(middle * WINDOW, Math.min(rows, (middle + 1) * WINDOW));
    if (found === undefined) absent = middle;
    else [present, last] = [middle, found];
  }
  return last;
}
