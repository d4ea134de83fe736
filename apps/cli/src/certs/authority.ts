// The library of certificates finds its parts by this, and wants it first.
import 'reflect-metadata';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM. */
export type Credential = { readonly certificate: string; readonly key: string };
export type Issue = {
  /** The subject's common name: by it the log server knows a service, and decides what it may do. */
  readonly name: string;
  /** DNS names and IP addresses at which the bearer is reached. Who is reached nowhere is a client, and a server to nobody. */
  readonly hosts: readonly string[];
  readonly days: number;
};

type Keys = Parameters<typeof X509CertificateGenerator.createSelfSigned>[0]['keys'];

/** P-256: every TLS library takes it, and a handshake costs a tenth of what it does with RSA. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const AUTHORITY_DAYS = 3_650;
const DAY_MS = 86_400_000;
/** The clocks of two machines differ. */
const BACKDATED_MS = 300_000;

/** A certificate authority whose only purpose is one deployment. */
export class Authority {
  readonly certificate: string;
  readonly key: string;
  readonly #parsed: X509Certificate;
  readonly #signingKey: Keys['privateKey'];

  private constructor({ certificate, key }: Credential, signingKey: Keys['privateKey']) {
    this.certificate = certificate;
    this.key = key;
    this.#parsed = new X509Certificate(certificate);
    this.#signingKey = signingKey;
  }

  static async create(name: string): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: [{ CN: [name] }],
      ...validFor(AUTHORITY_DAYS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const made = { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
    return new Authority(made, keys.privateKey);
  }

  /** Throws when the two do not belong together. */
  static async load(credential: Credential): Promise<Authority> {
    const der = PemConverter.decodeFirst(credential.key);
    const key = await crypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
    return new Authority(credential, key);
  }

  /** For both ends of a connection where there are hosts: a service is a server to some and a client to others. */
  async issue({ name, hosts, days }: Issue): Promise<Credential> {
    const keys = await newKeys();
    const { clientAuth, serverAuth } = ExtendedKeyUsage;
    const alternatives = hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const);
    const purposes =
      hosts.length === 0
        ? [new ExtendedKeyUsageExtension([clientAuth])]
        : [new ExtendedKeyUsageExtension([serverAuth, clientAuth]), new SubjectAlternativeNameExtension(alternatives)];
    const certificate = await X509CertificateGenerator.create({
      subject: [{ CN: [name] }],
      issuer: this.#parsed.subjectName,
      ...validFor(days),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        ...purposes,
        await AuthorityKeyIdentifierExtension.create(this.#parsed),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
  }
}

async function newKeys(): Promise<Keys> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf(key: Keys['privateKey']): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function validFor(days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + days * DAY_MS) };
}
