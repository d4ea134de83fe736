export { Failure, type WireFailure } from './failure.ts';
export { failures, isFailureType, type FailureType, type OnReplay } from './failures.ts';
