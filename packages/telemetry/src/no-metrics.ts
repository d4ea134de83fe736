let counting = true;

/** From here on metrics that are made count nothing: for whoever measures what counting costs. */
export function countNothing(): void {
  counting = false;
}

/** What takes the place of a metric when nothing is counted; undefined otherwise. */
export function inertMetric(): unknown {
  return counting ? undefined : INERT;
}

const INERT = {
  labels: (): object => INERT,
  inc: () => undefined,
  dec: () => undefined,
  set: () => undefined,
  setToCurrentTime: () => undefined,
  observe: () => undefined,
  zero: () => undefined,
  remove: () => undefined,
  reset: () => undefined,
  startTimer: () => () => 0,
};
