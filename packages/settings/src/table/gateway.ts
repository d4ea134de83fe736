import { limits, RateTiers } from '@vectorizer/contracts';
import { isNetwork } from '../network.ts';
import { setting } from '../setting.ts';
import { list, map, onOff, path, text, whole } from '../value-type.ts';

/** As browsers send it: no path, no slash at the end. There is none for everybody. */
const ORIGIN = /^https?:\/\/[^\s/*,]+$/;
const edge = { services: ['gateway', 'standalone'] } as const;
const withRedis = { services: ['gateway', 'query', 'standalone'] } as const;
const renewed = 'what is in the file is used anew when it changes';

export const gateway = {
  default_shards: setting({
    ...edge,
    type: whole({ min: 1, max: limits.shardsMax }),
    default: '1',
    about: 'of a collection that does not say',
  }),
  default_replicas: setting({
    ...edge,
    type: whole({ min: 1, max: limits.replicationFactorMax }),
    default: '1',
    about: 'of each shard of it',
  }),
  bootstrap_key_file: setting({
    ...edge,
    type: path('the path of a file'),
    about: 'where no key was ever made, the first is the one in this file, or is made and written there',
  }),
  https_cert_file: setting({
    ...edge,
    type: path('the path of a certificate'),
    otherwise: '`tls_cert_file`',
    about: 'the public certificate',
    atRunTime: renewed,
  }),
  https_key_file: setting({
    ...edge,
    type: path('the path of a key'),
    otherwise: '`tls_key_file`',
    about: "the public certificate's",
    atRunTime: renewed,
  }),
  known_producers: setting({
    services: ['ingest', 'standalone'],
    type: onOff(),
    default: 'false',
    about:
      'whether the log servers know [producers by their keys](EVENTS.md#who-may-publish); with keys, no other events are then written',
  }),
  callout_seed_file: setting({
    ...edge,
    type: path('the path of a seed'),
    about: 'with certificates: by what it [lets producers in](TLS.md#what-a-service-is-told); all three or none',
  }),
  revoker_cert_file: setting({
    ...edge,
    type: path('the path of a certificate'),
    about: 'by which it ends connections of producers',
  }),
  revoker_key_file: setting({ ...edge, type: path('the path of a key'), about: "that certificate's" }),
  cors_origins: setting({
    ...edge,
    type: list('origins such as `https://app.example`', ORIGIN),
    about: '[origins](SECURITY.md#at-the-edge) whose pages may ask from a browser',
  }),
  trusted_proxies: setting({
    ...edge,
    type: list('addresses and networks such as `10.1.0.0/16`', isNetwork),
    about: '[proxies](SECURITY.md#at-the-edge) that are believed whom they forward for; unset, none is',
  }),
  rate_tiers: setting({
    ...edge,
    type: map('tiers by their names, each with `read` and `write`', RateTiers),
    otherwise: 'the [four](SECURITY.md#rate-limits)',
    about: 'further tiers, or others of their names',
  }),
  audit_changes: setting({
    ...edge,
    type: onOff(),
    default: 'true',
    about: 'whether changes of data are in the [audit log](SECURITY.md#audit-log)',
  }),
};

export const redis = {
  redis_url: setting({
    ...withRedis,
    type: text('an address such as `redis://127.0.0.1:6379`', /^rediss?:\/\/[^\s/]+(\/\d*)?$/),
    secret: 'credentials',
    about:
      'where gateways share [rate limits](SECURITY.md#rate-limits), and query services [answers](CONSISTENCY.md#the-cache); unset, each has its own',
  }),
  redis_password: setting({
    ...withRedis,
    type: text('a password'),
    secret: 'value',
    about: 'takes the place of one in the address',
  }),
};
