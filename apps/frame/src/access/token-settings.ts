import type { SettingValues } from '@vectorizer/settings';
import type { TokenSettings } from './token-verifier.ts';

/** Of the issuer whose tokens are taken; undefined where there is none. */
export function tokenSettingsOf(settings: SettingValues): TokenSettings | undefined {
  const { jwt_issuer: issuer, jwt_audience: audience, jwt_jwks_url: jwksUrl } = settings;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) return undefined;
  return {
    issuer,
    audience,
    jwksUrl,
    rolesClaim: settings.jwt_roles_claim,
    roleMap: settings.jwt_role_map,
    collectionsClaim: settings.jwt_collections_claim,
  };
}
