import 'reflect-metadata';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server } from 'node:https';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import type { Admit, Guard } from './access/guard.ts';
import { answerClientFault } from './client-fault.ts';
import { correlationIdOf } from './correlation.ts';
import { installEdgeHeaders } from './edge-headers.ts';
import type { FailureShape } from './failure-answer.ts';
import { sendFailure } from './failure-filter.ts';
import { nodeAnswersNothing, takeExpectations } from './fault-of-head.ts';
import { demandCertificate, httpsOptions, reloadOnChange } from './https.ts';
import { nestLogger } from './nest-logger.ts';
import { installRequestHooks, observeRequest, type RequestObserver } from './request-hooks.ts';
import { installRequestScope } from './request-scope.ts';
import type { HttpsFiles } from './tls-config.ts';

export type ServiceAppOptions = {
  readonly module: Type | DynamicModule;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
  /** Stands before every route. */
  readonly guard: Guard;
  /** Asked by the guard of everybody whom it knows by then. */
  readonly admit?: Admit;
  /** Its certificate; without one it speaks HTTP. */
  readonly https?: HttpsFiles;
  readonly corsOrigins?: readonly string[];
  readonly trustedProxies?: readonly string[];
  /** How long clients may take, where that is not what is usual. */
  readonly patience?: Patience;
  /** Largest request body; only the gateway takes any. */
  readonly bodyBytesMax?: number;
  /** Body parsers and other things of Fastify's that must be in place before Nest adds the routes. */
  readonly prepare?: (fastify: FastifyInstance) => void;
  readonly observe?: RequestObserver;
  /** Of errors that are found before any route is; those of routes are in the module's shape. */
  readonly failureShape?: FailureShape;
  /** What is asked for is asked for at another path, before any route is looked for. */
  readonly rewriteUrl?: (url: string) => string;
};

/** A service's HTTP side: initialised, and listening once told to. */
export type ServiceApp = {
  readonly nest: NestFastifyApplication;
  readonly inject: NestFastifyApplication['inject'];
  /** Answers the address. Throws one clear line when the port is taken. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Point ids have up to 256 characters, each up to nine characters when percent-encoded. */
const PATH_PARAMETER_CHARACTERS_MAX = 4_096;
const BODY_BYTES_MAX = 64 * 1024;
/** Milliseconds. A connection whose client is slower is closed; a slow sender would hold it for ever. */
export type Patience = {
  /** Until the request line and all headers have arrived, and on a new connection the first byte of them. */
  readonly headers: number;
  /** Until the whole request has. */
  readonly request: number;
  /** While nothing comes and nothing is taken: longer than any answer takes to begin. */
  readonly silence: number;
  /** How often it is looked for those that are over. */
  readonly look: number;
  /** Until what is asked when the service stops is answered. */
  readonly farewell: number;
};
const PATIENCE: Patience = { headers: 20_000, request: 120_000, silence: 300_000, look: 5_000, farewell: 20_000 };
/** Until a client of HTTPS has shaken hands. */
const HANDSHAKE_MS_MAX = 10_000;
/** Of one process; more are not taken. */
const CONNECTIONS_MAX = 10_000;
/** Longer than common proxies keep theirs, so that they close first and no request meets a closing connection. */
const KEEP_ALIVE_MS = 72_000;

/** The app that both `main.ts` and the tests start. */
export async function createServiceApp(options: ServiceAppOptions): Promise<ServiceApp> {
  const { patience = PATIENCE } = options;
  const https = options.https === undefined ? undefined : await httpsOptions(options.https);
  const serverOptions = {
    ...nodeAnswersNothing,
    headersTimeout: patience.headers,
    requestTimeout: patience.request,
    connectionsCheckingInterval: patience.look,
  };
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyBytesMax ?? BODY_BYTES_MAX,
    genReqId: (request: IncomingMessage) => correlationIdOf(request.headers),
    requestIdHeader: false,
    requestTimeout: patience.request,
    connectionTimeout: patience.silence,
    http: serverOptions,
    ...(options.trustedProxies === undefined ? {} : { trustProxy: [...options.trustedProxies] }),
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // What still arrives on an open connection while closing is answered like any other; Fastify's 503 has another shape.
    return503OnClosing: false,
    ...(https === undefined ? {} : { https: { ...https, ...serverOptions, handshakeTimeout: HANDSHAKE_MS_MAX } }),
    clientErrorHandler: (error, socket) => answerClientFault(error, socket, options.logger),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const failure = new Failure('validation_error', `path: ${error.message}`, { cause: error });
      sendFailure(failure, request, { reply, logger: options.logger, shape: options.failureShape });
      observeRequest({ request, status: reply.statusCode, seconds: reply.elapsedTime / 1_000 });
    },
    ...rewriting(options),
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARACTERS_MAX },
    // No route uses middleware, and its layer would cost every request.
    skipMiddie: true,
  });
  const fastify = adapter.getInstance();
  takeExpectations(fastify.server);
  installEdgeHeaders(fastify, options);
  installRequestScope(fastify);
  installRequestHooks(fastify, options);
  if (options.https?.clientCaFile !== undefined) demandCertificate(fastify);
  options.guard.install(fastify, options.admit);
  options.prepare?.(fastify);
  const nest = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(options.logger),
  });
  await nest.init();
  await fastify.ready();
  return serviceApp(nest, { ...options, patience });
}

/** Nothing where there is nothing to rewrite: every request would pay for it. */
function rewriting({ rewriteUrl }: ServiceAppOptions): { rewriteUrl?: (request: IncomingMessage) => string } {
  return rewriteUrl === undefined ? {} : { rewriteUrl: ({ url = '' }) => rewriteUrl(url) };
}

function serviceApp(
  nest: NestFastifyApplication,
  options: ServiceAppOptions & { readonly patience: Patience },
): ServiceApp {
  const { https, logger, patience } = options;
  const server: HttpServer = nest.getHttpServer();
  server.maxConnections = CONNECTIONS_MAX;
  const stop = https !== undefined && server instanceof Server ? reloadOnChange(server, https, logger) : undefined;
  const close = async (): Promise<void> => {
    stop?.();
    // What waits for longer would keep the process from ending in order.
    const cutOff = setTimeout(() => server.closeAllConnections(), patience.farewell);
    await nest.close();
    clearTimeout(cutOff);
  };
  return {
    nest,
    inject: nest.inject.bind(nest),
    async listen() {
      await listen(nest, options);
      const address = nest.getHttpServer().address();
      const port = typeof address === 'object' && address !== null ? address.port : options.port;
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      return { url: `${https === undefined ? 'http' : 'https'}://${host}:${port}`, port };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listen(nest: NestFastifyApplication, { host, port }: ServiceAppOptions): Promise<void> {
  try {
    // Not by Nest's own listen, which writes a line of its own about a failure that is told once, by whoever started this.
    await nest.getHttpAdapter().getInstance().listen({ host, port });
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
    const reason = code === 'EADDRINUSE' ? 'the port is taken' : code;
    throw new Failure('service_unavailable', `cannot listen on ${host}:${port}: ${reason}`, { cause });
  }
}
