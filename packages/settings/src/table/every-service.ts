import { logLevels } from '@vectorizer/telemetry';
import { services, setting } from '../setting.ts';
import { list, onOff, oneOf, path, text, whole } from '../value-type.ts';

const ADDRESS = /^(?:(?:nats|tls):\/\/)?[^\s,@/]+$/;
const HTTP = /^https?:\/\/[^\s,@]+$/;

const every = { services } as const;
const renewed = 'what is in the file is used anew when it changes';

/** What every service reads. */
export const everyService = {
  host: setting({
    ...every,
    type: text('an address to listen on'),
    default: '127.0.0.1',
    about: 'where it listens; beyond loopback only with a [key](SECURITY.md#open-or-closed)',
  }),
  port: setting({
    ...every,
    type: whole({ min: 0, max: 65_535 }),
    default: {
      gateway: '15002',
      ingest: '15011',
      query: '15012',
      index: '15013',
      'replication-monitor': '15014',
      standalone: '15002',
    },
    about: '0 takes any',
  }),
  nats_url: setting({
    ...every,
    type: list('addresses such as `nats://127.0.0.1:4222`, without user or password', ADDRESS),
    default: 'nats://127.0.0.1:4222',
    about: 'the log servers; with certificates these tell who a service is',
  }),
  nats_monitor_url: setting({
    ...every,
    type: list('addresses such as `http://127.0.0.1:8222`', HTTP),
    about:
      'their monitoring: asked whether they sync before they acknowledge, and those that do not are refused; unset, nobody is asked',
  }),
  unsafe_lazy_fsync: setting({
    ...every,
    type: onOff(),
    default: 'false',
    about: 'does not ask: acknowledged writes may then be lost with the power',
  }),
  log_replicas: setting({
    ...every,
    type: whole({ min: 1, max: 5 }),
    default: '1',
    about: 'how many log servers keep each log and bucket: 3 of three',
  }),
  log_level: setting({
    ...every,
    type: oneOf(logLevels),
    default: 'info',
    about: 'which lines are written',
    atRunTime: '[`PUT /api/v1/log-level`](OBSERVABILITY.md#logs)',
  }),
  open_metrics: setting({ ...every, type: onOff(), default: 'false', about: '`/metrics` without a key' }),
  metrics: setting({
    ...every,
    type: oneOf(['on', 'off']),
    default: 'on',
    about: '`off` counts nothing, which is for measuring what counting costs',
    onlyVariable: true,
  }),
  tls_ca_file: setting({
    ...every,
    type: path('the path of a certificate'),
    about: 'the authority of the [certificates](TLS.md#what-a-service-is-told) within the cluster',
    atRunTime: renewed,
  }),
  tls_cert_file: setting({
    ...every,
    type: path('the path of a certificate'),
    about: 'its own; all three or none',
    atRunTime: renewed,
  }),
  tls_key_file: setting({ ...every, type: path('the path of a key'), about: "the certificate's", atRunTime: renewed }),
};
