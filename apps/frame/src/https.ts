import { readFile } from 'node:fs/promises';
import { unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { HttpsFiles } from './tls-config.ts';

/** 1.3 where the client can. Of 1.2 only what is forward secret and authenticated (Mozilla's "intermediate" list). */
const PROTOCOL = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const;
/** Files that are mounted as secrets are replaced by changing a link, which only their state shows; asking is cheap. */
const LOOK_MS = 1_000;
/** Whoever keeps the process running asks these, and has no certificate. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/health/live', '/health/ready']);

/** Options of an HTTPS server. Throws one line when the files are not a certificate and its key. */
export async function httpsOptions(files: HttpsFiles): Promise<SecureContextOptions & { requestCert: boolean }> {
  const options = await load(files);
  // Every client may finish its handshake; what it may ask is decided with the path at hand (`demandCertificate`).
  return { ...options, requestCert: files.clientCaFile !== undefined, ...({ rejectUnauthorized: false } as const) };
}

/** New connections use the files as they are now, from the moment that certificate and key fit again. Returns what ends it. */
export function reloadOnChange(server: Server, files: HttpsFiles, logger: Logger): () => void {
  const reload = (): void => {
    load(files).then(
      (options) => {
        server.setSecureContext(options);
        logger.info({ certificate: files.certFile }, 'certificate loaded again');
      },
      (error: unknown) =>
        logger.warn({ err: error, certificate: files.certFile }, 'certificate kept: the new one is not usable'),
    );
  };
  const watched = [files.certFile, files.keyFile, ...(files.clientCaFile === undefined ? [] : [files.clientCaFile])];
  for (const file of watched) watchFile(file, { interval: LOOK_MS, persistent: false }, reload);
  return () => {
    for (const file of watched) unwatchFile(file, reload);
  };
}

/** Refuses whoever has no certificate of the cluster's authority, but for the questions of those that start and stop processes. */
export function demandCertificate(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { socket } = request.raw;
    if (socket instanceof TLSSocket && socket.authorized) return done();
    if (OPEN_PATHS.has(request.url.split('?', 1)[0] ?? '')) return done();
    done(new Failure('authentication_error', "a certificate of the cluster's authority is needed here"));
  });
}

async function load({ certFile, keyFile, clientCaFile }: HttpsFiles): Promise<SecureContextOptions> {
  try {
    const [cert, key, ca] = await Promise.all([
      readFile(certFile),
      readFile(keyFile),
      clientCaFile === undefined ? undefined : readFile(clientCaFile),
    ]);
    const options = { ...PROTOCOL, cert, key, ...(ca === undefined ? {} : { ca }) };
    // Fails where the key is another certificate's, before a server has it.
    createSecureContext(options);
    return options;
  } catch (cause) {
    throw new Failure('storage_error', `${certFile} and ${keyFile} are not a certificate and its key`, { cause });
  }
}
