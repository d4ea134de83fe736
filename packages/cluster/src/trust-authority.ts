import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** From here on this process trusts certificates of the authority (PEM), beside those that the runtime trusts. */
export function trustAuthority(certificate: string): void {
  const trusted = getCACertificates('default');
  if (!trusted.includes(certificate)) setDefaultCACertificates([...trusted, certificate]);
}
