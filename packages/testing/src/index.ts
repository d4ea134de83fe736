export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';
export { startNats, type NatsOptions, type NatsServer } from './nats-server.ts';
export { startRedis, type RedisServer } from './redis-server.ts';
export { Reseedable } from './reseedable.ts';
export { seededRandom, type SeededRandom } from './seeded-random.ts';
export { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
export { until } from './until.ts';
export { freePort } from './free-port.ts';
export { findBinary } from './find-binary.ts';
