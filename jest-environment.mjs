import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { TestEnvironment } from 'jest-environment-node';
import { Agent, setGlobalDispatcher } from 'undici';

/** Typed arrays that native modules make and those that tests make must be of one class, as they are in production. */
const SHARED = [
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Uint16Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
];

// The one way in which the command that runs the tests reaches them.
// oxlint-disable-next-line node/no-process-env -- tests have no configuration of their own
const { VECTORIZER_TEST_CERTS: certificates } = process.env;
if (certificates !== undefined) beKnown(certificates);

/** What tests ask by fetch, they ask as the operator; and everything of theirs trusts the authority of the certificates. */
function beKnown(directory) {
  const [ca, cert, key] = ['ca.crt', 'operator.crt', 'operator.key'].map((file) =>
    readFileSync(join(directory, file), 'utf8'),
  );
  setDefaultCACertificates([...getCACertificates('default'), ca]);
  setGlobalDispatcher(new Agent({ connect: { ca, cert, key } }));
}

export default class SharedTypedArrays extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of SHARED) this.global[name] = globalThis[name];
  }
}
