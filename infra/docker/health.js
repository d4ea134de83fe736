import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';

/**
 * Asks the service of this container whether it lives, or with `ready` whether it can work now; the exit code says so. It reads the
 * settings that the service reads. Over TLS it asks itself, so it takes whatever certificate it is shown, as a kubelet does.
 */
const WAIT_MS_MAX = 2_000;
const { env, argv } = process;
const path = argv[2] === 'ready' ? '/health/ready' : '/health/live';
const isEncrypted = Boolean(env.VECTORIZER_TLS_CERT_FILE ?? env.VECTORIZER_HTTPS_CERT_FILE);
const unspecified = { '0.0.0.0': '127.0.0.1', '::': '::1' };
const given = env.VECTORIZER_HOST ?? '127.0.0.1';
const host = unspecified[given] ?? given;
const options = { host, port: env.VECTORIZER_PORT, path, timeout: WAIT_MS_MAX, rejectUnauthorized: false };

const asked = (isEncrypted ? encrypted : plain)(options, ({ statusCode = 0 }) => {
  if (statusCode !== 200) process.stderr.write(`${path} answered ${statusCode}\n`);
  process.exit(statusCode === 200 ? 0 : 1);
});
asked.on('timeout', () => asked.destroy(new Error(`no answer within ${WAIT_MS_MAX} ms`)));
asked.on('error', ({ message }) => {
  process.stderr.write(`${host}:${env.VECTORIZER_PORT}${path}: ${message}\n`);
  process.exit(1);
});
asked.end();
